"""How long a write may wait, with one timer for all that wait: a timer of its own would cost each as much as its seal.

Contract: all wait equally long, so the first asked is the first due. Of a write that was answered nothing is kept once
its asker went on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from .group import unavailable


class Deadlines:
    """seconds: how long each may wait for its answer; then it gets StoreUnavailable, caused by a TimeoutError."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, future: asyncio.Future[Any]) -> None:
        """It waits from now on."""
        due = self._loop.time() + self._seconds
        self._waiting.append((due, future))
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._expire)

    def forget(self) -> None:
        """Drop what has its answer."""
        waiting = self._waiting
        while waiting and waiting[0][1].done():
            waiting.popleft()

    def _expire(self) -> None:
        self._timer = None
        self.forget()
        while self._waiting and self._waiting[0][0] <= self._loop.time():
            future = self._waiting.popleft()[1]
            if not future.done():
                future.set_exception(unavailable(TimeoutError()))
        if self._waiting:
            self._timer = self._loop.call_at(self._waiting[0][0], self._expire)
