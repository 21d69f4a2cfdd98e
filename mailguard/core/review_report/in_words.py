"""Numbers and times as the monthly report writes them."""

from __future__ import annotations

from datetime import timedelta


def number(value: int, one: str, many: str) -> str:
    """For example "1 near miss", "1,204 near misses"."""
    return f"{value:,} {one if value == 1 else many}"


def duration(taken: timedelta | None) -> str:
    """For a sentence or a cell, to the two largest units: "40 seconds", "22 minutes", "3 hours 5 minutes", "2 days 4
    hours"; "" for none.
    """
    if taken is None:
        return ""
    seconds = round(taken.total_seconds())
    if seconds < 60:
        return number(seconds, "second", "seconds")
    minutes = round(seconds / 60)
    if minutes < 60:
        return number(minutes, "minute", "minutes")
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _both(number(hours, "hour", "hours"), minutes, "minute")
    days, hours = divmod(round(seconds / 3600), 24)
    return _both(number(days, "day", "days"), hours, "hour")


def minutes(taken: timedelta | None) -> str:
    """For a spreadsheet: whole minutes, "" for none."""
    return "" if taken is None else str(round(taken.total_seconds() / 60))


def share(value: float | None) -> str:
    """For example "33%", "" where there is none."""
    return "" if value is None else f"{value:.0%}"


def _both(large: str, small: int, unit: str) -> str:
    return f"{large} {number(small, unit, unit + 's')}" if small else large
