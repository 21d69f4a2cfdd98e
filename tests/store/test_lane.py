"""What belongs to the canary lies in the same tables as everybody's mail, and neither ever meets the other."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, Select, func, select

from mailguard.core.errors import UnknownReference
from mailguard.core.lifecycle import State
from mailguard.guard.records import NewEntry
from mailguard.store import schema
from mailguard.store.canary import remove_run, sweep_runs
from mailguard.store.lane import run_of
from mailguard.store.sealing import SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

RAW = b"To: patient@outside.example\r\n\r\nHello\r\n"
NOW = samples.NOW
LATER = NOW + timedelta(days=9)


async def fill(store: Store) -> None:
    """A held message and a copy of everybody's, and the same of two runs of the canary."""
    for canary, ref in ((None, "MG-A"), ("one", "MG-B"), ("two", "MG-C")):
        held = samples.held(f"{ref}-HELD", canary=canary)
        await store.quarantine.hold(held, RAW, [samples.entry(held.ref)], [])
        row = samples.delivery(f"{ref}-COPY", canary=canary)
        await store.outbox.add([row], RAW, [samples.entry(row.ref)])


async def rows_left(store: Store) -> dict[str, int]:
    found = {}
    for name in ("held", "outbox", "blobs", "chunks", "message_keys", "outcomes"):
        query = select(func.count()).select_from(schema.metadata.tables[name])
        found[name] = await store.engine.read(partial(_count, query))
    return found


def _count(query: Select[tuple[int]], connection: Connection) -> int:
    return connection.execute(query).scalar_one()


async def test_nobody_who_lists_counts_or_decides_meets_the_canary(store: Store) -> None:
    await fill(store)
    assert [each.ref for each in await store.quarantine.list()] == ["MG-A-HELD"]
    assert [each.ref for each in await store.quarantine.list([State.HELD])] == ["MG-A-HELD"]
    assert [each.ref for each in await store.quarantine.due(LATER, 10)] == ["MG-A-HELD"]
    assert [each.ref for each in await store.outbox.list()] == ["MG-A-COPY"]
    counts = await store.counts()
    assert (counts.held, counts.outbox) == ({"held": 1}, 1)
    for ref in ("MG-B", "MG-C"):
        for asked in (
            store.quarantine.get(f"{ref}-HELD"),
            store.outbox.retry(f"{ref}-COPY", NOW, []),
            store.outbox.drop(f"{ref}-COPY", [samples.entry(ref, "delivery_dropped")]),
        ):
            with pytest.raises(UnknownReference):
                await asked
    assert not [entry async for entry in store.ledger.entries() if entry.kind == "delivery_dropped"]


async def test_a_run_claims_its_own_rows_and_everybody_theirs(store: Store) -> None:
    await fill(store)
    for canary, ref in ((None, "MG-A-COPY"), ("one", "MG-B-COPY"), ("two", "MG-C-COPY"), ("three", None)):
        claimed = await store.outbox.claim("worker", NOW, 60, 100, canary)
        assert [row.ref for row in claimed] == ([ref] if ref else [])
        assert all(row.canary == canary for row in claimed)


async def test_what_is_kept_says_which_run_it_is_of(store: Store) -> None:
    await fill(store)
    assert (await store.quarantine.get("MG-B-HELD", "one")).canary == "one"
    assert (await store.quarantine.get("MG-A-HELD")).canary is None
    for ref, canary in (("MG-A-HELD", "one"), ("MG-B-HELD", "two"), ("MG-B-HELD", None)):
        with pytest.raises(UnknownReference):
            await store.quarantine.get(ref, canary)


async def test_a_run_that_is_removed_leaves_nothing_and_takes_nothing_else(store: Store) -> None:
    await fill(store)
    before = await rows_left(store)
    assert await remove_run(store.engine, "one") == 2
    with pytest.raises(UnknownReference):
        await store.quarantine.get("MG-B-HELD", "one")
    with pytest.raises(UnknownReference):
        await store.blobs.read("MG-B-HELD")
    assert await remove_run(store.engine, "two") == 2
    after = await rows_left(store)
    assert after == {name: count // 3 for name, count in before.items()}
    assert await store.blobs.read("MG-A-COPY") == RAW
    assert await remove_run(store.engine, "one") == 0


async def test_what_a_crash_left_goes_with_the_next_purge(store: Store) -> None:
    await fill(store)
    assert await sweep_runs(store.engine, NOW) == 0, "a run that may still go on is left alone"
    await store.purge(NOW + timedelta(hours=2))
    assert (await rows_left(store))["held"] == 1
    assert [each.ref for each in await store.quarantine.list()] == ["MG-A-HELD"]
    assert [each.ref for each in await store.outbox.list()] == ["MG-A-COPY"]


@pytest.mark.parametrize("table", ["held", "outbox"])
@pytest.mark.parametrize(("before", "after"), [(None, "canary:one"), ("one", "message"), ("one", "canary:two")])
async def test_t84_a_row_that_is_moved_to_another_lane_does_not_open(
    sqlite_settings: StoreSettings, table: str, before: str | None, after: str
) -> None:
    """Everybody's mail cannot be made to reach the canary's sink, nor the canary's the smarthost."""
    store = await Store.open(sqlite_settings)
    await store.quarantine.hold(samples.held("MG-A", canary=before), RAW, [samples.entry("MG-A")], [])
    await store.outbox.add([samples.delivery("MG-B", canary=before)], RAW, [samples.entry("MG-B")])
    with sqlite3.connect(sqlite_settings.url.removeprefix("sqlite:///")) as connection:
        connection.execute(f"UPDATE {table} SET retention = ?", (after,))
    connection.close()
    if table == "held":
        with pytest.raises(SealBroken):
            await store.quarantine.get("MG-A", run_of(after))
    else:
        for canary in (None, "one", "two"):
            assert not await store.outbox.claim("worker", NOW, 60, 100, canary)
    await store.close()


async def test_the_latest_entry_of_a_kind(store: Store) -> None:
    assert await store.ledger.latest("main", ("canary_passed",)) is None
    kinds = ("canary_passed", "canary_failed", "message_held", "canary_passed", "message_held")
    await store.ledger.append([NewEntry(kind, None, NOW, {"number": n}) for n, kind in enumerate(kinds)])
    found = await store.ledger.latest("main", ("canary_passed", "canary_failed"))
    assert found is not None and (found.kind, found.fields["number"]) == ("canary_passed", 3)
    assert await store.ledger.latest("another", ("canary_passed",)) is None
