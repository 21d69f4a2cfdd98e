"""Durations in settings, and in sentences."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.duration import LONGEST, duration_in_words, parse_duration, written_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("30m", 1_800), ("4h", 14_400), ("30d", 2_592_000), ("2w", 1_209_600)]
)
def test_parse(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


def test_a_timedelta_comes_back_as_it_is() -> None:
    assert parse_duration(timedelta(hours=4)) == timedelta(hours=4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4",
        "h",
        "-4h",
        "4.5h",
        "4 h",
        "4H",
        "1h30m",
        "0h",
        "36501d",
        "99999999999s",
        "٤h",
        "4h\n",
        4,
        4.0,
        None,
        True,
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: object) -> None:
    with pytest.raises(ValueError, match=r"duration") as refusal:
        parse_duration(text)
    assert "\n" not in str(refusal.value).replace(str(text), "")


@given(st.integers(1, int(LONGEST.total_seconds())))
def test_every_whole_number_of_seconds_can_be_written(seconds: int) -> None:
    assert parse_duration(f"{seconds}s") == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=4), "4 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(weeks=2), "14 days"),
    ],
)
def test_in_words(duration: timedelta, words: str) -> None:
    assert duration_in_words(duration) == words


@pytest.mark.parametrize("text", ["14d", "90m", "45s", "4h"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert written_duration(parse_duration(text)) == text
