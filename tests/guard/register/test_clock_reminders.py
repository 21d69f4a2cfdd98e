"""The 72 hours are reminded of: a day before, six hours before, and at their end, once each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.register.record import Incident
from mailguard.core.register.revision import Revision
from mailguard.guard.records import NewEntry
from mailguard.guard.register.clock_reminders import ClockReminders
from mailguard.guard.register.ports import NewRevision
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.guard.noticed import NOW, Clock, make

ID = "IR-7Q4K-2FXB7M"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db"))
    yield opened
    await opened.close()


def reminders(store: Store, clock: Clock, **settings: Any) -> ClockReminders:
    return ClockReminders(
        incidents=store.incidents,
        ledger=store.ledger,
        notices=make(clock, **settings),
        outbox=store.outbox,
        clock=clock,
        wake=lambda: None,
    )


async def enter(store: Store, number: int = 1, aware_at: datetime = NOW, **fields: Any) -> None:
    record = Incident.model_validate({"kind": "breach", "aware_at": aware_at, "narrative": "Secret text", **fields})
    revision = Revision(ID, number, NOW, "added", "Sam", None, record)
    await store.incidents.add(NewRevision(revision, NewEntry("incident_added", None, NOW)))


async def subjects(store: Store) -> list[str]:
    rows = await store.outbox.list()
    assert all(b"Secret" not in (row.text or b"") for row in rows)
    return [line.removeprefix("Subject: ") for row in rows for line in _head(row.text) if line.startswith("Subject")]


def _head(text: bytes | None) -> list[str]:
    return (text or b"").decode().partition("\r\n\r\n")[0].split("\r\n")


async def test_each_step_is_told_once_whatever_restarts(store: Store) -> None:
    clock = Clock()
    await enter(store)
    for hours, left in ((47.9, 0), (48, 1), (60, 1), (66.5, 2), (71, 2), (72, 3), (100, 3)):
        clock.at = NOW + timedelta(hours=hours)
        await reminders(store, clock).remind()
        await reminders(store, clock).remind()
        assert len(await store.outbox.list()) == left, hours
    assert await subjects(store) == [
        f"24 hours left to report incident {ID}",
        f"5 hours left to report incident {ID}",
        f"The 72 hours to report incident {ID} are over",
    ]
    kinds = [entry.kind async for entry in store.ledger.entries()]
    assert kinds.count("clock_reminded") == 3


async def test_who_is_told_is_whom_others_turn_to(store: Store) -> None:
    clock = Clock()
    await enter(store)
    clock.at = NOW + timedelta(hours=50)
    await reminders(store, clock, escalation="dpo@elmroad.example").remind()
    (row,) = await store.outbox.list()
    assert [each.address for each in row.envelope.recipients] == ["dpo@elmroad.example"]


@pytest.mark.parametrize(
    "fields",
    [
        {"notified_ico_at": NOW + timedelta(hours=1)},
        {"decision_ico": "not_report"},
        {"kind": "near_miss"},
        {"aware_at": NOW - timedelta(days=400)},
    ],
)
async def test_what_is_settled_or_long_past_is_nobodys_alarm(store: Store, fields: dict[str, Any]) -> None:
    clock = Clock()
    await enter(store, **fields)
    clock.at = NOW + timedelta(hours=71)
    assert await reminders(store, clock).remind() == 0


async def test_another_deadline_is_reminded_of_anew_and_a_late_one_begins_where_it_is(store: Store) -> None:
    clock = Clock()
    await enter(store)
    clock.at = NOW + timedelta(hours=68)
    assert await reminders(store, clock).remind() == 1
    await enter(store, 2, NOW - timedelta(hours=1), decision_ico="report")
    assert await reminders(store, clock).remind() == 1
    assert await subjects(store) == [f"4 hours left to report incident {ID}", f"3 hours left to report incident {ID}"]


async def test_where_nobody_inside_is_named_the_ledger_says_so(store: Store) -> None:
    clock = Clock()
    await enter(store)
    clock.at = NOW + timedelta(hours=50)
    assert await reminders(store, clock, contact="it@elsewhere.example").remind() == 0
    found = [entry.fields["told"] async for entry in store.ledger.entries() if entry.kind == "clock_reminded"]
    assert found == [0]
