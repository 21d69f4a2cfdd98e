"""Reminds of the 72 hours of each breach: a day before they end, six hours before, and when they have ended.

Each is told once, whatever restarts and however many guards share a store: the entry that says so claims a name of its
own, in the same durable step as the notice. A breach that is known later begins at the step that is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ...core.errors import ReferenceTaken
from ...core.register.clock import ClockState, NotificationClock, clock_of
from ...core.register.record import BREACHES
from ...core.register.revision import Revision
from ...logs import logger
from ..entries import plain
from ..notices import Notices
from ..ports import Clock, Ledger, Outbox
from .ports import Incidents

log = logger("register")

STEPS = (("over", timedelta(0)), ("6h", timedelta(hours=6)), ("24h", timedelta(hours=24)))
"""Name and time left, the latest one first."""
NOT_AFTER = timedelta(days=7)
"""After the end: what is entered for the record years later is nobody's alarm."""


class ClockReminders:
    """`remind` is called at intervals."""

    def __init__(
        self,
        *,
        incidents: Incidents,
        ledger: Ledger,
        notices: Notices,
        outbox: Outbox,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._incidents = incidents
        self._ledger = ledger
        self._notices = notices
        self._outbox = outbox
        self._clock = clock
        self._wake = wake

    async def remind(self) -> int:
        """Queue the reminders that are due and that nobody has queued. How many."""
        now, count = self._clock.now(), 0
        async for revision in self._incidents.walk(BREACHES, None, None):
            clock = clock_of(revision.record, now)
            step = _step_due(clock, now)
            if step is not None:
                count += await self._remind(revision, clock, step, now)
        if count:
            self._wake()
            log.info("clock_reminded", count=count)
        return count

    async def _remind(self, revision: Revision, clock: NotificationClock, step: str, now: datetime) -> int:
        # Another deadline, since somebody knew earlier or later, is reminded of anew.
        name = f"CLOCK-{revision.incident}-{step}-{clock.deadline:%Y%m%dT%H%M}"
        if [entry.kind async for entry in self._ledger.entries(name)]:
            return 0
        rows = self._notices.register.due(revision, clock, f"{step}.{clock.deadline:%Y%m%dT%H%M}", now)
        told = plain("clock_reminded", name, now, incident=revision.incident, step=step, told=len(rows))
        try:
            await self._outbox.add(rows, None, [replace(told, claims_ref=True)])
        except ReferenceTaken:
            # Another guard on the same store reminded of it in this moment.
            return 0
        return len(rows)


def _step_due(clock: NotificationClock, now: datetime) -> str | None:
    if clock.state not in (ClockState.RUNNING, ClockState.OVERDUE) or clock.deadline is None:
        return None
    left = clock.deadline - now
    return None if left < -NOT_AFTER else next((name for name, least in STEPS if left <= least), None)
