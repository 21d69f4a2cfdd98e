"""A stricter number for a rule, out of messages that left and that a breach of the register names. Pure.

What a stricter number would have held nobody has looked at, but for these: somebody wrote down that they should not
have left. Of all others that it would have held too nothing is known but how many they are, so that is told with it.

INVARIANT: a number is proposed only for the sake of a breach whose message it is certain to have held; what the record
does not tell is counted as such, never guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..policy.model import Policy, Rule
from ..policy.tree import Truth
from .kept import Fate, Kept, Recounting, Truths, fate_of, only_delays, values_of
from .numbers import Threshold, thresholds, with_threshold
from .suggestion import A_MONTH, holds_mail, some_of

LEFT = frozenset({"message_relayed", "message_uncertain", "copies_queued", "recipients_queued"})
"""Kinds of entries after which a message that nothing held has left, or may have."""
MOST_LOOKED_AT = 20_000
"""Messages that left, the newest ones, among which the others are counted."""
MOST_ASKED = 1000
"""Of the others, of how many the evidence is asked who sent them, where an `unless` makes that matter."""
MOST_BREACHES = 1000
"""Breaches of the register, the newest ones, whose messages are looked at."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A message that left and that nothing held. then: the rules of the policy that decided, by id. breaches: the
    references of those that name it.
    """

    kept: Kept
    then: Mapping[str, Rule]
    breaches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """The breaches that were looked at, by what became of the message that they name: left: nothing held it, and it
    left. held_then: it was held, and let go. not_left: the ledger knows of none that left. without: how many name none.
    """

    left: tuple[Passed, ...] = ()
    held_then: tuple[str, ...] = ()
    not_left: tuple[str, ...] = ()
    without: int = 0


@dataclass(frozen=True, slots=True)
class Stricter:
    """What today's policy with another number would have held that it would not hold with today's. breaches: those of
    whose messages it holds all that any number of that condition would. others, unknown: how many others that left it
    would have held, and of how many that cannot be told.
    """

    number: int
    breaches: tuple[str, ...]
    others: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class StricterNumbers:
    """Of one number of the rule: others, the nearest first. proposed: one of them, None where there is none.
    out_of_reach: breaches of which none would have held any message; unknown: of which the record does not tell.
    """

    threshold: Threshold
    effects: tuple[Stricter, ...]
    proposed: Stricter | None
    out_of_reach: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tightening:
    """days: in which the others left. looked_at: how many others; is_limited: there were more, older ones. left: the
    breaches whose message left; of these held_today: today's policy would hold it as it is. named: of the others.
    """

    rule: Rule
    days: float
    looked_at: int
    is_limited: bool
    named: Named
    left: tuple[str, ...]
    held_today: tuple[str, ...]
    numbers: tuple[StricterNumbers, ...]

    def a_month(self, count: int) -> float:
        return count * A_MONTH / self.days if self.days > 0 else 0.0

    def is_much(self, one: Stricter) -> bool:
        """Whether it would hold more than one in ten of all that leaves: then it is no threshold any more."""
        return one.others * 10 > self.looked_at > 0


@dataclass(slots=True)
class _Tried:
    """One number of the rule while others are counted. rules: with another number each, the nearest first. reached: the
    place of the first one that holds all of a breach that can be held.
    """

    threshold: Threshold
    rules: list[tuple[int, Rule]]
    reached: Mapping[str, int]
    out_of_reach: tuple[str, ...]
    unknown: tuple[str, ...]
    others: Counter[int] = field(default_factory=Counter)
    open: Counter[int] = field(default_factory=Counter)

    def result(self) -> StricterNumbers:
        effects = tuple(
            Stricter(number, _up_to(self.reached, place), self.others[number], self.open[number])
            for place, (number, _) in enumerate(self.rules)
        )
        # The last of them is the first one that holds every breach that any number would.
        proposed = effects[-1] if effects else None
        return StricterNumbers(self.threshold, effects, proposed, self.out_of_reach, self.unknown)


class Tightenings:
    """Which stricter numbers there are, by the messages that breaches name; then `take` others that left, one by one,
    so that few are in memory; then `result`. policy: the one in force.
    """

    def __init__(self, rule: Rule, policy: Policy, named: Named) -> None:
        self._rule = rule
        self._policy = policy
        self._named = named
        self._recounting = Recounting()
        self._number = 0
        truths = [(each, self._truths(each)) for each in named.left]
        self._held_today = [each for each, today in truths if _fate(today, each.kept) is Fate.HELD]
        past = [(each, today) for each, today in truths if _fate(today, each.kept) is not Fate.HELD]
        numbers = thresholds(rule) if holds_mail(rule) else ()
        self._tried = [self._try(each, past) for each in numbers]

    @property
    def asks_for_others(self) -> bool:
        """Whether it matters which others left."""
        return any(each.rules for each in self._tried)

    def asks_who_sent(self, passed: Passed) -> bool:
        """Whether it would be told more of another message with its senders (`Kept.senders`)."""
        if not spares_somebody(self._rule) or passed.kept.senders is not None:
            return False
        then = passed.then.get(self._rule.id)
        strictest = (each.rules[-1][1] for each in self._tried if each.rules)
        return any(self._recounting.truth_of(each, then, passed.kept) is Truth.NEEDS for each in strictest)

    def take(self, others: Iterable[Passed]) -> None:
        """Messages that left and that no breach names."""
        for passed in others:
            self._number += 1
            truths: Truths | None = None
            for tried in self._tried:
                truths = self._count(tried, passed, truths)

    def result(self, days: float, is_limited: bool) -> Tightening:
        return Tightening(
            self._rule,
            days,
            self._number,
            is_limited,
            replace(self._named, left=()),
            _breaches(self._named.left),
            _breaches(self._held_today),
            tuple(each.result() for each in self._tried),
        )

    def _truths(self, passed: Passed) -> Truths:
        return self._recounting.truths_of(self._policy, passed.then, passed.kept)

    def _try(self, threshold: Threshold, past: Sequence[tuple[Passed, Truths]]) -> _Tried:
        values = {value for each, _ in past for value in values_of(each.kept, self._rule.id, threshold.key)}
        numbers = {threshold.first_with(value) for value in values}
        ordered = sorted(filter(threshold.is_stricter, numbers), reverse=threshold.upward)
        rules = [
            (each, changed) for each in ordered if (changed := with_threshold(self._rule, threshold, each)) is not None
        ]
        held: dict[str, int] = {}
        unknown: set[str] = set()
        for passed, truths in past:
            fates = [self._changed(rule, passed, truths) for _, rule in rules]
            if Fate.HELD in fates:
                held |= {each: max(fates.index(Fate.HELD), held.get(each, 0)) for each in passed.breaches}
            elif Fate.UNKNOWN in fates:
                unknown.update(passed.breaches)
        places = sorted(set(held.values()))
        shown = some_of(places, set(places[-1:]))
        reached = {each: next(new for new, old in enumerate(shown) if old >= place) for each, place in held.items()}
        beyond = [each for each in _breaches(passed for passed, _ in past) if each not in held and each not in unknown]
        return _Tried(
            threshold, [rules[each] for each in shown], reached, tuple(beyond), tuple(sorted(unknown - held.keys()))
        )

    def _changed(self, rule: Rule, passed: Passed, today: Truths) -> Fate:
        """What the policy makes of it with another number. SENT where that makes no difference."""
        truth = self._recounting.truth_of(rule, passed.then.get(rule.id), passed.kept)
        if truth is Truth.FALSE:
            return Fate.SENT
        return _fate([(rule, truth) if each.id == rule.id else (each, was) for each, was in today], passed.kept)

    def _count(self, tried: _Tried, passed: Passed, truths: Truths | None) -> Truths | None:
        """truths: of today's policy, None while nobody needed them: with no number does a rule match most mail."""
        for number, rule in reversed(tried.rules):
            truth = self._recounting.truth_of(rule, passed.then.get(rule.id), passed.kept)
            if truth is Truth.FALSE:
                break  # Nor does a looser one.
            truths = truths if truths is not None else self._truths(passed)
            today = _fate(truths, passed.kept)
            if today is Fate.HELD:
                break
            fate = _fate([(rule, truth) if each.id == rule.id else (each, was) for each, was in truths], passed.kept)
            tried.others[number] += fate is Fate.HELD and today is Fate.SENT
            tried.open[number] += fate is Fate.UNKNOWN or (fate is Fate.HELD and today is Fate.UNKNOWN)
        return truths


def _fate(truths: Truths, kept: Kept) -> Fate:
    """Of a message that left. Automatic mail does not wait, and whether it was, nobody asked."""
    found = fate_of(truths, kept)
    return Fate.UNKNOWN if found is Fate.HELD and only_delays(truths) else found


def spares_somebody(rule: Rule) -> bool:
    """Whether it matters to the rule who sent a message that meets its conditions."""
    return rule.unless is not None or bool(rule.exceptions)


def _breaches(passed: Iterable[Passed]) -> tuple[str, ...]:
    return tuple(sorted({breach for each in passed for breach in each.breaches}))


def _up_to(reached: Mapping[str, int], place: int) -> tuple[str, ...]:
    return tuple(sorted(breach for breach, first in reached.items() if first <= place))
