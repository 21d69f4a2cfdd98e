"""The short code that a sender's page shows and wants typed in, and how fast it can be guessed.

Link scanners open links, run what they find and press buttons (THREATS.md T67); they do not read a code and type it.
The code says nothing about the token of the link, and is another one in each browser.

INVARIANT: what is counted is bounded, and counted for all guards together.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum
from weakref import WeakValueDictionary

from ...core.reference import ALPHABET
from .ports import ShortLivedRecords

LETTERS = 5
"""25 bits: with AT_MOST tries in LOCKED_FOR, guessing takes longer than any deadline."""
AT_MOST = 5
LOCKED_FOR = timedelta(minutes=10)
MOST_LINKS = 10_000
KIND = "sender-code"


class Tried(Enum):
    """LOCKED: too many were wrong, and none is tried for some minutes, the right one neither."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


def code_for(browser: str, key: str) -> str:
    """The code of a link in a browser. browser: the browser's token. key: of the link."""
    digest = hmac.digest(browser.encode(), b"code of a sender\0" + key.encode(), "sha256")
    return "".join(ALPHABET[octet & 31] for octet in digest[:LETTERS])


def typed_code(text: str) -> str:
    """What somebody typed, as it is compared: without spaces and hyphens, in capitals."""
    return "".join(letter for letter in text if not letter.isspace() and letter != "-").upper()


class CodeTries:
    """Counts wrong codes, by link. Every method raises StoreUnavailable."""

    def __init__(self, kept: ShortLivedRecords, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._kept = kept
        self._sleep = sleep
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def is_locked(self, key: str, now: datetime) -> bool:
        """Whether nothing may be tried any more for this key."""
        return await self._kept.counted(KIND, key, now) >= AT_MOST

    async def wrong(self, key: str, now: datetime) -> int:
        """Count a wrong one. How many there have been."""
        return await self._kept.count(KIND, key, now, now + LOCKED_FOR, MOST_LINKS)

    async def attempt(self, key: str, expected: str, typed: str, now: datetime) -> Tried:
        """Try a code for a link. Each wrong one takes longer to answer; nothing typed is wrong and no try."""
        if not typed_code(typed):
            # No guess: what presses buttons without typing must not lock out the sender, whose message may leave soon.
            return Tried.LOCKED if await self.is_locked(key, now) else Tried.WRONG
        # One after another: a right one that comes many times at once is counted, and taken from the count, each time.
        async with self._turns.setdefault(key, asyncio.Lock()):
            tried, count = await self._try(key, expected, typed, now)
        if tried is Tried.WRONG:
            await self._sleep((count - 1) / 2)
        return Tried.LOCKED if tried is Tried.WRONG and count >= AT_MOST else tried

    async def _try(self, key: str, expected: str, typed: str, now: datetime) -> tuple[Tried, int]:
        if await self.is_locked(key, now):
            return Tried.LOCKED, AT_MOST
        # It counts before it is compared: of many that come at once, at several guards, no more are tried.
        count = await self.wrong(key, now)
        if count > AT_MOST:
            return Tried.LOCKED, count
        if not hmac.compare_digest(typed_code(typed).encode("utf-8", "replace"), expected.encode()):
            return Tried.WRONG, count
        await self._kept.take(KIND, key, now)
        return Tried.RIGHT, count
