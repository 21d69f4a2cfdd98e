"""Conditions combined: the tree that a `when` is compiled into, and what it comes to for one observation.

Truth has four values. What one condition says can settle the matter whatever another would say: a false one settles
`all`, a true one settles `any`, also beside a condition that errs or that needs an inspection first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from ..observation import Observation
from .conditions.declaration import Condition


class Truth(Enum):
    FALSE = "false"
    TRUE = "true"
    ERROR = "error"
    NEEDS = "needs"


@dataclass(frozen=True, slots=True)
class Question:
    """One condition with what it is compared to."""

    condition: Condition
    operand: Any


@dataclass(frozen=True, slots=True)
class Every:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


Node = Question | Every | Some | Not


class Seen(NamedTuple):
    """What one condition came to. error: why it could not say. negated: it stands under an odd number of `not`.

    A tuple, since dozens are made for each message: a frozen dataclass takes three times as long to make.
    """

    test: Question
    truth: Truth
    value: Any
    error: str | None = None
    negated: bool = False


class Evaluation(NamedTuple):
    truth: Truth
    seen: tuple[Seen, ...]
    needs: tuple[str, ...] = ()


def evaluate(node: Node, observation: Observation) -> Evaluation:
    """What the tree comes to. Never raises for what a condition does: that is Truth.ERROR."""
    seen: list[Seen] = []
    needs: dict[str, None] = {}
    truth = _evaluate(node, observation, seen, needs, negated=False)
    return Evaluation(truth, tuple(seen), tuple(needs) if truth is Truth.NEEDS else ())


def _evaluate(
    node: Node, observation: Observation, seen: list[Seen], needs: dict[str, None], *, negated: bool
) -> Truth:
    if isinstance(node, Question):
        return _look(node, observation, seen, needs, negated)
    if isinstance(node, Not):
        return NEGATION[_evaluate(node.node, observation, seen, needs, negated=not negated)]
    # A list and no set: an Enum is hashed in Python, and there are few.
    return combined(node, [_evaluate(each, observation, seen, needs, negated=negated) for each in node.nodes])


def combined(node: Every | Some, truths: Collection[Truth]) -> Truth:
    """What the truths of all its nodes come to, whatever their order; there is at least one."""
    for truth in _ALL if isinstance(node, Every) else _ANY:
        if truth in truths:
            return truth
    raise ValueError("a combination of no conditions")


NEGATION = {Truth.FALSE: Truth.TRUE, Truth.TRUE: Truth.FALSE, Truth.ERROR: Truth.ERROR, Truth.NEEDS: Truth.NEEDS}
_ALL = (Truth.FALSE, Truth.ERROR, Truth.NEEDS, Truth.TRUE)
_ANY = (Truth.TRUE, Truth.ERROR, Truth.NEEDS, Truth.FALSE)


def _look(test: Question, observation: Observation, seen: list[Seen], needs: dict[str, None], negated: bool) -> Truth:
    try:
        found = test.condition.look(observation, test.operand)
    except Exception as error:  # a condition that breaks must not break the judgement: the rule errs, which tightens
        seen.append(Seen(test, Truth.ERROR, None, f"{test.condition.key}: {type(error).__name__}", negated))
        return Truth.ERROR
    if found.needs:
        needs.update(dict.fromkeys(found.needs))
    truth = Truth.NEEDS if found.holds is None else Truth.TRUE if found.holds else Truth.FALSE
    seen.append(Seen(test, truth, found.value, None, negated))
    return truth


def questions_in(node: Node) -> Iterator[tuple[Question, bool]]:
    """Every condition of the tree, with whether it stands under an odd number of `not`."""
    waiting = [(node, False)]
    while waiting:
        each, negated = waiting.pop()
        if isinstance(each, Question):
            yield each, negated
        elif isinstance(each, Not):
            waiting.append((each.node, not negated))
        else:
            waiting.extend((child, negated) for child in reversed(each.nodes))


def leaves_somebody_out(node: Node) -> bool:
    """Whether the tree cannot hold for everybody: a `sender` or `recipient_domain` that it always requires says so."""
    if isinstance(node, Question):
        return node.condition.narrows(node.operand)
    if isinstance(node, Not):
        return False
    return _quantifier(node)(leaves_somebody_out(child) for child in node.nodes)


def _quantifier(node: Every | Some) -> Callable[[Iterable[bool]], bool]:
    return any if isinstance(node, Every) else all
