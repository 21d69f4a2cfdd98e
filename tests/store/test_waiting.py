"""What waits and then leaves by itself, on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mailguard.core.errors import AlreadyDecided
from mailguard.core.lifecycle import State
from mailguard.guard.records import Held
from mailguard.store.store import Store
from tests.store import samples

RAW = b"Subject: Flu clinic\r\n\r\nHello\r\n"


async def hold(store: Store, ref: str, **changes: object) -> None:
    await store.quarantine.hold(samples.held(ref, **changes), RAW, [samples.entry(ref)], [])


async def test_what_came_later_than_now_is_found_where_it_waits(store: Store) -> None:
    later = samples.NOW + timedelta(hours=2)
    await hold(store, "MG-A", state=State.WAITING, received_at=later, due_at=later + timedelta(minutes=10))
    await hold(store, "MG-B", state=State.WAITING, received_at=later, due_at=later + timedelta(minutes=5))
    await hold(store, "MG-C", received_at=later, due_at=later + timedelta(minutes=5))
    await hold(store, "MG-D", state=State.WAITING)
    await hold(store, "MG-E", state=State.WAITING, received_at=later, canary="run")
    assert [each.ref for each in await store.quarantine.ahead(samples.NOW, 10)] == ["MG-B", "MG-A"]
    assert [each.ref for each in await store.quarantine.ahead(samples.NOW, 1)] == ["MG-B"]
    assert not await store.quarantine.ahead(later, 10)


async def test_of_twenty_that_end_the_waiting_one_does(store: Store) -> None:
    await hold(store, "MG-A", state=State.WAITING)
    ends = [State.RELEASING, State.CANCELLED, State.REJECTED, State.LEAVING] * 5
    changes = [
        samples.change(
            "MG-A", 1, State.WAITING, end, leaves_at=samples.NOW if end is State.LEAVING else None, actor=f"{number}"
        )
        for number, end in enumerate(ends)
    ]
    answers = await asyncio.gather(
        *(
            store.quarantine.change(change, [samples.entry("MG-A", "ended")], [samples.delivery("MG-A")])
            for change in changes
        ),
        return_exceptions=True,
    )
    (done,) = (each for each in answers if isinstance(each, Held))
    assert sum(isinstance(each, AlreadyDecided) for each in answers) == 19
    assert await store.quarantine.get("MG-A") == done and done.version == 2
    assert len(await store.outbox.list()) == 1
    assert [entry.kind async for entry in store.ledger.entries("MG-A")].count("ended") == 1


async def test_who_is_left_out_is_off_the_envelope_for_good(store: Store) -> None:
    envelope = samples.envelope("ann@outside.example", "bob@outside.example", "cy@outside.example")
    await hold(store, "MG-A", state=State.WAITING, envelope=envelope)
    off = samples.change("MG-A", 1, State.WAITING, State.WAITING, left_out=("bob@outside.example",))
    changed = await store.quarantine.change(off, [], [])
    assert changed == await store.quarantine.get("MG-A") and changed.delayed
    assert (changed.version, changed.state, changed.decided_by) == (2, State.WAITING, None)
    with pytest.raises(AlreadyDecided):
        await store.quarantine.change(off, [], [])
    stopped = await store.quarantine.change(samples.change("MG-A", 2, State.WAITING, State.HELD), [], [])
    await store.quarantine.change(samples.change("MG-A", 3, State.HELD, State.RELEASING), [], [])
    for held in (changed, stopped, await store.quarantine.get("MG-A")):
        assert [each.address for each in held.envelope.recipients] == ["ann@outside.example", "cy@outside.example"]
        assert [each.address for each in held.left_out] == ["bob@outside.example"]
