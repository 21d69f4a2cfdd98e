"""The quality of rules: per rule, which share of its holds was changed, stopped, or sent as it was. Pure.

A hold counts for each rule because of which the message was held. A rule whose holds mostly leave as they were stops
what may pass; one whose holds are mostly changed or stopped does what it is for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .holds import End, Life


@dataclass(frozen=True, slots=True)
class RuleQuality:
    """Of one rule, numbers of holds. rejected, cancelled, expired: were stopped, by a reviewer, by the sender, by the
    deadline. by_itself: only had to wait and left. open: not decided yet.
    """

    rule: str
    held: int = 0
    sent: int = 0
    changed: int = 0
    rejected: int = 0
    cancelled: int = 0
    expired: int = 0
    by_itself: int = 0
    open: int = 0

    @property
    def stopped(self) -> int:
        return self.rejected + self.cancelled + self.expired

    @property
    def ended(self) -> int:
        """Holds that shares are of: neither those that are open nor those about which nobody was to decide."""
        return self.sent + self.changed + self.stopped

    @property
    def sent_share(self) -> float | None:
        """0 to 1, of `ended`; None where there is none. Likewise the others."""
        return self._share(self.sent)

    @property
    def changed_share(self) -> float | None:
        return self._share(self.changed)

    @property
    def stopped_share(self) -> float | None:
        return self._share(self.stopped)

    def _share(self, number: int) -> float | None:
        return number / self.ended if self.ended else None


def rule_quality(lives: Iterable[Life]) -> Mapping[str, RuleQuality]:
    """By rule, in alphabetical order: of all rules that held something."""
    ends: dict[str, Counter[End]] = {}
    for life in lives:
        for rule in life.rules:
            ends.setdefault(rule, Counter())[life.end] += 1
    return {rule: _of(rule, counted) for rule, counted in sorted(ends.items())}


def _of(rule: str, counted: Counter[End]) -> RuleQuality:
    return RuleQuality(rule, held=counted.total(), **{end.value: number for end, number in counted.items()})
