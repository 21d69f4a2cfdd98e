"""Where other guards may take rows over: nothing is sent of a row that may be another's by now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from mailguard.guard import leases
from mailguard.guard.delivery import Deliveries, Schedule
from mailguard.guard.leases import CERTAIN_SECONDS, LEASE_SECONDS
from tests.conditions import until
from tests.guard.world import SESSION, World, envelope, message, people


async def separated(count: int = 6) -> World:
    world = World()
    await world.submission.submit(SESSION, envelope(*people(count)), message(people(count)))
    return world


async def run(world: World, enough: float | Callable[[], bool], **named: object) -> None:
    """Deliveries of a guard that shares its store, until that holds; for so many seconds where nothing is to happen."""
    deliveries = Deliveries(
        outbox=world.outbox,
        blobs=world.blobs,
        smarthost=world.smarthost,
        notices=world.notices,
        clock=world.clock,
        owner="node",
        watch=world.watch,
        schedule=Schedule(timedelta(minutes=5), 2.0, timedelta(hours=2)),
        pacing=world,
        wake=world.woken,
        idle_seconds=0.02,
        shared=True,
        **named,  # type: ignore[arg-type]
    )
    stop = asyncio.Event()
    running = asyncio.create_task(deliveries.run(stop))
    await (until(enough) if callable(enough) else asyncio.sleep(enough))
    stop.set()
    await running


def test_a_lease_is_certain_for_longer_than_a_beat_and_shorter_than_the_lease() -> None:
    assert LEASE_SECONDS / 3 + 2 * leases.AGAIN_SECONDS < CERTAIN_SECONDS < LEASE_SECONDS


async def test_each_copy_leaves_once_when_the_leases_hold() -> None:
    world = await separated()
    await run(world, lambda: not world.store.rows)
    assert len(world.smarthost.taken) == 6 and not world.store.rows


async def test_what_another_guard_has_taken_over_meanwhile_is_not_sent() -> None:
    """This one stood still after it had claimed: SIGSTOP, a paused machine, whatever its own clock says."""
    world = await separated()
    claim = world.outbox.claim

    async def claimed_and_lost(*arguments: object, **named: object) -> object:
        rows = await claim(*arguments, **named)  # type: ignore[arg-type]
        for row in rows[:4]:
            stolen = replace(world.store.rows[row.identifier], lease="another:1")
            world.store.rows[row.identifier] = stolen
        return rows

    world.outbox.claim = claimed_and_lost  # type: ignore[method-assign, assignment]
    await run(world, lambda: len(world.store.rows) == 4)
    assert len(world.smarthost.taken) == 2
    assert {row.lease for row in world.store.rows.values()} == {"another:1"}


@pytest.mark.parametrize("answer", [RuntimeError("no store"), None])
async def test_where_the_store_does_not_confirm_nothing_is_sent(answer: Exception | None) -> None:
    world = await separated()

    async def confirm(*_: object) -> object:
        if answer is not None:
            raise answer
        return answer

    world.outbox.confirm = confirm  # type: ignore[method-assign, assignment]
    await run(world, 0.2)
    assert not world.smarthost.taken and len(world.store.rows) == 6


async def test_a_transmission_is_broken_off_when_its_lease_may_be_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store does not let it be extended: the final dot must not follow."""
    monkeypatch.setattr(leases, "CERTAIN_SECONDS", 0.5)
    world = await separated()
    cut = 0

    async def slow(*_: object) -> object:
        nonlocal cut
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cut += 1
            raise
        raise AssertionError("it went on")

    connect = world.smarthost.connect

    async def connected(session: object) -> object:
        connection = await connect(session)  # type: ignore[arg-type]
        monkeypatch.setattr(connection, "transmit", slow, raising=False)
        return connection

    world.smarthost.connect = connected  # type: ignore[method-assign, assignment]
    await run(world, lambda: cut == 6)
    assert cut == 6 and not world.smarthost.taken and len(world.store.rows) == 6


async def test_a_guard_whose_clock_is_off_claims_nothing() -> None:
    world = await separated()
    await run(world, 0.2, may_claim=lambda: False)
    assert not world.smarthost.taken and all(row.lease is None for row in world.store.rows.values())
