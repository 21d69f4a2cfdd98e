"""Codes of a sender's page that are typed many times at once (THREATS.md T67)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from mailguard.core.errors import StoreUnavailable
from mailguard.guard.console.sender_code import AT_MOST, CodeTries, Tried

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
KEY, RIGHT, WRONG = "a link", "AB2CD", "ZZZZZ"


class Kept:
    """Counts as a store does: each question comes back later than it was asked."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    async def counted(self, kind: str, key: str, now: datetime) -> int:
        found = self.numbers.get(key, 0)
        await asyncio.sleep(0)
        return found

    async def count(self, kind: str, key: str, now: datetime, until: datetime, most: int) -> int:
        await asyncio.sleep(0)
        self.numbers[key] = self.numbers.get(key, 0) + 1
        found = self.numbers[key]
        await asyncio.sleep(0)
        return found

    async def take(self, kind: str, key: str, now: datetime) -> None:
        await asyncio.sleep(0)
        self.numbers.pop(key, None)


def _desk(kept: Any, waits: list[float]) -> CodeTries:
    async def wait(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    return CodeTries(kept, wait)


async def test_a_right_code_that_comes_fifty_times_at_once_locks_nobody_out() -> None:
    kept = Kept()
    tries = _desk(kept, [])
    found = await asyncio.gather(*(tries.attempt(KEY, RIGHT, RIGHT, NOW) for _ in range(50)))
    assert set(found) == {Tried.RIGHT} and not kept.numbers


async def test_of_fifty_guesses_at_once_no_more_are_compared_than_may_be() -> None:
    """The right one comes last, when the others have used up what may be tried."""
    waits: list[float] = []
    tries = _desk(Kept(), waits)
    guesses = [WRONG] * 49 + [RIGHT]
    found = await asyncio.gather(*(tries.attempt(KEY, RIGHT, each, NOW) for each in guesses))
    assert found.count(Tried.WRONG) == AT_MOST - 1 and found.count(Tried.LOCKED) == 50 - found.count(Tried.WRONG)
    assert waits == [each / 2 for each in range(AT_MOST)]


async def test_guesses_at_several_guards_count_together_and_a_right_one_at_each_is_right() -> None:
    kept, guards = Kept(), 3
    desks = [_desk(kept, []) for _ in range(guards)]
    found = await asyncio.gather(*(desks[n % guards].attempt(KEY, RIGHT, WRONG, NOW) for n in range(60)))
    assert found.count(Tried.WRONG) <= AT_MOST - 1
    kept.numbers.clear()
    found = await asyncio.gather(*(desks[n % guards].attempt(KEY, RIGHT, RIGHT, NOW) for n in range(60)))
    assert set(found) == {Tried.RIGHT}


async def test_nothing_typed_is_no_guess() -> None:
    kept = Kept()
    tries = _desk(kept, [])
    assert {await tries.attempt(KEY, RIGHT, " - ", NOW) for _ in range(50)} == {Tried.WRONG}
    assert not kept.numbers and await tries.attempt(KEY, RIGHT, "ab2-cd", NOW) is Tried.RIGHT


async def test_one_link_does_not_wait_for_another_and_nothing_of_them_is_kept() -> None:
    kept = Kept()
    tries = _desk(kept, [])
    both = (tries.attempt(KEY, RIGHT, RIGHT, NOW), tries.attempt("another", RIGHT, RIGHT, NOW))
    assert await asyncio.gather(*both) == [Tried.RIGHT, Tried.RIGHT]
    assert not tries._turns


async def test_a_store_that_fails_or_a_browser_that_goes_lets_nobody_in_and_keeps_nobody_waiting() -> None:
    class Failing(Kept):
        async def count(self, *_: Any) -> int:
            raise StoreUnavailable("gone")

    failing = _desk(Failing(), [])
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await failing.attempt(KEY, RIGHT, RIGHT, NOW)
    tries = _desk(Kept(), [])
    left, next_one = (asyncio.create_task(tries.attempt(KEY, RIGHT, RIGHT, NOW)) for _ in range(2))
    await asyncio.sleep(0)
    left.cancel()
    assert await next_one is Tried.RIGHT and left.cancelled()
