"""A copy of a SQLite store: whole, of one moment, without a trace, and with a reason where there is none."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
from pathlib import Path

import pytest

from mailguard.core.errors import StoreUnavailable
from mailguard.store import snapshot
from mailguard.store.snapshot import folder_beside, take_snapshot
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings

from .samples import delivery, entry


def left(store: Store) -> list[str]:
    return [path.name for path in store.settings.sqlite_path().parent.iterdir() if path.name.endswith(".part")]


async def test_a_copy_is_whole_and_has_no_name(sqlite_store: Store, tmp_path: Path) -> None:
    await sqlite_store.outbox.add([delivery("MG-A")], os.urandom(3_000_000), [entry("MG-A")])
    taken = await take_snapshot(sqlite_store.settings)
    assert left(sqlite_store) == [] and taken.entries == 1
    with taken.file as file:
        octets = file.read()
    assert len(octets) == taken.octets > 3_000_000
    (tmp_path / "copy.db").write_bytes(octets)
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert copy.execute("SELECT count(*) FROM outbox").fetchone() == (1,)
    copy.close()


async def test_writing_goes_on_and_is_not_in_it(sqlite_store: Store) -> None:
    await sqlite_store.outbox.add([delivery("MG-A")], os.urandom(2_000_000), [entry("MG-A")])
    copying = asyncio.create_task(take_snapshot(sqlite_store.settings))
    written = 0
    while not copying.done():
        await sqlite_store.ledger.append([entry()])
        written += 1
    taken = await copying
    taken.file.close()
    assert 1 <= taken.entries <= written + 1


async def test_a_copy_that_nobody_waits_for_any_more_ends(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    copy = snapshot._copy

    def slow(reader: sqlite3.Connection, store: Path) -> snapshot.Snapshot:
        loop.call_soon_threadsafe(begun.set)
        reader.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n")
        return copy(reader, store)

    monkeypatch.setattr(snapshot, "_copy", slow)
    taking = asyncio.create_task(take_snapshot(sqlite_store.settings))
    await begun.wait()
    while not taking.done():
        taking.cancel()
        await asyncio.sleep(0.05)
    assert taking.cancelled() and left(sqlite_store) == []


async def test_a_copy_never_takes_the_room_that_mail_needs(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "RESERVE_OCTETS", 10**18)
    with pytest.raises(StoreUnavailable, match="MB free"):
        await take_snapshot(sqlite_store.settings)
    assert left(sqlite_store) == []


async def test_a_disk_that_fills_up_meanwhile(sqlite_store: Store) -> None:
    await sqlite_store.outbox.add([delivery("MG-A")], os.urandom(400_000), [])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StoreUnavailable, match="cannot be copied"):
            await take_snapshot(sqlite_store.settings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(sqlite_store) == []
    await sqlite_store.ledger.append([entry()])


async def test_a_damaged_store_is_not_taken_for_a_backup(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(path: Path) -> tuple[str, int]:
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
        return inspect(path)

    inspect = snapshot.inspect_copy
    monkeypatch.setattr(snapshot, "inspect_copy", damaged)
    with pytest.raises(StoreUnavailable, match="cannot be copied"):
        await take_snapshot(sqlite_store.settings)
    assert left(sqlite_store) == []


async def test_what_a_killed_service_left_is_removed_at_the_next_start(sqlite_settings: StoreSettings) -> None:
    store = await Store.open(sqlite_settings)
    await store.close()
    remains = folder_beside(sqlite_settings.sqlite_path())
    (remains / "copy.db").write_bytes(b"half a copy")
    other = folder_beside(sqlite_settings.sqlite_path().with_name("other.db"))
    store = await Store.open(sqlite_settings)
    await store.close()
    assert not remains.exists() and other.exists()
