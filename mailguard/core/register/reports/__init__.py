"""Lists over a period, of records and of what the ledger says was decided.

`Asked` is what each of them is given; each gives tables, and the statistics report gives forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..forms.statistics import statistics
from ..lists import Lists
from ..record import BREACHES
from ..revision import Revision
from ..table import Form, Table
from . import annual, foi, near_miss, register, rules, summary
from .tally import Tally


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment after a day. Of the last day of the calendar, its first: nothing happens then."""
    return begin_of(min(day, date.max - _DAY) + _DAY, zone)


_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Both days are counted in; they begin and end in the organisation's time zone."""

    first: date
    last: date

    def begins(self, zone: ZoneInfo) -> datetime:
        return begin_of(self.first, zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The moment after it."""
        return end_of(self.last, zone)

    def holds(self, at: datetime | None, zone: ZoneInfo) -> bool:
        return at is not None and self.begins(zone) <= at < self.ends(zone)

    @property
    def in_words(self) -> str:
        return f"{self.first.isoformat()} to {self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class Asked:
    """records: the current revision of each record of the period, the oldest incident first. tally: of the ledger,
    empty for a report that needs none. now: aware.
    """

    records: Sequence[Revision]
    tally: Tally
    lists: Lists
    zone: ZoneInfo
    now: datetime


@dataclass(frozen=True, slots=True)
class Report:
    tables: tuple[Table, ...] = ()
    forms: tuple[Form, ...] = ()


def report_on(name: str, asked: Asked) -> Report:
    """One of REPORTS. KeyError for another."""
    return REPORTS[name](asked)


def breaches(records: Sequence[Revision]) -> list[Revision]:
    return [each for each in records if each.record.kind in BREACHES]


def near_misses(records: Sequence[Revision]) -> list[Revision]:
    return [each for each in records if each.record.kind == "near_miss"]


def _statistics(asked: Asked) -> Report:
    concerned = [each for each in breaches(asked.records) if each.record.statistics or _embargo(each)]
    return Report(forms=tuple(statistics(each, asked.lists, asked.zone, asked.now) for each in concerned))


def _embargo(revision: Revision) -> bool:
    return revision.record.kind == "embargo_breach"


REPORTS: Mapping[str, Callable[[Asked], Report]] = {
    "summary": lambda asked: Report(
        summary.tables(breaches(asked.records), near_misses(asked.records), asked.tally, asked.now)
    ),
    "near-miss": lambda asked: Report((near_miss.table(near_misses(asked.records), asked.lists, asked.zone),)),
    "rules": lambda asked: Report((rules.table(asked.tally),)),
    "foi": lambda asked: Report((foi.table(breaches(asked.records), asked.lists, asked.zone),)),
    "ico": lambda asked: Report((register.regulators(breaches(asked.records), asked.lists, asked.zone, asked.now),)),
    "register": lambda asked: Report((register.register(breaches(asked.records), asked.lists, asked.zone, asked.now),)),
    "statistics": _statistics,
    "annual": lambda asked: Report(annual.tables(breaches(asked.records), asked.lists, asked.zone)),
}
NEEDS_LEDGER = frozenset({"summary", "rules"})
"""Reports that are made of the decisions in the ledger, too."""
HANDED_OUT = frozenset({"foi", "annual"})
"""Reports that leave the house: small numbers are suppressed in them."""
