"""What operations see of the store: its quarantine, outbox and ledger as they stand, and how its writer keeps up."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from mailguard.core.errors import StoreUnavailable
from mailguard.core.lifecycle import State
from mailguard.store import schema
from mailguard.store.chain import Chain
from mailguard.store.pulse import Pulse
from mailguard.store.store import Store
from tests.conditions import until
from tests.store import samples

RAW = b"To: patient@outside.example\r\n\r\nHello\r\n"
NOW = samples.NOW
SECOND = timedelta(seconds=1)


class Seen:
    """Implements GroupWatch."""

    def __init__(self) -> None:
        self.groups: list[tuple[int, float, float]] = []
        self.failures = 0

    def group_ended(self, writes: int, waited: float, took: float) -> None:
        self.groups.append((writes, waited, took))

    def group_failed(self) -> None:
        self.failures += 1


async def settled(pulse: Pulse) -> None:
    """Until the writer has told of its last group: askers have their answer a moment before."""
    await until(lambda: not pulse.waiting)
    assert pulse.oldest_seconds == 0.0


async def test_an_empty_store_has_nothing_that_waits(store: Store) -> None:
    found = await store.standing(NOW)
    assert set(found.held) == set(State) and sum(found.held.values()) == 0
    assert found.outbox == {"new": 0, "deferred": 0, "sending": 0}
    assert (found.held_since, found.held_due, found.held_overdue) == (None, None, 0)
    assert (found.outbox_since, found.outbox_due) == (None, None)


async def test_the_oldest_and_the_next_deadline_are_those_of_what_is_undecided(store: Store) -> None:
    for number, (age, due) in enumerate(((9, 50), (5, 20), (7, 90))):
        held = samples.held(f"MG-{number}", received_at=NOW - age * SECOND, due_at=NOW + due * SECOND)
        await store.quarantine.hold(held, RAW, [samples.entry(held.ref)], [])
    waiting = samples.held("MG-3", state=State.WAITING, received_at=NOW, due_at=NOW + SECOND)
    await store.quarantine.hold(waiting, RAW, [samples.entry("MG-3")], [])
    found = await store.standing(NOW + 30 * SECOND)
    assert (found.held["held"], found.held["waiting"]) == (3, 1)
    assert found.held_since == NOW - 9 * SECOND
    assert found.held_due == NOW + 20 * SECOND, "what waits leaves by itself: nobody has to decide it"
    assert found.held_overdue == 2


async def test_a_row_of_the_outbox_is_new_then_sending_and_overdue_while_nobody_takes_it(store: Store) -> None:
    await store.outbox.add([samples.delivery("MG-A")], RAW, [samples.entry("MG-A")])
    row = (await store.outbox.list())[0]
    found = await store.standing(row.not_before + 9 * SECOND)
    assert found.outbox == {"new": 1, "deferred": 0, "sending": 0}
    assert (found.outbox_since, found.outbox_due) == (row.created_at, row.not_before)
    await store.outbox.claim("me", row.not_before, 45.0, 10)
    found = await store.standing(row.not_before + 9 * SECOND)
    assert (found.outbox["sending"], found.outbox_due) == (1, None)
    found = await store.standing(row.not_before + 90 * SECOND)
    assert (found.outbox["deferred"], found.outbox_due) == (1, row.not_before), "its owner died: it waits again"


async def test_the_canary_is_not_counted(store: Store) -> None:
    held = samples.held("MG-B", canary="one")
    await store.quarantine.hold(held, RAW, [samples.entry(held.ref)], [])
    await store.outbox.add([samples.delivery("MG-C", canary="one")], RAW, [samples.entry("MG-C")])
    found = await store.standing(NOW)
    assert sum(found.held.values()) == sum(found.outbox.values()) == 0


async def test_entries_are_unsigned_until_a_checkpoint(store: Store) -> None:
    before = await store.standing(NOW)
    await store.ledger.append([samples.entry("MG-A"), samples.entry("MG-B")])
    found = await store.standing(NOW)
    assert (found.entries, found.unsigned) == (before.entries + 2, before.unsigned + 2)
    await store.checkpoint()
    found = await store.standing(NOW)
    assert found.unsigned == 0 and found.signed_at is not None


async def test_each_group_is_told_with_its_writes(store: Store) -> None:
    store.engine.pulse.watch = seen = Seen()
    await asyncio.gather(*(store.ledger.append([samples.entry(f"MG-{number}")]) for number in range(20)))
    await settled(store.engine.pulse)
    assert sum(writes for writes, _, _ in seen.groups) == 20 and seen.failures == 0
    assert all(waited >= 0 and took > 0 for _, waited, took in seen.groups)


async def test_a_writer_that_is_stuck_is_seen_while_it_is(sqlite_store: Store) -> None:
    """Also once the asker has given up: the age goes by the write, not by who waits for it."""
    free, pulse = threading.Event(), sqlite_store.engine.pulse

    def stick(_: Connection, __: Chain) -> None:
        free.wait(90)

    stuck = asyncio.create_task(sqlite_store.engine.write(stick))
    try:
        await until(lambda: pulse.oldest_seconds >= 0.05)
        stuck.cancel()
        await asyncio.wait({stuck})
        assert pulse.waiting == 1 and pulse.oldest_seconds >= 0.05
    finally:
        free.set()
    await settled(pulse)


async def test_a_ledger_whose_end_was_changed_is_known_as_broken(store: Store) -> None:
    assert not store.ledger_broken
    ledgers = schema.ledgers
    forge = ledgers.update().values(sequence=ledgers.c.sequence + 1)
    await store.engine.write(lambda connection, _: connection.execute(forge).rowcount, locks=False)
    with pytest.raises(StoreUnavailable):
        await store.ledger.append([samples.entry("MG-A")])
    assert store.ledger_broken


def test_what_waited_and_took_is_told_apart() -> None:
    times = iter((10.0, 11.0, 14.0, 20.0))
    pulse = Pulse(lambda: next(times))
    pulse.watch = seen = Seen()
    pulse.asked()
    pulse.asked()
    pulse.ended(2, pulse.began())
    assert seen.groups == [(2, 4.0, 6.0)] and pulse.waiting == 0
