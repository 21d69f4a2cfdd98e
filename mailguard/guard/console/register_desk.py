"""The register of incidents at the console: who may keep it, lists of it a page at a time, and what they change.

INVARIANT: nobody sees or changes a record, or takes a report along, who may not keep the register; who did is in the
ledger by the account that they are signed in with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from ...core.errors import NotAllowed, UnknownReference
from ...core.powers import Powers
from ...core.reference import is_reference
from ...core.register.clock import ClockState, clock_of
from ...core.register.lists import Lists
from ...core.register.near_miss import let_go_as_it_was
from ...core.register.record import BREACHES
from ...core.register.reference import is_incident
from ...core.register.reports import Period, Report
from ...core.register.revision import Revision
from ...core.register.table import Form
from ..accounts import Actor
from ..ports import Clock
from ..register.book import Decision, IncidentBook
from ..register.near_misses import NearMisses
from ..register.ports import Incidents, RegisterFilter
from ..register.reporting import Reporting
from .sessions import Visitor

PAGE = 25
AT_ONCE = 200
"""Records that are open at the same time while one is looked for."""


class ClockView(StrEnum):
    """How the 72 hours of a breach stand, as somebody asks for it. ENDED: told, or decided not to."""

    RUNNING = "running"
    OVER = "over"
    ENDED = "ended"


_STATES: Mapping[ClockView, frozenset[ClockState]] = {
    ClockView.RUNNING: frozenset({ClockState.RUNNING}),
    ClockView.OVER: frozenset({ClockState.OVERDUE}),
    ClockView.ENDED: frozenset({ClockState.IN_TIME, ClockState.LATE, ClockState.NOT_REPORTED}),
}


@dataclass(frozen=True, slots=True)
class RegisterAsked:
    """after, before: days when it happened, both counted in. waiting: near misses that somebody has to look at."""

    kind: str | None = None
    status: str | None = None
    clock: ClockView | None = None
    after: date | None = None
    before: date | None = None
    waiting: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """found: in all. page: the one shown, of `pages`. waiting: near misses of the whole register to be looked at.
    running, over: breaches of the whole register by their 72 hours.
    """

    items: Sequence[Revision]
    found: int
    page: int
    pages: int
    waiting: int
    running: int
    over: int


class RegisterDesk:
    """lists: the code lists as they are now."""

    def __init__(
        self,
        *,
        book: IncidentBook,
        reporting: Reporting,
        near_misses: NearMisses,
        incidents: Incidents,
        clock: Clock,
        lists: Callable[[], Lists],
    ) -> None:
        self._book = book
        self._reporting = reporting
        self._near_misses = near_misses
        self._incidents = incidents
        self._clock = clock
        self._lists = lists
        self._looked: dict[str, tuple[int, bool]] = {}

    def may(self, powers: Powers) -> bool:
        return powers.registers

    def lists(self) -> Lists:
        """SettingsError for a file of the organisation's own that cannot be used."""
        return self._lists()

    def moment(self, text: str) -> datetime:
        """As IncidentBook.moment: a time without a zone is the organisation's."""
        return self._book.moment(text)

    async def page(self, visitor: Visitor, asked: RegisterAsked) -> RegisterPage:
        """What was asked for, what happened last first; a page behind the last is the last one."""
        self._refuse(visitor)
        await self._near_misses.enter()
        open_breaches = await self._all(RegisterFilter(BREACHES, "open"))
        states = [clock_of(each.record, self._clock.now()).state for each in open_breaches]
        waiting = await self._waiting()
        found, take = await self._found(asked, waiting)
        pages = max(1, -(-found // PAGE))
        number = min(max(asked.page, 1), pages)
        return RegisterPage(
            items=await take((number - 1) * PAGE),
            found=found,
            page=number,
            pages=pages,
            waiting=len(waiting),
            running=states.count(ClockState.RUNNING),
            over=states.count(ClockState.OVERDUE),
        )

    async def history(self, visitor: Visitor, incident: str) -> Sequence[Revision]:
        """Every revision, the first one first. UnknownReference."""
        self._refuse(visitor)
        _refuse_incident(incident)
        await self._near_misses.enter()
        return await self._book.history(incident)

    async def add(self, visitor: Visitor, fields: Mapping[str, Any], ref: str | None, once: bytes) -> Revision:
        """As IncidentBook.add."""
        actor = self._refuse(visitor)
        if ref is not None:
            _refuse_message(ref)
            await self._near_misses.enter()
        return await self._book.add(fields, actor, ref, once)

    async def revise(self, visitor: Visitor, incident: str, fields: Mapping[str, Any], why: str, seen: int) -> Revision:
        """As IncidentBook.revise."""
        _refuse_incident(incident)
        return await self._book.revise(incident, fields, why, self._refuse(visitor), seen)

    async def decide(self, visitor: Visitor, incident: str, decision: Decision, seen: int) -> Revision:
        """As IncidentBook.decide."""
        _refuse_incident(incident)
        return await self._book.decide(incident, decision, self._refuse(visitor), seen)

    async def link(self, visitor: Visitor, incident: str, ref: str, seen: int) -> Revision:
        """As IncidentBook.link."""
        actor = self._refuse(visitor)
        _refuse_incident(incident)
        _refuse_message(ref)
        return await self._book.link(incident, ref, actor, seen)

    async def close(self, visitor: Visitor, incident: str, why: str, seen: int, *, reopen: bool = False) -> Revision:
        """As IncidentBook.close and reopen."""
        _refuse_incident(incident)
        change = self._book.reopen if reopen else self._book.close
        return await change(incident, why, self._refuse(visitor), seen)

    async def form(self, visitor: Visitor, name: str, incident: str, revision: int | None = None) -> Form:
        """As Reporting.form: it is in the ledger before it leaves."""
        actor = self._refuse(visitor)
        _refuse_incident(incident)
        return await self._reporting.form(name, incident, actor, revision)

    async def report(self, visitor: Visitor, name: str, period: Period) -> Report:
        """As Reporting.report: it is in the ledger before it leaves."""
        actor = self._refuse(visitor)
        await self._near_misses.enter()
        return await self._reporting.report(name, period, actor)

    def _refuse(self, visitor: Visitor) -> Actor:
        """Who acts. NotAllowed."""
        if not self.may(visitor.powers):
            raise NotAllowed("the register is kept by who answers for the whole organisation")
        return Actor(visitor.account.shown, "console", visitor.account.identifier)

    async def _found(self, asked: RegisterAsked, waiting: Sequence[str]) -> tuple[int, Callable[[int], Any]]:
        """How many there are, and what gives a page of them from a place on."""
        if asked.waiting:
            return len(waiting), lambda offset: self._opened(waiting[offset : offset + PAGE])
        wanted = RegisterFilter(
            kinds=frozenset({asked.kind}) if asked.kind else None,
            status=asked.status,
            at_from=self._book.begins(asked.after) if asked.after else None,
            at_before=self._book.ends(asked.before) if asked.before else None,
        )
        if asked.clock is None:
            return await self._incidents.count(wanted), lambda offset: self._incidents.newest(wanted, PAGE, offset)
        kinds = BREACHES & wanted.kinds if wanted.kinds else BREACHES
        states, now = _STATES[asked.clock], self._clock.now()
        there = await self._all(RegisterFilter(kinds, wanted.status, wanted.at_from, wanted.at_before))
        some = [each for each in there if clock_of(each.record, now).state in states]

        async def page(offset: int) -> Sequence[Revision]:
            return some[offset : offset + PAGE]

        return len(some), page

    async def _all(self, wanted: RegisterFilter) -> list[Revision]:
        """Breaches are few; near misses are not walked by this."""
        found: list[Revision] = []
        while True:
            some = await self._incidents.newest(wanted, AT_ONCE, len(found))
            found += some
            if len(some) < AT_ONCE:
                return found

    async def _opened(self, incidents: Sequence[str]) -> Sequence[Revision]:
        found = await self._incidents.current(incidents)
        return [found[each] for each in incidents if each in found]

    async def _waiting(self) -> list[str]:
        """Near misses whose message left as it was, and that nobody has closed or called something else.

        Each revision is opened once: what it says does not change. What became of a message is never its first one.
        """
        wanted = RegisterFilter(frozenset({"near_miss"}), "open", revised=True)
        numbers = await self._incidents.numbers(wanted)
        unknown = [each for each, number in numbers.items() if self._looked.get(each, (0, False))[0] != number]
        for start in range(0, len(unknown), AT_ONCE):
            found = await self._incidents.current(unknown[start : start + AT_ONCE])
            for incident, each in found.items():
                self._looked[incident] = (each.revision, let_go_as_it_was(each.record))
        self._looked = {each: self._looked[each] for each in numbers if each in self._looked}
        return [each for each in numbers if each in self._looked and self._looked[each][1]]


def _refuse_incident(text: str) -> None:
    if not is_incident(text):
        raise UnknownReference("that is no incident")


def _refuse_message(text: str) -> None:
    if not is_reference(text):
        raise UnknownReference("that is no reference")
