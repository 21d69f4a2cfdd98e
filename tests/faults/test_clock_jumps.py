"""The clock jumps by hours: held messages keep their deadline, and what is being sent is not sent again.

At the guard's own level, through its Clock port; test_clock_set.py sets the clock of the real process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.envelope import Envelope
from mailguard.core.lifecycle import State
from mailguard.core.outcome import Transmission
from mailguard.core.rewrite.content import Content
from mailguard.core.session import Session
from mailguard.guard.delivery import Deliveries, Schedule
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.guard.world import SESSION, MemorySmarthost, World, envelope, message, people
from tests.store import samples

JUMPS = [timedelta(hours=hours) for hours in (-30, -3, 3, 30)]


class Slow(MemorySmarthost):
    """It takes a message when `answers` is set. begun: how many were begun."""

    def __init__(self, world: World) -> None:
        super().__init__(world.told)
        self.answers = asyncio.Event()
        self.begun = 0

    async def connect(self, session: Session | None) -> Slow:
        return self

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        self.begun += 1
        await self.answers.wait()
        return await super().transmit(envelope, content)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/m.db"))
    yield opened
    await opened.close()


def deliveries(world: World, store: Store, smarthost: Slow) -> Deliveries:
    return Deliveries(
        outbox=store.outbox,
        blobs=store.blobs,
        smarthost=smarthost,
        notices=world.notices,
        clock=world.clock,
        owner="this-machine",
        watch=world.watch,
        schedule=Schedule(timedelta(seconds=1), 2.0, timedelta(hours=2)),
        pacing=world,
        wake=world.woken,
        idle_seconds=0.02,
    )


async def until(condition: object, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_what_is_being_sent_is_not_sent_again(jump: timedelta, store: Store) -> None:
    world = World()
    world.clock.time = samples.NOW
    smarthost = Slow(world)
    await store.outbox.add([samples.delivery("MG-A"), samples.delivery("MG-A")], b"a raw message", [])
    stop = asyncio.Event()
    running = asyncio.create_task(deliveries(world, store, smarthost).run(stop))
    await until(lambda: smarthost.begun == 2)
    world.clock.time += jump
    world.woken.set()
    await asyncio.sleep(0.3)
    assert smarthost.begun == 2, "it is sent a second time"
    smarthost.answers.set()
    await until(lambda: len(smarthost.taken) == 2)
    stop.set()
    await running
    assert smarthost.begun == 2 and not await store.outbox.list()
    recorded = [entry.kind async for entry in store.ledger.entries()]
    assert recorded.count("copy_delivered") == 2


class Late:
    """The store's outbox; its answer to the second claim comes when what that leased anew could not be recorded."""

    def __init__(self, store: Store, smarthost: Slow) -> None:
        self._outbox, self._smarthost = store.outbox, smarthost
        self.claims = self.lost = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)

    async def claim(self, *arguments: Any) -> Any:
        rows = await self._outbox.claim(*arguments)
        self.claims += bool(rows)
        if rows and self.claims == 2:
            self._smarthost.answers.set()
            await until(lambda: self.lost)
        return rows

    async def record(self, *arguments: Any) -> Any:
        recorded = await self._outbox.record(*arguments)
        self.lost += not recorded
        return recorded


async def test_what_was_sent_when_the_clock_jumped_past_its_lease_is_recorded_and_not_sent_again(store: Store) -> None:
    """The lease is another's by the store, although nobody else has it: this guard has just claimed it anew."""
    world = World()
    world.clock.time = samples.NOW
    smarthost = Slow(world)
    await store.outbox.add([samples.delivery("MG-A")], b"a raw message", [])
    stop, late = asyncio.Event(), Late(store, smarthost)
    sending = deliveries(world, store, smarthost)
    sending._outbox = sending._leases._outbox = late  # type: ignore[assignment]
    running = asyncio.create_task(sending.run(stop))
    await until(lambda: smarthost.begun == 1)
    world.clock.time += timedelta(hours=3)
    world.woken.set()
    await until(lambda: late.lost)
    async with asyncio.timeout(10):
        while await store.outbox.list():
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert smarthost.begun == 1, "it was sent a second time"
    assert [entry.kind async for entry in store.ledger.entries()] == ["copy_delivered"]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_what_a_dead_guard_had_begun_is_sent_by_the_next_one(jump: timedelta, store: Store) -> None:
    """However far its lease reaches by the clock that is right now."""
    world = World()
    world.clock.time = samples.NOW + max(jump, timedelta())
    smarthost = Slow(world)
    smarthost.answers.set()
    await store.outbox.add([samples.delivery("MG-A")], b"a raw message", [])
    assert await store.outbox.claim("this-machine", world.clock.time, 45, 10)
    world.clock.time = samples.NOW + timedelta(seconds=1)
    stop = asyncio.Event()
    running = asyncio.create_task(deliveries(world, store, smarthost).run(stop))
    await until(lambda: smarthost.taken)
    stop.set()
    await running
    assert smarthost.begun == 1


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_hold_expires_at_its_deadline_by_the_clock_that_is_right_then(jump: timedelta) -> None:
    world = World()
    assert (await world.submission.submit(SESSION, envelope(*people(20)), message(people(20)))).code == 250
    await world.deliver()
    world.clock.time += jump
    await world.deadline.enforce()
    (held,) = await world.quarantine.list()
    early = jump > timedelta(hours=24)
    assert held.state is (State.EXPIRED if early else State.HELD)
    world.clock.time -= jump
    await world.deadline.enforce()
    world.clock.time += timedelta(hours=24, minutes=1)
    for _ in range(2):
        await world.deadline.enforce()
    (held,) = await world.quarantine.list()
    assert held.state is State.EXPIRED and world.ledger.kinds().count("hold_expired") == 1
    await world.deliver()
    assert all(each[0].reverse_path is None for each in world.smarthost.taken), "it left without a decision"


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_message_that_passes_does_not_ask_the_clock(jump: timedelta) -> None:
    world = World()
    for _ in range(2):
        answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
        assert answer.code == 250
        world.clock.time += jump
    await world.submission.settle()
    assert len(world.smarthost.taken) == 2
    assert [each for each in world.ledger.kinds() if each == "message_relayed"] == ["message_relayed"] * 2
