"""A message that waits, when something fails: before it is taken, when it should leave, and when its sender acts.

Then nothing leaves unrecorded or twice, what was answered with 250 is kept, and what failed is done later.
"""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.core.errors import StoreUnavailable
from mailguard.core.lifecycle import State
from tests.guard.test_submission_faults import FAULTS
from tests.guard.test_waiting import COOLING_OFF, MINUTE, Noted, left, waiting
from tests.guard.world import POLICY, SESSION, World, envelope, message, people

LEAVING = [
    ("quarantine", "list"),
    ("quarantine", "ahead"),
    ("quarantine", "due"),
    ("quarantine", "change"),
    ("blobs", "read"),
    ("history", "remember"),
    ("sendings", "announce"),
    ("files_sent", "announce"),
]


@pytest.mark.parametrize("fault", [each for each in FAULTS if each != "returns nothing"])
@pytest.mark.parametrize(("port", "method"), LEAVING)
async def test_what_fails_when_it_should_leave_lets_it_leave_later_and_once(port: str, method: str, fault: str) -> None:
    world = World(COOLING_OFF)
    held = await waiting(world, *people(3))
    world.clock.time += 10 * MINUTE
    world.told.fault = (port, method, fault)
    for _ in range(2):
        try:
            await world.deadline.enforce()
        except Exception:
            assert method in ("list", "ahead", "due"), "one message that fails does not end the round"
    recorded = "message_released" in world.ledger.kinds()
    rows = [row for row in world.store.rows.values() if row.kind == "copy"]
    assert bool(rows) == recorded == (world.store.messages[held.ref].state is not State.WAITING)

    world.told.fault = None
    await world.deadline.enforce()
    assert sorted(await left(world)) == [(each,) for each in people(3)]
    assert world.ledger.kinds().count("message_released") == 1


async def test_one_that_hangs_does_not_keep_the_others() -> None:
    world = World(COOLING_OFF)
    hanging = await waiting(world)
    await world.submission.submit(SESSION, envelope("b@council.example"), message(["b@council.example"]))
    world.clock.time += 5 * MINUTE
    read = world.blobs.read

    async def hangs(blob: str) -> Any:
        if blob == hanging.blob:
            world.told.fault = ("blobs", "read", "hangs")
        try:
            return await read(blob)
        finally:
            world.told.fault = None

    world.blobs.read = hangs  # type: ignore[method-assign]
    assert await world.deadline.enforce() == 1
    assert await left(world) == [("b@council.example",)]
    assert world.store.messages[hanging.ref].state is State.WAITING


@pytest.mark.parametrize(
    ("act", "port", "method"),
    [
        ("send now", "quarantine", "get"),
        ("send now", "blobs", "read"),
        ("send now", "quarantine", "change"),
        ("leave out", "quarantine", "get"),
        ("leave out", "quarantine", "change"),
    ],
)
async def test_what_fails_while_its_sender_acts_changes_nothing(act: str, port: str, method: str) -> None:
    world = World(COOLING_OFF)
    held = await waiting(world, *people(3))
    world.told.fault = (port, method, "raises")
    with pytest.raises(RuntimeError):
        if act == "send now":
            await world.review.send_delayed(held.ref, by="sender", version=held.version)
        else:
            await world.review.leave_out(held.ref, people(1), by="sender", version=held.version)
    assert world.store.messages[held.ref] == held and not await left(world)

    world.told.fault = None
    world.clock.time += 10 * MINUTE
    assert await world.deadline.enforce() == 1
    assert sorted(await left(world)) == [(each,) for each in people(3)]


async def test_on_a_full_disk_it_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(COOLING_OFF)

    async def full(*_: Any) -> Any:
        raise StoreUnavailable("No space left on device")

    monkeypatch.setattr(world.quarantine, "hold", full)
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message(["a@council.example"]))
    assert answer.code == 451 and "space" not in str(answer)
    world.clock.time += 10 * MINUTE
    assert await world.deadline.enforce() == 0
    assert not await left(world) and not world.store.messages and not world.store.rows


@pytest.mark.parametrize(("count", "what"), [(1, "waiting"), (20, "held"), (20, "needs_decision")])
async def test_without_its_notice_it_is_not_taken(count: int, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(COOLING_OFF if what == "waiting" else POLICY)

    def broken(*_: object) -> None:
        raise RuntimeError("planted-secret")

    monkeypatch.setattr(world.notices, what, broken)
    answer = await world.submission.submit(SESSION, envelope(*people(count)), message(people(count)))
    assert answer.code == 451 and "planted-secret" not in str(answer)
    assert not await left(world) and not world.store.messages and not world.store.rows


async def test_a_notice_that_could_not_be_made_does_not_count_as_told() -> None:
    world = Noted()
    notices: Any = world.submission._notices
    notice = notices._letterhead.notice

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("planted-secret")

    for _ in range(25):
        notices._letterhead.notice = broken
        sent = await world.submission.submit(SESSION, envelope("a@council.example"), message(["a@council.example"]))
        assert sent.code == 451
    notices._letterhead.notice = notice
    await waiting(world)
    assert len(world.notices_told()) == 1
