"""Reminds whoever decides before a deadline is over: when half of the time is, and when four fifths are.

A message is reminded of once at each of the two, whatever restarts and however many guards share a store: what the
ledger says was reminded is not found again, and of two that remind of the same at once one is refused by the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ..core.errors import ReferenceTaken
from ..core.letters.facts import Kind
from ..logs import logger
from . import entries
from .notices import Notices
from .ports import Clock, Outbox, Undecided

log = logger("deadline")
MOST_AT_ONCE = 500
SHORTEST = timedelta(minutes=30)
"""Of what has less time whoever decides was told a moment ago."""


@dataclass(frozen=True, slots=True)
class Step:
    """percent: of the time between hold and deadline. entry: what the ledger says of each message."""

    percent: int
    entry: str
    kind: Kind


STEPS = (
    Step(80, "decision_pressed", Kind.REVIEW_PRESSED),
    Step(50, "decision_reminded", Kind.REVIEW_REMINDED),
)
"""The later one first: who is pressed about a message is not reminded of it too."""


class Reminders:
    """`remind` is called at intervals."""

    def __init__(
        self, *, undecided: Undecided, notices: Notices, outbox: Outbox, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._undecided = undecided
        self._notices = notices
        self._outbox = outbox
        self._clock = clock
        self._wake = wake

    async def remind(self) -> int:
        """Queue the reminders that are due: one for all messages of a step. How many messages they are about."""
        count = 0
        for step in STEPS:
            spared = [each.entry for each in STEPS if each.percent >= step.percent]
            count += await self._remind(step, spared)
        return count

    async def _remind(self, step: Step, spared: list[str]) -> int:
        now = self._clock.now()
        found = await self._undecided.due_soon(now, step.percent, SHORTEST, spared, MOST_AT_ONCE)
        if not found:
            return 0
        rows = self._notices.reviewers.reminders(step.kind, found, now)
        records = [entries.plain(step.entry, each.ref, now, told=len(rows)) for each in found]
        queued = entries.queued(found[0].ref, now, rows, "reviewers")
        try:
            await self._outbox.add(rows, None, [*records, *queued])
        except ReferenceTaken:
            # Another guard on the same store reminded of them in this moment.
            return 0
        self._wake()
        log.info("reviewers_reminded", kind=step.kind.value, messages=len(found))
        return len(found)
