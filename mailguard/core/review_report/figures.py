"""What the monthly report says, as values: numbers, no words. Nothing here names a person, an address, a subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from .holds import End
from .month import Month
from .rule_quality import RuleQuality

BUCKETS = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=24),
)
"""Upper ends, not counted in, of the stretches that times to decide are counted in; one more is open at its end."""


class MissEnd(StrEnum):
    """What became of the message of a near miss. PROTECTED: it did not leave, or so that nobody was seen. AS_IT_WAS:
    somebody let it go. OPEN: not decided yet. UNKNOWN: a person entered it, and no entry of the ledger says.
    """

    PROTECTED = "protected"
    AS_IT_WAS = "as_it_was"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class People:
    """Near misses with the people in them: each message by itself, and at most. uncounted: near misses of which nobody
    knows how many.
    """

    near_misses: int = 0
    people: int = 0
    uncounted: int = 0

    def plus(self, people: int | None) -> People:
        return People(self.near_misses + 1, self.people + (people or 0), self.uncounted + (people is None))


@dataclass(frozen=True, slots=True)
class Day:
    """number: of the day in the month."""

    number: int
    judged: int = 0
    held: int = 0
    near_misses: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class Times:
    """From a hold to a person's decision, of messages held in the month. buckets: how many in each of BUCKETS, and in
    what lies behind the last. by_sender: of these, decisions of senders. expired: nobody decided in time.
    """

    decided: int = 0
    median: timedelta | None = None
    ninetieth: timedelta | None = None
    longest: timedelta | None = None
    buckets: tuple[int, ...] = (0,) * (len(BUCKETS) + 1)
    by_sender: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waited for a decision at a moment: how many, and since when the oldest; of whatever month."""

    at: datetime
    count: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """quality: of its holds. enforced, monitored: messages that it matched in either mode. spared: by an exception."""

    quality: RuleQuality
    enforced: int = 0
    monitored: int = 0
    refused: int = 0
    rewritten: int = 0
    errors: int = 0
    spared: int = 0


class ReasonState(StrEnum):
    """SAID: it can be read. NONE: nobody gave one. REMOVED: retention has removed it. WITHHELD: personal data stands in
    it.
    """

    SAID = "said"
    NONE = "none"
    REMOVED = "removed"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Reason:
    state: ReasonState
    text: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A held message that somebody let go as it was. by: number of the reviewer (`Load`), None for its sender. people:
    of its near miss, None where there is none or nobody knows.
    """

    ref: str
    held_at: datetime
    rules: tuple[str, ...]
    by: int | None
    people: int | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Running:
    """An exception that runs out. expires: the first day on which it no longer holds. uses: in the month."""

    rule: str
    id: str
    owner: str
    reason: Reason
    expires: date
    uses: int


@dataclass(frozen=True, slots=True)
class Load:
    """One reviewer, by number: in the order of their first decision. approvals: the first of two. out_of_hours: before
    8am, from 6pm on, on Saturday or Sunday.
    """

    number: int
    decisions: int = 0
    sent: int = 0
    changed: int = 0
    rejected: int = 0
    approvals: int = 0
    out_of_hours: int = 0
    median: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """over: whether the month had ended when the report was made. since: when the ledgers begin, where that is within
    the month. misses: by MissEnd; mechanisms: by how it would have happened. from_ledger:
    near misses whose records are not in the register any more. became: near misses that a person made something else.
    breaches: in the register, that happened in the month. exceptions: None where the month's policy is not known.
    """

    month: Month
    zone: str
    made_at: datetime
    over: bool
    since: datetime | None
    judged: int
    relayed: int
    rewritten: int
    held: int
    refused: int
    days: tuple[Day, ...]
    misses: Mapping[MissEnd, People]
    mechanisms: Mapping[str, People]
    from_ledger: int
    became: int
    breaches: int
    ends: Mapping[End, int]
    times: Times
    waiting: Waiting
    rules: tuple[RuleRow, ...]
    overrides: tuple[Override, ...]
    overrides_more: int
    exceptions: tuple[Running, ...] | None
    reviewers: tuple[Load, ...]
    reviewers_more: Load | None = field(default=None)

    @property
    def near_misses(self) -> int:
        return sum(each.near_misses for each in self.misses.values())

    @property
    def protected(self) -> People:
        return self.misses.get(MissEnd.PROTECTED, People())
