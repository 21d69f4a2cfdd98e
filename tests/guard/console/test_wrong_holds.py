"""Saying that a hold was wrong: once for each person, counted by rule, and without a name or a text in the chain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.register.reference import incident_of_message
from mailguard.guard import entries
from mailguard.guard.actor import Actor
from mailguard.guard.records import Entry, Held, NewEntry
from mailguard.guard.register.near_misses import NearMisses
from mailguard.guard.sender_links import SENDER, acting
from mailguard.guard.wrong_holds import MOST_REASON, AlreadySaid, NeverSaid, SaidBy, words_of
from tests.console.house import register_on
from tests.guard.console.house import SAM, START, House, close_house, open_house
from tests.guard.register.reading_child import decided

REF = "MG-7Q4K-3G"
REVIEWER = Actor("sam@elmroad.example", account="a" * 32)
ANN = Actor(acting("Ann"), SENDER)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path)
    yield opened
    await close_house(opened)


async def held_in(house: House) -> Held:
    await house.holds(REF, "ann@outside.example", "bob@outside.example")
    return await house.store.quarantine.get(REF)


async def test_a_person_says_it_once_however_often_and_at_once_they_press(house: House) -> None:
    held, wrong = await held_in(house), house.wrong_holds

    async def press(actor: Actor, said_by: SaidBy) -> bool:
        try:
            await wrong.say(held, actor, said_by, "they know each other")
        except AlreadySaid as cause:
            assert cause.at == START
            return False
        return True

    people = [(REVIEWER, SaidBy.REVIEWER), (ANN, SaidBy.SENDER), (Actor(acting("Bo"), SENDER), SaidBy.SENDER)]
    said = await asyncio.gather(*(press(*each) for each in people * 3))
    assert sum(said) == 2, "whoever reads a mailbox is one sender"
    assert (await house.kinds()).count("hold_called_wrong") == 2
    assert await wrong.when(REF, REVIEWER) == START
    assert await wrong.when(REF, Actor("root", "root")) is None


async def test_names_and_reasons_stand_in_the_evidence_alone(house: House) -> None:
    held, wrong = await held_in(house), house.wrong_holds
    reason = "see bob@outside.example " + "x" * MOST_REASON
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER, reason)
    await wrong.say(held, ANN, SaidBy.SENDER)
    await wrong.say(held, Actor("Root", "root"), SaidBy.ADMIN)
    found = [each async for each in house.store.ledger.entries(REF) if each.kind == "hold_called_wrong"]
    chained = json.dumps([dict(each.fields) for each in found])
    assert not any(each in chained for each in ("@", "Ann", "outside", "xxx"))
    assert all(each.fields["rules"] == list(held.rules) for each in found)
    told = await wrong.of(REF)
    assert [(each.said_by, each.by, each.at) for each in told] == [
        ("reviewer", "sam@elmroad.example", START), ("sender", "Ann", START), ("admin", "Root", START)
    ]  # fmt: skip
    assert told[0].reason == reason[:MOST_REASON] and told[1].reason == ""
    assert (await house.verify())["whole"]


async def test_a_near_miss_becomes_a_false_positive_by_a_reviewer_and_not_by_the_sender(house: House) -> None:
    near_misses = NearMisses(incidents=house.store.incidents, ledger=house.store.ledger, clock=house.clock)

    async def said(by: str) -> NewEntry:
        return entries.plain("hold_called_wrong", REF, START, said_by=by)

    async def kinds() -> list[str]:
        return [each.record.kind for each in await house.store.incidents.history(incident_of_message(REF))]

    await house.store.ledger.append([decided(REF), await said("sender")])
    await near_misses.enter()
    assert await kinds() == ["near_miss"]
    released = NewEntry("message_released", REF, START, {"form": "original"})
    await house.store.ledger.append([await said("reviewer"), released])
    await near_misses.enter()
    assert await kinds() == ["near_miss", "false_positive", "false_positive"]
    last = (await house.store.incidents.history(incident_of_message(REF)))[-1]
    assert last.act == "derived" and [each.kind for each in last.record.entries][1:] == [
        "hold_called_wrong", "message_released"
    ]  # fmt: skip
    await house.store.ledger.append([await said("admin")])
    await near_misses.enter()
    assert len(await kinds()) == 3, "what a person makes of it after that stays"


async def test_a_word_about_a_message_that_is_no_near_miss_enters_nothing(house: House) -> None:
    await house.store.ledger.append([entries.plain("hold_called_wrong", REF, START, said_by="reviewer")])
    await NearMisses(incidents=house.store.incidents, ledger=house.store.ledger, clock=house.clock).enter()
    assert [each async for each in house.store.incidents.walk(None, None, None)] == []


@pytest.mark.parametrize("written", ["", "   "])
async def test_a_reason_is_optional(house: House, written: str) -> None:
    held, wrong = await held_in(house), house.wrong_holds
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER, written)
    assert [each.reason for each in await wrong.of(REF)] == [""]


async def test_what_is_taken_back_counts_no_more_and_can_be_said_again(house: House) -> None:
    held, wrong = await held_in(house), house.wrong_holds
    with pytest.raises(NeverSaid):
        await wrong.withdraw(held, REVIEWER)
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER, "they know each other")
    await wrong.say(held, ANN, SaidBy.SENDER)
    assert await wrong.withdraw(held, REVIEWER) is SaidBy.REVIEWER
    with pytest.raises(NeverSaid):
        await wrong.withdraw(held, REVIEWER)
    assert await wrong.when(REF, REVIEWER) is None and await wrong.when(REF, ANN) == START
    assert [(each.said_by, each.withdrawn) for each in await wrong.of(REF)] == [("reviewer", True), ("sender", False)]
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER)
    assert await wrong.when(REF, REVIEWER) == START
    assert [each.withdrawn for each in await wrong.of(REF)] == [True, False, False]
    found = [each async for each in house.store.ledger.entries(REF) if each.kind == "wrong_call_withdrawn"]
    assert "@" not in json.dumps(dict(found[0].fields)) and len(found) == 1
    await house.store.evidence.purge(START + timedelta(days=1), START)
    assert await wrong.of(REF) == [] and await wrong.when(REF, REVIEWER) == START
    assert (await house.verify())["whole"]


async def test_whoever_presses_often_takes_back_once(house: House) -> None:
    held, wrong = await held_in(house), house.wrong_holds
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER)

    async def press() -> bool:
        try:
            await wrong.withdraw(held, REVIEWER)
        except NeverSaid:
            return False
        return True

    assert sum(await asyncio.gather(*(press() for _ in range(5)))) == 1
    assert (await house.kinds()).count("wrong_call_withdrawn") == 1


def entry(kind: str, ledger: str, sequence: int, **fields: Any) -> Entry:
    return Entry(ledger, sequence, START, kind, REF, "0" * 64, {"said_by": "reviewer", **fields})


@given(st.permutations(range(5)))
def test_what_counts_does_not_depend_on_the_order_in_which_ledgers_are_read(order: list[int]) -> None:
    written = [
        entry("hold_called_wrong", "a", 7, account="x"),
        entry("hold_called_wrong", "b", 2, account="x"),
        entry("wrong_call_withdrawn", "a", 8, account="x", withdraws=["a:7", "b:2"]),
        entry("hold_called_wrong", "b", 9, account="x"),
        entry("hold_called_wrong", "b", 3, account="y"),
    ]
    words = words_of([written[each] for each in order])
    assert {(each.ledger, each.sequence) for each in words.standing()} == {("b", 9), ("b", 3)}
    assert words.by_message() == {REF: {"account:x": "reviewer", "account:y": "reviewer"}}


async def test_the_near_miss_is_one_again_when_the_last_word_that_counts_is_taken_back(house: House) -> None:
    near_misses = NearMisses(incidents=house.store.incidents, ledger=house.store.ledger, clock=house.clock)
    held, wrong = await held_in(house), house.wrong_holds
    other = Actor("Root", "root")
    await house.store.ledger.append([replace(decided(REF), claims_ref=False)])

    async def kind() -> str:
        await near_misses.enter()
        return (await house.store.incidents.history(incident_of_message(REF)))[-1].record.kind

    await wrong.say(held, ANN, SaidBy.SENDER)
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER)
    assert await kind() == "false_positive"
    await wrong.say(held, other, SaidBy.ADMIN)
    await wrong.withdraw(held, REVIEWER)
    assert await kind() == "false_positive", "another one still says so"
    await wrong.withdraw(held, other)
    assert await kind() == "near_miss", "a sender's word does not make it one"
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER)
    assert await kind() == "false_positive"
    # Said and taken back before the register has read on: as if nobody had said so.
    await wrong.withdraw(held, REVIEWER)
    await wrong.say(held, other, SaidBy.ADMIN)
    await wrong.withdraw(held, other)
    assert await kind() == "near_miss"


async def test_what_a_person_called_a_false_positive_stays_one(house: House) -> None:
    near_misses = NearMisses(incidents=house.store.incidents, ledger=house.store.ledger, clock=house.clock)
    held, wrong, book = await held_in(house), house.wrong_holds, register_on(house).book
    await house.store.ledger.append([replace(decided(REF), claims_ref=False)])
    await near_misses.enter()
    incident = incident_of_message(REF)
    await book.revise(incident, {"kind": "false_positive"}, "they know each other", SAM)
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER)
    await near_misses.enter()
    await wrong.withdraw(held, REVIEWER)
    await near_misses.enter()
    last = (await book.history(incident))[-1]
    assert last.record.kind == "false_positive" and last.record.entries[-1].kind == "wrong_call_withdrawn"
