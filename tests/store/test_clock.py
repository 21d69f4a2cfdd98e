"""A clock that jumps (THREATS.md T89): the order of the ledger is its sequence, and no row is lost."""

from __future__ import annotations

from datetime import timedelta

from mailguard.store.audit import verify
from mailguard.store.store import Store
from tests.store import samples

JUMPS = (0, -400, 400, -1, 0)
"""Days."""


async def test_t89_the_order_is_the_sequence_whatever_the_clock_says(store: Store) -> None:
    for number, days in enumerate(JUMPS):
        await store.ledger.append([samples.entry(f"MG-{number}", at=samples.NOW + timedelta(days=days))])
    found = [entry async for entry in store.ledger.entries()]
    assert [entry.ref for entry in found] == [f"MG-{number}" for number in range(len(JUMPS))]
    assert [entry.sequence for entry in found] == list(range(1, len(JUMPS) + 1))
    assert (await verify(store)).whole


async def test_t89_a_row_that_was_added_before_a_jump_back_leaves_and_is_not_lost(store: Store) -> None:
    await store.outbox.add([samples.delivery("MG-A", not_before=samples.NOW)], b"raw", [])
    assert len(await store.outbox.claim("worker", samples.NOW - timedelta(days=400), 60, 10)) == 1
    assert await store.outbox.extend("worker", samples.NOW - timedelta(days=400), 0.0) == 1
    assert len(await store.outbox.claim("worker", samples.NOW + timedelta(days=400), 60, 10)) == 1
    # The clock is set right: the lease reaches far into the future, and its owner can end it.
    assert await store.outbox.extend("worker", samples.NOW, 0.0) == 1
    assert len(await store.outbox.claim("another", samples.NOW, 60, 10)) == 1
