"""What an ill object store can do to held mail: it is deferred, or cannot be read for a while; it is never lost, never
taken for another, and what small mail needs goes on.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from mailguard.core.errors import StoreUnavailable
from mailguard.core.lifecycle import State
from mailguard.store import schema
from mailguard.store.blobs import Stage
from mailguard.store.object_rows import PART_CHUNKS
from mailguard.store.objects import ObjectMissing
from mailguard.store.sealing import CHUNK_OCTETS, SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples
from tests.store.ill_s3 import IllS3

LARGE = 100_000
SIZE = PART_CHUNKS * CHUNK_OCTETS + 5
"""Two parts."""


@pytest.fixture
def ill_s3(tmp_path: Path) -> Iterator[IllS3]:
    server = IllS3(tmp_path)
    yield server
    server.close()


@pytest.fixture
async def store(sqlite_settings: StoreSettings, ill_s3: IllS3) -> AsyncIterator[Store]:
    found = ill_s3.settings(larger_than_bytes=LARGE)
    opened = await Store.open(sqlite_settings.model_copy(update={"object_store": found}))
    yield opened
    ill_s3.ill.clear()
    await opened.close()


async def hold(store: Store, raw: bytes, ref: str = "MG-A") -> None:
    await store.quarantine.hold(samples.held(ref), raw, [samples.entry(ref)], [])


async def count(store: Store, table: str) -> int:
    query = select(func.count()).select_from(schema.metadata.tables[table])
    return await store.engine.read(lambda connection: connection.execute(query).scalar_one())


@pytest.mark.parametrize("fault", ["slow", "500", "403", "cut", "kept, answer lost"])
async def test_what_cannot_be_put_is_not_taken_on_and_small_mail_is(store: Store, ill_s3: IllS3, fault: str) -> None:
    ill_s3.ill["PUT"] = fault
    began, entries = time.monotonic(), await count(store, "entries")
    with pytest.raises(StoreUnavailable):
        await hold(store, os.urandom(SIZE))
    assert time.monotonic() - began < 60
    assert (await count(store, "held"), await count(store, "blobs")) == (0, 0)
    assert await count(store, "entries") == entries
    assert store.bodies is not None and store.bodies.objects.problem is not None
    await hold(store, b"small", "MG-B")
    assert await store.blobs.read("MG-B") == b"small"
    ill_s3.ill.clear()
    raw = os.urandom(SIZE)
    await hold(store, raw)
    assert bytes(memoryview(await store.blobs.read("MG-A"))) == raw
    assert store.bodies.objects.problem is None
    await store.bodies.remove_gone()
    assert len(ill_s3.kept) == 2


async def test_a_fault_at_the_second_part_leaves_nothing(store: Store, ill_s3: IllS3) -> None:
    assert store.bodies is not None
    puts, put = 0, store.bodies.objects.put

    async def fails_second(name: str, octets: bytes) -> None:
        nonlocal puts
        puts += 1
        if puts == 2:
            ill_s3.ill["PUT"] = "500"
        await put(name, octets)

    store.bodies.objects.put = fails_second  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await hold(store, os.urandom(SIZE))
    assert len(ill_s3.kept) == 1
    await store.bodies.remove_gone()
    assert ill_s3.kept == {}


async def test_what_is_held_after_its_time_ran_out_keeps_its_object(
    sqlite_settings: StoreSettings, ill_s3: IllS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step that keeps it stands before a foreign lock until nobody waits for it any more, and is then done."""
    changes = {
        "object_store": ill_s3.settings(larger_than_bytes=LARGE),
        "timeout_seconds": 3.0,
        "busy_timeout_seconds": 60.0,
    }
    store = await Store.open(sqlite_settings.model_copy(update=changes))
    assert store.bodies is not None
    foreign = sqlite3.connect(sqlite_settings.sqlite_path(), isolation_level=None)
    stage, discard = store.blobs.stage, store.blobs.discard

    async def then_lock(*given: Any, **named: Any) -> Stage:
        staged = await stage(*given, **named)
        foreign.execute("BEGIN IMMEDIATE")
        return staged

    async def unlock_first(staged: Stage) -> None:
        foreign.rollback()
        await discard(staged)

    monkeypatch.setattr(store.blobs, "stage", then_lock)
    monkeypatch.setattr(store.blobs, "discard", unlock_first)
    raw = os.urandom(SIZE)
    with pytest.raises(StoreUnavailable):
        await hold(store, raw)
    assert (await count(store, "held"), await count(store, "blobs")) == (1, 1)
    assert await store.bodies.remove_gone() == 0
    assert bytes(memoryview(await store.blobs.read("MG-A"))) == raw
    foreign.close()
    await store.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("slow", StoreUnavailable),
        ("500", StoreUnavailable),
        ("403", StoreUnavailable),
        ("cut in the middle", StoreUnavailable),
        ("wrong bytes", SealBroken),
        ("short", SealBroken),
        ("long", SealBroken),
        ("missing", ObjectMissing),
    ],
)
async def test_what_cannot_be_read_is_never_given_out(
    store: Store, ill_s3: IllS3, fault: str, error: type[Exception]
) -> None:
    raw = os.urandom(SIZE)
    await hold(store, raw)
    ill_s3.ill["GET"] = fault
    began = time.monotonic()
    with pytest.raises(error) as raised:
        await store.blobs.read("MG-A")
    assert time.monotonic() - began < 60
    assert (error is StoreUnavailable) == (not isinstance(raised.value, SealBroken))
    ill_s3.ill.clear()
    assert bytes(memoryview(await store.blobs.read("MG-A"))) == raw


