"""Somebody says that a message should not have been held: recorded, counted by rule, and shown to reviewers.

It changes nothing of the message: that is a decision's matter. INVARIANT: a person says it once of a message, however
often they press; the sender is one person, whoever reads their mailbox. INVARIANT: what they wrote stands in the
evidence alone (DESIGN.md promise 4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ..core.errors import NotAllowed
from ..core.register.near_miss import CALLED_WRONG
from ..logs import logger
from . import entries
from .actor import Actor
from .ports import Clock, Evidence, Ledger
from .records import Held
from .sender_links import SENDER

log = logger("review")

MOST_REASON = 300
"""Characters."""


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


@dataclass(frozen=True, slots=True)
class Said:
    """by: a name, empty where none is known, or none is kept any more. reason: likewise."""

    said_by: str
    by: str
    reason: str
    at: datetime


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

    async def when(self, ref: str, actor: Actor) -> datetime | None:
        """When this person said so of the message; None where they have not."""
        wanted = person_in(actor.fields())
        async for entry in self._ledger.entries(ref):
            if entry.kind == CALLED_WRONG and person_in(entry.fields) == wanted:
                return entry.at
        return None

    async def of(self, ref: str) -> Sequence[Said]:
        """Who said so of a message, as far as the evidence is kept, the first one first."""
        found = await self._evidence.read(ref, CALLED_WRONG)
        return [_said(each) for each in found if "said_by" in each]


def person_in(fields: Mapping[str, Any]) -> str:
    """Who said so, of an entry: one person is one text."""
    if fields.get("account"):
        return f"account:{fields['account']}"
    if SENDER in (fields.get("actor"), fields.get("system_user")):
        return SENDER
    return str(fields.get("system_user") or fields.get("actor"))


def _said(evidence: Mapping[str, object]) -> Said:
    by = evidence.get("account") or evidence.get("by") or ""
    return Said(
        str(evidence["said_by"]), str(by), str(evidence.get("note", "")), datetime.fromisoformat(str(evidence["at"]))
    )
