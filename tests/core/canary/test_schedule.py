"""When the canary runs: the interval, the hour in its time zone through changes of the clocks, and after failures."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailguard.core.canary.schedule import FIRST_RETRY, LONGEST_RETRY, Schedule, next_daily

LONDON = ZoneInfo("Europe/London")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "at", "expected"),
    [
        ("2026-01-10 05:59", time(6), "2026-01-10 06:00"),
        ("2026-01-10 06:00", time(6), "2026-01-11 06:00"),
        ("2026-07-10 04:59", time(6), "2026-07-10 05:00"),
        ("2026-07-10 05:00", time(6), "2026-07-11 05:00"),
        # Clocks go forward at 01:00 UTC on 29 March 2026: 06:00 is an hour sooner from then on.
        ("2026-03-28 06:00", time(6), "2026-03-29 05:00"),
        # 01:30 does not exist that day: it is the moment that it would have been.
        ("2026-03-28 12:00", time(1, 30), "2026-03-29 01:30"),
        ("2026-03-29 01:30", time(1, 30), "2026-03-30 00:30"),
        # Clocks go back at 01:00 UTC on 25 October 2026: 01:30 exists twice, and the first counts.
        ("2026-10-24 12:00", time(1, 30), "2026-10-25 00:30"),
        ("2026-10-25 00:30", time(1, 30), "2026-10-26 01:30"),
        ("2026-10-25 00:45", time(1, 30), "2026-10-26 01:30"),
        ("2026-10-24 05:00", time(6), "2026-10-25 06:00"),
        ("2026-12-31 23:30", time(0), "2027-01-01 00:00"),
    ],
)
def test_the_hour_of_the_day(after: str, at: time, expected: str) -> None:
    assert next_daily(utc(after), at, LONDON) == utc(expected)


@pytest.mark.parametrize("zone", ["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
@pytest.mark.parametrize("at", [time(0), time(0, 30), time(1, 30), time(2), time(2, 30), time(6), time(23, 59)])
def test_once_each_day_of_a_year_whatever_the_clocks_do(zone: str, at: time) -> None:
    moment, found = next_daily(utc("2026-01-01 12:00"), at, ZoneInfo(zone)), []
    for _ in range(365):
        following = next_daily(moment, at, ZoneInfo(zone))
        assert timedelta(hours=22) < following - moment < timedelta(hours=38)
        found.append(following.astimezone(ZoneInfo(zone)).date())
        moment = following
    assert len(set(found)) == 365


def test_whichever_comes_first() -> None:
    schedule = Schedule(timedelta(hours=6), time(6), LONDON)
    assert schedule.after(utc("2026-01-10 07:00"), 0) == utc("2026-01-10 13:00")
    assert schedule.after(utc("2026-01-10 01:00"), 0) == utc("2026-01-10 06:00")
    assert Schedule(timedelta(hours=6), None, LONDON).after(utc("2026-01-10 01:00"), 0) == utc("2026-01-10 07:00")


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (1000, 15)])
def test_sooner_after_a_failure(failures: int, minutes: int) -> None:
    ended = utc("2026-01-10 12:00")
    wait = Schedule(timedelta(hours=6), time(6), LONDON).after(ended, failures) - ended
    assert wait == timedelta(minutes=minutes)
    assert FIRST_RETRY <= wait <= LONGEST_RETRY


def test_never_later_than_the_interval() -> None:
    ended = utc("2026-01-10 12:00")
    assert Schedule(timedelta(minutes=2), None, LONDON).after(ended, 9) == ended + timedelta(minutes=2)
