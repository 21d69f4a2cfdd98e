"""Originals in an object store, against a real S3 server: put before they count, compared when read, removed after."""

from __future__ import annotations

import hashlib
import mmap
import os
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from mailguard.core.errors import ReferenceTaken, SettingsError, StoreUnavailable, UnknownReference
from mailguard.core.lifecycle import State
from mailguard.store import bodies, schema
from mailguard.store.blobs import keep
from mailguard.store.object_rows import PART_CHUNKS
from mailguard.store.object_settings import ObjectStoreSettings
from mailguard.store.objects import ObjectMissing, ObjectStore
from mailguard.store.restored import hold_back
from mailguard.store.sealing import CHUNK_OCTETS, SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.peers.seaweedfs import Seaweedfs
from tests.store import samples

PART = PART_CHUNKS * CHUNK_OCTETS
LARGE = 100_000


@pytest.fixture
def apart(settings: StoreSettings, seaweedfs: Seaweedfs) -> StoreSettings:
    return settings.model_copy(update={"object_store": seaweedfs.settings(larger_than_bytes=LARGE)})


@pytest.fixture
async def store(apart: StoreSettings) -> AsyncIterator[Store]:
    opened = await Store.open(apart)
    yield opened
    await opened.close()


async def put(store: Store, raw: Any, ref: str = "MG-A") -> None:
    await store.quarantine.hold(samples.held(ref), raw, [], [])


async def names(store: Store) -> dict[str, datetime]:
    assert store.bodies is not None
    found: dict[str, datetime] = {}
    async for page in store.bodies.objects.names(store.bodies.space):
        found.update(page)
    return found


async def count(store: Store, table: str) -> int:
    query = select(func.count()).select_from(schema.metadata.tables[table])
    return await store.engine.read(lambda connection: connection.execute(query).scalar_one())


async def end(store: Store, ref: str = "MG-A") -> None:
    """Decided, and long ago."""
    done = update(schema.held).where(schema.held.c.ref == ref).values(state=State.REJECTED.value, ended_at=0)
    await store.engine.write(lambda connection, _: connection.execute(done))


