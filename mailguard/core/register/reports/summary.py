"""A period in a few numbers: mail, near misses, breaches and the 72 hours, time to decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from ..clock import ClockState, clock_of
from ..revision import Revision
from ..table import Table
from .tally import Tally


def tables(
    breaches: Sequence[Revision], near_misses: Sequence[Revision], tally: Tally, now: datetime
) -> tuple[Table, ...]:
    clocks = [clock_of(each.record, now) for each in breaches]
    states = [each.state for each in clocks]
    people = sum(each.record.most or 0 for each in near_misses)
    rows = (
        ("messages", "Messages judged", str(tally.messages)),
        ("relayed", "Passed as they were", str(tally.relayed)),
        ("rewritten", "Passed rewritten", str(tally.rewritten)),
        ("held", "Held", str(tally.held)),
        ("refused", "Refused", str(tally.refused)),
        ("decision_minutes", "Minutes to a decision, half of them at the most", _minutes(tally.decided_after)),
        ("near_misses", "Near misses", str(len(near_misses))),
        ("people", "People who would have been exposed", str(people)),
        ("breaches", "Breaches", str(len(breaches))),
        ("reported", "Reported to the Commissioner", str(_count(states, ClockState.IN_TIME, ClockState.LATE))),
        ("late", "Reported after the 72 hours", str(_count(states, ClockState.LATE))),
        ("not_reported", "Decided not to report", str(_count(states, ClockState.NOT_REPORTED))),
        ("running", "Not decided or not told yet", str(_count(states, ClockState.RUNNING, ClockState.OVERDUE))),
        ("overdue", "Of these after the 72 hours", str(_count(states, ClockState.OVERDUE))),
    )
    return (Table("summary", "Summary", ("name", "what", "number"), ("Name", "What", "Number"), rows),)


def _count(states: list[ClockState], *wanted: ClockState) -> int:
    return sum(each in wanted for each in states)


def _minutes(taken: list[timedelta]) -> str:
    return str(round(median(each / timedelta(minutes=1) for each in taken))) if taken else ""
