"""The table of an annual report: incidents that were reported to the Commissioner one by one, and by their nature those
that were recorded and not reported. It is published: small numbers are suppressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from .. import in_words
from ..lists import Lists
from ..record import Incident
from ..revision import Revision
from ..table import Table
from .affected import affected, all_affected, without_small
from .foi import people_told

_KEYS = ("date", "nature", "data", "affected", "steps", "action")
_HEADINGS = (
    "Date of incident", "Nature of incident", "Nature of data involved", "Number of people potentially affected",
    "Notification steps taken", "Further action on information risk",
)  # fmt: skip


def tables(records: Sequence[Revision], lists: Lists, zone: ZoneInfo) -> tuple[Table, ...]:
    told = [each.record for each in records if each.record.notified_ico_at is not None]
    others = [each.record for each in records if each.record.notified_ico_at is None]
    return _reported(told, lists, zone), _recorded(others, lists)


def _reported(records: list[Incident], lists: Lists, zone: ZoneInfo) -> Table:
    below = lists.small_numbers_below
    rows = tuple(
        (
            in_words.day(each.occurred_from, zone),
            lists.nature(each.mechanism),
            lists.data(each.data_categories),
            affected(each, below),
            without_small(_steps(each, zone), each, below),
            without_small(in_words.measures(each.measures_prevention) or "", each, below),
        )
        for each in records
    )
    notes = (f"Incidents: {len(rows):,}. People potentially affected in all: {all_affected(records, below)}.",)
    return Table("annual", "Incidents reported to the Information Commissioner", _KEYS, _HEADINGS, rows, notes)


def _recorded(records: list[Incident], lists: Lists) -> Table:
    below = lists.small_numbers_below
    natures: dict[str, list[Incident]] = {}
    for each in records:
        natures.setdefault(lists.nature(each.mechanism), []).append(each)
    rows = tuple((nature, f"{len(found):,}", all_affected(found, below)) for nature, found in sorted(natures.items()))
    return Table(
        "annual-not-reported",
        "Incidents recorded and not reported to the Information Commissioner",
        ("nature", "incidents", "affected"),
        ("Nature of incident", "Incidents", "People potentially affected"),
        rows,
        (f"Incidents: {len(records):,}.",),
    )


def _steps(record: Incident, zone: ZoneInfo) -> str:
    """Whom was told. What a person wrote about others is left out: it can say how many."""
    steps = [f"Information Commissioner told {in_words.day(record.notified_ico_at, zone)}"]
    told = people_told(record, zone)
    if told != "not recorded":
        steps.append(f"people affected told: {told}")
    steps += [each.who for each in record.others_told]
    return "; ".join(steps)
