"""When the canary runs, whom it tells and when, and what it does to new mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailguard.core.canary.compare import Arrival
from mailguard.core.canary.plant import Planted
from mailguard.core.canary.schedule import Schedule
from mailguard.core.envelope import Envelope
from mailguard.core.mail.message import Buffer
from mailguard.core.reply import Reply
from mailguard.core.session import Session
from mailguard.guard.canary.canary import Canary
from mailguard.guard.canary.track import Track
from mailguard.guard.records import Entry, NewEntry
from mailguard.guard.settings import CanarySettings
from tests.core.canary.test_compare import arrivals
from tests.guard.world import ORGANISATION, SESSION, World, envelope

TAKEN = Reply(250, "2.0.0", "taken")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Random:
    """As many octets as are asked for, never the same."""

    def __init__(self) -> None:
        self._count = 0

    def octets(self, count: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(4, "big").ljust(count, b"c")


class FakeGround:
    """protects: everybody gets a copy of their own, as the guard makes it; else it leaves as it was written."""

    def __init__(self, planted: Planted, protects: bool) -> None:
        self.track = Track("run")
        self.review: Any = None
        self.arrivals: list[Arrival] = []
        self._planted = planted
        self._protects = protects

    async def submit(self) -> Reply:
        self.track.ref = "MG-7Q4K-2F"
        form = "separate" if self._protects else None
        self.track.decision = {"disposition": "relay", "rewrite": form, "deciding": None, "rules": []}
        if self._protects:
            self.arrivals.extend(arrivals(self._planted))
            self.track.took(1)
            self.track.finished()
        return TAKEN

    async def is_recorded(self) -> bool:
        return True


class Grounds:
    """protects: whether what flies over it comes out as it must. raises, hangs: in place of that."""

    def __init__(self) -> None:
        self.protects = True
        self.flown = 0
        self.raises: Exception | None = None
        self.hangs = False
        self.closed = 0

    @asynccontextmanager
    async def open(self, planted: Planted, *, rewriting_only: bool = False) -> AsyncIterator[FakeGround]:
        self.flown += 1
        if self.raises is not None:
            raise self.raises
        try:
            if self.hangs:
                await asyncio.sleep(3600)
            yield FakeGround(planted, self.protects)
        finally:
            self.closed += 1


class Watch:
    def __init__(self) -> None:
        self.ended: list[tuple[str, str | None]] = []
        self.passed: datetime | None = None
        self.deferrals = 0

    def canary_ended(self, kind: str, problem: str | None) -> None:
        self.ended.append((kind, problem))

    def canary_passed(self, at: datetime) -> None:
        self.passed = at

    def deferred(self) -> None:
        self.deferrals += 1


class EarlierRuns:
    """What the ledger of the world says."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def latest(self, kinds: tuple[str, ...]) -> Entry | None:
        found = [entry for entry in self._world.ledger.kept if entry.kind in kinds]
        return _entry(found[-1]) if found else None


def _entry(new: NewEntry) -> Entry:
    return Entry("memory", 1, new.at, new.kind, new.ref, "", new.fields)


class Aviary:
    """A canary in a world in memory."""

    def __init__(self, world: World | None = None, **settings: Any) -> None:
        self.world = world or World()
        self.grounds = Grounds()
        self.watch = Watch()
        self.revision: str | None = "sha256:1"
        chosen = CanarySettings.model_validate(settings)
        self.canary = Canary(
            settings=chosen,
            schedule=Schedule(chosen.every, chosen.hour, ZoneInfo("Europe/London")),
            sender="mailguard@elmroad.example",
            grounds=self.grounds,
            revision=lambda: self.revision,
            ledger=self.world.ledger,
            outbox=self.world.outbox,
            earlier_runs=EarlierRuns(self.world),
            notices=self.world.notices,
            clock=self.world.clock,
            randomness=Random(),
            watch=self.watch,
            wake=self.world.woken.set,
            flight_seconds=20.0,
        )

    async def after(self, wait: timedelta) -> bool:
        """Whether it runs at a look so much later."""
        self.world.clock.time += wait
        before = self.grounds.flown
        await self.canary.look()
        return self.grounds.flown > before

    async def fail(self, times: int = 1) -> None:
        self.grounds.protects = False
        for _ in range(times):
            await self.canary.run()

    @property
    def notices(self) -> list[str]:
        rows = [row for row in self.world.store.rows.values() if row.kind == "notice"]
        assert all(row.envelope.recipients[0].address == "manager@elmroad.example" for row in rows)
        return ["alarm" if b"Alarm" in (row.text or b"") else "all clear" for row in rows]

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in self.world.ledger.kinds() if kind.startswith("canary_")]


