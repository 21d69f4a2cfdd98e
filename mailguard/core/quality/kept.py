"""What the ledger keeps of the decision that held a message, and what another policy would have made of it. Pure.

The trail of each rule says what each of its conditions came to, and what it found: so a rule whose numbers alone have
changed is judged again, whatever else it asks (who sent it, what stands in its attachments). Of other rules the facts
answer what they can (core/replay/recorded.py). What neither tells is Fate.UNKNOWN, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ..policy.leaving import ORIGINAL, allows, strictest
from ..policy.model import FLOOR_UNINSPECTABLE, Action, Mode, Policy, Rule
from ..policy.trail import read_trail, trails_in
from ..policy.tree import NEGATION, Node, Not, Question, Truth, combined, questions_in
from ..replay.recorded import by_facts
from ..verdict import EXCEPTION, Rewrite
from .numbers import number_of, with_number
from .senders import Senders, in_doubt, spared

_FLOOR = "floor-"
_Pairs = list[tuple[Question, bool]]
Truths = list[tuple[Rule, Truth]]
"""Of each rule that is in force."""


class Fate(StrEnum):
    """HELD: or refused; somebody would still look. SENT: as it is or rewritten. UNKNOWN: the record does not tell."""

    HELD = "held"
    SENT = "sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class KeptRule:
    """What a rule, or a floor, came to."""

    matched: bool
    errs: bool
    values: Mapping[str, Any]
    trail: str


@dataclass(frozen=True, slots=True)
class Kept:
    """revision: of the policy that decided. uncounted: parts that can name people and that nobody had to read. senders:
    who sent it, None where nobody asked the evidence. doubted: whether something in From or Sender leaves a doubt.
    """

    ref: str
    at: datetime
    revision: str
    facts: Mapping[str, Any]
    rules: Mapping[str, KeptRule]
    uncounted: int = 0
    senders: Senders | None = None
    doubted: bool = False


def kept_of(ref: str, at: datetime, fields: Mapping[str, Any]) -> Kept:
    """fields: of message_decided."""
    trails = trails_in(fields)
    rules = {
        str(each["id"]): KeptRule(
            bool(each.get("matched")),
            each.get("error") is not None,
            each.get("values") or {},
            trails.get(str(each["id"]), ""),
        )
        for each in fields.get("rules") or ()
    }
    facts = {key: value for key, value in (fields.get("facts") or {}).items() if isinstance(value, int)}
    uncounted = int(fields.get("uncounted_parts") or 0)
    return Kept(ref, at, str(fields.get("policy_revision")), facts, rules, uncounted, doubted=in_doubt(fields))


class Recounting:
    """Judges kept messages again. Comparing two rules costs more than judging by them: what came of it is kept."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[int, int], tuple[Rule, Rule, _Pairs | None]] = {}

    def truth_of(self, rule: Rule, then: Rule | None, kept: Kept) -> Truth:
        """Whether the rule matches the message. then: the rule of this id in the policy that decided, None where there
        was none, or where that policy is not kept.
        """
        recorded = kept.rules.get(rule.id)
        pairs = self._paired(rule, then) if recorded is not None and then is not None else None
        if recorded is not None and then is not None and pairs is not None:
            if recorded.errs:
                return Truth.ERROR
            seen = read_trail(then.when, recorded.trail, recorded.values)
            if seen is not None:
                answers = iter([_answer(*pair, *said, kept) for pair, said in zip(pairs, seen, strict=True)])
                return _with_spared(_combined(rule.when, answers), rule, kept)
        found = by_facts(replace(rule, unless=None, exceptions=()), _telling_facts(rule, kept))
        return _unless_spared(rule, kept) if found is Truth.TRUE else found

    def truths_of(self, policy: Policy, then: Mapping[str, Rule], kept: Kept) -> Truths:
        """Of every rule in force. then: the rules of the policy that decided, by id."""
        enforced = [each for each in policy.rules if each.mode is Mode.ENFORCE]
        return [(each, self.truth_of(each, then.get(each.id), kept)) for each in enforced]

    def _paired(self, rule: Rule, then: Rule) -> _Pairs | None:
        """What each condition asks now and then, and whether that is the same; None where the rule is another one."""
        key = id(rule), id(then)
        if key not in self._pairs:
            pairs: _Pairs | None = None
            if _is_alike(rule, then):
                both = zip(questions_in(rule.when), questions_in(then.when), strict=True)
                pairs = [(now[0], now[0].operand == before[0].operand) for now, before in both]
            # The rules stay with it, so that no other one gets their identity.
            self._pairs[key] = rule, then, pairs
        return self._pairs[key][2]


def fate_of(truths: Truths, kept: Kept, unmatched: Rule | None = None) -> Fate:
    """What rules with these truths make of the message; with `unmatched`, one of them, if that one did not match."""
    asked = [each for each in truths if unmatched is None or each[0].id != unmatched.id]
    met = [(rule, truth) for rule, truth in asked if truth in (Truth.TRUE, Truth.ERROR)]
    open_rules = [rule for rule, truth in asked if truth is Truth.NEEDS and _may_hold(rule, kept)]
    floor = _floor(kept, met, unmatched)
    if floor is Fate.HELD:
        return Fate.HELD
    holding = [rule for rule, truth in met if truth is Truth.ERROR or _holds(rule)]
    if holding and not _leaves_at_once(holding, kept):
        return Fate.HELD
    if floor is Fate.UNKNOWN or open_rules:
        return Fate.UNKNOWN
    return _of_rewrites([rule for rule, _ in met if rule.action in (Action.REWRITE, Action.HOLD)], kept)


