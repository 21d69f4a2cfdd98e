"""Dates as people and programs write them in cells, as far as they could be dates of birth.

The order of day and month does not matter here: only the year is used, and that the rest could be a day.
"""

from __future__ import annotations

import re

EARLIEST_YEAR, LATEST_YEAR = 1900, 2040
"""Nobody older than this is in a register of the living; no clock tells this module what year it is."""
PIVOT = 40
"""Years of two digits below this are 20xx."""
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?Z?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]?([a-z]{3})[a-z]{0,6}\.?,?[-/. ]?(\d{4}|\d{2})", re.ASCII | re.I)
_NAMED_FIRST = re.compile(r"([a-z]{3})[a-z]{0,6}\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.ASCII | re.I)
_WHOLE_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)", re.ASCII)
_SHAPES = re.compile(
    r"(?:9{4}([-/.])99?\1 ?99?|99?([-/. ])99?\2(?:9999|99))(?:[aT ]99?:99.*)?"
    r"|99?(?:aa)?[-/. ]?[aA]\.?,?[-/. ]?(?:9999|99)"
    r"|[aA]\.? 99?(?:aa)?,? 9999"
)


def may_be_date(shape: str) -> bool:
    """Whether values of this shape (shape.py) can be dates: asked once for each shape, not for each value."""
    return _SHAPES.fullmatch(shape) is not None


def year_of(value: str) -> int | None:
    """The year of a value that is a date with a plausible day and month, else None."""
    if found := _YEAR_FIRST.fullmatch(value):
        year, month, day = found[1], int(found[3]), int(found[4])
    elif found := _YEAR_LAST.fullmatch(value):
        year, month, day = found[4], int(found[3]), int(found[1])
        if month > 12:
            month, day = day, month
    elif found := _NAMED.fullmatch(value):
        year, month, day = found[3], _month(found[2]), int(found[1])
    elif found := _NAMED_FIRST.fullmatch(value):
        year, month, day = found[3], _month(found[1]), int(found[2])
    else:
        return None
    return _full(int(year), len(year)) if 1 <= month <= 12 and 1 <= day <= 31 else None


def may_be_birth(value: str) -> bool:
    """Whether a value is a date on which somebody alive may have been born."""
    if len(value) == 10 and value[4] == value[7] == "-":
        return "1900" <= value[:4] <= "2040" and "01" <= value[5:7] <= "12" and "01" <= value[8:] <= "31"
    year = year_of(value)
    return year is not None and EARLIEST_YEAR <= year <= LATEST_YEAR


def has_whole_year(value: str) -> bool:
    """Four digits for the year: 1.4.62 is a version as well as a date."""
    return _WHOLE_YEAR.search(value) is not None


def is_day(day: int, month: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _month(name: str) -> int:
    name = name.lower()
    return _MONTHS.index(name) + 1 if name in _MONTHS else 0


def _full(year: int, digits: int) -> int:
    if digits == 4:
        return year
    return 2000 + year if year < PIVOT else 1900 + year