async def submit(session: Session, envelope: Envelope, raw: Buffer) -> Reply:
    return TAKEN


# When it runs.


async def test_at_the_start_then_at_the_interval_and_at_the_hour() -> None:
    aviary = Aviary(every="4h", at="20:00")  # the world's clock begins at 14:02 UTC
    assert await aviary.after(timedelta(0))
    assert not await aviary.after(4 * HOUR - MINUTE)
    assert await aviary.after(MINUTE)
    assert not await aviary.after(HOUR + 57 * MINUTE)
    assert await aviary.after(MINUTE), "at 20:00, two hours after the last"
    assert not await aviary.after(3 * HOUR)
    assert aviary.kinds == ["canary_passed"] * 3


async def test_at_once_after_a_change_of_the_policy_or_a_reload() -> None:
    aviary = Aviary()
    await aviary.after(timedelta(0))
    aviary.revision = "sha256:2"
    assert await aviary.after(timedelta(seconds=1))
    assert not await aviary.after(timedelta(seconds=1))
    aviary.canary.hurry()
    assert await aviary.after(timedelta(seconds=1))
    assert not await aviary.after(timedelta(seconds=1))


async def test_a_clock_that_was_set_back_does_not_silence_it() -> None:
    aviary = Aviary()
    await aviary.after(timedelta(0))
    assert await aviary.after(timedelta(days=-300))


async def test_sooner_after_a_failure_until_it_passes() -> None:
    aviary = Aviary(at=None)
    await aviary.fail()
    assert not await aviary.after(59 * timedelta(seconds=1))
    assert await aviary.after(timedelta(seconds=1))
    assert await aviary.after(2 * MINUTE)
    aviary.grounds.protects = True
    assert await aviary.after(4 * MINUTE)
    assert not await aviary.after(5 * HOUR)
    assert aviary.kinds == ["canary_failed"] * 3 + ["canary_passed"]


async def test_switched_off_it_runs_only_when_asked() -> None:
    aviary = Aviary(enabled=False, defer_mail=True)
    assert not await aviary.after(timedelta(days=9))
    await aviary.fail(3)
    assert aviary.notices == [] and not aviary.canary.defers and not aviary.canary.is_overdue
    assert aviary.canary.status()["state"] == "off"


async def test_one_that_did_not_run_is_a_failure_too() -> None:
    aviary = Aviary(every="1h", at=None, defer_mail=True)
    assert aviary.canary.status()["state"] == "starting"
    aviary.world.clock.time += 16 * MINUTE
    assert aviary.canary.is_overdue and aviary.canary.status()["state"] == "overdue"
    await aviary.canary.look()
    assert aviary.canary.status()["state"] == "passing"
    aviary.world.clock.time += HOUR + 14 * MINUTE
    assert not aviary.canary.is_overdue
    aviary.world.clock.time += 2 * MINUTE
    assert aviary.canary.is_overdue and aviary.canary.defers
    assert "has not run" in aviary.canary.status()["problems"][0]


# Whom it tells.


async def test_people_hear_of_the_second_failure_once_and_when_it_is_over() -> None:
    aviary = Aviary()
    await aviary.fail()
    assert aviary.notices == [], "one slow minute wakes nobody"
    await aviary.fail(4)
    assert aviary.notices == ["alarm"]
    aviary.grounds.protects = True
    await aviary.canary.run()
    await aviary.canary.run()
    assert aviary.notices == ["alarm", "all clear"]
    await aviary.fail(2)
    assert aviary.notices == ["alarm", "all clear", "alarm"]


async def test_a_short_failure_is_not_told_nor_is_its_end() -> None:
    aviary = Aviary()
    await aviary.fail()
    aviary.grounds.protects = True
    await aviary.canary.run()
    assert aviary.notices == []
    assert aviary.kinds == ["canary_failed", "canary_passed"]


async def test_a_restart_forgets_neither_the_failure_nor_that_people_were_told() -> None:
    first = Aviary()
    await first.fail(2)
    second = Aviary(first.world, defer_mail=True)
    await second.canary.recall()
    assert second.canary.defers, "before the first run"
    await second.fail(2)
    assert second.notices == ["alarm"]
    second.grounds.protects = True
    await second.canary.run()
    assert second.notices == ["alarm", "all clear"]
    third = Aviary(first.world)
    await third.canary.recall()
    assert not third.canary.is_failing and third.watch.passed is not None


