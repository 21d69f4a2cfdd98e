"""Today, for tests of which the service or a command reads the calendar as well."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

LASTS = timedelta(minutes=2)


def a_day_that_lasts() -> date:
    """The day in UTC, which does not end while a test runs: shortly before midnight it waits for the next one."""
    now = datetime.now(UTC)
    if (later := now + LASTS).date() != now.date():
        midnight = datetime(later.year, later.month, later.day, tzinfo=UTC)
        while (left := (midnight - datetime.now(UTC)).total_seconds()) >= 0:
            time.sleep(left + 0.01)
    return datetime.now(UTC).date()
