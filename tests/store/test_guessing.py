"""Failures of sign-ins and the pace of the outbox, counted by several guards on one database."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta, tzinfo
from typing import Self

import pytest
from sqlalchemy import select, update

from mailguard.core.guessing import ACCOUNT, PAIR, Bounds, Turn
from mailguard.core.sign_in import SignInOutcome
from mailguard.store import guessing, schema
from mailguard.store.guessing import StoredGuessing
from mailguard.store.pace import StoredPace
from mailguard.store.store import Store

BOUNDS = Bounds(per_client=10, per_account=5, pause=300.0, forget=600.0, wait=15.0)
REFUSED, ACCEPTED, UNAVAILABLE = SignInOutcome.REFUSED, SignInOutcome.ACCEPTED, SignInOutcome.UNAVAILABLE


def name(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def guards(store: Store, count: int = 3) -> list[StoredGuessing]:
    """As many guards as to what they know of each other: nothing but the rows."""
    return [StoredGuessing(store.engine, store.keyring) for _ in range(count)]


async def reserve(at: StoredGuessing, client: str = "192.0.2.1", account: str = "anna") -> Turn | None:
    return await at.reserve(BOUNDS, name(client), name(account), 50.0)


async def test_t7_guesses_at_several_guards_count_together(store: Store) -> None:
    found = guards(store)
    turns = [await reserve(found[number % 3]) for number in range(12)]
    waits = [round(turn.starts - 50.0) for turn in turns if turn is not None]
    assert waits == [0] * 5 + [1, 3, 7, 15]


async def test_t7_guesses_at_several_guards_at_once_gain_nothing(store: Store) -> None:
    found = guards(store)
    turns = await asyncio.gather(*(reserve(found[number % 3]) for number in range(30)))
    assert sorted(round(turn.starts - 50.0) for turn in turns if turn is not None) == [0] * 5 + [1, 3, 7, 15]


async def test_t7_one_address_counts_at_every_guard_for_all_accounts(store: Store) -> None:
    found = guards(store)
    tried = [await reserve(found[number % 3], account=f"user{number}") for number in range(40)]
    assert len([each for each in tried if each is not None]) == 14


async def test_who_signed_in_from_here_is_let_in_at_every_guard_while_others_guess(store: Store) -> None:
    first, second, third = guards(store)
    turn = await reserve(first)
    assert turn is not None
    await first.settle(turn, ACCEPTED)
    for _ in range(12):
        await reserve(second, client="198.51.100.7")
    assert await reserve(second, client="198.51.100.7") is None
    mine = await reserve(third)
    assert mine is not None and mine.starts == 50.0 and [kind for kind, _ in mine.counts] == [PAIR]


async def test_what_was_not_tried_does_not_count(store: Store) -> None:
    first, second, _ = guards(store)
    for _ in range(20):
        turn = await reserve(first)
        assert turn is not None and turn.starts == 50.0
        await second.settle(turn, UNAVAILABLE)
    for _ in range(5):
        turn = await reserve(first)
        assert turn is not None
        await second.settle(turn, REFUSED)
    late = await reserve(first)
    assert late is not None and late.starts > 50.5


async def test_neither_names_nor_addresses_stand_in_it_and_it_is_bounded(store: Store) -> None:
    at, _, _ = guards(store)
    before = guessing.MOST_KEYS, guessing.TRIM_EVERY
    guessing.MOST_KEYS, guessing.TRIM_EVERY = 5, 2
    try:
        for number in range(20):
            await reserve(at, client=f"198.51.100.{number}", account=f"user{number}")
    finally:
        guessing.MOST_KEYS, guessing.TRIM_EVERY = before
    rows = await store.engine.read(lambda connection: connection.execute(select(schema.sign_in_counts)).all())
    assert 5 <= len([row for row in rows if row.kind == ACCOUNT]) <= 7
    assert not {row.key for row in rows} & {name(f"user{number}").hex() for number in range(20)}


@pytest.mark.parametrize("engine_name", ["postgresql"])
async def test_a_guard_whose_own_clock_is_ahead_forgets_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(days=31)

    first, _, _ = guards(store)
    for _ in range(5):
        await reserve(first)
    monkeypatch.setattr(guessing, "datetime", Ahead)
    second, _, _ = guards(store)
    late = await reserve(second)
    assert late is not None and late.starts > 50.5


async def test_a_clock_that_is_set_back_keeps_nobody_out(store: Store) -> None:
    at, _, _ = guards(store)
    await reserve(at)
    table = schema.sign_in_counts
    later = update(table).values(at=table.c.at + 120_000_000, turn=table.c.turn + 120_000_000)
    await store.engine.write(lambda connection, _: connection.execute(later), locks=False)
    turn = await reserve(at)
    assert turn is not None and round(turn.starts - 50.0) == 0


async def test_all_guards_together_keep_the_pace_of_a_server(store: Store) -> None:
    paces = [StoredPace(store.engine) for _ in range(3)]
    asked = [paces[number % 3].reserve("smtp.example:25", 10.0) for number in range(9)]
    waits = sorted(await asyncio.gather(*asked))
    assert all(abs(wait - 10.0 * number) < 5 for number, wait in enumerate(waits)), waits
    assert await paces[0].reserve("other.example:25", 10.0) == 0.0
