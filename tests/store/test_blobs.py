"""Stored originals: any size, any buffer, and no way to change a chunk unnoticed."""

from __future__ import annotations

import hashlib
import mmap
import os
import tracemalloc
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from mailguard.core.errors import ReferenceTaken, UnknownReference
from mailguard.store import schema
from mailguard.store.blobs import BATCH_CHUNKS, keep
from mailguard.store.sealing import CHUNK_OCTETS, SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

BATCH = BATCH_CHUNKS * CHUNK_OCTETS


async def put(store: Store, raw: Any, ref: str = "MG-A") -> None:
    await store.quarantine.hold(samples.held(ref), raw, [], [])


@pytest.mark.parametrize("size", [0, 1, CHUNK_OCTETS - 1, CHUNK_OCTETS, CHUNK_OCTETS + 1, BATCH, BATCH + 1, 2 * BATCH])
async def test_every_size_comes_back(store: Store, size: int) -> None:
    raw = os.urandom(size)
    await put(store, raw)
    assert bytes(memoryview(await store.blobs.read("MG-A"))) == raw


@pytest.mark.parametrize("kind", ["memoryview", "mmap"])
async def test_every_buffer_comes_back(store: Store, kind: str) -> None:
    raw = os.urandom(3 * CHUNK_OCTETS + 5)
    if kind == "memoryview":
        await put(store, memoryview(raw))
    else:
        memory = mmap.mmap(-1, len(raw))
        memory.write(raw)
        await put(store, memory)
        memory.close()
    assert bytes(memoryview(await store.blobs.read("MG-A"))) == raw


async def test_fifty_megabytes_stay_within_bounded_memory(sqlite_store: Store) -> None:
    raw = mmap.mmap(-1, 50 * 1024 * 1024)
    raw[-5:] = b"\r\n.\r\n"
    tracemalloc.start()
    await put(sqlite_store, raw)
    found = await sqlite_store.blobs.read("MG-A")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert hashlib.sha256(found).digest() == hashlib.sha256(raw).digest()
    assert peak < 30 * 1024 * 1024


async def test_nothing_is_there_that_was_never_stored(store: Store) -> None:
    with pytest.raises(UnknownReference):
        await store.blobs.read("MG-NONE")


_table = schema.chunks
ATTACKS: dict[str, Any] = {
    "removed-last": delete(_table).where(_table.c.number == 2),
    "removed-first": delete(_table).where(_table.c.number == 0),
    "swapped": update(_table)
    .where(_table.c.number == 0)
    .values(sealed=select(_table.c.sealed).where(_table.c.number == 1).scalar_subquery()),
    "emptied": update(_table).where(_table.c.number == 1).values(sealed=b""),
    "size-lowered": update(schema.blobs).values(size=2 * CHUNK_OCTETS),
    "size-raised": update(schema.blobs).values(size=3 * CHUNK_OCTETS),
    "key-changed": update(schema.blobs).values(wrapped_key=b"x" * 60),
    "master-changed": update(schema.blobs).values(master="0123456789abcdef"),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_no_chunk_can_be_changed_unnoticed(sqlite_store: Store, name: str) -> None:
    await put(sqlite_store, os.urandom(2 * CHUNK_OCTETS + 9))
    await sqlite_store.engine.write(lambda connection, _: connection.execute(ATTACKS[name]))
    with pytest.raises(SealBroken):
        await sqlite_store.blobs.read("MG-A")


async def test_an_original_cannot_be_moved_to_another_message(sqlite_store: Store) -> None:
    await put(sqlite_store, b"first", "MG-A")
    await put(sqlite_store, b"other", "MG-B")
    first = select(_table.c.sealed).where(_table.c.blob == "MG-A").scalar_subquery()
    move = update(_table).where(_table.c.blob == "MG-B").values(sealed=first)
    await sqlite_store.engine.write(lambda connection, _: connection.execute(move))
    with pytest.raises(SealBroken):
        await sqlite_store.blobs.read("MG-B")


async def count(store: Store, table: str) -> int:
    query = select(func.count()).select_from(schema.metadata.tables[table])
    return await store.engine.read(lambda connection: connection.execute(query).scalar_one())


async def test_a_large_hold_that_fails_at_the_end_leaves_nothing(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A", claims_ref=True)])
    with pytest.raises(Exception, match="reference"):
        taken = [samples.entry("MG-A", claims_ref=True)]
        await store.quarantine.hold(samples.held("MG-A"), os.urandom(BATCH + 7), taken, [])
    assert (await count(store, "blobs"), await count(store, "chunks")) == (0, 0)


async def test_what_a_crash_left_staged_is_swept_at_the_next_start(sqlite_settings: StoreSettings) -> None:
    store = await Store.open(sqlite_settings)
    await store.blobs.stage("MG-A", "MG-A", os.urandom(BATCH + 7), samples.NOW)
    assert await count(store, "chunks") == BATCH_CHUNKS
    with pytest.raises(UnknownReference):
        await store.blobs.read("MG-A")
    await store.close()
    store = await Store.open(sqlite_settings)
    assert (await count(store, "blobs"), await count(store, "chunks")) == (0, 0)
    await store.close()


async def test_purging_sweeps_old_stages_and_spares_young_ones(store: Store) -> None:
    from datetime import timedelta

    stage = await store.blobs.stage("MG-A", "MG-A", os.urandom(BATCH + 7), samples.NOW)
    assert (await store.purge(samples.NOW + timedelta(hours=1))).staged == 0
    assert (await store.purge(samples.NOW + timedelta(days=2))).staged == 1
    with pytest.raises(ReferenceTaken):
        await store.engine.write(lambda connection, _: keep(connection, stage))
    assert await count(store, "blobs") == 0
