"""How far back the rules of a policy look, and what earlier messages answer them.

Conditions ask the past by these answers alone (conditions/earlier.py, same_attachment.py). Where they are the same with
earlier messages and without, so is the verdict: then a message need not be judged again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from ..earlier.past import Past
from ..policy.model import Mode, Policy
from ..policy.tree import questions_in


@dataclass(frozen=True, slots=True)
class Windows:
    """Each stretch that a rule in force names, of lists and of files that were sent; none where no rule asks."""

    lists: frozenset[timedelta] = frozenset()
    files: frozenset[timedelta] = frozenset()

    def answers(self, past: Past) -> tuple[int, ...]:
        """Everything that a condition of these rules can learn of the past."""
        found = [count for each in sorted(self.lists) for count in (past.batch(each), past.shown_again(each))]
        found += [max((file.already_sent_to(each) for file in past.files), default=0) for each in sorted(self.files)]
        return tuple(found)

    def __or__(self, other: Windows) -> Windows:
        return Windows(self.lists | other.lists, self.files | other.files)


def windows_of(policy: Policy) -> Windows:
    """The stretches of the rules that are not off."""
    asked = [each for rule in policy.rules if rule.mode is not Mode.OFF for each, _ in questions_in(rule.when)]
    return Windows(
        _known(each.condition.looks_back(each.operand) for each in asked),
        _known(each.condition.files_look_back(each.operand) for each in asked),
    )


def _known(stretches: Iterable[timedelta | None]) -> frozenset[timedelta]:
    return frozenset(each for each in stretches if each is not None)
