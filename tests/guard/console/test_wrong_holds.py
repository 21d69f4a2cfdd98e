"""Saying that a hold was wrong: once for each person, counted by rule, and without a name or a text in the chain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailguard.core.register.reference import incident_of_message
from mailguard.guard import entries
from mailguard.guard.actor import Actor
from mailguard.guard.records import Held, NewEntry
from mailguard.guard.register.near_misses import NearMisses
from mailguard.guard.sender_links import SENDER, acting
from mailguard.guard.wrong_holds import MOST_REASON, AlreadySaid, SaidBy
from tests.guard.console.house import START, House, close_house, open_house
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
    near_misses = NearMisses(incidents=house.store.incidents, clock=house.clock)

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
    await NearMisses(incidents=house.store.incidents, clock=house.clock).enter()
    assert [each async for each in house.store.incidents.walk(None, None, None)] == []


@pytest.mark.parametrize("written", ["", "   "])
async def test_a_reason_is_optional(house: House, written: str) -> None:
    held, wrong = await held_in(house), house.wrong_holds
    await wrong.say(held, REVIEWER, SaidBy.REVIEWER, written)
    assert [each.reason for each in await wrong.of(REF)] == [""]
