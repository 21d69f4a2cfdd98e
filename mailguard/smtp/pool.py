"""Connections that are used again, with limits, and the pacing of the outbox.

INVARIANT: at most `connections` lines are open, idle ones included, but not those that say QUIT.
INVARIANT: a line is in one pair of hands at a time.
INVARIANT: a line on which anything went wrong is never handed out again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .line import Line
from .troubles import InTrouble, Trouble


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """connections: open at once. messages and seconds: of one connection. idle_seconds: until an unused one leaves."""

    connections: int = 20
    messages: int = 100
    seconds: float = 300.0
    idle_seconds: float = 30.0


class Pool:
    """open: makes a new line, raises InTrouble. clock: monotonic seconds."""

    def __init__(
        self,
        open_line: Callable[[], Awaitable[Line]],
        limits: PoolLimits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_line
        self._limits = limits
        self._clock = clock
        self._slots = asyncio.Semaphore(limits.connections)
        self._idle: list[tuple[Line, float]] = []  # and until when, on the event loop's clock; the oldest first
        self._timer: asyncio.TimerHandle | None = None
        self._used: set[Line] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def idle(self) -> int:
        """Connections that wait for a message."""
        return len(self._idle)

    @property
    def busy(self) -> int:
        """Connections in somebody's hands."""
        return len(self._used)

    async def take(
        self, seconds: float, *, fresh: bool = False, fits: Callable[[Line], bool] = lambda line: True
    ) -> Line:
        """A line: one that was used before and fits (unless fresh), else a new one. Raises InTrouble.

        seconds: for all of it.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        if self._slots.locked():
            await self._wait_for_slot(deadline)
        else:
            await self._slots.acquire()  # at once
        try:
            line = (None if fresh else self._reuse(fits)) or await self._new(deadline)
        except BaseException:
            self._slots.release()
            raise
        self._used.add(line)
        return line

    def give_back(self, line: Line) -> None:
        """Keep the line for another message where it is fit for one, else close it. Once for each `take`."""
        self._used.discard(line)
        self._slots.release()
        if self._is_fit(line):
            self._idle.append((line, asyncio.get_running_loop().time() + self._limits.idle_seconds))
            self._watch_idle()
        else:
            self._leave(line)

    async def close(self) -> None:
        """Take leave of the idle ones, cut the others; nothing can be taken afterwards."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        for line, _ in self._idle:
            self._leave(line)
        self._idle.clear()
        for line in tuple(self._used):
            line.abort()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _wait_for_slot(self, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError:
            raise InTrouble(Trouble.NO_FREE_CONNECTION) from None

    async def _new(self, deadline: float) -> Line:
        if self._closing:
            raise InTrouble(Trouble.CLOSING)
        self._make_room()
        try:
            async with asyncio.timeout_at(deadline):
                return await self._open()
        except TimeoutError:
            raise InTrouble(Trouble.TIMED_OUT) from None

    def _make_room(self) -> None:
        """An idle line counts as open too: the oldest leaves where a new one would be one too many."""
        if len(self._idle) + len(self._used) >= self._limits.connections and self._idle:
            line, _ = self._idle.pop(0)
            self._leave(line)

    def _reuse(self, fits: Callable[[Line], bool]) -> Line | None:
        """The line that was used last: those that are not needed grow old and leave."""
        for index in range(len(self._idle) - 1, -1, -1):
            line, _ = self._idle[index]
            if not fits(line):
                continue
            del self._idle[index]
            if self._is_fit(line):
                return line
            self._leave(line)
        return None

    def _is_fit(self, line: Line) -> bool:
        young = self._clock() - line.opened_at < self._limits.seconds
        return line.is_idle and young and line.messages < self._limits.messages and not self._closing

    def _watch_idle(self) -> None:
        """One timer, for the line that has lain idle longest."""
        if self._timer is None and self._idle:
            self._timer = asyncio.get_running_loop().call_at(self._idle[0][1], self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._idle and self._idle[0][1] <= now:
            line, _ = self._idle.pop(0)
            self._leave(line)
        self._watch_idle()

    def _leave(self, line: Line) -> None:
        task = asyncio.get_running_loop().create_task(line.quit())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class Pace:
    """Spaces messages evenly: a token bucket that holds one token. None: no limit.

    clock: monotonic seconds. sleep: waits so many seconds.
    """

    def __init__(
        self,
        messages_per_minute: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.interval_seconds = 60.0 / messages_per_minute if messages_per_minute else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = float("-inf")

    def reserve(self) -> float:
        """Take the next turn; how many seconds it is away."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + self.interval_seconds
        return turn - now

    async def turn(self) -> None:
        """Return when the next message may leave."""
        if (seconds := self.reserve()) > 0:
            await self._sleep(seconds)
