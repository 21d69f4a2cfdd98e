"""The numbers that a rule compares with: which there are, and the rule with another one in its place. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..policy.conditions.operands import Number
from ..policy.conditions.structure import FindingOperand
from ..policy.model import Rule
from ..policy.tree import Node, Not, Question, questions_in

Bound = Literal["at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """index: which condition of the rule, in the order of `questions_in`. key: its name. within: the key of
    its operand under which the number stands, empty where that is the operand itself. upward: whether a
    larger number makes the rule match fewer messages.
    """

    index: int
    key: str
    within: str
    bound: Bound
    number: int
    upward: bool

    def in_yaml(self, number: int) -> str:
        """For example "visible_external_recipients: {at_least: 12}", without what stands beside it."""
        bound = f"{{{self.bound}: {number}}}"
        return f"{self.key}: {{{self.within}: {bound}}}" if self.within else f"{self.key}: {bound}"

    def first_without(self, value: int) -> int:
        """The number nearest to this one by which a condition that found the value no longer helps the rule to match.

        It holds nothing below it either (above it, where a smaller number matches fewer); negative where there is none.
        """
        if self.bound == "at_least":
            return value + 1 if self.upward else value
        return value if self.upward else value - 1

    def first_with(self, value: int) -> int:
        """The number nearest to a looser one by which a condition that found the value helps the rule to match."""
        if self.bound == "at_least":
            return value if self.upward else value + 1
        return value - 1 if self.upward else value

    def is_stricter(self, number: int) -> bool:
        """Whether the rule matches more messages with it, or as many."""
        return 0 <= number < self.number if self.upward else number > self.number

    def is_looser(self, number: int) -> bool:
        """Whether the rule matches fewer messages with it, or as many."""
        return number > self.number if self.upward else 0 <= number < self.number


def thresholds(rule: Rule) -> tuple[Threshold, ...]:
    """Those that a recorded value can be compared with. Of `same_attachment`, which finds two numbers, none."""
    return tuple(_thresholds(rule))


def _thresholds(rule: Rule) -> Iterator[Threshold]:
    for index, (question, negated) in enumerate(questions_in(rule.when)):
        number = number_of(question.operand)
        if number is None:
            continue
        name = question.condition.key
        within = "count" if isinstance(question.operand, FindingOperand) else ""
        if number.at_least is not None:
            yield Threshold(index, name, within, "at_least", number.at_least, not negated)
        if number.at_most is not None:
            yield Threshold(index, name, within, "at_most", number.at_most, negated)


def with_threshold(rule: Rule, threshold: Threshold, number: int) -> Rule | None:
    """The rule with another number there; None where its bounds would exclude each other."""
    questions = [question for question, _ in questions_in(rule.when)]
    old = number_of(questions[threshold.index].operand)
    assert old is not None
    new = Number.model_copy(old, update={threshold.bound: number})
    if new.at_least is not None and new.at_most is not None and new.at_least > new.at_most:
        return None
    place = iter(range(len(questions)))
    return replace(rule, when=_replaced(rule.when, place, threshold.index, new))


def _replaced(node: Node, place: Iterator[int], index: int, new: Number) -> Node:
    if isinstance(node, Question):
        return Question(node.condition, with_number(node.operand, new)) if next(place) == index else node
    if isinstance(node, Not):
        return Not(_replaced(node.node, place, index, new))
    return replace(node, nodes=tuple(_replaced(each, place, index, new) for each in node.nodes))


def number_of(operand: Any) -> Number | None:
    """What the value that a condition found is compared with; None where that is no number."""
    if isinstance(operand, FindingOperand):
        return operand.count or Number(at_least=1)
    return operand if isinstance(operand, Number) else None


def with_number(operand: Any, number: Number | None) -> Any:
    """The operand with another number in it; None for without any, to compare the rest of two operands by."""
    if isinstance(operand, FindingOperand):
        return operand.model_copy(update={"count": number})
    if not isinstance(operand, Number):
        return operand
    bounds = (
        {"at_least": number.at_least, "at_most": number.at_most} if number else dict.fromkeys(("at_least", "at_most"))
    )
    return operand.model_copy(update=bounds)
