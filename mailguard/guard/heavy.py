"""Where the processor's work of large messages is done: in threads, few at a time.

Promises that however many large messages there are, the event loop, which carries all others, shares the interpreter
with at most AT_ONCE of them: each thread more makes it wait another switch interval (five milliseconds) for each of its
turns. Six at once, as many as Python's own pool has on two cores, made an ordinary message wait half a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

AT_ONCE = 2
"""One that parses, and one that hashes or waits for the disk, for which the interpreter is not needed."""


class HeavyWork:
    """One object for all messages."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def run(self, work: Callable[[], Value]) -> Value:
        """What work gives or raises, from a thread, when it has its turn. First come, first served."""
        async with self._turns:
            return await asyncio.to_thread(work)
