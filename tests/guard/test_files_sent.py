"""A merge job that sends everybody the file of all: the stories."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from mailguard.core.outcome import Outcome, SmarthostReply
from mailguard.core.policy.load import load_policy
from mailguard.core.verdict import Finding
from tests.guard.world import SESSION, World, envelope, message

POLICY = b"""\
version: 1
rules:
  - id: merge
    describe: The same people to many.
    when: {same_attachment: {already_sent_to: {at_least: 2}, people: {at_least: 10}}}
    action: hold
"""
TABLE = "name,born\r\n" + "Ann Marsh,1990-01-02\r\n" * 40
CSV = 'Content-Type: text/csv; name="pupils.csv"\r\nContent-Disposition: attachment'


def world_with(people: int = 40, policy: bytes = POLICY) -> World:
    world = World(policy)
    world.inspector.findings = (Finding("people", "people_rows", "", people, ""),)
    return world


async def send(world: World, *to: str, body: str = TABLE, sender: str = "jo@elmroad.example") -> str:
    raw = message(extra=CSV, body=body).replace(b"jo@elmroad.example", sender.encode())
    people = [f"{each}@parents.example" for each in to]
    return (await world.submission.submit(SESSION, envelope(*people, sender=sender), raw)).text


async def held(world: World, *people: str, **more: str) -> list[bool]:
    return ["Held" in await send(world, each, **more) for each in people]


async def test_the_third_is_held_and_each_that_follows() -> None:
    world = world_with()
    assert await held(world, "a", "b", "c", "d", "e") == [False, False, True, True, True]
    assert world.told.calls.count(("inspector", "inspect")) == 3
    assert len(world.files_sent.kept) == 2 and len(world.smarthost.taken) == 2
    for each in world.store.messages.values():
        assert "40 people in it has already gone to 2 other people" in each.reason and each.rules == ("merge",)


async def test_what_was_released_had_left_and_is_counted() -> None:
    world = world_with()
    await held(world, "a", "b", "c")
    (waiting,) = world.store.messages.values()
    await world.review.release(waiting.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert await held(world, "d") == [True]
    assert "gone to 3 other people" in list(world.store.messages.values())[-1].reason


@pytest.mark.parametrize(("within", "days"), [("3d", 3), ("60d", 60)])
async def test_what_was_released_is_kept_as_long_as_the_rule_asks(within: str, days: int) -> None:
    world = world_with(
        policy=POLICY.replace(b"people: {at_least: 10}", b"people: {at_least: 10}, within: " + within.encode())
    )
    await held(world, "a", "b", "c")
    (waiting,) = world.store.messages.values()
    await world.review.release(waiting.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert {each - world.clock.time for each in world.files_sent.until} == {timedelta(days=days)}


async def test_what_no_rule_asks_for_is_not_kept_when_it_is_released() -> None:
    world = world_with()
    await held(world, "a", "b", "c")
    (waiting,) = world.store.messages.values()
    world.policy = load_policy({"p": POLICY[: POLICY.index(b"  - id")].replace(b"rules:", b"rules: []")})
    kept = dict(world.files_sent.kept)
    await world.review.release(waiting.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert world.files_sent.kept == kept


async def test_a_table_in_the_text_is_no_file() -> None:
    policy = (
        POLICY
        + b"""\
  - id: tables
    describe: A table.
    when: {finding: {kind: people_rows, count: {at_least: 100}}}
    action: hold
