"""How the writer keeps up: who waits for it, since when, and what its groups take. For who operates the store.

Contract: costs a write under a microsecond. Asked from any thread; the answers are of the moment and may be a write
off.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol


class GroupWatch(Protocol):
    """Told of each group of writes, by the writer's own thread. Never raises or blocks."""

    def group_ended(self, writes: int, waited: float, took: float) -> None:
        """writes: in the group. waited: how long its first had waited for the writer; took: until all was durable and
        answered. In seconds.
        """
        ...

    def group_failed(self) -> None:
        """Its transaction was lost; each write hears of it, or is tried alone."""
        ...


class Unwatched:
    """Implements GroupWatch."""

    def group_ended(self, writes: int, waited: float, took: float) -> None: ...

    def group_failed(self) -> None: ...


class Pulse:
    """Of one writer. clock: monotonic seconds. watch: may be set once the engine runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.watch: GroupWatch = Unwatched()
        self._clock = clock
        self._since: deque[float] = deque()

    def asked(self) -> None:
        """A write is about to be queued."""
        self._since.append(self._clock())

    def began(self) -> float:
        """The writer has taken what is queued. When, for `ended`."""
        return self._clock()

    def ended(self, writes: int, began: float) -> None:
        """So many writes, the first that were queued, have been answered."""
        oldest = self._since[0]
        for _ in range(writes):
            self._since.popleft()
        self.watch.group_ended(writes, began - oldest, self._clock() - began)

    @property
    def waiting(self) -> int:
        """Writes that have no answer yet, those that their askers gave up included."""
        return len(self._since)

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest of them has waited; 0 where there is none."""
        with suppress(IndexError):
            return self._clock() - self._since[0]
        return 0.0
