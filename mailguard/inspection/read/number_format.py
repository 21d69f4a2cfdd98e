"""What a number format does to a value: whether it is a date, and whether anything of the value is shown.

Promises: total on any format code. It must not know where the code stands (SpreadsheetML, BIFF).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
"""ECMA-376 part 1, 18.8.30: the formats that have a number and no code, those of East Asia among them."""

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKETS = re.compile(r"\[[^\]]*\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DATE = re.compile(r"[dmyhsaegb]", re.IGNORECASE)
_SHOWS = re.compile(r"[0#?@dmyhsegb]|general|standard", re.IGNORECASE)
MAX_CODE = 512
_LAST_DAY = 2_958_465
"""31 December 9999."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """is_date: a number is a day. shows_*: whether a value of this sort leaves anything of itself on the screen."""

    is_date: bool = False
    shows_positive: bool = True
    shows_negative: bool = True
    shows_zero: bool = True
    shows_text: bool = True

    @property
    def shows_everything(self) -> bool:
        return self.shows_positive and self.shows_negative and self.shows_zero and self.shows_text

    def shows(self, value: str, is_number: bool) -> bool:
        """Whether this value is seen."""
        if not is_number:
            return self.shows_text
        try:
            number = float(value)
        except ValueError:
            return True
        if number > 0:
            return self.shows_positive
        return self.shows_negative if number < 0 else self.shows_zero


GENERAL = NumberFormat()
DATE = NumberFormat(is_date=True)


def read_format(code: str) -> NumberFormat:
    """Sections for positive, negative, zero and text; what is left out follows the first, text the General format."""
    sections = _sections(code[:MAX_CODE])
    is_date = any(_is_date(section) for section in sections)
    shown = [bool(_SHOWS.search(_bare(section)) or _ELAPSED.search(section)) for section in sections]
    if len(sections) == 1:
        number = shown[0] or not sections[0]
        return NumberFormat(is_date, number, number, number)
    positive, negative = shown[0], shown[1]
    zero = shown[2] if len(sections) > 2 else positive
    return NumberFormat(is_date, positive, negative, zero, shown[3] if len(sections) > 3 else True)


def _sections(code: str) -> list[str]:
    """Split at the semicolons outside of literals."""
    sections, start = [], 0
    blanked = _LITERAL.sub(lambda found: "_" * len(found[0]), code)
    for place in [*(found.start() for found in re.finditer(";", blanked)), len(code)]:
        sections.append(code[start:place])
        start = place + 1
    return sections[:4]


def _bare(section: str) -> str:
    """A section without literals, colours and conditions."""
    return _BRACKETS.sub("", _LITERAL.sub("", section))


def _is_date(section: str) -> bool:
    bare = _bare(section)
    if "general" in bare.lower() or "standard" in bare.lower() or "@" in bare:
        return False
    return bool(_ELAPSED.search(section) or (_DATE.search(bare) and not _scientific(bare)))


def _scientific(bare: str) -> bool:
    """0.00E+00 has an E and is no date."""
    return bool(re.search(r"[0#?]\.?E[+-]", bare, re.IGNORECASE)) and not re.search("[dmyhs]", bare, re.IGNORECASE)


def as_date(value: str, epoch_1904: bool) -> str:
    """A number of days as ISO 8601, the time only if there is one; what is no day stays as it was."""
    try:
        days = float(value)
    except ValueError:
        return value
    if not 0 <= days < _LAST_DAY:
        return value
    if days < 1:
        return _time_of_day(days)
    begin = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 31 if days < 60 else 30)
    moment = begin + timedelta(seconds=round(days * 86_400))
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat(sep=" ")


def _time_of_day(days: float) -> str:
    seconds = round(days * 86_400)
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
