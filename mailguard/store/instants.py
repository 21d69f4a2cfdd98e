"""Times as the store keeps them: whole microseconds since 1970 in UTC, exact, sortable, the same on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""When a row is due that waits for a person. Any time zone can still show it."""


def to_micros(moment: datetime) -> int:
    """ValueError for a time without a zone: it could mean any instant."""
    if moment.tzinfo is None:
        raise ValueError("a time that is stored needs a time zone")
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def optional_micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def optional_moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def iso(micros: int) -> str:
    """2026-03-12T09:00:00.000000Z, always with six digits, so that text sorts as time does."""
    # isoformat ends in +00:00; strftime takes three times as long.
    return from_micros(micros).isoformat(timespec="microseconds")[:-6] + "Z"
