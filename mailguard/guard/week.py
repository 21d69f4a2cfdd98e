"""What a week came to, as numbers: for senders who had something held, and for whoever decides. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from ..core.lifecycle import OPEN, State
from .records import Held


@dataclass(frozen=True, slots=True)
class Week:
    """from `since` to `until`, the latter not counted in; aware, in the organisation's time zone."""

    since: datetime
    until: datetime

    @property
    def name(self) -> str:
        """As ISO 8601 numbers it, for example "2026-W47"."""
        year, number, _ = self.since.isocalendar()
        return f"{year}-W{number:02}"


def week_before(now: datetime) -> Week:
    """The week, Monday to Sunday, before that of a time. now: in the organisation's time zone, where days begin."""
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    return Week(monday - timedelta(days=7), monday)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of messages that were held. forms: how many left in each form. decision_minutes: what half of the
    decisions of people took at the most, None where there were none.
    """

    held: int
    forms: dict[str, int]
    rejected: int
    cancelled: int
    expired: int
    waiting: int
    decision_minutes: int | None


def tally(messages: Sequence[Held]) -> Tally:
    states = Counter(each.state for each in messages)
    left = [each for each in messages if each.state not in OPEN and each.state not in _NOT_SENT]
    taken = [
        (each.decided_at - each.received_at).total_seconds() / 60
        for each in messages
        if each.decided_at is not None and each.decided_by not in (None, "mailguard")
    ]
    return Tally(
        held=len(messages),
        forms=dict(Counter(each.released_as or "original" for each in left)),
        rejected=states[State.REJECTED],
        cancelled=states[State.CANCELLED],
        expired=states[State.EXPIRED],
        waiting=sum(states[state] for state in OPEN),
        decision_minutes=round(median(taken)) if taken else None,
    )


_NOT_SENT = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED})