async def test_the_notice_says_what_was_found_and_nothing_of_the_message() -> None:
    aviary = Aviary(defer_mail=True)
    await aviary.fail(2)
    (row,) = (row for row in aviary.world.store.rows.values() if row.kind == "notice")
    text = (row.text or b"").decode("ascii")
    assert "No rule stopped it" in text and "No new email is being sent" in text
    assert ".invalid" not in text


async def test_every_result_is_counted_and_recorded() -> None:
    aviary = Aviary()
    report = await aviary.canary.run()
    assert report.passed and aviary.watch.ended == [("list", None), ("invitation", None)]
    assert aviary.watch.passed == aviary.world.clock.time
    await aviary.fail()
    assert aviary.watch.ended[2:] == [("list", "not_stopped"), ("invitation", "not_stopped")]
    failed = aviary.world.ledger.kept[-1]
    assert failed.kind == "canary_failed" and failed.fields["revision"] == "sha256:1"
    assert [each["problem"] for each in failed.fields["messages"]] == ["not_stopped", "not_stopped"]
    assert "@" not in repr(failed.fields)


async def test_whatever_goes_wrong_is_a_result() -> None:
    aviary = Aviary()
    aviary.grounds.raises = RuntimeError("planted-secret jo@elmroad.example")
    report = await aviary.canary.run()
    assert not report.passed and "secret" not in repr(report.to_json())
    assert aviary.canary.is_failing


async def test_a_result_that_cannot_be_recorded_is_told_later() -> None:
    aviary = Aviary()
    await aviary.fail()
    aviary.world.told.fault = ("outbox", "add", "raises")
    await aviary.fail()
    assert aviary.notices == [] and aviary.canary.is_failing
    aviary.world.told.fault = None
    await aviary.fail()
    assert aviary.notices == ["alarm"]


# What it does to new mail.


async def test_new_mail_waits_until_it_passes_if_the_admin_wants_that() -> None:
    aviary = Aviary(defer_mail=True)
    door = aviary.canary.guarded(submit)
    assert await door(SESSION, envelope("p@outside.example"), b"raw") == TAKEN
    await aviary.fail()
    refused = await door(SESSION, envelope("p@outside.example"), b"raw")
    assert (refused.code, refused.status) == (451, "4.3.0") and "ref MG-" in refused.text
    assert aviary.watch.deferrals == 1
    aviary.grounds.protects = True
    await aviary.canary.run()
    assert await door(SESSION, envelope("p@outside.example"), b"raw") == TAKEN


async def test_mail_flows_all_the_same_unless_the_admin_wants_that() -> None:
    aviary = Aviary()
    await aviary.fail(5)
    assert await aviary.canary.guarded(submit)(SESSION, envelope("p@outside.example"), b"raw") == TAKEN


# Its settings.


@pytest.mark.parametrize(("text", "hour"), [("06:00", time(6)), ("7:30", time(7, 30)), ("23:59", time(23, 59))])
def test_an_hour(text: str, hour: time) -> None:
    assert CanarySettings.model_validate({"at": text}).hour == hour


@pytest.mark.parametrize("text", ["24:00", "6", "06:60", "6am", "06:00:00", 6])
def test_no_hour(text: object) -> None:
    with pytest.raises(ValueError, match="at"):
        CanarySettings.model_validate({"at": text})


def test_a_sender_outside_is_said() -> None:
    assert not CanarySettings.model_validate({"sender": "Reception@elmroad.example"}).problems(ORGANISATION)
    (said,) = CanarySettings.model_validate({"sender": "x@else.example"}).problems(ORGANISATION)
    assert "x@else.example" in said


def test_on_by_default() -> None:
    chosen = CanarySettings()
    assert (chosen.enabled, chosen.every, chosen.hour, chosen.defer_mail) == (True, timedelta(hours=6), time(6), False)


# How it ends.


async def test_a_run_goes_on_when_whoever_asked_goes_away() -> None:
    aviary = Aviary()
    asked = asyncio.create_task(aviary.canary.run())
    await asyncio.sleep(0)
    asked.cancel()
    while not aviary.kinds:
        await asyncio.sleep(0.01)
    assert aviary.kinds == ["canary_passed"]


async def test_a_stop_cuts_a_run_short_and_waits_for_its_end() -> None:
    aviary = Aviary()
    aviary.grounds.hangs = True
    asked = asyncio.create_task(aviary.canary.run())
    while not aviary.grounds.flown:
        await asyncio.sleep(0.01)
    await aviary.canary.stop()
    assert aviary.grounds.closed == 1 and aviary.kinds == []
    with pytest.raises(asyncio.CancelledError):
        await asked
