"""Something that is fetched once and kept for a while, however many ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ..core.errors import ServiceSilent

T = TypeVar("T")


class Kept(Generic[T]):
    """seconds: how long it is kept; silent_seconds: how long a failure is. One fetches, the others wait."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[T]],
        *,
        seconds: float,
        silent_seconds: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._silent_seconds = silent_seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._failure: ServiceSilent | None = None
        self._at = float("-inf")

    async def get(self) -> T:
        """ServiceSilent: it could not be fetched, now or a moment ago."""
        return await self._fresh(self._seconds)

    async def renewed(self, seconds: float) -> T:
        """No older than that. ServiceSilent."""
        return await self._fresh(seconds)

    async def _fresh(self, seconds: float) -> T:
        async with self._lock:
            age = self._monotonic() - self._at
            if self._failure is not None and age < self._silent_seconds:
                raise ServiceSilent(str(self._failure)) from self._failure
            if self._value is not None and age < seconds:
                return self._value
            self._value, self._failure = None, None
            try:
                self._value = await self._fetch()
            except ServiceSilent as cause:
                self._failure = cause
                raise
            finally:
                self._at = self._monotonic()
            return self._value
