"""Waiting for what is to come true, instead of for a time in which it should have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Return as soon as it holds. TimeoutError after so many seconds: they only bound a failure."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)
