"""Reminders before a deadline, on a real store: who is told what, once at half of the time and once at four fifths."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailguard.core.lifecycle import State
from mailguard.guard.reminders import Reminders
from mailguard.guard.settings import NoticeSettings
from tests.guard.console.house import House, close_house, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path)
    settings = {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"}
    opened.notices._letterhead._settings = NoticeSettings.model_validate(
        {**settings, "escalation": "dpo@elmroad.example"}
    )
    yield opened
    await close_house(opened)


def reminders(house: House) -> Reminders:
    return Reminders(
        undecided=house.store.held_messages,
        notices=house.notices,
        outbox=house.store.outbox,
        clock=house.clock,
        wake=lambda: None,
    )


async def told(house: House) -> list[tuple[str, str, str]]:
    """Of each notice: to whom, its subject, its text."""
    found = []
    for row in await house.store.outbox.list():
        message = email.message_from_bytes(row.text or b"", policy=email.policy.default)
        body = message.get_body(("plain",))  # type: ignore[attr-defined]
        found.append((row.envelope.recipients[0].address, message["Subject"], body.get_content()))
    return found


async def hold(house: House, *refs: str, hours: float = 10) -> None:
    for ref in refs:
        now = house.clock.at
        await house.holds(ref, received_at=now, due_at=now + timedelta(hours=hours))


async def test_whoever_decides_is_reminded_at_half_and_at_four_fifths_once(house: House) -> None:
    await hold(house, "MG-2222-22", "MG-3333-33")
    assert await reminders(house).remind() == 0
    house.clock.move(hours=5)
    assert [await reminders(house).remind() for _ in range(3)] == [2, 0, 0]
    ((to, subject, text),) = await told(house)
    assert to == "manager@elmroad.example" and subject.startswith("Reminder: 2 emails to decide about")
    assert "MG-2222-22" in text and "MG-3333-33" in text and "Flu" not in text and "@" not in text
    house.clock.move(hours=3)
    assert [await reminders(house).remind() for _ in range(3)] == [2, 0, 0]
    pressed = [(to, subject) for to, subject, _ in await told(house) if subject.startswith("Soon too late")]
    assert sorted(to for to, _ in pressed) == ["dpo@elmroad.example", "manager@elmroad.example"]
    assert [kind for kind in await house.kinds() if kind.startswith("decision_")] == [
        *["decision_reminded"] * 2,
        *["decision_pressed"] * 2,
    ]


async def test_who_is_pressed_is_not_reminded_too(house: House) -> None:
    """The service was down for most of the time."""
    await hold(house, "MG-2222-22")
    house.clock.move(hours=9)
    assert await reminders(house).remind() == 1
    assert {subject[:13] for _, subject, _ in await told(house)} == {"Soon too late"}
    assert await reminders(house).remind() == 0


async def test_of_what_is_decided_or_overdue_nobody_is_reminded(house: House) -> None:
    await hold(house, "MG-2222-22")
    await hold(house, "MG-3333-33", hours=1)
    await house.review.reject("MG-2222-22", note="Please use the bulk tool.", by="Sam", system_user="sam")
    await hold(house, "MG-5555-55", hours=0.4)
    house.clock.move(minutes=13)
    assert await reminders(house).remind() == 0
    await house.holds("MG-4444-44", state=State.WAITING, received_at=house.clock.at)
    house.clock.move(hours=5)
    assert await reminders(house).remind() == 0


async def test_two_guards_on_one_store_remind_once(house: House) -> None:
    await hold(house, *(f"MG-222{number}-22" for number in range(2, 8)))
    house.clock.move(hours=5)
    counts = await asyncio.gather(*(reminders(house).remind() for _ in range(4)))
    assert sorted(counts) == [0, 0, 0, 6] and len(await told(house)) == 1
