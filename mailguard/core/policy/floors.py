"""The floors: what holds a message whatever the policy says, and which rule lifts them (DESIGN.md "Floors").

Promises: a floor that a message meets is matched unless an enforced rule that names it matches, and would match for
each recipient alone. Nothing else lifts one, in monitor mode too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..observation import Observation
from ..own_address import SECOND_FROM
from ..place import FIELDS, Place, parts
from ..verdict import RuleOutcome
from . import sentences
from .conditions.whereabouts import ambiguous
from .judged import Judged
from .model import FLOOR_MALFORMED, FLOOR_SENDER, FLOOR_UNINSPECTABLE, Action, Mode, Rule
from .telling import few
from .tree import Truth, evaluate


def floors(observation: Observation, judged: Sequence[Judged]) -> tuple[RuleOutcome, ...]:
    """What each came to. judged: the rules that may have asked for what is unread, or may lift a floor."""
    return (
        _malformed_floor(observation, judged),
        _unread_floor(observation, judged),
        *_sender_floor(observation, judged),
    )


def _malformed_floor(observation: Observation, judged: Sequence[Judged]) -> RuleOutcome:
    if not (holding := observation.holding):
        return _NOT_MALFORMED
    values = {"defects": sorted({defect.kind for defect in holding})}
    reason = sentences.malformed(defect.where for defect in holding)
    return _floor(FLOOR_MALFORMED, reason, values, ambiguous(observation), observation, judged)


def _unread_floor(observation: Observation, judged: Sequence[Judged]) -> RuleOutcome:
    if not (unreadable := _unreadable(observation, [each.rule for each in judged if each.asked])):
        return _NOT_UNREAD
    reason = sentences.unreadable(len(unreadable), observation.unread_bodies)
    values = {"uninspectable": len(unreadable)}
    return _floor(FLOOR_UNINSPECTABLE, reason, values, parts(unreadable), observation, judged)


def _unreadable(observation: Observation, asking: Sequence[Rule]) -> list[str]:
    """Parts that could not be read for these rules: those that ask only for names need not know the rest."""
    if any(rule.reads_all for rule in asking):
        return [path for path, each in observation.inspections.items() if each.uninspectable is not None]
    named = {path: observation.inspections.get(path) for path in observation.closed} if asking else {}
    return [path for path, each in named.items() if each is not None and each.people is None]


def _sender_floor(observation: Observation, judged: Sequence[Judged]) -> tuple[RuleOutcome, ...]:
    """Only where the account that signed in may send only as itself. Its values are places, never what stands there."""
    claims = observation.claims_of_others
    if claims is None:
        return ()
    if not claims:
        return (_AS_ITSELF,)
    values = dict.fromkeys(claims, True)
    shown = (FIELDS,) if {"from", SECOND_FROM}.intersection(claims) else ()
    return (_floor(FLOOR_SENDER, sentences.another_sender(claims), values, shown, observation, judged),)


def _passed(name: str, values: dict[str, Any]) -> RuleOutcome:
    """A floor that nothing meets."""
    return RuleOutcome(name, Mode.ENFORCE, Action.HOLD, False, None, "", values)


_NOT_MALFORMED = _passed(FLOOR_MALFORMED, {"defects": []})
_NOT_UNREAD = _passed(FLOOR_UNINSPECTABLE, {"uninspectable": 0})
_AS_ITSELF = _passed(FLOOR_SENDER, {})


def _floor(
    name: str,
    reason: str,
    values: dict[str, Any],
    stands: Iterable[Place],
    observation: Observation,
    judged: Sequence[Judged],
) -> RuleOutcome:
    """A floor that the message meets."""
    lifting = _lifting(name, observation, judged)
    if lifting is not None:
        why = f"{reason}, {sentences.lifted(lifting)}"
        return RuleOutcome(name, Mode.ENFORCE, Action.HOLD, False, None, why, {**values, "lifted_by": lifting})
    return RuleOutcome(name, Mode.ENFORCE, Action.HOLD, True, None, reason, values, few(stands))


def _lifting(name: str, observation: Observation, judged: Sequence[Judged]) -> str | None:
    """The enforced rule that lifts a floor, if there is one: it names it, matches, and does so for each recipient."""
    for each in judged:
        named = name in each.rule.lifts and each.rule.mode is Mode.ENFORCE
        if named and each.matched and each.error is None and _holds_for_each(each.rule, observation):
            return each.rule.id
    return None


def _holds_for_each(rule: Rule, observation: Observation) -> bool:
    """`recipient_domain` holds if one recipient is there; a floor is lifted only if it would hold for each alone."""
    alone = (replace(observation, recipient_domains=(domain,)) for domain in observation.recipient_domains)
    return all(evaluate(rule.when, each).truth is Truth.TRUE for each in alone)
