"""The outbox at work: delivered, tried again, bounced; and what a fault in any port leaves behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mailguard.core.outcome import Outcome, SmarthostReply
from mailguard.guard.delivery import Schedule
from mailguard.guard.leases import LEASE_SECONDS
from tests.guard.world import SESSION, World, envelope, message, people

LATER = SmarthostReply(450, "4.2.1", "try later")
NEVER = SmarthostReply(550, "5.1.1", "no such user")


async def separated(count: int = 6) -> World:
    world = World()
    await world.submission.submit(SESSION, envelope(*people(count)), message(people(count)))
    return world


async def test_each_copy_is_one_transaction() -> None:
    world = await separated()
    await world.deliver()
    assert sorted(path.recipients[0].address for path, _ in world.smarthost.taken) == sorted(people(6))
    assert not world.store.rows and world.ledger.kinds().count("copy_delivered") == 6
    await world.deliver()
    assert len(world.smarthost.taken) == 6


async def test_deferred_is_tried_again_and_then_bounced() -> None:
    world = await separated()
    world.smarthost.outcomes = {"person1@patients.example": (Outcome.DEFERRED, LATER)}
    await world.deliver()
    (row,) = world.store.rows.values()
    assert row.not_before - world.clock.now() == timedelta(minutes=5)
    sent = len(world.smarthost.taken)
    await world.deliver()
    assert len(world.smarthost.taken) == sent, "not before its time"
    world.clock.time += timedelta(days=4)
    await world.deliver()
    assert not world.store.rows
    path, bounce = world.smarthost.taken[-1]
    assert path.reverse_path is None and path.recipients[0].address == "jo@elmroad.example"
    assert b"delivery-status" in bounce and b"person1@patients.example" in bounce
    assert "copy_bounced" in world.ledger.kinds()


async def test_refused_for_good_is_bounced_at_once() -> None:
    world = await separated()
    world.smarthost.outcomes = {"person2@patients.example": (Outcome.REFUSED, NEVER)}
    await world.deliver()
    assert len(world.smarthost.taken) == 6 and b"delivery-status" in world.smarthost.taken[-1][1]


async def test_a_notice_that_is_refused_is_not_bounced() -> None:
    world = World()
    await world.submission.submit(SESSION, envelope(*people(20)), message(people(20)))
    world.smarthost.outcomes = {"jo@elmroad.example": (Outcome.REFUSED, NEVER)}
    await world.deliver()
    assert not world.store.rows


async def test_a_notice_that_is_refused_for_lack_of_a_right_is_an_alarm_and_tried_again() -> None:
    """A wrong `trusts_address`: sender and reviewers hear of the hold once the smarthost lets the guard send."""
    world = World()
    await world.submission.submit(SESSION, envelope(*people(20)), message(people(20)))
    told = {row.envelope.recipients[0].address for row in world.store.rows.values()}
    denied = SmarthostReply(554, "5.7.1", "relay access denied")
    world.smarthost.outcomes = dict.fromkeys(told, (Outcome.REFUSED, denied))
    await world.deliver()
    assert told and len(world.store.rows) == len(told) and world.watch.troubles
    world.smarthost.outcomes = {}
    world.clock.time += timedelta(minutes=10)
    await world.deliver()
    assert not world.store.rows
    assert {path.recipients[0].address for path, _ in world.smarthost.taken} == told


async def test_uncertain_is_tried_again() -> None:
    world = await separated()
    world.smarthost.outcomes = {"person3@patients.example": (Outcome.UNCERTAIN, None)}
    await world.deliver()
    assert len(world.store.rows) == 1, "a possible duplicate is preferred to a loss"


@pytest.mark.parametrize("fault", ["raises", "hangs", "returns nothing", "is cancelled"])
@pytest.mark.parametrize(
    ("port", "method"),
    [
        ("blobs", "read"),
        ("smarthost", "connect"),
        ("connection", "transmit"),
        ("connection", "release"),
        ("outbox", "record"),
    ],
)
async def test_a_fault_leaves_the_row_to_its_lease(port: str, method: str, fault: str) -> None:
    world = await separated(5)
    world.told.fault = (port, method, fault)
    await world.deliver()
    if (port, method) != ("connection", "release"):
        assert len(world.store.rows) == 5, "a row ended without a recorded outcome"
    world.told.fault = None
    world.clock.time += timedelta(seconds=LEASE_SECONDS + 1)
    await world.deliver()
    assert not world.store.rows
    assert sorted(path.recipients[0].address for path, _ in world.smarthost.taken) == sorted(people(5)), "once each"


async def test_a_slow_row_does_not_keep_the_others() -> None:
    world = await separated(9)
    transmit = world.smarthost.transmit

    async def slow_for_one(sent_to, content):  # type: ignore[no-untyped-def]
        if sent_to.recipients[0].address == "person0@patients.example":
            await asyncio.sleep(3600)
        return await transmit(sent_to, content)

    world.smarthost.transmit = slow_for_one  # type: ignore[method-assign]
    world.deliveries._transmission_seconds = 3600
    stop = asyncio.Event()
    task = asyncio.create_task(world.deliveries.run(stop))
    async with asyncio.timeout(60):
        while len(world.smarthost.taken) < 8:
            await asyncio.sleep(0.01)
        await world.submission.submit(SESSION, envelope(*people(5)), message(people(5)))
        while len(world.smarthost.taken) < 12:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_runs_until_it_is_told_to_stop() -> None:
    world = await separated()
    stop = asyncio.Event()
    task = asyncio.create_task(world.deliveries.run(stop))
    while world.store.rows:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 60)
    assert world.told.calls.count(("outbox", "extend")) >= 2, "leases are given back at the start and at the end"


def test_the_schedule_backs_off_to_its_longest() -> None:
    schedule = Schedule(timedelta(minutes=5), 2.0, timedelta(hours=2))
    waits = [schedule.after(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 6, 1000)]
    assert waits == [5, 10, 20, 120, 120]
