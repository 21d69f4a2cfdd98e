"""Decisions that the guard recorded, judged again by another policy, as far as the facts in the ledger tell.

The ledger keeps the counts that a decision was made by, no address and no text (`facts` of INTERFACE.md). A condition
that compares such a count, or asks whether such a fact is true, has the answer that it would have had then. The others
(who sent it, what its subject says, what stands in its attachments, what came before it) have none here. A rule is told
to match, not to match, or not to be answerable; never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..policy.conditions.operands import Number
from ..policy.model import FLOOR_MALFORMED, FLOOR_SENDER, FLOOR_UNINSPECTABLE, Action, Mode, Policy, Rule
from ..policy.tree import NEGATION, Every, Node, Not, Question, Some, Truth, combined, questions_in
from .outcome import HOLD, REJECT, RELAY, REWRITE, Match, Outcome, Record

DECIDED = "message_decided"
NOT_TOLD = "the recorded facts do not tell what would happen to it"
_FLOORS = (FLOOR_MALFORMED, FLOOR_UNINSPECTABLE, FLOOR_SENDER)
_OUTCOMES = {Action.RELAY: RELAY, Action.REWRITE: REWRITE, Action.HOLD: HOLD, Action.REJECT: REJECT}
_STRICTNESS = (Action.RELAY, Action.REWRITE, Action.HOLD, Action.REJECT)


@dataclass(frozen=True, slots=True)
class Decided:
    """One recorded decision. floors: those that held it, whatever the policy."""

    ref: str
    at: datetime | None
    facts: Mapping[str, Any]
    floors: tuple[str, ...]


def decided_in(line: Mapping[str, Any]) -> Decided | None:
    """The decision in a line of `audit export` or `audit list --json`; None where it is of another kind.

    ValueError where it is called a decision and has not the form of one.
    """
    entry = line.get("entry", line)
    if not isinstance(entry, Mapping) or entry.get("kind") != DECIDED:
        return None
    fields = entry.get("fields", entry)
    try:
        floors = [each["id"] for each in fields["rules"] if each["id"] in _FLOORS and each["matched"] is True]
        facts = {key: value for key, value in fields["facts"].items() if isinstance(value, int)}
        at = datetime.fromisoformat(entry["at"]) if entry.get("at") else None
        return Decided(str(entry["ref"]), at.astimezone(UTC) if at else None, facts, tuple(floors))
    except (KeyError, TypeError, AttributeError) as cause:
        raise ValueError("a decision without its facts") from cause


def judge_again(position: int, decided: Decided, policy: Policy) -> Record:
    """What the policy would do with it. Where the facts leave that open, `unreadable` says so beside what matches."""
    called: list[tuple[Action, Rule | None, str]] = [(Action.HOLD, None, name) for name in decided.floors]
    matches = [Match(name, 0, "") for name in decided.floors]
    strictest_open: Action | None = None
    for rule in policy.rules:
        if rule.mode is Mode.OFF:
            continue
        truth = by_facts(rule, decided.facts)
        enforced = rule.mode is Mode.ENFORCE
        if truth is Truth.TRUE:
            matches.append(_match(rule, decided.facts))
            called += [(rule.action, rule, rule.id)] if enforced else []
        elif truth is Truth.NEEDS and enforced and rule.action is not Action.RELAY:
            strictest_open = max(strictest_open or rule.action, rule.action, key=_STRICTNESS.index)
    action, rule_called, name = max(
        called, key=lambda each: _STRICTNESS.index(each[0]), default=(Action.RELAY, None, "")
    )
    form = rule_called.rewrite.value if rule_called and rule_called.rewrite and action is not Action.RELAY else None
    outcome = Outcome(_OUTCOMES[action], form, name or None, tuple(matches))
    is_open = strictest_open is not None and _STRICTNESS.index(strictest_open) > _STRICTNESS.index(action)
    return Record(position, decided.ref, decided.at, (outcome,), NOT_TOLD if is_open else None)


def unanswered(policy: Policy, known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By rule in force, what it asks that recorded facts do not tell. known: the names of facts that were recorded."""
    names = frozenset(known)
    found: dict[str, tuple[str, ...]] = {}
    for rule in (each for each in policy.rules if each.mode is not Mode.OFF):
        asked = [question.condition.key for question, _ in questions_in(rule.when) if not _answers(question, names)]
        asked += ["unless"] if rule.unless is not None else []
        asked += ["exceptions"] if rule.exceptions else []
        if asked:
            found[rule.id] = tuple(dict.fromkeys(asked))
    return found


def by_facts(rule: Rule, facts: Mapping[str, Any]) -> Truth:
    """Whether a rule matches what has these facts. NEEDS where it cannot be told: whom an `unless` or an exception
    spares, no fact names.
    """
    truth = _truth(rule.when, facts)
    spares = rule.unless is not None or bool(rule.exceptions)
    return Truth.NEEDS if truth is Truth.TRUE and spares else truth


def _truth(node: Node, facts: Mapping[str, Any]) -> Truth:
    if isinstance(node, Not):
        return NEGATION[_truth(node.node, facts)]
    if isinstance(node, Every | Some):
        return combined(node, [_truth(each, facts) for each in node.nodes])
    if not _answers(node, facts.keys()):
        return Truth.NEEDS
    value, operand = facts[node.condition.key], node.operand
    holds = operand.holds(value) if isinstance(operand, Number) else value is operand
    return Truth.TRUE if holds else Truth.FALSE


def _answers(question: Question, known: Iterable[str]) -> bool:
    """Whether the condition compares the fact of its own name, by itself or with a number."""
    plain = type(question.operand) is Number or isinstance(question.operand, bool)
    return plain and question.condition.key in known


def _match(rule: Rule, facts: Mapping[str, Any]) -> Match:
    counts = [
        (facts[question.condition.key], question.condition.key)
        for question, negated in questions_in(rule.when)
        if not negated and type(question.operand) is Number and question.condition.key in facts
    ]
    number, of = max(counts, default=(0, ""))
    return Match(rule.id, number, of if number else "")