async def test_parts_in_another_order_are_seen(store: Store, ill_s3: IllS3) -> None:
    await hold(store, os.urandom(2 * PART_CHUNKS * CHUNK_OCTETS))
    first, second = sorted(ill_s3.kept)
    ill_s3.kept[first], ill_s3.kept[second] = ill_s3.kept[second], ill_s3.kept[first]
    with pytest.raises(SealBroken):
        await store.blobs.read("MG-A")


async def test_another_hash_in_the_row_is_seen(store: Store) -> None:
    await hold(store, os.urandom(SIZE))
    other = update(schema.objects).values(sha256="0" * 64)
    await store.engine.write(lambda connection, _: connection.execute(other))
    with pytest.raises(SealBroken):
        await store.blobs.read("MG-A")


@pytest.mark.parametrize("fault", ["slow", "500"])
async def test_a_purge_goes_on_and_the_object_goes_later(store: Store, ill_s3: IllS3, fault: str) -> None:
    await hold(store, os.urandom(SIZE))
    done = update(schema.held).values(state=State.REJECTED.value, ended_at=0)
    await store.engine.write(lambda connection, _: connection.execute(done))
    ill_s3.ill["DELETE"] = fault
    assert (await store.purge(datetime.now(UTC))).held == 1
    assert await count(store, "blobs") == 0
    assert len(ill_s3.kept) == 2
    ill_s3.ill.clear()
    await store.purge(datetime.now(UTC))
    assert ill_s3.kept == {}
    assert await count(store, "objects") == 0


async def test_an_object_that_is_gone_already_is_no_trouble(store: Store, ill_s3: IllS3) -> None:
    await hold(store, os.urandom(SIZE))
    done = update(schema.held).values(state=State.REJECTED.value, ended_at=0)
    await store.engine.write(lambda connection, _: connection.execute(done))
    ill_s3.kept.clear()
    await store.purge(datetime.now(UTC))
    assert await count(store, "objects") == 0


async def test_a_sweep_that_cannot_list_removes_nothing(store: Store, ill_s3: IllS3) -> None:
    await hold(store, os.urandom(SIZE))
    assert store.bodies is not None
    ill_s3.written = time.time() - 3 * 86400
    ill_s3.kept[f"p/{store.bodies.space}/forgotten/0000"] = b"x"
    ill_s3.ill["GET"] = "500"
    with pytest.raises(StoreUnavailable):
        await store.bodies.remove_orphans(datetime.now(UTC) + timedelta(days=2))
    assert len(ill_s3.kept) == 3
    ill_s3.ill.clear()
    assert await store.bodies.remove_orphans(datetime.now(UTC)) == 1
    assert len(ill_s3.kept) == 2


async def test_no_name_and_no_address_of_the_server_is_logged(store: Store, ill_s3: IllS3) -> None:
    ill_s3.ill["PUT"] = "500"
    with capture_logs() as logged, pytest.raises(StoreUnavailable) as raised:
        await hold(store, os.urandom(SIZE))
    assert "object_store_failed" in {each["event"] for each in logged}
    for secret in ("127.0.0.1", "s3://held", "/held/"):
        assert secret not in f"{logged} {raised.value}"
