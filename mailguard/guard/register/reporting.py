"""The story of a report: what is asked for is read, made, and the ledger says that somebody took it along.

INVARIANT: the entry that says so is durable before the report leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from ...core.errors import UnknownReference
from ...core.register.forms import FORMS
from ...core.register.lists import Lists
from ...core.register.reports import NEEDS_LEDGER, Asked, Period, Report, report_on
from ...core.register.reports.tally import Tally
from ...core.register.table import Form
from ..accounts import Actor
from ..ports import Clock, Ledger
from . import entries
from .ports import Incidents

AT_ONCE = 200
"""Entries that are counted before others have their turn."""


class Reporting:
    """lists: the code lists as they are now. zone: of the organisation."""

    def __init__(
        self, *, incidents: Incidents, ledger: Ledger, clock: Clock, lists: Callable[[], Lists], zone: ZoneInfo
    ) -> None:
        self._incidents = incidents
        self._ledger = ledger
        self._clock = clock
        self._lists = lists
        self._zone = zone

    async def report(self, name: str, period: Period, actor: Actor) -> Report:
        """One of core.register.reports.REPORTS."""
        begins, ends = period.begins(self._zone), period.ends(self._zone)
        records = [each async for each in self._incidents.walk(None, begins, ends)]
        tally = Tally()
        if name in NEEDS_LEDGER:
            number = 0
            async for entry in self._incidents.decisions(begins, ends):
                tally.take(entry.kind, entry.ref, entry.at, entry.fields)
                number += 1
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
        asked = Asked(records, tally, self._lists(), self._zone, self._clock.now())
        report = await asyncio.to_thread(report_on, name, asked)
        rows = sum(len(each.rows) for each in report.tables) + len(report.forms)
        await self.taken(f"{name} {period.in_words}", rows, actor)
        return report

    async def taken(self, said: str, rows: int, actor: Actor) -> None:
        """The ledger says that somebody takes a report along. said: which."""
        await self._ledger.append([entries.exported(actor, self._clock.now(), said, rows)])

    async def form(self, name: str, incident: str, actor: Actor, revision: int | None = None) -> Form:
        """One of core.register.forms.FORMS, of the last revision or of one before. UnknownReference."""
        history = await self._incidents.history(incident)
        number = history[-1].revision if revision is None else revision
        found = next((each for each in history if each.revision == number), None)
        if found is None:
            raise UnknownReference(f'the incident "{incident}" has no revision {revision}')
        form = FORMS[name](found, self._lists(), self._zone, self._clock.now())
        await self.taken(f"{name} of {incident} revision {found.revision}", 1, actor)
        return form
