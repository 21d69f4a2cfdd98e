"""The list that an answer to a freedom-of-information request needs: date, nature, organisation, number affected,
notification, outcome. It leaves the house.

INVARIANT: no narrative, and no number of people below the threshold, nor one from which it follows (small_numbers.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from .. import in_words
from ..lists import Lists
from ..record import Incident
from ..revision import Revision
from ..table import Table
from .affected import affected, all_affected, by_type, without_small

_KEYS = (
    "date", "nature", "data", "organisation", "affected", "by_type", "aware", "notified", "people_told", "outcome",
)  # fmt: skip
_HEADINGS = (
    "Date of incident", "Nature", "Data", "Organisation", "People affected", "By type", "Date aware",
    "Regulator told", "People told", "Outcome",
)  # fmt: skip


def table(records: Sequence[Revision], lists: Lists, zone: ZoneInfo) -> Table:
    below = lists.small_numbers_below
    rows = tuple(_row(each.record, lists, zone) for each in records)
    notes = (
        f"Incidents: {len(rows):,}. People affected in all: {all_affected([each.record for each in records], below)}.",
        f"Numbers of people from 1 to {below - 1} are not given, so that nobody can be recognised; where one is "
        "missing, a total says how many there are at least.",
    )
    return Table("foi", "Incidents", _KEYS, _HEADINGS, rows, notes)


def _row(record: Incident, lists: Lists, zone: ZoneInfo) -> tuple[str, ...]:
    below = lists.small_numbers_below
    return (
        in_words.day(record.occurred_from, zone),
        lists.nature(record.mechanism),
        lists.data(record.data_categories),
        in_words.organisation_of(record, lists) or "",
        affected(record, below),
        by_type(record, lists, below),
        in_words.day(record.aware_at, zone),
        notified(record, zone),
        people_told(record, zone),
        without_small(in_words.outcome(record), record, below),
    )


def notified(record: Incident, zone: ZoneInfo) -> str:
    if record.notified_ico_at is not None:
        return f"yes, {in_words.day(record.notified_ico_at, zone)}"
    return "no"


def people_told(record: Incident, zone: ZoneInfo) -> str:
    """Without how many: that says how many there are."""
    if record.subjects_told is None:
        return "not recorded"
    if not record.subjects_told.told:
        return "no"
    at = in_words.day(record.subjects_told.at, zone)
    return f"yes, {at}" if at else "yes"
