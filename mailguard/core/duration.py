"""Durations as people write them in settings and policy: a whole number and one unit, as in 45s, 30m, 4h, 30d, 2w."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_PATTERN = re.compile(r"([0-9]{1,10})([smhdw])")
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NAMES = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
LONGEST = timedelta(days=36_500)


def parse_duration(value: object) -> timedelta:
    """The duration that a text such as "4h" says. A timedelta comes back as it is.

    ValueError, as a sentence for an admin, for anything else, zero, and more than 36,500 days.
    """
    if isinstance(value, timedelta):
        return value
    match = _PATTERN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'"{value}" is no duration: write a whole number and s, m, h, d or w, for example 4h')
    seconds = int(match[1]) * _UNITS[match[2]]
    if not 0 < seconds <= LONGEST.total_seconds():
        raise ValueError(f'the duration "{value}" is zero or longer than {LONGEST.days} days')
    return timedelta(seconds=seconds)


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), WithJsonSchema({"type": "string", "pattern": "^[0-9]+[smhdw]$"})
]
"""A duration as a key of settings or policy."""


def written_duration(duration: timedelta) -> str:
    """As `parse_duration` reads it, in the largest unit but weeks that fits without a rest: "14d", "90m"."""
    seconds = max(int(duration.total_seconds()), 0)
    unit = next(unit for unit in _NAMES if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def duration_in_words(duration: timedelta) -> str:
    """For a sentence, in the largest unit that fits without a rest: "4 days", "90 minutes", "1 hour"."""
    seconds = max(int(duration.total_seconds()), 0)
    unit = next(unit for unit in _NAMES if seconds % _UNITS[unit] == 0)
    count = seconds // _UNITS[unit]
    return f"{count} {_NAMES[unit]}{'' if count == 1 else 's'}"
