"""When the canary runs next: at an interval, at an hour of the day, and sooner after a failure. Pure.

All times carry a time zone; what comes back is in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_RETRY = timedelta(minutes=1)
"""After the first failure: the notice to people waits for the second, so that one slow minute wakes nobody."""
LONGEST_RETRY = timedelta(minutes=15)
"""What mail waits for at the most, once a cause is mended that no reload of the policy shows."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """every: the interval. at: the hour in the zone, None for no hour of its own."""

    every: timedelta
    at: time | None
    zone: ZoneInfo

    def after(self, ended: datetime, failures: int) -> datetime:
        """The next run after one that ended then, as the last of so many that failed in a row (0: it did not fail)."""
        times = [ended + self.every]
        if failures:
            times.append(ended + min(FIRST_RETRY * 2 ** min(failures - 1, 10), LONGEST_RETRY))
        if self.at is not None:
            times.append(next_daily(ended, self.at, self.zone))
        return min(each.astimezone(UTC) for each in times)


def next_daily(after: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The first time after that moment at which clocks in the zone show this hour, once each day.

    Where clocks go forward over it, the moment that it would have been without the change; where they go back and show
    it twice, the first time (PEP 495).
    """
    today = after.astimezone(zone).date()
    return min(found for days in (-1, 0, 1, 2) if (found := _moment(today + timedelta(days), at, zone)) > after)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)
