"""What the reason of a rule is made of: the conditions that have something to tell, in which words, and about what.

Promises: the places are those of the clauses, and no others; no condition that a `not` turns round tells anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ..observation import Observation
from ..place import Place
from .tree import Evaluation, Seen, Truth

MOST_PLACES = 10
"""Of one reason: whoever is led to ten attachments looks at the others, too."""


def clauses(evaluation: Evaluation, matched: bool, observation: Observation) -> list[str]:
    """Each once. matched: whether only what holds has something to tell."""
    told: dict[str, None] = {}
    for each in _telling(evaluation, matched):
        if clause := _clause(each, observation):
            told[clause] = None
    return list(told)


def places(evaluation: Evaluation, observation: Observation) -> tuple[Place, ...]:
    """Where that stands of which `clauses` of a match tells; where it tells nothing, what its conditions looked at."""
    telling = _telling(evaluation, matched=True)
    told = [each for each in telling if _clause(each, observation)]
    tests = [each.test for each in told or telling]
    return few(place for test in tests for place in test.condition.places(observation, test.operand))


def few(found: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(islice(dict.fromkeys(found), MOST_PLACES))


def _telling(evaluation: Evaluation, matched: bool) -> list[Seen]:
    """What the message carries comes first, and once: the other findings tell of the same data in other words."""
    carrying: list[Seen] = []
    telling: list[Seen] = []
    for each in evaluation.seen:
        if not each.negated and (not matched or each.truth is Truth.TRUE):
            (telling if each.test.condition.says is None else carrying).append(each)
    return [*carrying[:1], *telling]


def _clause(seen: Seen, observation: Observation) -> str | None:
    if not seen.value:
        return None
    condition = seen.test.condition
    if condition.says is not None:
        return condition.says(observation, seen.test.operand)
    return condition.clause(observation, seen.value)
