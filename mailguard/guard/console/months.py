"""The monthly reports at the console: who may see them; made while somebody waits or behind them; taken along.

A report is made once for all who look at it within FRESH_FOR, and one at a time: it reads a month of the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ...core.errors import NotAllowed
from ...core.powers import Powers
from ...core.review_report.figures import Figures
from ...core.review_report.month import Month
from ...logs import logger
from ..monthly.reports import MonthlyReports
from ..ports import Clock, Ledger
from ..register.entries import EXPORTED
from .sessions import Visitor, noted

log = logger("console")

FRESH_FOR = timedelta(minutes=5)
WAITED_SECONDS = 2.0
"""A page waits so long for its report; then it says how far that is."""
MOST_KEPT = 24


@dataclass(frozen=True, slots=True)
class Making:
    """A report that is not ready. read: entries of the ledger so far."""

    month: Month
    read: int


class MonthDesk:
    def __init__(
        self, *, reports: MonthlyReports, ledger: Ledger, clock: Clock, waited_seconds: float = WAITED_SECONDS
    ) -> None:
        self._reports = reports
        self._ledger = ledger
        self._clock = clock
        self._waited_seconds = waited_seconds
        self._made: dict[Month, Figures] = {}
        self._tasks: dict[Month, asyncio.Task[Figures]] = {}
        self._read: dict[Month, int] = {}
        self._turn = asyncio.Lock()

    def may_see(self, powers: Powers) -> bool:
        """Whoever sees everybody's mail, if only its counts: the figures are of all of it."""
        return powers.sees.everybody

    async def months(self, powers: Powers) -> Sequence[Month]:
        """Those that there are records of, the newest first. NotAllowed."""
        self._refuse(powers)
        return await self._reports.months()

    async def look(self, powers: Powers, month: Month) -> Figures | Making:
        """NotAllowed, UnknownReference for a month without records, and what the store raises."""
        self._refuse(powers)
        made = self._made.get(month)
        if made is not None and self._clock.now() - made.made_at < FRESH_FOR:
            return made
        task = self._tasks.get(month)
        if task is None or (task.done() and not task.cancelled() and task.exception() is None):
            # One that ended while nobody looked is stale; what it failed of is said to whoever looks next.
            task = self._tasks[month] = asyncio.create_task(self._make(month), name=f"report {month.name}")
        await asyncio.wait({task}, timeout=self._waited_seconds)
        if not task.done():
            return Making(month, self._read.get(month, 0))
        self._tasks.pop(month, None)
        return task.result()

    async def export(self, visitor: Visitor, month: Month, rows: int) -> None:
        """The ledger says that somebody takes it along, before they have it."""
        self._refuse(visitor.powers)
        said = f"month {month.name}"
        await self._ledger.append([noted(EXPORTED, visitor.account, self._clock, report=said, rows=rows)])

    async def settle(self) -> None:
        """End what is being made."""
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _make(self, month: Month) -> Figures:
        async with self._turn:
            try:
                made = await self._reports.figures(month, lambda read: self._read.__setitem__(month, read))
            finally:
                self._read.pop(month, None)
        self._made.pop(month, None)
        self._made[month] = made
        while len(self._made) > MOST_KEPT:
            self._made.pop(next(iter(self._made)))
        log.info("month_reported", month=month.name, messages=made.judged)
        return made

    def _refuse(self, powers: Powers) -> None:
        if not self.may_see(powers):
            raise NotAllowed("the report is of everybody's mail")
