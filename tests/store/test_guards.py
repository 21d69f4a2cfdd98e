"""Two guards with a ledger each on one PostgreSQL do the same at the same moment: neither waits on a shared ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mailguard.core.outcome import Outcome
from mailguard.guard.console.records import UrgentCall
from mailguard.guard.records import Delivery
from mailguard.store import schema
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.peers.postgresql import Postgresql
from tests.store import samples

ROUNDS = 12


@pytest.fixture
async def guards(postgresql: Postgresql, tmp_path: Path) -> AsyncIterator[list[Store]]:
    url = postgresql.new_database()
    stores = [
        await Store.open(
            StoreSettings(url=url, keys=tmp_path / "keys", witness=tmp_path / f"{name}.witness", ledger=name)
        )
        for name in ("one", "two")
    ]
    yield stores
    for store in stores:
        await store.close()
    postgresql.drop_database(url)


class Failures:
    """Implements pulse.GroupWatch: counts the groups that were lost."""

    def __init__(self) -> None:
        self.count = 0

    def group_ended(self, writes: int, waited: float, took: float) -> None: ...

    def group_failed(self) -> None:
        self.count += 1


async def two_copies(guards: list[Store]) -> tuple[str, list[Delivery]]:
    ref = samples.fresh()
    await guards[0].outbox.add([samples.delivery(ref), samples.delivery(ref)], b"raw", [samples.entry(ref)])
    return ref, list(await guards[0].outbox.claim("worker", samples.NOW, 60, 2))


async def test_a_message_whose_last_copies_end_at_once_is_forgotten(guards: list[Store]) -> None:
    """Neither sees that the other ends its row: with no lock between them nobody would be the last."""
    for _ in range(ROUNDS):
        ref, rows = await two_copies(guards)
        ended = [store.outbox.record(samples.attempt(row), [], []) for store, row in zip(guards, rows, strict=True)]
        assert await asyncio.gather(*ended) == [True, True]
        for table in (schema.outbox, schema.blobs, schema.message_keys):
            left = select(func.count()).where(table.c.ref == ref)
            assert await guards[0].engine.read(lambda connection, left=left: connection.execute(left).scalar()) == 0


async def test_a_deadlock_between_them_ends_with_everything_recorded(guards: list[Store]) -> None:
    """Each records copies of the same two messages in one transaction, in opposite orders."""
    failures = Failures()
    for store in guards:
        store.engine.pulse.watch = failures
    for _ in range(4 * ROUNDS):
        (_, some), (_, others) = [await two_copies(guards) for _ in range(2)]
        orders = (some[0], others[0]), (others[1], some[1])
        ended = [
            store.outbox.record(samples.attempt(row, Outcome.ACCEPTED), [samples.entry(row.ref, "copy_delivered")], [])
            for store, rows in zip(guards, orders, strict=True)
            for row in rows
        ]
        assert await asyncio.gather(*ended) == [True] * 4
        if failures.count:
            break
    assert failures.count, "no deadlock came about"
    assert await guards[0].outbox.list() == []
    assert (await verify(guards[0])).troubles == []


async def test_a_sender_calls_so_many_urgent_whichever_guard_is_asked(guards: list[Store]) -> None:
    most, since = 3, samples.NOW - timedelta(days=1)
    for number in range(4):
        sender = f"jo{number}@elmroad.example"
        refs = [samples.fresh() for _ in range(8)]
        for ref in refs:
            await guards[0].quarantine.hold(samples.held(ref), b"raw", [samples.entry(ref)], [])
        calls = [
            guards[place % 2].urgent_calls.call(
                UrgentCall(ref, sender, samples.NOW, "sender", "today"), since, most, [], []
            )
            for place, ref in enumerate(refs)
        ]
        assert sum(await asyncio.gather(*calls)) == most
        assert await guards[1].urgent_calls.count(sender, since) == most


async def test_both_keep_the_same_policy_at_the_same_moment(guards: list[Store]) -> None:
    documents = {"policy.yaml": b"version: 1\nrules: []\n"}
    for number in range(ROUNDS):
        await asyncio.gather(*(store.policies.keep(f"sha256:{number}", documents, samples.NOW) for store in guards))
        assert await guards[1].policies.get(f"sha256:{number}") == documents


async def test_a_reference_is_one_messages_alone(guards: list[Store]) -> None:
    for _ in range(ROUNDS):
        ref = samples.fresh()
        both = (store.ledger.append([samples.entry(ref, claims_ref=True)]) for store in guards)
        answers = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(each).__name__ for each in answers) == ["ReferenceTaken", "list"]


async def test_rows_of_a_claim_whose_answer_was_lost_are_given_back(store: Store) -> None:
    """Extended with the others, they would be sent by nobody for as long as their guard lives."""
    ref = samples.fresh()
    await store.outbox.add([samples.delivery(ref) for _ in range(3)], b"raw", [])
    (known,) = await store.outbox.claim("one", samples.NOW, 60, 1)
    lost = await store.outbox.claim("one", samples.NOW, 60, 5)
    (foreign,) = [lost[1]]
    await store.outbox.extend("two", samples.NOW, 60, {foreign.lease or ""})
    assert await store.outbox.claim("one", samples.NOW, 60, 5) == [], "another owner changes nothing"
    await store.outbox.extend("one", samples.NOW, 60, {known.lease or ""})
    again = await store.outbox.claim("one", samples.NOW, 60, 5)
    assert {row.identifier for row in again} == {row.identifier for row in lost}
    assert await store.outbox.confirm(known.identifier, known.lease or "", samples.NOW, 60)


@pytest.mark.parametrize("lost", [False, True])
async def test_a_lease_is_confirmed_to_whom_it_belongs(store: Store, lost: bool) -> None:
    ref = samples.fresh()
    await store.outbox.add([samples.delivery(ref)], b"raw", [])
    (row,) = await store.outbox.claim("one", samples.NOW, 60, 1)
    now = samples.NOW + timedelta(seconds=70)
    if lost:
        (again,) = await store.outbox.claim("two", now, 60, 1)
        assert await store.outbox.confirm(again.identifier, again.lease or "", now, 60)
    assert await store.outbox.confirm(row.identifier, row.lease or "", now, 60) is not lost
    assert await store.outbox.claim("three", now + timedelta(seconds=59), 60, 1) == []
    if not lost:
        assert await store.outbox.record(samples.attempt(row), [], [])
        assert not await store.outbox.confirm(row.identifier, row.lease or "", now, 60), "it is done"
