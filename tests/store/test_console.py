"""The console's ports Sessions and Links on both engines: only hashes, nothing forged, one use of a link."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from mailguard.guard.console.records import ConsoleLink, ConsoleSession
from mailguard.guard.records import NewEntry
from mailguard.store import schema
from mailguard.store.audit import verify
from mailguard.store.restored import hold_back
from mailguard.store.store import Store
from tests.store import samples

NOW = samples.NOW
SESSION = ConsoleSession("a" * 64, "account-1", "jo@elmroad.example", NOW, NOW, "Firefox", "bound", "GEZDGNBV")
LINK = ConsoleLink("c" * 64, "jo@elmroad.example", NOW, NOW + timedelta(minutes=30))


def entry(kind: str) -> NewEntry:
    return NewEntry(kind, None, NOW, {"via": "console"})


async def kinds(store: Store) -> list[str]:
    return [each.kind async for each in store.ledger.entries()]


async def test_a_session_comes_back_as_it_was_made_until_it_is_ended(store: Store) -> None:
    await store.console_sessions.begin(SESSION, [entry("console_signed_in")])
    assert await store.console_sessions.find(SESSION.key) == SESSION
    assert await store.console_sessions.find("b" * 64) is None
    later = NOW + timedelta(minutes=5)
    await store.console_sessions.seen(SESSION.key, later)
    assert await store.console_sessions.of_account("account-1") == [replace(SESSION, seen_at=later)]
    assert await store.console_sessions.of_account("account-2") == []
    assert await store.console_sessions.end([SESSION.key, "b" * 64], [entry("console_signed_out")]) == 1
    assert await store.console_sessions.find(SESSION.key) is None
    assert await kinds(store) == ["console_signed_in", "console_signed_out"]
    assert (await verify(store)).whole


@pytest.mark.parametrize("values", [{"account": "account-2"}, {"session": "b" * 64}])
async def test_a_session_that_was_moved_is_none(store: Store, values: dict[str, Any]) -> None:
    await store.console_sessions.begin(SESSION, [])
    table = schema.console_sessions
    await store.engine.write(lambda connection, _: connection.execute(update(table).values(values)))
    for key in ("a" * 64, "b" * 64):
        assert await store.console_sessions.find(key) is None
    assert await store.console_sessions.of_account("account-2") == []


async def test_the_time_in_the_clear_makes_no_session_younger(store: Store) -> None:
    await store.console_sessions.begin(SESSION, [])
    table = schema.console_sessions
    await store.engine.write(lambda connection, _: connection.execute(update(table).values(began_at=9 * 10**15)))
    found = await store.console_sessions.find(SESSION.key)
    assert found is not None and found.began_at == NOW


async def test_of_many_who_use_a_link_one_does(store: Store) -> None:
    await store.console_links.make(LINK, [entry("console_link_made")])
    assert await store.console_links.find(LINK.key) == LINK
    used = await asyncio.gather(*(store.console_links.use(LINK.key, NOW) for _ in range(20)))
    assert sorted(used) == [False] * 19 + [True]
    assert await store.console_links.find(LINK.key) == replace(LINK, used_at=NOW)


async def test_a_link_that_has_expired_is_not_used_whatever_stands_in_the_clear(store: Store) -> None:
    await store.console_links.make(LINK, [])
    table = schema.console_links
    await store.engine.write(lambda connection, _: connection.execute(update(table).values(expires_at=9 * 10**15)))
    assert not await store.console_links.use(LINK.key, LINK.expires_at)
    assert not await store.console_links.use("d" * 64, NOW)


async def test_nothing_of_them_stands_in_the_clear(store: Store) -> None:
    await store.console_sessions.begin(SESSION, [])
    await store.console_links.make(LINK, [])
    for table in (schema.console_sessions, schema.console_links):
        rows = await store.engine.read(lambda connection, table=table: connection.execute(select(table)).all())
        for text in ("elmroad", "Firefox", "GEZDGNBV"):
            assert text not in repr(rows)


async def test_what_has_ended_is_forgotten(store: Store) -> None:
    await store.console_sessions.begin(SESSION, [])
    await store.console_links.make(LINK, [])
    await store.purge(NOW + timedelta(hours=9))
    assert await store.console_sessions.find(SESSION.key) and await store.console_links.find(LINK.key)
    await store.purge(NOW + timedelta(days=2))
    assert await store.console_sessions.find(SESSION.key) is None
    assert await store.console_links.find(LINK.key)
    await store.purge(NOW + timedelta(days=31))
    assert await store.console_links.find(LINK.key) is None


async def test_who_was_signed_in_when_a_copy_was_taken_is_not_when_it_is_put_back(store: Store) -> None:
    await store.console_sessions.begin(SESSION, [])
    await store.console_links.make(LINK, [])
    await hold_back(store, NOW, timedelta(hours=24), {})
    assert await store.console_sessions.find(SESSION.key) is None
    assert await store.console_links.find(LINK.key) is None
