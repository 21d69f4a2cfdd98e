"""Another number for a rule, with what it would have made of what the rule held: proposed, and never set. Pure.

INVARIANT: no number is proposed with which a message would have left, or might have, that somebody changed or did not
send; of every other number the table says how many of these would have left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..policy.model import Action, Mode, Policy, Rule
from ..policy.tree import Truth
from ..review_report.holds import End
from .kept import Fate, Kept, Recounting, Truths, fate_of, values_of
from .numbers import Threshold, thresholds, with_threshold

CAUGHT = frozenset({End.CHANGED, End.REJECTED, End.CANCELLED, End.EXPIRED})
"""Holds that did what they are for, or may have: the message did not leave as it was."""
LEAST = 10
"""Holds of a rule that somebody ended: of fewer nothing is proposed."""
MOST_SHOWN = 8
"""Numbers of a table."""
A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Hold:
    """A message that was held. then: the rules of the policy that decided, by id. wrong: whether somebody said so."""

    kept: Kept
    then: Mapping[str, Rule]
    end: End
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """Of the holds that today's rule makes, with another number: sent: how many would not have been, by what became of
    them. unknown: likewise, of which the record does not tell whether they would have been. wrong: how many of `sent`
    somebody said to be wrong.
    """

    number: int
    sent: Mapping[End, int]
    unknown: Mapping[End, int]
    wrong: int

    @property
    def total(self) -> int:
        return sum(self.sent.values())

    @property
    def caught(self) -> int:
        """Of those that would not have been held, how many left changed or not at all."""
        return sum(count for end, count in self.sent.items() if end in CAUGHT)

    @property
    def caught_perhaps(self) -> int:
        return sum(count for end, count in self.unknown.items() if end in CAUGHT)

    @property
    def is_harmless(self) -> bool:
        return self.caught + self.caught_perhaps == 0

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "not_held": self.total,
            "by_end": {end.value: count for end, count in sorted(self.sent.items())},
            "said_wrong": self.wrong,
            "caught": self.caught,
            "cannot_be_told": sum(self.unknown.values()),
            "caught_perhaps": self.caught_perhaps,
        }


@dataclass(frozen=True, slots=True)
class Candidates:
    """Of one number of the rule: others, the nearest first. proposed: one of them, None where there is none."""

    threshold: Threshold
    effects: tuple[Effect, ...]
    proposed: Effect | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """days: of the time that was looked at. held: messages that the rule held then and would hold today, by what became
    of them; no_longer: that it would not hold today, since the policy is another; unknown: of which that is not told.
    """

    rule: Rule
    days: float
    held: Mapping[End, int]
    no_longer: int
    unknown: int
    candidates: tuple[Candidates, ...]

    @property
    def total(self) -> int:
        return sum(self.held.values())

    @property
    def ended(self) -> int:
        return self.total - self.held.get(End.OPEN, 0) - self.held.get(End.BY_ITSELF, 0)

    @property
    def is_enough(self) -> bool:
        return self.ended >= LEAST

    def a_month(self, count: int) -> float:
        return count * A_MONTH / self.days if self.days > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Past:
    """A hold of today's rule. without: what would have become of it if the rule had not matched."""

    hold: Hold
    without: Fate


def suggest(rule: Rule, policy: Policy, holds: Iterable[Hold], days: float) -> Suggestion:
    """What other numbers of the rule would have made of the messages that it held. policy: the one in force."""
    past, counts, recounting = [], Counter[Fate](), Recounting()
    for hold in holds:
        truths = recounting.truths_of(policy, hold.then, hold.kept)
        fate = _today(rule, truths, hold.kept)
        counts[fate] += 1
        if fate is Fate.HELD:
            past.append(_Past(hold, fate_of(truths, hold.kept, rule)))
    held = Counter(each.hold.end for each in past)
    found = Suggestion(rule, days, held, counts[Fate.SENT], counts[Fate.UNKNOWN], ())
    numbers = thresholds(rule) if holds_mail(rule) else ()
    return replace(found, candidates=tuple(_candidates(each, rule, past, found.is_enough) for each in numbers))


def holds_mail(rule: Rule) -> bool:
    """Whether there can be holds of it to look at: what it refuses, or only records, nobody decides about."""
    return rule.mode is Mode.ENFORCE and rule.action is Action.HOLD


def _today(rule: Rule, truths: Truths, kept: Kept) -> Fate:
    """HELD: the rule would match it today, and the policy hold it. SENT: not, or not because of this rule."""
    truth = next((truth for each, truth in truths if each.id == rule.id), Truth.FALSE)
    if truth is Truth.NEEDS:
        return Fate.UNKNOWN
    return Fate.SENT if truth is Truth.FALSE else fate_of(truths, kept)


def _effect_of(number: int, threshold: Threshold, rule: Rule, past: Sequence[_Past]) -> Effect | None:
    """None where the rule cannot have this number."""
    changed = with_threshold(rule, threshold, number)
    if changed is None:
        return None
    sent, unknown, wrong, recounting = Counter[End](), Counter[End](), 0, Recounting()
    for each in past:
        fate = _fate_of(changed, each, recounting)
        sent[each.hold.end] += fate is Fate.SENT
        unknown[each.hold.end] += fate is Fate.UNKNOWN
        wrong += fate is Fate.SENT and each.hold.wrong
    return Effect(number, +sent, +unknown, wrong)


def _fate_of(changed: Rule, past: _Past, recounting: Recounting) -> Fate:
    truth = recounting.truth_of(changed, past.hold.then.get(changed.id), past.hold.kept)
    if truth is Truth.FALSE:
        return past.without
    return Fate.UNKNOWN if truth is Truth.NEEDS and past.without is not Fate.HELD else Fate.HELD


def _candidates(threshold: Threshold, rule: Rule, past: Sequence[_Past], is_enough: bool) -> Candidates:
    values = {value for each in past for value in values_of(each.hold.kept, rule.id, threshold.key)}
    numbers = sorted({threshold.first_without(value) for value in values}, reverse=not threshold.upward)
    numbers = [each for each in numbers if threshold.is_looser(each)]

    def effect(number: int) -> Effect | None:
        return _effect_of(number, threshold, rule, past)

    proposed, harmful = _last_harmless(numbers, effect)
    shown = some_of(numbers, {each.number for each in (proposed, harmful) if each is not None})
    effects = [found for number in shown if (found := effect(number)) is not None]
    is_useful = proposed is not None and is_enough and proposed.sent.get(End.SENT, 0) > 0
    some = tuple(each for each in effects if each.total or each.unknown)
    return Candidates(threshold, some, proposed if is_useful else None)


def _last_harmless(
    numbers: Sequence[int], effect: Callable[[int], Effect | None]
) -> tuple[Effect | None, Effect | None]:
    """The loosest with which nothing would have left that somebody changed or did not send, and the next one. A looser
    number lets out no less, so the place is found by halving.
    """
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        found = effect(numbers[middle])
        if found is not None and found.is_harmless:
            low = middle + 1
        else:
            high = middle
    return (
        effect(numbers[low - 1]) if low else None,
        effect(numbers[low]) if low < len(numbers) else None,
    )


def some_of(numbers: Sequence[int], wanted: set[int]) -> list[int]:
    """A few of them, evenly, and those that are wanted whatever else."""
    others = [each for each in numbers if each not in wanted]
    room = MOST_SHOWN - len(wanted)
    if len(others) > room:
        others = [others[(2 * place + 1) * len(others) // (2 * room)] for place in range(room)]
    return [each for each in numbers if each in wanted or each in set(others)]
