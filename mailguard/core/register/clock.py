"""The 72 hours of UK GDPR Article 33(1): from when the organisation was aware, in plain hours, day and night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from .record import BREACHES, Incident

ALLOWED = timedelta(hours=72)


class ClockState(StrEnum):
    """NONE: nothing to tell the Commissioner. NOT_AWARE: a breach of which nobody wrote when it was known."""

    NONE = "none"
    NOT_AWARE = "not_aware"
    NOT_REPORTED = "not_reported"
    RUNNING = "running"
    OVERDUE = "overdue"
    IN_TIME = "in_time"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class NotificationClock:
    """deadline: aware_at + 72 h. hours_left: of a clock that runs, below zero when it has run out. hours_to_report:
    from being aware to telling the Commissioner.
    """

    state: ClockState
    deadline: datetime | None = None
    hours_left: float | None = None
    hours_to_report: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state.value,
            "deadline": self.deadline.isoformat() if self.deadline else None,
            "hours_left": self.hours_left,
            "hours_to_report": self.hours_to_report,
        }


def clock_of(record: Incident, now: datetime) -> NotificationClock:
    """How it stands. now: aware. A decision not to report stops it; telling the Commissioner ends it."""
    if record.kind not in BREACHES:
        return NotificationClock(ClockState.NONE)
    if record.aware_at is None:
        return NotificationClock(ClockState.NOT_AWARE)
    deadline = record.aware_at + ALLOWED
    if record.notified_ico_at is not None:
        state = ClockState.IN_TIME if record.notified_ico_at <= deadline else ClockState.LATE
        return NotificationClock(state, deadline, hours_to_report=_hours(record.notified_ico_at - record.aware_at))
    if record.decision_ico == "not_report":
        return NotificationClock(ClockState.NOT_REPORTED, deadline)
    left = deadline - now
    return NotificationClock(ClockState.RUNNING if left >= timedelta(0) else ClockState.OVERDUE, deadline, _hours(left))


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 1)