def only_delays(truths: Truths) -> bool:
    """Whether all that holds the message lets it leave by itself after a time."""
    held_by = [each for each in truths if each[1] is Truth.ERROR or (each[1] is Truth.TRUE and _holds(each[0]))]
    return bool(held_by) and all(truth is Truth.TRUE and rule.delay is not None for rule, truth in held_by)


def values_of(kept: Kept, rule_id: str, key: str) -> Iterator[int]:
    """The numbers that conditions of this name found, those of the rule first."""
    recorded = kept.rules.get(rule_id)
    named = [(name.partition(" #")[0], value) for name, value in (recorded.values.items() if recorded else ())]
    for name, value in (*named, (key, kept.facts.get(key))):
        if name == key and isinstance(value, int) and not isinstance(value, bool):
            yield value


def _telling_facts(rule: Rule, kept: Kept) -> Mapping[str, Any]:
    """Without a count that is the least that it may be, where a larger one could be answered otherwise."""
    if not kept.uncounted:
        return kept.facts
    least = {
        question.condition.key
        for question, _ in questions_in(rule.when)
        if question.condition.names_only and not _met_by_more(question, kept.facts.get(question.condition.key))
    }
    return {key: value for key, value in kept.facts.items() if key not in least}


def _met_by_more(question: Question, value: Any) -> bool:
    """Whether the condition holds of this number and of every larger one."""
    number = number_of(question.operand)
    return isinstance(value, int) and number is not None and number.at_most is None and number.holds(value)


def _holds(rule: Rule) -> bool:
    return rule.action in (Action.HOLD, Action.REJECT)


def _may_hold(rule: Rule, kept: Kept) -> bool:
    """Whether the message may be held if this rule matches: a rewrite that cannot be done so is a hold."""
    if rule.action is Action.REWRITE:
        return rule.release_as is not None or (rule.rewrite is Rewrite.BCC and bool(kept.facts.get("calendar")))
    return rule.action is not Action.RELAY


def _is_alike(now: Rule, then: Rule) -> bool:
    """Whether nothing but numbers, and what does not make a rule match, is another than it was."""
    if now.unless != then.unless or now.exceptions != then.exceptions or then.mode is Mode.OFF:
        return False
    return _shape(now.when) == _shape(then.when)


def _shape(node: Node) -> tuple[Any, ...]:
    if isinstance(node, Question):
        return node.condition.key, with_number(node.operand, None)
    if isinstance(node, Not):
        return "not", _shape(node.node)
    return type(node).__name__, *map(_shape, node.nodes)


def _answer(now: Question, same: bool, truth: Truth, value: Any, kept: Kept) -> Truth:
    """The recorded answer, or that to another number about the same value."""
    if same:
        return truth
    number = number_of(now.operand)
    if (
        number is None
        or truth not in (Truth.TRUE, Truth.FALSE)
        or isinstance(value, bool)
        or not isinstance(value, int)
    ):
        return Truth.NEEDS
    # Where a part was not read, the value is the least that it may be.
    if now.condition.names_only and kept.uncounted and not _met_by_more(now, value):
        return Truth.NEEDS
    return Truth.TRUE if number.holds(value) else Truth.FALSE


def _combined(node: Node, answers: Iterator[Truth]) -> Truth:
    if isinstance(node, Question):
        return next(answers)
    if isinstance(node, Not):
        return NEGATION[_combined(node.node, answers)]
    return combined(node, [_combined(each, answers) for each in node.nodes])


def _with_spared(truth: Truth, rule: Rule, kept: Kept) -> Truth:
    """Whom an `unless` or an exception spares was asked only of what matched."""
    recorded = kept.rules[rule.id]
    if truth is not Truth.TRUE or recorded.matched:
        return truth
    if recorded.values.get("unless") is True or EXCEPTION in recorded.values:
        return Truth.FALSE
    return _unless_spared(rule, kept)


def _unless_spared(rule: Rule, kept: Kept) -> Truth:
    """Of a rule whose conditions hold."""
    found = spared(rule, kept.senders, kept.at)
    return Truth.NEEDS if found is None else Truth.FALSE if found else Truth.TRUE


def _floor(kept: Kept, met: Iterable[tuple[Rule, Truth]], unmatched: Rule | None) -> Fate:
    """SENT where no floor holds it. What was not read because nobody asks for it any more no floor holds."""
    lifting = {rule.id for rule, truth in met if truth is Truth.TRUE}
    found = Fate.SENT
    for name, floor in kept.rules.items():
        if not name.startswith(_FLOOR):
            continue
        lifted = floor.values.get("lifted_by")
        if lifted is not None and lifted not in lifting:
            return Fate.HELD
        if floor.matched and (name != FLOOR_UNINSPECTABLE or unmatched is None or not unmatched.inspects):
            return Fate.HELD
        found = Fate.UNKNOWN if floor.matched else found
    return found


def _leaves_at_once(holding: Iterable[Rule], kept: Kept) -> bool:
    """Automatic mail does not wait where all that holds it is a delay."""
    rules = list(holding)
    automatic = any(each.values.get("automatic") is True for each in kept.rules.values())
    return automatic and all(each.delay is not None for each in rules)


def _of_rewrites(rewriting: list[Rule], kept: Kept) -> Fate:
    """Of rules that let it leave: their forms can exclude each other, and then somebody decides."""
    if any(each.rewrite is Rewrite.BCC for each in rewriting) and kept.facts.get("calendar"):
        return Fate.UNKNOWN
    release_as = strictest(each.release_as for each in rewriting)
    forms = [form for form in Rewrite if any(each.rewrite is form for each in rewriting)]
    form = forms[0].value if forms else ORIGINAL
    return Fate.SENT if not rewriting or allows(release_as, form) else Fate.HELD
