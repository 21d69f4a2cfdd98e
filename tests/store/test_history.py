"""The port History: keyed, expiring, the same on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from mailguard.store import schema
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples
from tests.store.samples import rotate_key

ONE, TWO = "clinic@elmroad.example\nuid-1", "clinic@elmroad.example\nuid-2"
LATER = samples.NOW + timedelta(days=400)


async def test_what_is_remembered_is_told_until_it_expires(store: Store) -> None:
    assert await store.history.separated([ONE], samples.NOW) == {}
    assert await store.history.remember([ONE], "visible-list", LATER) == 1
    assert await store.history.separated([ONE, TWO], samples.NOW) == {ONE: "visible-list"}
    assert await store.history.separated([ONE], LATER) == {}


async def test_a_later_rule_and_a_later_time_win(store: Store) -> None:
    await store.history.remember([ONE, TWO, ONE], "first", samples.NOW)
    assert await store.history.remember([ONE], "second", LATER) == 1
    assert await store.history.separated([ONE, TWO], samples.NOW) == {ONE: "second"}


async def test_many_at_once_all_succeed(store: Store) -> None:
    many = [f"clinic@elmroad.example\nuid-{number}" for number in range(30)]
    kept = await asyncio.gather(*(store.history.remember(many, f"rule-{number}", LATER) for number in range(20)))
    assert kept == [30] * 20
    assert set(await store.history.separated(many, samples.NOW)) == set(many)
    assert await store.history.remember([], "x", LATER) == 0


async def test_nothing_is_kept_in_the_clear(store: Store) -> None:
    await store.history.remember([ONE], "visible-list", LATER)
    rows = await store.engine.read(lambda connection: connection.execute(select(schema.occasions)).all())
    assert len(rows) == 1 and len(rows[0].occasion) == 32
    assert "clinic" not in str(rows) and "uid-1" not in str(rows)


async def test_what_has_expired_is_purged(store: Store) -> None:
    await store.history.remember([ONE], "visible-list", samples.NOW)
    await store.history.remember([TWO], "visible-list", LATER)
    await store.purge(samples.NOW)
    rows = await store.engine.read(lambda connection: connection.execute(select(schema.occasions)).all())
    assert len(rows) == 1


async def test_a_new_key_does_not_forget(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    await store.history.remember([ONE], "visible-list", LATER)
    await store.close()
    rotate_key(settings.keys_folder(), "recipients")
    store = await Store.open(settings)
    try:
        assert await store.history.separated([ONE], samples.NOW) == {ONE: "visible-list"}
    finally:
        await store.close()
