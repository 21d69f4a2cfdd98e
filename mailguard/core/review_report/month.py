"""A month of the calendar, in the organisation's time zone. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ..moment import MONTHS

_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """number: 1 to 12."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """For example "2026-11"."""
        return f"{self.year:04}-{self.number:02}"

    @property
    def in_words(self) -> str:
        """For example "November 2026"."""
        return f"{MONTHS[self.number - 1]} {self.year}"

    @property
    def days(self) -> int:
        return monthrange(self.year, self.number)[1]

    @property
    def last(self) -> date:
        return date(self.year, self.number, self.days)

    @property
    def next(self) -> Month:
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def begins(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(date(self.year, self.number, 1), time(), zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The moment after it."""
        return self.next.begins(zone)


def month_of(at: datetime, zone: ZoneInfo) -> Month:
    """The month of a time, where the organisation is. at: aware."""
    here = at.astimezone(zone)
    return Month(here.year, here.month)


def read_month(text: str) -> Month | None:
    """The month of "2026-11"; None for what is none, and for years that have no next month or no zone's offset."""
    found = _WRITTEN.fullmatch(text)
    return Month(int(found[1]), int(found[2])) if found and 1 < int(found[1]) < 9999 else None
