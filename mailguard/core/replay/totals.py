"""What a replay comes to, counted: by outcome, by rule, by day. It answers "how many holds a day" and "has it already
happened". Plain counts; a message is known by its position alone.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from .outcome import HOLD, OUTCOMES, Match, Record

LARGEST = 5
"""So many messages are named of each rule."""


@dataclass(slots=True)
class RuleTotal:
    """messages: that it matched; decided: whose outcome it was. first, last: dates of those that have one.

    largest: (number, what it counts, position), the largest first.
    """

    mode: str
    action: str
    messages: int = 0
    decided: int = 0
    errors: int = 0
    first: date | None = None
    last: date | None = None
    _largest: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, match: Match, position: int, day: date | None, *, decided: bool) -> None:
        self.messages += 1
        self.decided += decided
        self.errors += match.errs
        if day is not None:
            self.first = day if self.first is None else min(self.first, day)
            self.last = day if self.last is None else max(self.last, day)
        if match.number:
            heapq.heappush(self._largest, (match.number, -position, match.of))
            if len(self._largest) > LARGEST:
                heapq.heappop(self._largest)

    @property
    def largest(self) -> tuple[tuple[int, str, int], ...]:
        return tuple((number, of, -place) for number, place, of in sorted(self._largest, reverse=True))

    def to_json(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "action": self.action,
            "messages": self.messages,
            "decided": self.decided,
            "errors": self.errors,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "largest": [{"number": number, "of": of, "position": place} for number, of, place in self.largest],
        }


class Totals:
    """Of one policy. rules: (id, mode, action) of its rules, in order, so that one that never matched is told too.

    which: the number of the policy among those that were replayed. zone: whose days are counted.
    """

    def __init__(self, rules: list[tuple[str, str, str]], which: int = 0, zone: tzinfo = UTC) -> None:
        self.rules = {name: RuleTotal(mode, action) for name, mode, action in rules}
        self.outcomes = Counter[str](dict.fromkeys(OUTCOMES, 0))
        self.unreadable = Counter[str]()
        self.days: dict[date, Counter[str]] = {}
        self.undated = 0
        self.waits = 0
        self._which = which
        self._zone = zone

    @property
    def messages(self) -> int:
        return self.outcomes.total() + self.unreadable.total()

    def add(self, record: Record) -> None:
        """Of what was not judged to its end, what is known of its rules counts."""
        day = self.day_of(record.at)
        if record.unreadable is not None:
            self.unreadable[record.unreadable] += 1
            for match in record.outcomes[self._which].matches if record.outcomes else ():
                self._add_match(match, record.position, day, decided=False)
            return
        outcome = record.outcomes[self._which]
        self.outcomes[outcome.outcome] += 1
        self.waits += outcome.outcome == HOLD and outcome.waits
        if day is None:
            self.undated += 1
        else:
            counts = self.days.setdefault(day, Counter())
            counts[outcome.outcome] += 1
        for match in outcome.matches:
            self._add_match(match, record.position, day, decided=match.rule == outcome.rule)

    def _add_match(self, match: Match, position: int, day: date | None, *, decided: bool) -> None:
        # A floor, and a rule that only an invitation of before remembers, is not among the rules.
        self.rules.setdefault(match.rule, RuleTotal("enforce", HOLD)).add(match, position, day, decided=decided)

    def day_of(self, at: datetime | None) -> date | None:
        return at.astimezone(self._zone).date() if at is not None else None

    @property
    def first(self) -> date | None:
        return min(self.days, default=None)

    @property
    def last(self) -> date | None:
        return max(self.days, default=None)

    @property
    def span_days(self) -> int:
        """How many days there are from the first to the last, both counted."""
        return (max(self.days) - min(self.days)).days + 1 if self.days else 0

    @property
    def most_holds(self) -> tuple[date, int] | None:
        """The day with the most holds, the first of several, and how many."""
        holds = [(day, counts[HOLD]) for day, counts in sorted(self.days.items()) if counts[HOLD]]
        return max(holds, key=lambda each: each[1], default=None)

    def to_json(self) -> dict[str, Any]:
        """The object of INTERFACE.md `replay --json`, with more keys beside those."""
        return {
            "messages": self.messages,
            **{each: self.outcomes[each] for each in OUTCOMES},
            "unreadable": self.unreadable.total(),
            "rules": {name: total.messages for name, total in self.rules.items()},
            "unreadable_because": dict(sorted(self.unreadable.items())),
            "waits": self.waits,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "undated": self.undated,
            "days": {day.isoformat(): _day(counts) for day, counts in sorted(self.days.items())},
            "by_rule": {name: total.to_json() for name, total in self.rules.items()},
        }


def _day(counts: Counter[str]) -> dict[str, int]:
    return {"messages": counts.total(), **{each: counts[each] for each in OUTCOMES}}
