"""The audit trail, as somebody may see it, with the check that it is complete.

INVARIANT: who is no admin sees the entries of messages in their scope, and what is about no message and no person;
everything else is neither listed, counted nor exported (CONSOLE.md "Roles"). No entry shows what a message says. What
senders call themselves is for those who may read every message that they see; nobody else finds an entry by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...core.account import canonical_account
from ...core.errors import NotAllowed
from ...core.powers import Powers
from ...logs import logger
from ..ports import Accounts, Clock, Ledger
from ..sender_links import SENDER
from .ports import Trail
from .sessions import Visitor, noted
from .timeline import without_sender
from .trail_records import Group, Place, Recorded, TrailCheck, TrailFilter, TrailPage

log = logger("console")

PAGE = 50
MOST_EXPORTED = 100_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class TrailAsked:
    """What a visitor asks for. after, before: days, both counted in. place: where the page begins, None at the end."""

    group: Group | None = None
    ref: str | None = None
    person: str | None = None
    after: date | None = None
    before: date | None = None
    place: Place | None = None


class AuditTrail:
    """zone: in which days begin and end. verify: proves the whole ledger, as `mailguard audit verify --json` says."""

    def __init__(
        self,
        *,
        trail: Trail,
        ledger: Ledger,
        accounts: Accounts,
        clock: Clock,
        zone: ZoneInfo,
        verify: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> None:
        self._trail = trail
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock
        self._zone = zone
        self._verify = verify
        self._check: TrailCheck | None = None
        self._result: TrailCheck | None = None
        self._task: asyncio.Task[None] | None = None

    async def page(self, powers: Powers, asked: TrailAsked) -> TrailPage:
        """One page of what was asked for, newest first, as somebody with these powers may see it."""
        wanted = await self._filter(powers, asked)
        found = await self._trail.count(wanted)
        entries, older = await self._trail.page(wanted, PAGE, asked.place)
        return TrailPage(tuple(_as_seen(powers, entries)), found, older)

    async def count(self, powers: Powers, asked: TrailAsked) -> int:
        return await self._trail.count(await self._filter(powers, asked))

    async def exported(self, visitor: Visitor, asked: TrailAsked) -> AsyncIterator[Sequence[Recorded]]:
        """The newest MOST_EXPORTED of what was asked for. That they were taken along is in the ledger first."""
        wanted = await self._filter(visitor.powers, asked)
        rows = min(await self._trail.count(wanted), MOST_EXPORTED)
        await self._ledger.append([noted("trail_exported", visitor.account, self._clock, rows=rows)])
        place: Place | None = None
        while rows > 0:
            entries, place = await self._trail.page(wanted, min(_AT_ONCE, rows), place)
            yield _as_seen(visitor.powers, entries)
            rows -= len(entries)
            if place is None:
                return

    def may_check(self, powers: Powers) -> bool:
        """Whether somebody may have the whole trail checked: who sees everybody's mail."""
        return powers.sees.everybody

    @property
    def last_check(self) -> TrailCheck | None:
        """The one that runs, or the last one since the service started."""
        return self._check

    @property
    def last_result(self) -> TrailCheck | None:
        """The last one that was brought to its end: what it found stands until another one has found something."""
        return self._result

    @property
    def known_broken(self) -> bool:
        return self._result is not None and self._result.broken

    def check(self, visitor: Visitor) -> None:
        """Begin a check, unless one runs. It goes on whoever looks. NotAllowed."""
        if not self.may_check(visitor.powers):
            raise NotAllowed("the whole trail is checked by who sees everybody's mail")
        if self._task is None or self._task.done():
            self._check = TrailCheck(visitor.account.shown, self._clock.now())
            self._task = asyncio.create_task(self._checked(visitor, self._check), name="trail check")

    async def settle(self) -> None:
        """End a check that runs, without a result."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _checked(self, visitor: Visitor, begun: TrailCheck) -> None:
        """It is shown as ended when its entry is in the ledger, or the page would say what the trail does not. That the
        trail is broken is said in any case: an entry that cannot be added hides nothing.
        """
        done = begun
        try:
            found = await self._verify()
            done = replace(
                begun,
                entries=int(found["entries"]),
                trouble_count=int(found["trouble_count"]),
                troubles=tuple((each["ledger"], each["sequence"], each["kind"]) for each in found["troubles"]),
            )
            about = {"whole": not done.broken, "entries": done.entries, "troubles": done.trouble_count}
            if done.broken:
                log.error("trail_broken", count=done.trouble_count)
            await self._ledger.append([noted("trail_checked", visitor.account, self._clock, **about)])
        except Exception as cause:
            log.error("trail_check_failed", cause=cause)
            if not done.broken:
                self._check = replace(begun, ended_at=self._clock.now(), failed=True)
                return
        self._check = self._result = replace(done, ended_at=self._clock.now())

    async def _filter(self, powers: Powers, asked: TrailAsked) -> TrailFilter:
        person = _person(powers, asked.person)
        until = asked.before + timedelta(days=1) if asked.before else None
        return TrailFilter(
            scope=None if powers.admin else powers.sees,
            group=asked.group,
            ref=asked.ref,
            person=person,
            names=await self._names(person) if person else (),
            at_from=self._midnight(asked.after) if asked.after else None,
            at_before=self._midnight(until) if until else None,
        )

    async def _names(self, person: str) -> tuple[str, ...]:
        """Of accounts whose people are known by another name than the account: by their mailbox."""
        wanted = canonical_account(person)
        return tuple(
            each.name
            for each in await self._accounts.list()
            if each.federated is not None and canonical_account(each.shown) == wanted
        )

    def _midnight(self, day: date) -> datetime:
        """The start of a day in the organisation's time."""
        return datetime.combine(day, time.min, self._zone)


def _reads_all(powers: Powers) -> bool:
    """Whether somebody reads whatever they see; an entry does not say whose mail it is about."""
    return powers.reads.everybody or powers.reads == powers.sees


def _as_seen(powers: Powers, entries: Sequence[Recorded]) -> Sequence[Recorded]:
    return entries if _reads_all(powers) else [without_sender(each) for each in entries]


def _person(powers: Powers, person: str | None) -> str | None:
    """Whom to look for. That a sender's name is found, or not, would tell it: for who does not read it, any sender is
    the sender. Databases compare without regard to case.
    """
    if person is None or _reads_all(powers):
        return person
    folded = person.casefold()
    return SENDER if folded == SENDER or folded.startswith(f"{SENDER}:") else person
