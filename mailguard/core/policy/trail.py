"""The trail of a decision: which condition of a rule came to what, as the ledger keeps it, and read again.

A trail is one letter for each condition, in the order of the tree: t(rue), f(alse), e(rror), n(eeds). A condition that
stands several times in a rule can have found several values, which the decision numbers: `finding`, `finding #2`. The
number follows the letter where it is not one, so `tf2` is a first condition that held and another that did not.
INVARIANT: nothing of the message is in a trail; the values are those that the decision has anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..verdict import Verdict
from .explain import Step, combination, written
from .model import Mode, Policy
from .tree import Node, Not, Question, Seen, Truth, questions_in

NONE = "-"
"""The trail of a rule without conditions that were asked: one that is off, and a floor."""
_STEP = re.compile(r"([tfen])([0-9]*)")
_TRUTHS = {truth.value[0]: truth for truth in Truth}


def values_and_trail(seen: Iterable[Seen]) -> tuple[dict[str, Any], str]:
    """The values of a rule by condition, and its trail."""
    values: dict[str, Any] = {}
    trail = ""
    for test, truth, value, _, _ in seen:
        name = key = test.condition.key
        # Without Enum's descriptor: this runs for each condition of each message.
        trail += truth._value_[0]
        if name in values and values[name] != value:
            number = 1
            while name in values and values[name] != value:
                number += 1
                name = f"{key} #{number}"
            trail += str(number)
        values[name] = value
    return values, trail


def trails(verdict: Verdict) -> str:
    """The trails of all rules, in the order of the decision's rules: what the ledger keeps as `conditions`."""
    return " ".join([rule.trail or NONE for rule in verdict.rules])


def recount(policy: Policy, decision: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Of each rule of the policy that decided: id, place and steps, in the form of `Trace.to_json`.

    policy: that of the revision which the decision names. A truth is "" where the decision has no trail (of a version
    before there were any), or one that does not fit the rule. A rule that was off has no steps.
    """
    outcomes: dict[str, Any] = {each["id"]: each for each in decision.get("rules", ())}
    trails = trails_in(decision)
    return tuple(
        {
            "id": rule.id,
            "place": f"{rule.file}:{rule.line}",
            "steps": [step.to_json() for step in _recounted(rule.when, outcomes.get(rule.id), trails.get(rule.id, ""))]
            if rule.mode is not Mode.OFF
            else [],
        }
        for rule in policy.rules
    )


def trails_in(decision: Mapping[str, Any]) -> dict[str, str]:
    """The trail of each rule; nothing where the decision has none."""
    ids = [each["id"] for each in decision.get("rules", ())]
    kept = str(decision.get("conditions", "")).split(" ")
    return dict(zip(ids, kept, strict=True)) if len(ids) == len(kept) else {}


def _recounted(node: Node, outcome: Mapping[str, Any] | None, trail: str) -> list[Step]:
    read = [(_TRUTHS[letter], int(number or 1)) for letter, number in _STEP.findall(trail)]
    known = len(read) == _count(node)
    values = (outcome or {}).get("values", {})
    return _steps(node, iter(read) if known else None, values, 0)


def _steps(node: Node, trail: Iterator[tuple[Truth, int]] | None, values: Mapping[str, Any], depth: int) -> list[Step]:
    """trail: of the conditions that are still to come; None where it is not known."""
    if isinstance(node, Question):
        truth, number = next(trail) if trail is not None else (None, 1)
        key = node.condition.key
        value = values.get(key if number == 1 else f"{key} #{number}")
        return [Step(depth, key, written(node.operand), value, truth.value if truth else "")]
    children = (node.node,) if isinstance(node, Not) else node.nodes
    below = [_steps(child, trail, values, depth + 1) for child in children]
    return [combination(node, below, depth), *(step for steps in below for step in steps)]


def read_trail(node: Node, trail: str, values: Mapping[str, Any]) -> list[tuple[Truth, Any]] | None:
    """What each condition of the tree came to, and the value that it found, in the order of `questions_in`.

    None where the trail is not one of such a tree.
    """
    read = [(_TRUTHS[letter], int(number or 1)) for letter, number in _STEP.findall(trail)]
    keys = [question.condition.key for question, _ in questions_in(node)]
    if trail == NONE or len(read) != len(keys):
        return None
    names = [key if number == 1 else f"{key} #{number}" for key, (_, number) in zip(keys, read, strict=True)]
    if not set(names) <= values.keys():
        return None
    return [(truth, values[name]) for name, (truth, _) in zip(names, read, strict=True)]


def _count(node: Node) -> int:
    if isinstance(node, Question):
        return 1
    return sum(map(_count, (node.node,) if isinstance(node, Not) else node.nodes))
