"""The port Outbox: leases, order, and what happens when the last row of a message ends."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailguard.core.errors import ReferenceTaken, UnknownReference
from mailguard.core.lifecycle import State
from mailguard.core.outcome import Outcome
from mailguard.guard.records import Delivery
from mailguard.store import schema
from mailguard.store.instants import NEVER
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

RAW = b"To: patient@outside.example\r\n\r\nHello\r\n"
NOW = samples.NOW


async def rows_of(store: Store, table: str) -> int:
    query = select(func.count()).select_from(schema.metadata.tables[table])
    return await store.engine.read(lambda connection: connection.execute(query).scalar_one())


async def not_before(store: Store) -> datetime:
    (row,) = await store.outbox.list()
    return row.not_before


async def claim(store: Store, limit: int = 100, minutes: float = 0, owner: str = "worker") -> list[Delivery]:
    return list(await store.outbox.claim(owner, NOW + timedelta(minutes=minutes), 60, limit))


async def test_what_is_added_comes_back_as_it_was(store: Store) -> None:
    new = [samples.delivery("MG-A"), samples.notice("MG-A", envelope=samples.envelope("a@b.example", sender=None))]
    await store.outbox.add(new, RAW, [samples.entry("MG-A")])
    found = await claim(store)
    for before, after in zip(new, found, strict=True):
        # Links of senders become rows of a table of their own: test_sender.py.
        for field in (each for each in dataclasses.fields(before) if each.name != "links"):
            assert getattr(after, field.name) == getattr(before, field.name), field.name
    assert [row.attempts for row in found] == [1, 1]
    assert all(row.lease and row.lease_until == NOW + timedelta(seconds=60) for row in found)
    assert await store.blobs.read("MG-A") == RAW
    assert len([entry async for entry in store.ledger.entries()]) == 1


async def test_rows_of_a_message_keep_their_order(store: Store) -> None:
    copies = [samples.delivery("MG-A") for _ in range(30)]
    await store.outbox.add(copies, RAW, [])
    assert [row.identifier for row in await store.outbox.list()] == [copy.identifier for copy in copies]
    claimed = await claim(store, 20) + await claim(store, 20)
    assert [row.identifier for row in claimed] == [copy.identifier for copy in copies]
    assert [row.identifier for row in await store.outbox.list(3)] == [copy.identifier for copy in copies[:3]]


async def test_a_row_is_leased_to_one_worker_until_its_lease_runs_out(store: Store) -> None:
    await store.outbox.add([samples.delivery("MG-A")], RAW, [])
    first = await claim(store)
    assert await claim(store, minutes=0.9) == []
    second = await claim(store, minutes=1)
    assert second[0].attempts == 2 and second[0].lease != first[0].lease
    assert not await store.outbox.record(samples.attempt(first[0]), [samples.entry("MG-A")], [samples.notice("MG-A")])
    assert len(await store.outbox.list()) == 1
    assert [entry async for entry in store.ledger.entries()] == []
    assert await store.outbox.record(samples.attempt(second[0]), [], [])
    assert not await store.outbox.record(samples.attempt(second[0]), [], [])


async def test_a_lease_that_ran_out_but_went_to_nobody_still_records(store: Store) -> None:
    """The smarthost has the message: that must not be forgotten because the answer took long."""
    await store.outbox.add([samples.delivery("MG-A")], RAW, [])
    [row] = await claim(store)
    assert await store.outbox.record(samples.attempt(row, at=NOW + timedelta(hours=1)), [], [])


async def test_concurrent_claims_never_share_a_row(store: Store) -> None:
    await store.outbox.add([samples.delivery("MG-A") for _ in range(60)], RAW, [])
    claims = await asyncio.gather(*(claim(store, 7, owner=f"worker {n}") for n in range(12)))
    identifiers = [row.identifier for rows in claims for row in rows]
    assert len(identifiers) == len(set(identifiers)) == 60


async def test_guards_on_one_database_never_share_a_row(postgresql: object, tmp_path: object) -> None:
    url = postgresql.new_database()  # type: ignore[attr-defined]
    stores = [
        await Store.open(StoreSettings(url=url, keys=tmp_path / "keys", ledger=name))  # type: ignore[operator]
        for name in ("guard-1", "guard-2", "guard-3")
    ]
    await stores[0].outbox.add([samples.delivery("MG-A") for _ in range(100)], RAW, [])
    claims = await asyncio.gather(*(claim(store, 5) for _ in range(8) for store in stores))
    identifiers = [row.identifier for rows in claims for row in rows]
    assert len(identifiers) == len(set(identifiers)) == 100
    for store in stores:
        await store.close()


async def test_deferred_recipients_wait_with_what_was_said(store: Store) -> None:
    envelope = samples.envelope("one@outside.example", "two@outside.example")
    await store.outbox.add([samples.delivery("MG-A", "deferred", envelope=envelope)], RAW, [])
    [row] = await claim(store)
    later = NOW + timedelta(minutes=15)
    attempt = samples.attempt(row, Outcome.DEFERRED, remaining=row.envelope.recipients[1:], not_before=later)
    assert await store.outbox.record(attempt, [samples.entry("MG-A", "delivery_deferred")], [])
    assert await claim(store, minutes=14) == []
    [again] = await claim(store, minutes=15)
    assert [each.address for each in again.envelope.recipients] == ["two@outside.example"]
    assert again.envelope.recipients[0].parameters == (b"NOTIFY=NEVER",)
    assert again.last_reply == attempt.last_reply
    assert (again.attempts, again.not_before) == (2, later)


async def test_a_message_never_held_is_forgotten_when_its_last_row_ends(store: Store) -> None:
    await store.outbox.add([samples.delivery("MG-A"), samples.delivery("MG-A")], RAW, [])
    one, two = await claim(store)
    await store.outbox.record(samples.attempt(one), [], [])
    assert await store.blobs.read("MG-A") == RAW
    await store.outbox.record(samples.attempt(two), [], [])
    with pytest.raises(UnknownReference):
        await store.blobs.read("MG-A")
    for table in ("outbox", "outcomes", "blobs", "chunks", "message_keys"):
        assert await rows_of(store, table) == 0, table


async def test_a_bounce_that_follows_keeps_the_message_until_it_is_gone_too(store: Store) -> None:
    await store.outbox.add([samples.delivery("MG-A")], RAW, [])
    [row] = await claim(store)
    dsn = samples.delivery("MG-A", "dsn", edits=(), text=b"Subject: failed\r\n\r\n", sender_told=False)
    await store.outbox.record(samples.attempt(row, Outcome.REFUSED), [samples.entry("MG-A")], [dsn])
    [bounce] = await claim(store)
    assert (bounce.kind, bounce.text) == ("dsn", dsn.text)
    assert await store.blobs.read("MG-A") == RAW
    await store.outbox.record(samples.attempt(bounce), [], [])
    assert await rows_of(store, "blobs") == 0


async def release(store: Store, ref: str, copies: int) -> None:
    await store.quarantine.hold(samples.held(ref), RAW, [], [samples.notice(ref)])
    rows = [
        samples.delivery(ref, envelope=samples.envelope(f"{number}@outside.example"), blob=ref)
        for number in range(copies)
    ]
    await store.quarantine.change(samples.change(ref, 1, State.HELD, State.RELEASING), [], rows)


async def test_the_last_copy_of_a_released_message_moves_it_to_released(store: Store) -> None:
    await release(store, "MG-A", 3)
    rows = [row for row in await claim(store) if row.kind == "copy"]
    outcomes = (Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REFUSED)
    for number, (row, outcome) in enumerate(zip(rows, outcomes, strict=True)):
        assert (await store.quarantine.get("MG-A")).state is State.RELEASING
        await store.outbox.record(samples.attempt(row, outcome), [], [])
        if number == 1:
            assert (await store.quarantine.get("MG-A")).delivery == {"accepted": 2}
    found = await store.quarantine.get("MG-A")
    assert (found.state, found.version) == (State.RELEASED, 3)
    assert found.delivery == {"accepted": 2, "refused": 1}
    assert found.decided_by == "manager@elmroad.example"
    assert await store.blobs.read("MG-A") == RAW
    assert [row.kind for row in await store.outbox.list()] == ["notice"]


async def test_a_retried_recipient_counts_with_its_last_outcome(store: Store) -> None:
    await release(store, "MG-A", 1)
    [row] = [row for row in await claim(store) if row.kind == "copy"]
    later = NOW + timedelta(minutes=5)
    deferred = samples.attempt(row, Outcome.DEFERRED, remaining=row.envelope.recipients, not_before=later)
    await store.outbox.record(deferred, [], [])
    assert (await store.quarantine.get("MG-A")).delivery == {"deferred": 1}
    [row] = [row for row in await claim(store, minutes=5) if row.kind == "copy"]
    await store.outbox.record(samples.attempt(row), [], [])
    assert (await store.quarantine.get("MG-A")).delivery == {"accepted": 1}


async def test_concurrent_last_copies_release_exactly_once(store: Store) -> None:
    await release(store, "MG-A", 20)
    rows = [row for row in await claim(store) if row.kind == "copy"]
    await asyncio.gather(*(store.outbox.record(samples.attempt(row), [], []) for row in rows))
    found = await store.quarantine.get("MG-A")
    assert (found.state, found.version, found.delivery) == (State.RELEASED, 3, {"accepted": 20})


async def test_dropping_ends_rows_and_a_release(store: Store) -> None:
    await release(store, "MG-A", 2)
    [_, row, _] = await claim(store)
    await store.outbox.record(samples.attempt(row), [], [])
    assert await store.outbox.drop("MG-A", [samples.entry("MG-A", "delivery_dropped")]) == 2
    assert await store.outbox.list() == []
    found = await store.quarantine.get("MG-A")
    assert (found.state, found.delivery) == (State.RELEASED, {"accepted": 1})
    with pytest.raises(UnknownReference):
        await store.outbox.drop("MG-A", [samples.entry("MG-A")])
    assert [entry.kind async for entry in store.ledger.entries()] == ["delivery_dropped"]


async def test_retry_makes_rows_due_now(store: Store) -> None:
    later = NOW + timedelta(hours=5)
    await store.outbox.add([samples.delivery("MG-A", not_before=later)], RAW, [])
    assert await claim(store) == []
    assert await not_before(store) == later
    assert await store.outbox.retry("MG-A", NOW, [samples.entry("MG-A", "delivery_retried")]) == 1
    assert await not_before(store) == NOW
    assert len(await claim(store)) == 1
    assert await claim(store) == [], "it is leased"
    with pytest.raises(UnknownReference):
        await store.outbox.retry("MG-X", NOW, [samples.entry("MG-X")])
    assert len([entry async for entry in store.ledger.entries()]) == 1


async def test_nothing_is_due_in_an_empty_outbox(store: Store) -> None:
    assert await claim(store) == []


async def test_adding_is_all_or_nothing(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A", claims_ref=True)])
    taken = samples.entry("MG-A", claims_ref=True)
    with pytest.raises(ReferenceTaken):
        await store.outbox.add([samples.delivery("MG-A")], RAW, [taken])
    with pytest.raises(UnknownReference):
        await store.outbox.add([samples.delivery("MG-B", blob="MG-NONE")], None, [samples.entry("MG-B")])
    same = samples.delivery("MG-C")
    with pytest.raises(ReferenceTaken):
        await store.outbox.add([same, same], RAW, [samples.entry("MG-C")])
    for table in ("outbox", "blobs", "chunks", "message_keys"):
        assert await rows_of(store, table) == 0, table
    assert await rows_of(store, "entries") == 1


async def test_an_original_is_kept_once_a_message(store: Store) -> None:
    await store.outbox.add([samples.delivery("MG-A")], RAW, [])
    await store.outbox.add([samples.delivery("MG-A", "deferred")], RAW, [])
    assert await rows_of(store, "blobs") == 1
    with pytest.raises(ReferenceTaken):
        await store.outbox.add([samples.delivery("MG-B", blob="MG-A")], b"another message", [])


async def test_five_thousand_copies_are_one_step(store: Store) -> None:
    copies = [
        samples.delivery("MG-A", envelope=samples.envelope(f"{number}@outside.example")) for number in range(5000)
    ]
    await store.outbox.add(copies, RAW, [samples.entry("MG-A")])
    assert (await store.counts()).outbox == 5000
    assert len(await claim(store, 1000)) == 1000


async def test_a_lease_of_a_guard_that_ended_while_its_clock_was_ahead_ends_when_the_clock_is_right(
    store: Store,
) -> None:
    """On a shared store the guard that comes next has another name, and gives back only what is its own."""
    ahead = NOW + timedelta(days=30)
    await store.outbox.add([samples.delivery("MG-A", created_at=NOW, not_before=NOW)], RAW, [])
    (row,) = await store.outbox.claim("ended", ahead, 45.0, 9)
    (again,) = await store.outbox.claim("next", NOW, 45.0, 9)
    assert again.identifier == row.identifier and again.lease != row.lease
    assert not await store.outbox.claim("third", NOW, 45.0, 9), "a lease of now holds"
    assert not await store.outbox.confirm(row.identifier, row.lease or "", NOW, 45.0), "nothing is sent under the old"


async def test_what_was_given_by_a_clock_that_was_ahead_leaves_when_the_clock_is_right_again(store: Store) -> None:
    ahead = NOW + timedelta(days=30)
    await store.outbox.add([samples.delivery("MG-A", created_at=ahead, not_before=ahead)], RAW, [])
    (row,) = await store.outbox.claim("me", NOW, 45, 10)
    # Tried then, and to be tried again by a clock that was ahead: no wait between two attempts is longer than a day.
    for wait, due in ((timedelta(days=30), True), (timedelta(hours=3), False)):
        attempt = samples.attempt(row, Outcome.DEFERRED, remaining=row.envelope.recipients, not_before=NOW + wait)
        assert await store.outbox.record(attempt, [], [])
        found = await store.outbox.claim("me", NOW, 45, 10)
        assert bool(found) is due
        row = found[0] if found else row


async def test_what_waits_for_a_person_after_a_restore_does_so_by_every_clock(store: Store) -> None:
    ahead = NOW + timedelta(days=30)
    await store.outbox.add([samples.delivery("MG-A", created_at=ahead, not_before=NEVER)], RAW, [])
    assert not await store.outbox.claim("me", NOW, 45, 10)
