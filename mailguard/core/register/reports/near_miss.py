"""Near misses of a period, one a row: what would have been seen by whom, and what became of the message."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from .. import in_words
from ..lists import Lists
from ..record import Guard, MessageRefs
from ..revision import Revision
from ..table import Table

_KEYS = ("incident", "ref", "at", "rules", "nature", "people", "action", "outcome", "form", "policy")
_HEADINGS = (
    "Incident", "Message", "When", "Rules", "Nature", "People who would have been exposed", "Action", "Outcome",
    "Left as", "Policy",
)  # fmt: skip


def table(records: Sequence[Revision], lists: Lists, zone: ZoneInfo) -> Table:
    rows = tuple(_row(each, lists, zone) for each in records)
    people = sum(each.record.most or 0 for each in records)
    as_was = sum(1 for each in records if each.record.guard and each.record.guard.form == "original")
    notes = (
        f"Near misses: {len(rows):,}. People who would have been exposed, each message by itself: {people:,}.",
        f"Sent as they were after somebody had looked: {as_was:,}.",
    )
    return Table("near-miss", "Near misses", _KEYS, _HEADINGS, rows, notes)


def _row(revision: Revision, lists: Lists, zone: ZoneInfo) -> tuple[str, ...]:
    record = revision.record
    guard, message = record.guard or Guard(), record.message or MessageRefs()
    return (
        revision.incident,
        message.ref or "",
        in_words.minute(record.happened_at, zone),
        " ".join(guard.rules),
        lists.nature(record.mechanism),
        str(record.most) if record.most is not None else "",
        guard.action or "",
        guard.outcome or "",
        guard.form or "",
        guard.policy_revision or "",
    )
