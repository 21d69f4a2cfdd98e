"""Times in words, and in header fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.moment import header_date, moment_in_words, second_in_words

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ((2026, 11, 20, 17, 0), "5pm on Friday 20 November 2026"),
        ((2026, 11, 20, 14, 15), "2:15pm on Friday 20 November 2026"),
        ((2026, 3, 1, 9, 5), "9:05am on Sunday 1 March 2026"),
        ((2026, 11, 20, 12, 0), "midday on Friday 20 November 2026"),
        ((2026, 11, 20, 12, 30), "12:30pm on Friday 20 November 2026"),
        ((2026, 11, 20, 0, 30), "12:30am on Friday 20 November 2026"),
        ((2026, 11, 20, 0, 0), "midnight at the start of Friday 20 November 2026"),
    ],
)
def test_in_words(at: tuple[int, int, int, int, int], words: str) -> None:
    assert moment_in_words(datetime(*at, tzinfo=LONDON)) == words


def test_what_is_a_matter_of_seconds_is_said_to_the_second() -> None:
    assert second_in_words(datetime(2026, 11, 20, 14, 15, 7, tzinfo=LONDON)) == "2:15:07pm"
    assert second_in_words(datetime(2026, 11, 20, 0, 0, 0, tzinfo=LONDON)) == "12:00:00am"


def test_summer_time_is_the_zones() -> None:
    at = datetime(2026, 6, 1, 16, 0, tzinfo=UTC).astimezone(LONDON)
    assert moment_in_words(at) == "5pm on Monday 1 June 2026"
    assert header_date(at) == "Mon, 1 Jun 2026 17:00:00 +0100"


@given(
    st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_header_dates_are_read_back_by_a_second_parser(naive: datetime, minutes: int) -> None:
    at = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parsedate_to_datetime(header_date(at)) == at


def test_a_header_date_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        header_date(datetime(2026, 1, 1))