@pytest.mark.parametrize("size", [LARGE + 1, CHUNK_OCTETS, PART, PART + 1, 2 * PART + CHUNK_OCTETS + 5])
async def test_a_large_held_message_lies_there_sealed_and_comes_back(store: Store, size: int) -> None:
    raw = os.urandom(size)
    await put(store, raw)
    assert await count(store, "chunks") == 0
    assert len(await names(store)) == -(-size // PART)
    assert bytes(memoryview(await store.blobs.read("MG-A"))) == raw


async def test_nothing_readable_lies_there(store: Store) -> None:
    await put(store, b"From: nurse@elmroad.example\r\n" + b"a secret of a patient " * 20_000)
    assert store.bodies is not None
    (name,) = await names(store)
    there = await store.bodies.objects.get(name, 10_000_000)
    assert b"secret" not in there and b"nurse" not in there
    assert "MG-A" not in name


async def test_a_small_one_and_what_is_only_on_its_way_stay_in_the_database(store: Store) -> None:
    await put(store, os.urandom(LARGE))
    copies = [samples.delivery("MG-B", blob="MG-B")]
    await store.outbox.add(copies, os.urandom(3 * LARGE), [])
    assert await names(store) == {}
    assert len(await store.blobs.read("MG-B")) == 3 * LARGE


async def test_fifty_megabytes_stay_within_bounded_memory(store: Store) -> None:
    raw = mmap.mmap(-1, 50 * 1024 * 1024)
    raw[-5:] = b"\r\n.\r\n"
    tracemalloc.start()
    await put(store, raw)
    found = await store.blobs.read("MG-A")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert hashlib.sha256(found).digest() == hashlib.sha256(raw).digest()
    assert peak < 30 * 1024 * 1024


async def test_a_purge_removes_it_after_its_row(store: Store) -> None:
    await put(store, os.urandom(PART + 1))
    await end(store)
    assert (await store.purge(datetime.now(UTC))).held == 1
    assert await names(store) == {}
    assert (await count(store, "objects"), await count(store, "blobs")) == (0, 0)


async def test_a_hold_that_fails_at_the_end_leaves_nothing(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A", claims_ref=True)])
    with pytest.raises(Exception, match="reference"):
        taken = [samples.entry("MG-A", claims_ref=True)]
        await store.quarantine.hold(samples.held("MG-A"), os.urandom(2 * LARGE), taken, [])
    assert await count(store, "blobs") == 0
    assert store.bodies is not None
    assert await store.bodies.remove_gone() == 1
    assert await names(store) == {}


async def test_a_hold_whose_answer_was_lost_keeps_its_object(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was cut after COMMIT: the message is held, although whoever held it was told that it failed."""
    write = store.engine.write

    async def answer_lost(operation: Any, *, locks: bool = True) -> Any:
        done = await write(operation, locks=locks)
        if locks:
            raise StoreUnavailable("cut")
        return done

    monkeypatch.setattr(store.engine, "write", answer_lost)
    raw = os.urandom(2 * LARGE)
    with pytest.raises(StoreUnavailable):
        await put(store, raw)
    monkeypatch.undo()
    assert (await store.quarantine.get("MG-A")).blob == "MG-A"
    assert store.bodies is not None
    assert await store.bodies.remove_gone() == 0
    assert bytes(await store.blobs.read("MG-A")) == raw


async def test_who_fails_removes_nothing_that_another_staged_under_the_name(store: Store) -> None:
    now, raw = datetime.now(UTC), os.urandom(2 * LARGE)
    first = await store.blobs.stage("MG-A", "MG-A", raw, now, apart=True)
    with pytest.raises(ReferenceTaken):
        await put(store, os.urandom(2 * LARGE))
    await store.engine.write(lambda connection, _: keep(connection, first))
    assert store.bodies is not None
    assert await store.bodies.remove_gone() == 0
    assert bytes(await store.blobs.read("MG-A")) == raw


async def test_what_a_crash_left_on_its_way_is_removed_after_a_day(store: Store) -> None:
    now = datetime.now(UTC)
    await store.blobs.stage("MG-A", "MG-A", os.urandom(2 * LARGE), now, apart=True)
    with pytest.raises(UnknownReference):
        await store.blobs.read("MG-A")
    await store.purge(now + timedelta(hours=1))
    assert len(await names(store)) == 1
    assert (await store.purge(now + timedelta(days=2))).staged == 1
    assert await names(store) == {}


async def test_what_no_row_knows_is_swept_after_a_day_and_nothing_else(store: Store) -> None:
    await put(store, os.urandom(2 * LARGE))
    await put(store, os.urandom(2 * LARGE), "MG-B")
    forgotten = [delete(table).where(table.c.blob == "MG-B") for table in (schema.blobs, schema.chunks, schema.objects)]
    for each in forgotten:
        await store.engine.write(lambda connection, _, each=each: connection.execute(each))
    assert store.bodies is not None
    now = datetime.now(UTC)
    assert await store.bodies.remove_orphans(now) == 0
    assert await store.bodies.remove_orphans(now + timedelta(days=1, minutes=1)) == 1
    assert len(await names(store)) == 1
    assert len(await store.blobs.read("MG-A")) == 2 * LARGE


async def test_a_row_without_its_original_is_given_up(store: Store) -> None:
    """As a guard of a version before leaves it when it purges."""
    now = datetime.now(UTC)
    await store.blobs.stage("MG-A", "MG-A", os.urandom(2 * LARGE), now, apart=True)
    await store.engine.write(lambda connection, _: connection.execute(delete(schema.blobs)))
    assert store.bodies is not None
    await store.bodies.remove_orphans(now + timedelta(days=2))
    assert await store.bodies.remove_gone() == 1
    assert await names(store) == {}


async def test_a_store_that_was_put_back_removes_nothing_of_the_one_it_was_copied_from(store: Store) -> None:
    """Both may run: the objects are the other one's too."""
    await put(store, os.urandom(2 * LARGE))
    there = await names(store)
    was = store.bodies
    assert was is not None
    await hold_back(store, datetime.now(UTC), timedelta(hours=1), {})
    again = bodies.Bodies(store.engine, was.objects)
    await again.open()
    assert again.space != was.space
    assert len(await store.blobs.read("MG-A")) == 2 * LARGE
    await end(store)
    store.bodies = again
    await store.purge(datetime.now(UTC))
    await again.remove_orphans(datetime.now(UTC) + timedelta(days=9))
    assert await count(store, "objects") == 0
    store.bodies = was
    assert await names(store) == there


async def test_looking_at_all_names_what_is_missing_and_what_was_changed(store: Store) -> None:
    for ref in ("MG-A", "MG-B", "MG-C"):
        await put(store, os.urandom(2 * LARGE), ref)
    assert store.bodies is not None
    assert (await store.bodies.look_at_all()).faults == {}
    where = select(schema.objects.c.blob, schema.objects.c.object)
    rows = dict(await store.engine.read(lambda connection: [tuple(row) for row in connection.execute(where)]))
    await store.bodies.objects.delete(f"{rows['MG-A']}/0000")
    other = await store.bodies.objects.get(f"{rows['MG-C']}/0000", 1_000_000)
    await store.bodies.objects.put(f"{rows['MG-B']}/0000", other)
    looked = await store.bodies.look_at_all()
    assert looked.originals == 3
    assert looked.faults == {
        "MG-A": "is missing in the object store",
        "MG-B": "is not what was put into the object store",
    }
    with pytest.raises(ObjectMissing):
        await store.blobs.read("MG-A")
    with pytest.raises(SealBroken):
        await store.blobs.read("MG-B")
    assert len(await store.blobs.read("MG-C")) == 2 * LARGE


async def test_a_start_without_the_object_store_that_is_needed_is_refused(store: Store, apart: StoreSettings) -> None:
    await put(store, os.urandom(2 * LARGE))
    await store.close()
    with pytest.raises(SettingsError, match="object_store"):
        await Store.open(apart.model_copy(update={"object_store": None}))


async def test_a_store_without_any_needs_none_afterwards(store: Store, apart: StoreSettings) -> None:
    await put(store, b"small")
    await store.close()
    again = await Store.open(apart.model_copy(update={"object_store": None}))
    assert await again.blobs.read("MG-A") == b"small"
    await again.close()


async def test_two_guards_on_one_database_read_what_either_put(
    seaweedfs: Seaweedfs, postgresql: Any, tmp_path: Any
) -> None:
    url = postgresql.new_database()
    common = {"url": url, "keys": tmp_path / "k", "object_store": seaweedfs.settings(larger_than_bytes=LARGE)}
    one, two = [
        await Store.open(StoreSettings(**common, ledger=name, witness=tmp_path / name)) for name in ("one", "two")
    ]
    raw = os.urandom(2 * LARGE)
    await put(one, raw)
    assert bytes(await two.blobs.read("MG-A")) == raw
    assert one.bodies is not None and two.bodies is not None
    assert one.bodies.space == two.bodies.space
    await end(two)
    await two.purge(datetime.now(UTC))
    assert await names(one) == {}
    await one.close()
    await two.close()
    postgresql.drop_database(url)


async def test_it_is_proved_by_writing_reading_and_removing(seaweedfs: Seaweedfs) -> None:
    objects = ObjectStore(seaweedfs.settings())
    await objects.prove()
    await objects.look()
    assert objects.problem is None


async def test_a_wrong_key_is_said(seaweedfs: Seaweedfs, tmp_path: Any) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("no-such-key\n")
    objects = ObjectStore(seaweedfs.settings(secret_key_file=wrong))
    with pytest.raises(StoreUnavailable):
        await objects.prove()
    assert objects.problem is not None
    await objects.look()
    assert objects.problem is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "held/elmroad"},
        {"url": "s3://HELD"},
        {"url": "s3://held/../other//x?y"},
        {"endpoint": "http://s3.far.example"},
        {"endpoint": "ftp://127.0.0.1"},
        {"endpoint": "https://user:pw@s3.far.example"},
        {"secret_key_file": None},
    ],
)
def test_settings_that_would_not_do_are_refused(changes: dict[str, Any], tmp_path: Any) -> None:
    values = {
        "url": "s3://held/elmroad",
        "endpoint": "https://s3.far.example",
        "access_key_file": tmp_path / "a",
        "secret_key_file": tmp_path / "b",
    }
    assert ObjectStoreSettings.model_validate(values).prefix == "elmroad"
    with pytest.raises(ValueError):
        ObjectStoreSettings.model_validate(values | changes)


def test_without_a_key_it_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    found = ObjectStoreSettings(url="s3://held", endpoint="https://s3.far.example")
    with pytest.raises(SettingsError, match="no key"):
        ObjectStore(found)
    nowhere = {"access_key_file": tmp_path / "none", "secret_key_file": tmp_path / "none"}
    with pytest.raises(SettingsError, match="cannot be read"):
        ObjectStore(found.model_copy(update=nowhere))