"""
    )
    world = world_with(policy=policy)
    world.inspector.findings = (Finding("people", "people_rows", "", 40, "", people=b"m" * 16),)
    for each in ("a", "b", "c", "d"):
        to = envelope(f"{each}@parents.example")
        assert "Held" not in (await world.submission.submit(SESSION, to, message(body="See below.\r\n"))).text
    assert world.told.calls.count(("inspector", "inspect")) == 4 and not world.files_sent.kept


async def test_a_brochure_goes_to_everybody() -> None:
    assert not any(await held(world_with(people=0), *map(str, range(20))))


async def test_nothing_is_read_of_a_file_that_one_person_gets() -> None:
    world = world_with()
    assert await held(world, *["a"] * 6) == [False] * 6
    assert ("inspector", "inspect") not in world.told.calls


async def test_another_sender_and_another_file_are_another_matter() -> None:
    world = world_with()
    await held(world, "a", "b")
    assert await held(world, "c", sender="dev@elmroad.example") == [False]
    assert await held(world, "c", body=TABLE + "Ben Hill,1990-01-02\r\n") == [False]
    assert await held(world, "c") == [True]


async def test_what_is_longer_ago_does_not_count() -> None:
    world = world_with()
    await held(world, "a", "b")
    world.clock.time += timedelta(days=15)
    assert await held(world, "c") == [False]


async def test_of_twenty_at_once_two_leave_at_most() -> None:
    world = world_with()
    answers = await asyncio.gather(*(send(world, f"p{number}") for number in range(20)))
    assert sum("Held" not in each for each in answers) <= 2
    assert len(world.smarthost.taken) <= 2


async def test_what_the_smarthost_refused_for_all_had_not_left() -> None:
    world = world_with()
    refused = SmarthostReply(550, "5.1.1", "never")
    world.smarthost.outcomes = {f"{each}@parents.example": (Outcome.REFUSED, refused) for each in "ab"}
    await held(world, "a", "b")
    assert not world.files_sent.kept
    assert await held(world, "c", "d", "e") == [False, False, True]


async def test_a_name_merged_into_each_file_hides_nothing_where_files_are_read() -> None:
    """Another rule has every file read; what is found is written down, and looked up, before the verdict."""
    world = world_with(policy=POLICY + b"  - {id: all, describe: x, when: {finding: {kind: x}}, action: hold}\n")
    world.inspector.findings = (Finding("people", "people_rows", "", 40, "", False, b"m" * 16),)
    answers = [await send(world, each, body=f"For {each}\r\n{TABLE}") for each in "abcd"]
    assert ["Held" in each for each in answers] == [False, False, True, True]
    assert len(world.files_sent.kept) == 2 and all(len(each.files) == 2 for each, _ in world.files_sent.kept.values())
    world.inspector.findings = (Finding("people", "people_rows", "", 40, "", False, b"n" * 16),)
    assert await held(world, "e", body=f"Other people\r\n{TABLE}") == [False]


@pytest.mark.parametrize("kind", ["raises", "hangs", "returns nothing", "is cancelled"])
async def test_a_memory_that_fails_after_the_inspection_defers(kind: str) -> None:
    world = world_with(policy=POLICY + b"  - {id: all, describe: x, when: {finding: {kind: x}}, action: hold}\n")
    world.inspector.findings = (Finding("people", "people_rows", "", 40, "", False, b"m" * 16),)
    inspect = world.inspector.inspect

    async def then_fails(*asked: Any) -> Any:
        world.told.fault = ("files_sent", "announce", kind)
        return await inspect(*asked)

    world.inspector.inspect = then_fails  # type: ignore[method-assign]
    answer = await world.submission.submit(SESSION, envelope("a@parents.example"), message(extra=CSV, body=TABLE))
    assert answer.code == 451 and not world.smarthost.taken and not world.files_sent.kept


async def test_what_was_separated_counts_as_sent() -> None:
    """Copies leave later; their message is written down once, with everybody whom it goes to."""
    rule = (
        b"  - {id: all, describe: x, when: {envelope_recipients: {at_least: 2}}, action: rewrite, rewrite: separate}\n"
    )
    world = world_with(policy=POLICY + rule)
    assert "separate copies" in await send(world, "a", "b")
    assert await held(world, "c", "d") == [False, True]


async def test_without_a_rule_that_asks_nothing_is_kept() -> None:
    world = World()
    await send(world, "a")
    world.policy = load_policy({"policy.yaml": POLICY.replace(b"    action", b"    mode: off\n    action")})
    await send(world, "b")
    assert not world.files_sent.kept and ("files_sent", "announce") not in world.told.calls


@pytest.mark.parametrize("kind", ["raises", "hangs", "returns nothing", "is cancelled"])
async def test_a_memory_that_fails_defers(kind: str) -> None:
    world = world_with()
    world.told.fault = ("files_sent", "announce", kind)
    raw = message(extra=CSV, body=TABLE)
    answer = await world.submission.submit(SESSION, envelope("a@parents.example"), raw)
    assert answer.code == 451 and not world.smarthost.taken


@pytest.mark.parametrize("kind", ["raises", "hangs"])
async def test_a_hold_that_cannot_be_withdrawn_is_still_a_hold(kind: str) -> None:
    world = world_with()
    await held(world, "a", "b")
    world.told.fault = ("files_sent", "withdraw", kind)
    assert await held(world, "c") == [True]


@pytest.mark.parametrize("kind", ["raises", "hangs", "returns nothing"])
async def test_a_release_that_is_not_remembered_does_not_happen(kind: str) -> None:
    world = world_with()
    await held(world, "a", "b", "c")
    (waiting,) = world.store.messages.values()
    told = len(world.store.rows)
    world.told.fault = ("files_sent", "announce", kind)
    with pytest.raises(Exception, match=r".*"):
        await world.review.release(waiting.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert world.store.messages[waiting.ref].state == waiting.state and len(world.store.rows) == told
