"""Lists in several messages, and lists that were hidden and are shown after all: the stories."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mailguard.core.policy.load import load_policy
from tests.guard.world import SESSION, World, envelope, message, people

POLICY = b"""\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    unless: {sender: [board@elmroad.example]}
    action: hold
    rewrite: separate
  - id: batch
    describe: Several messages show ten or more people.
    when: {batch_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: again
    describe: People are shown again.
    when: {reshown_external_recipients: {at_least: 3}}
    action: rewrite
    rewrite: separate
"""
BODY = "The clinic on Friday is full. Please ring us for another day, and bring your letter along with you."


def some(first: int, count: int) -> list[str]:
    return people(first + count - 1)[first - 1 :]


async def send(world: World, shown: list[str], hidden: list[str] | None = None, **more: str) -> str:
    raw = message(shown, body=more.pop("body", BODY), **more)
    return (await world.submission.submit(SESSION, envelope(*shown, *(hidden or [])), raw)).text


async def test_the_third_of_three_short_lists_is_held() -> None:
    world = World(POLICY)
    assert "Held" not in await send(world, some(1, 4))
    assert "Held" not in await send(world, some(5, 4))
    assert "Held" in await send(world, some(9, 4))
    (held,) = world.store.messages.values()
    assert "12 people" in held.reason and "batch" in held.rules


async def test_what_was_held_does_not_count() -> None:
    world = World(POLICY)
    assert "Held" in await send(world, some(1, 12))
    assert "Held" not in await send(world, some(20, 6))
    assert world.told.calls.count(("sendings", "withdraw")) == 1


async def test_what_was_released_counts() -> None:
    world = World(POLICY)
    await send(world, some(1, 12))
    (held,) = world.store.messages.values()
    await world.review.release(held.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert "Held" in await send(world, some(20, 6))


async def test_a_correction_of_what_left_as_separate_copies_is_separated() -> None:
    world = World(POLICY)
    await send(world, some(1, 12))
    (held,) = world.store.messages.values()
    await world.review.release(held.ref, form="separate", reason="x", by="Sam", system_user="sam")
    assert "Sending 3 separate copies" in await send(world, some(1, 3), subject="Correction: x")
    assert "Sending" not in await send(world, some(1, 2))


async def test_bcc_and_then_everybody_in_to() -> None:
    world = World(POLICY)
    await send(world, ["office@council.example"], some(1, 30))
    assert "Sending 5 separate copies" in await send(world, some(4, 5))


async def test_a_list_that_its_sender_may_show_is_not_called_exposed() -> None:
    """A board sees itself each month; a reply among some of its members is theirs."""
    world = World(POLICY)
    world.policy = load_policy(
        {"policy.yaml": POLICY.replace(b"at_least: 10}}\n    action", b"at_least: 99}}\n    action")}
    )
    raw = message(some(1, 12), body=BODY).replace(b"jo@elmroad", b"board@elmroad")
    board = envelope(*some(1, 12), sender="board@elmroad.example")
    await world.submission.submit(SESSION, board, raw)
    assert world.smarthost.taken and world.sendings.kept
    assert not any(trace.exposed for _, trace, _ in world.sendings.kept.values())


async def test_of_two_at_once_one_at_least_is_stopped() -> None:
    world = World(POLICY)
    answers = await asyncio.gather(send(world, some(1, 6)), send(world, some(7, 6)))
    assert any("Held" in each for each in answers)


async def test_without_a_rule_that_looks_back_nothing_is_written_down() -> None:
    world = World()
    await send(world, some(1, 3))
    assert not world.sendings.kept and ("sendings", "announce") not in world.told.calls


async def test_the_client_that_tries_again_counts_once() -> None:
    world = World(POLICY)
    for _ in range(4):
        assert "Held" not in await send(world, some(1, 6))


async def test_what_is_longer_ago_than_the_rule_asks_does_not_count() -> None:
    world = World(POLICY)
    await send(world, some(1, 6))
    world.clock.time += timedelta(days=15)
    assert "Held" not in await send(world, some(7, 6))


@pytest.mark.parametrize("kind", ["raises", "hangs", "returns nothing", "is cancelled"])
async def test_a_memory_that_fails_defers(kind: str) -> None:
    world = World(POLICY)
    world.told.fault = ("sendings", "announce", kind)
    raw = message(some(1, 4), body=BODY)
    answer = await world.submission.submit(SESSION, envelope(*some(1, 4)), raw)
    assert answer.code == 451 and not world.smarthost.taken


@pytest.mark.parametrize("kind", ["raises", "hangs"])
async def test_a_hold_that_cannot_be_withdrawn_is_still_a_hold(kind: str) -> None:
    world = World(POLICY)
    world.told.fault = ("sendings", "withdraw", kind)
    assert "Held" in await send(world, some(1, 12))


@pytest.mark.parametrize("kind", ["raises", "hangs", "returns nothing", "is cancelled"])
async def test_a_memory_that_does_not_keep_how_it_left_defers(kind: str) -> None:
    """Nothing is sent, and the client tries again: who was hidden now must be known to be when a correction comes."""
    world = World()
    world.policy = load_policy({"policy.yaml": POLICY.replace(b"action: hold", b"action: rewrite")})
    world.told.fault = ("sendings", "settle", kind)
    raw = message(some(1, 12), body=BODY)
    answer = await world.submission.submit(SESSION, envelope(*some(1, 12)), raw)
    assert answer.code == 451 and not world.smarthost.taken and not world.store.rows


@pytest.mark.parametrize("kind", ["raises", "hangs", "returns nothing"])
@pytest.mark.parametrize("method", ["announce", "settle"])
async def test_a_release_that_is_not_remembered_does_not_happen(kind: str, method: str) -> None:
    world = World(POLICY)
    await send(world, some(1, 12))
    (held,) = world.store.messages.values()
    told = len(world.store.rows)
    world.told.fault = ("sendings", method, kind)
    with pytest.raises(Exception, match=r".*"):
        await world.review.release(held.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert world.store.messages[held.ref].state == held.state and len(world.store.rows) == told
