"""How late the event loop is. Everything that a client, a smarthost or a person waits for goes through it.

Promises: costs four wake-ups a second. `late_seconds` may be asked from another thread, also while the loop is stuck.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from .tally import Tally

BEAT_SECONDS = 0.25


class Heartbeat:
    """lag: is told how much later than asked each beat came, in seconds. clock: monotonic seconds."""

    def __init__(self, lag: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._lag = lag
        self._clock = clock
        self._due: float | None = None

    async def beat(self) -> None:
        """For ever."""
        while True:
            self._due = self._clock() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            self._lag.observe(self.late_seconds)

    @property
    def late_seconds(self) -> float:
        """By how much the next beat is late now; 0 before the first."""
        return 0.0 if self._due is None else max(0.0, self._clock() - self._due)
