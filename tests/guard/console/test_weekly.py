"""The summary of the week, on a real store: who gets it, when, what it counts, and that it comes once."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailguard.core.lifecycle import State
from mailguard.guard.week import tally, week_before
from mailguard.guard.weekly import WeeklySummary
from tests.guard.console.house import House, close_house, open_house
from tests.store import samples

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 7, 20, 6, 0, tzinfo=UTC)
"""7:00 in London, in summer."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path)
    opened.clock.at = MONDAY - timedelta(days=4)
    yield opened
    await close_house(opened)


def weekly(house: House, to: Any = "everybody") -> WeeklySummary:
    return WeeklySummary(
        to=to,
        messages=house.store.held_messages,
        ledger=house.store.ledger,
        notices=house.notices,
        outbox=house.store.outbox,
        clock=house.clock,
        zone=LONDON,
        wake=lambda: None,
    )


async def told(house: House) -> dict[str, tuple[Any, str]]:
    """Each notice that is a summary, by whom it is for: the message, and its text."""
    found = {}
    for row in await house.store.outbox.list():
        if row.ref.startswith("WEEK-"):
            message: Any = email.message_from_bytes(row.text or b"", policy=email.policy.default)
            found[row.envelope.recipients[0].address] = (message, message.get_body(("plain",)).get_content())
    return found


async def a_week(house: House) -> None:
    for ref in ("MG-2222-22", "MG-3333-33", "MG-4444-44"):
        await house.holds(ref, received_at=house.clock.at, sender_may=())
    anonymous = samples.envelope("patient@outside.example", sender=None)
    await house.holds("MG-5555-55", received_at=house.clock.at, envelope=anonymous, sender="", notify_sender=False)
    await house.holds("MG-6666-66", received_at=house.clock.at - timedelta(days=7))
    for ref in ("MG-7777-77", "MG-8888-88"):
        await house.holds(ref, received_at=house.clock.at, state=State.WAITING)
    await house.review.leave(await house.store.quarantine.get("MG-7777-77"))
    house.clock.move(minutes=22)
    await house.review.reject("MG-2222-22", note="Please use the bulk tool.", by="Sam", system_user="sam")
    await house.review.cancel("MG-3333-33", by="sender", system_user="sender")


async def test_a_week_is_told_of_on_monday_at_seven_to_senders_and_reviewers_once(house: House) -> None:
    await a_week(house)
    house.clock.at = MONDAY - timedelta(minutes=1)
    assert await weekly(house).tell() == 0
    house.clock.at = MONDAY
    one = weekly(house)
    assert [await one.tell(), await one.tell(), await weekly(house).tell()] == [2, 0, 0]
    found = await told(house)
    assert set(found) == {"nurse@elmroad.example", "manager@elmroad.example"}
    message, text = found["nurse@elmroad.example"]
    assert message["Subject"] == "Your held emails, Monday 13 July 2026 to Sunday 19 July 2026"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "3 emails of yours were held." in text and "1 email still waiting" in text
    assert "1 not sent, because somebody decided so" in text and "1 cancelled by the sender" in text
    _, text = found["manager@elmroad.example"]
    assert "4 emails were held." in text and "Half of the decisions took 22 minutes or less." in text
    for _, text in found.values():
        assert "MG-" not in text and "Flu" not in text and "patient@" not in text


@pytest.mark.parametrize(("to", "count"), [("reviewers", 1), ("nobody", 0)])
async def test_it_can_be_switched_off(house: House, to: str, count: int) -> None:
    await a_week(house)
    house.clock.at = MONDAY
    assert await weekly(house, to).tell() == count and len(await told(house)) == count


async def test_two_guards_on_one_store_tell_once(house: House) -> None:
    await a_week(house)
    house.clock.at = MONDAY
    assert sorted(await asyncio.gather(*(weekly(house).tell() for _ in range(4)))) == [0, 0, 0, 2]


async def test_a_week_without_a_hold_and_the_middle_of_a_week_have_none(house: House) -> None:
    house.clock.at = MONDAY
    assert await weekly(house).tell() == 0
    house.clock.at = MONDAY - timedelta(days=4)
    await a_week(house)
    house.clock.at = MONDAY + timedelta(days=2)
    assert await weekly(house).tell() == 0


async def test_what_expired_or_left_is_counted(house: House) -> None:
    await a_week(house)
    held = [await house.store.quarantine.get(ref) for ref in ("MG-2222-22", "MG-4444-44")]
    summary = tally(held)
    assert (summary.held, summary.rejected, summary.waiting, summary.forms) == (2, 1, 1, {})
    assert tally([]).decision_minutes is None and held[1].state is State.HELD


def test_a_week_begins_and_ends_at_midnight_there_also_when_clocks_change() -> None:
    week = week_before(datetime(2026, 3, 30, 9, 0, tzinfo=LONDON))
    assert (week.since.isoformat(), week.until.isoformat()) == (
        "2026-03-23T00:00:00+00:00",
        "2026-03-30T00:00:00+01:00",
    )
    assert week.name == "2026-W13"
