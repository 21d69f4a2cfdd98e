"""Somebody says that a message should not have been held: recorded, counted by rule, and shown to reviewers.

It changes nothing of the message: that is a decision's matter. INVARIANT: a person says it once of a message, however
often they press, until they take it back; the sender is one person, whoever reads their mailbox. INVARIANT: what they
wrote stands in the evidence alone (DESIGN.md promise 4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ..core.errors import MailguardError, NotAllowed
from ..core.register.near_miss import CALLED_WRONG, WITHDRAWN
from ..logs import logger
from . import entries
from .actor import Actor
from .ports import Clock, Evidence, Ledger
from .records import Entry, Held
from .sender_links import SENDER

log = logger("review")

MOST_REASON = 300
"""Characters."""
TRIES = 3


class SaidBy(StrEnum):
    """In which part somebody said so."""

    REVIEWER = "reviewer"
    SENDER = "sender"
    ADMIN = "admin"


class AlreadySaid(NotAllowed):
    """This person has said so of this message. at: when."""

    def __init__(self, at: datetime) -> None:
        super().__init__("you have already said that this message should not have been held")
        self.at = at


class NeverSaid(NotAllowed):
    """This person has not said so of this message, or has taken it back."""

    def __init__(self) -> None:
        super().__init__("you have not said that this message should not have been held")


@dataclass(frozen=True, slots=True)
class Said:
    """by: a name, empty where none is known, or none is kept any more. reason: likewise. withdrawn: taken back."""

    said_by: str
    by: str
    reason: str
    at: datetime
    withdrawn: bool = False


@dataclass(slots=True)
class Words:
    """Who said so of which message, out of entries in any order: what was taken back is named by its place, since
    entries of several ledgers have no order that clocks could give them.
    """

    _said: dict[str, Entry] = field(default_factory=dict)
    _withdrawn: set[str] = field(default_factory=set)

    def take(self, entry: Entry) -> None:
        if entry.kind == CALLED_WRONG:
            self._said[place_of(entry)] = entry
        elif entry.kind == WITHDRAWN:
            self._withdrawn.update(map(str, entry.fields.get("withdraws", ())))

    def standing(self) -> Sequence[Entry]:
        """The words that count, as they were taken."""
        return [each for place, each in self._said.items() if place not in self._withdrawn]

    def by_message(self) -> Mapping[str, Mapping[str, str]]:
        """By message and person, in which part they said so."""
        found: dict[str, dict[str, str]] = {}
        for each in self.standing():
            if each.ref is not None:
                found.setdefault(each.ref, {})[person_in(each.fields)] = str(each.fields.get("said_by"))
        return found


def words_of(entries: Iterable[Entry]) -> Words:
    """Of these entries."""
    words = Words()
    for each in entries:
        words.take(each)
    return words


def place_of(entry: Entry) -> str:
    """Where an entry stands, as a withdrawal names it."""
    return f"{entry.ledger}:{entry.sequence}"


class WrongHolds:
    def __init__(self, *, ledger: Ledger, evidence: Evidence, clock: Clock) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._clock = clock
        self._saying = asyncio.Lock()

    async def say(self, held: Held, actor: Actor, said_by: SaidBy, reason: str = "") -> None:
        """Record it. reason: at most MOST_REASON characters, empty for none. AlreadySaid.

        held: for who may see it: asking that is the caller's.
        """
        async with self._saying:
            known = await self.when(held.ref, actor)
            if known is not None:
                raise AlreadySaid(known)
            now = self._clock.now()
            entry = entries.acted(CALLED_WRONG, held, now, actor, said_by=said_by.value, rules=list(held.rules))
            who = entry.evidence or ({} if actor.system_user == SENDER else {"by": actor.by})
            kept = {**who, "said_by": said_by.value, "at": now.isoformat()}
            why = reason.strip()[:MOST_REASON]
            await self._ledger.append([replace(entry, evidence={**kept, "note": why} if why else kept)])
        log.info("hold_called_wrong", ref=held.ref, said_by=said_by.value)

    async def withdraw(self, held: Held, actor: Actor) -> SaidBy:
        """This person takes back what they said: it counts no more. In which part they had said it. NeverSaid.

        held: as for `say`.
        """
        async with self._saying:
            mine = await self._mine(held.ref, actor)
            if not mine:
                raise NeverSaid
            said_by = SaidBy(mine[-1].fields["said_by"])
            entry = entries.acted(
                WITHDRAWN,
                held,
                self._clock.now(),
                actor,
                said_by=said_by.value,
                rules=list(held.rules),
                # Two guards that heard the same person at once wrote two words.
                withdraws=[place_of(each) for each in mine],
            )
            await self._ledger.append([entry])
        log.info("wrong_call_withdrawn", ref=held.ref, said_by=said_by.value)
        return said_by

    async def when(self, ref: str, actor: Actor) -> datetime | None:
        """When this person said so of the message; None where they have not, or have taken it back."""
        return min([each.at for each in await self._mine(ref, actor)], default=None)

    async def _mine(self, ref: str, actor: Actor) -> Sequence[Entry]:
        """The words of this person that count."""
        wanted = person_in(actor.fields())
        words = words_of([each async for each in self._ledger.entries(ref)])
        return [each for each in words.standing() if person_in(each.fields) == wanted]

    async def of(self, ref: str) -> Sequence[Said]:
        """Who said so of a message, as far as the evidence is kept, the first one first."""
        for _ in range(TRIES):
            found = [each async for each in self._ledger.entries(ref)]
            records = await self._evidence.read(ref, CALLED_WRONG)
            said = [each for each in found if each.kind == CALLED_WRONG and "evidence_sha256" in each.fields]
            said.sort(key=lambda each: (each.at, each.ledger, each.sequence))
            if len(said) == len(records):
                standing = {place_of(each) for each in words_of(found).standing()}
                return [
                    _said(record, withdrawn=place_of(entry) not in standing)
                    for entry, record in zip(said, records, strict=True)
                    if "said_by" in record
                ]
        raise MailguardError("the ledger grew faster than it could be read")


def person_in(fields: Mapping[str, Any]) -> str:
    """Who said so, of an entry: one person is one text."""
    if fields.get("account"):
        return f"account:{fields['account']}"
    if SENDER in (fields.get("actor"), fields.get("system_user")):
        return SENDER
    return str(fields.get("system_user") or fields.get("actor"))


def _said(evidence: Mapping[str, object], *, withdrawn: bool) -> Said:
    by, at = evidence.get("account") or evidence.get("by") or "", datetime.fromisoformat(str(evidence["at"]))
    return Said(str(evidence["said_by"]), str(by), str(evidence.get("note", "")), at, withdrawn)
