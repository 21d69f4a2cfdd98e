"""The trace of a judgement: every condition of every rule with the value found and whether it held.

For `policy try --explain` and the console's rule trace. Like the verdict it shows counts and truth, no addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..duration import written_duration
from ..observation import Observation
from ..verdict import RuleOutcome, Verdict
from .model import Mode, Policy, Rule
from .tree import NEGATION, Every, Node, Not, Question, Seen, Some, Truth, combined, evaluate


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a rule's conditions. depth: how deep it stands. key: of the condition, or all, any, not.

    wanted: what the rule asks, as it is written. value: what was found, None for all, any, not. truth: true, false,
    error or needs.
    """

    depth: int
    key: str
    wanted: str
    value: Any
    truth: str

    def to_json(self) -> dict[str, Any]:
        return {"depth": self.depth, "key": self.key, "wanted": self.wanted, "value": self.value, "truth": self.truth}


@dataclass(frozen=True, slots=True)
class Trace:
    """One rule: where it stands, what came of it and the steps to it."""

    id: str
    place: str
    outcome: RuleOutcome
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "place": self.place, "steps": [step.to_json() for step in self.steps]}


def explain(observation: Observation, policy: Policy, verdict: Verdict) -> tuple[Trace, ...]:
    """The trace of each rule of the policy, in order. A rule that is off has no steps."""
    outcomes = {outcome.id: outcome for outcome in verdict.rules}
    return tuple(_trace(rule, observation, outcomes[rule.id]) for rule in policy.rules)


def _trace(rule: Rule, observation: Observation, outcome: RuleOutcome) -> Trace:
    steps: tuple[Step, ...] = ()
    if rule.mode is not Mode.OFF:
        steps = tuple(_steps(rule.when, iter(evaluate(rule.when, observation).seen), 0))
    return Trace(rule.id, f"{rule.file}:{rule.line}", outcome, steps)


def _steps(node: Node, seen: Iterator[Seen], depth: int) -> list[Step]:
    """seen comes in the order in which the tree was evaluated, which is the order in which it is walked here."""
    if isinstance(node, Question):
        each = next(seen)
        return [Step(depth, node.condition.key, written(node.operand), each.value, each.truth.value)]
    children = (node.node,) if isinstance(node, Not) else node.nodes
    below = [_steps(child, seen, depth + 1) for child in children]
    return [combination(node, below, depth), *(step for steps in below for step in steps)]


def combination(node: Every | Some | Not, below: Sequence[Sequence[Step]], depth: int) -> Step:
    """The line of `all`, `any` or `not` above the lines of what it combines. Its truth is "" where one below is not
    known.
    """
    key = _KEYS[type(node)]
    if not all(steps[0].truth for steps in below):
        return Step(depth, key, "", None, "")
    truths = [Truth(steps[0].truth) for steps in below]
    truth = NEGATION[truths[0]] if isinstance(node, Not) else combined(node, truths)
    return Step(depth, key, "", None, truth.value)


_KEYS: dict[type[Node], str] = {Every: "all", Some: "any", Not: "not"}


def written(operand: Any) -> str:
    """An operand as one would write it in YAML."""
    if isinstance(operand, bool):
        return "true" if operand else "false"
    if isinstance(operand, (tuple, list)):
        return f"[{', '.join(map(written, operand))}]"
    if hasattr(operand, "model_dump"):
        given = operand.model_dump(by_alias=True, exclude_unset=True)
        return written(given["is"]) if list(given) == ["is"] else written(given)
    if isinstance(operand, dict):
        return "{" + ", ".join(f"{key}: {written(value)}" for key, value in operand.items()) + "}"
    return written_duration(operand) if isinstance(operand, timedelta) else str(operand)
