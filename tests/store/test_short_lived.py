"""What consoles keep for minutes: one contract for memory and for both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from mailguard.guard.console.ports import ShortLivedRecords
from mailguard.guard.console.records import ShortLived
from mailguard.guard.console.short_lived import ShortLivedHere
from mailguard.store import schema
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store.samples import NOW

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ShortLivedRecords]:
    if request.param == "memory":
        yield ShortLivedHere()
        return
    url = f"sqlite:///{tmp_path}/mailguard.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    store = await Store.open(StoreSettings(url=url, keys=tmp_path / "mailguard.keys"))
    yield store.short_lived
    await store.close()


def one(key: str, at: int = 0, group: str = "", kind: str = "test", **value: Any) -> ShortLived:
    """at: seconds after NOW; it lasts for a minute."""
    return ShortLived(kind, key, group, value, NOW + at * SECOND, NOW + at * SECOND + MINUTE)


async def test_it_is_found_until_its_time_is_over(kept: ShortLivedRecords) -> None:
    await kept.keep(one("a", to="/queue", draft=None), 10)
    found = await kept.find("test", "a", NOW + 59 * SECOND)
    assert found is not None and (found.value, found.until) == ({"to": "/queue", "draft": None}, NOW + MINUTE)
    assert await kept.find("test", "a", NOW + MINUTE) is None
    assert await kept.find("test", "b", NOW) is None and await kept.find("other", "a", NOW) is None


async def test_the_later_one_takes_the_place_of_the_earlier(kept: ShortLivedRecords) -> None:
    await kept.keep(one("a", number=1), 10)
    await kept.keep(one("a", 30, number=2), 10)
    found = await kept.find("test", "a", NOW + 80 * SECOND)
    assert found is not None and found.value == {"number": 2}


async def test_of_several_who_take_it_one_gets_it(kept: ShortLivedRecords) -> None:
    await kept.keep(one("a", number=1), 10)
    taken = await asyncio.gather(*(kept.take("test", "a", NOW) for _ in range(5)))
    assert len([each for each in taken if each is not None]) == 1
    assert await kept.find("test", "a", NOW) is None


async def test_those_of_groups_are_found_together(kept: ShortLivedRecords) -> None:
    for number, group in enumerate("ABAC"):
        await kept.keep(one(f"k{number}", number, group, number=number), 10)
    found = await kept.of_groups("test", ["A", "C", "D"], NOW + 10 * SECOND)
    assert [(each.group, each.value["number"]) for each in found] == [("A", 0), ("A", 2), ("C", 3)]
    assert not await kept.of_groups("test", [], NOW)


async def test_a_group_that_floods_puts_itself_out_and_nobody_else(kept: ShortLivedRecords) -> None:
    await kept.keep(one("quiet", 0, "quiet"), 20)
    for number in range(8):
        await kept.keep(one(f"flood{number}", number + 1, "flood"), 20, most_of_group=3)
    now = NOW + 10 * SECOND
    left = [number for number in range(8) if await kept.find("test", f"flood{number}", now) is not None]
    assert left == [5, 6, 7]
    for number in range(30):
        await kept.keep(one(f"more{number}", 9, f"group{number // 3}"), 20)
    assert await kept.find("test", "quiet", now) is not None
    assert await kept.find("test", "more29", now) is not None


async def test_what_is_counted_at_once_is_counted_once_each(kept: ShortLivedRecords) -> None:
    until = NOW + MINUTE
    counts = await asyncio.gather(*(kept.count("wrong", "a", NOW, until, 100) for _ in range(8)))
    assert sorted(counts) == list(range(1, 9)) and await kept.counted("wrong", "a", NOW) == 8
    assert await kept.counted("wrong", "b", NOW) == 0
    assert await kept.counted("wrong", "a", until) == 0
    assert await kept.count("wrong", "a", until, until + MINUTE, 100) == 1
    await kept.take("wrong", "a", until)
    assert await kept.counted("wrong", "a", until) == 0


async def test_nothing_of_it_stands_in_the_clear_and_what_is_over_goes(store: Store) -> None:
    await store.short_lived.keep(one("a token", 0, "192.0.2.1", name="Jo Smith"), 10)
    (row,) = await store.engine.read(lambda connection: connection.execute(select(schema.short_lived)).all())
    for secret in ("a token", "192.0.2.1", "Jo Smith"):
        assert not any(secret in str(value) or secret.encode() in bytes(str(value), "utf-8") for value in row)
        assert secret.encode() not in row.sealed
    await store.purge(NOW + MINUTE)
    assert not await store.engine.read(lambda connection: connection.execute(select(schema.short_lived)).all())


async def test_write_access_without_keys_makes_nothing_of_it(store: Store) -> None:
    """Neither lasts one longer than it was kept for, nor is it another's."""
    await store.short_lived.keep(one("a", number=1), 10)
    await store.short_lived.keep(one("b", number=2), 10)
    table = schema.short_lived
    longer = update(table).values(until=table.c.until + 10**9)
    await store.engine.write(lambda connection, _: connection.execute(longer), locks=False)
    assert await store.short_lived.find("test", "a", NOW) is None
