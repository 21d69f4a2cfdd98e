"""The judgement: one pure function from what is seen and the policy to a verdict, or to what it still needs.

Promises: every rule is evaluated to matched, not matched or error, then the strictest decides. An error tightens: the
rule counts as matched with the stricter of hold and its own action. The floors hold whatever the policy says, in
monitor mode too, unless an enforced rule that names them matches. A monitored rule never changes the disposition.
Where several rules hold, the strictest of each obligation applies; no form that one of them forbids is allowed.
`bcc` that meets an invitation is a hold that offers separate copies.
An exception spares a match of its rule, never a floor, an error, or what a rule has still to read.
What follows an invitation that a rule separated is separated under that rule's id, unless something stricter decides.
Automatic mail does not wait (`delay`): where nothing else holds it, it leaves at once in the form that the rule says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..observation import Observation
from ..place import Place
from ..verdict import EXCEPTION, Disposition, Needs, Rewrite, RuleOutcome, Verdict
from . import sentences
from .conditions.originators import sent_by
from .conditions.whereabouts import invitation
from .exceptions import spared
from .floors import floors
from .glance import Glance
from .judged import Judged
from .leaving import FORMS, ORIGINAL, allows, offered, strictest
from .model import Action, Mode, Policy, Rule
from .telling import clauses, few, places
from .trail import values_and_trail
from .tree import Evaluation, Seen, Truth, evaluate


@dataclass(frozen=True, slots=True)
class Call:
    """What one matched rule or floor asks for, comparable by strictness."""

    id: str
    action: Action
    rewrite: Rewrite | None
    reason: str
    approvals: int = 1
    deadline: timedelta | None = None
    delay: timedelta | None = None
    sender_may: tuple[str, ...] = ()
    hide_inside_above: int | None = None
    release_as: tuple[str, ...] | None = None


def judge(observation: Observation, policy: Policy, clock: datetime) -> Verdict | Needs:
    """The verdict on an observation, or the inspections that a rule needs before there can be one.

    clock: the guard's own time with a time zone, by which exceptions begin and end.
    """
    return _judge(observation, policy, clock, policy.glance)


def judge_anew(observation: Observation, policy: Policy, clock: datetime) -> Verdict | Needs:
    """As `judge`, and what it has to agree with: nothing is remembered of other messages."""
    return _judge(observation, policy, clock, Glance(None for _ in policy.rules))


def _judge(observation: Observation, policy: Policy, clock: datetime, glance: Glance[RuleOutcome]) -> Verdict | Needs:
    unread, asks = _may_be_unread(observation), _asks_history(observation)
    # First those that may ask for something: of most messages the others are looked at only once that is known.
    first = _asking(policy.rules, observation, unread)
    needs = _needs(first.values())
    if needs or asks:
        return Needs(inspections=needs, history=asks)
    anew: list[Judged] = []
    outcomes: list[RuleOutcome] = []
    # Where something is unread it matters which rules ask for it, and that no memory knows.
    seen = glance.nothing if unread else glance.at(observation)
    for number, (outcome, rule) in enumerate(zip(glance.recall(seen), policy.rules, strict=True)):
        if outcome is None:
            judged = first.get(number) or _judge_rule(rule, observation, unread)
            judged = _with_exceptions(judged, observation, clock)
            outcome = _outcome(judged, observation)
            if (key := seen[number]) is not None and _is_settled(judged):
                glance.remember(number, key, outcome)
            anew.append(judged)
        outcomes.append(outcome)
    if needs := _needs(anew):
        return Needs(inspections=needs)
    met = floors(observation, anew)
    calls = [_call(each, observation) for each in anew if each.matched and each.rule.mode is Mode.ENFORCE]
    calls += [Call(each.id, Action.HOLD, None, each.reason) for each in met if each.matched]
    return _with_past(observation, policy, calls, (*outcomes, *met))


def _asking(rules: Sequence[Rule], observation: Observation, unread: bool) -> dict[int, Judged]:
    """Those that may ask for something, by their number, as far as there is anything left to ask for."""
    left = {*observation.bodies, *observation.inspectable, *observation.closed} - observation.inspections.keys()
    found: dict[int, Judged] = {}
    for number, rule in enumerate(rules) if left else ():
        if _may_ask(rule, observation):
            each = found[number] = _judge_rule(rule, observation, unread)
            if not (each.exempt or each.error):
                left.difference_update(each.evaluation.needs)
            if not left:
                break
    return found


def _is_settled(judged: Judged) -> bool:
    """Whether what its conditions saw settles all that it comes to, which is nothing but its outcome."""
    return judged.evaluation.truth is Truth.FALSE and not (judged.exempt or judged.asked or judged.error)


def _with_past(
    observation: Observation, policy: Policy, calls: list[Call], outcomes: tuple[RuleOutcome, ...]
) -> Verdict:
    remembered = _remembered(observation)
    if remembered is not None:
        calls.append(_repeated(remembered, policy))
        outcomes = _with_repeated(outcomes, remembered, few(invitation(observation)))
    return _verdict(observation, policy, calls, outcomes)


def _may_ask(rule: Rule, observation: Observation) -> bool:
    """Those that ask only whom closed parts name have nobody to ask where there are none."""
    return rule.inspects and (rule.reads_all or bool(observation.closed))


def _asks_history(observation: Observation) -> tuple[str, ...]:
    """The occasions to ask about: where the message stays inside there is nobody to hide from each other."""
    leaves = observation.facts["envelope_external_recipients"] > 0
    return observation.occasions if observation.history is None and leaves else ()


def _remembered(observation: Observation) -> str | None:
    """The rule that sent an earlier message of this invitation as separate copies."""
    history = observation.history or {}
    return next((history[each] for each in observation.occasions if each in history), None)


def _repeated(rule_id: str, policy: Policy) -> Call:
    """What follows an invitation that was separated is separated, whatever the rule, or its absence, says today."""
    rule = next((each for each in policy.rules if each.id == rule_id), None)
    return Call(
        rule_id,
        Action.REWRITE,
        Rewrite.SEPARATE,
        sentences.REPEATED,
        hide_inside_above=rule.hide_inside_above if rule else None,
        release_as=rule.release_as if rule else None,
    )


def _with_repeated(
    outcomes: tuple[RuleOutcome, ...], rule_id: str, stands: tuple[Place, ...]
) -> tuple[RuleOutcome, ...]:
    """The rule counts as matched, with what made it so among its values. stands: where the invitation does."""
    found = next((each for each in outcomes if each.id == rule_id), None)
    values = {**(found.values if found else {}), "calendar_memory": True}
    if found is not None and found.matched and found.mode == Mode.ENFORCE.value:
        changed = replace(found, values=values)
    else:
        action = Action.REWRITE.value
        changed = RuleOutcome(rule_id, Mode.ENFORCE.value, action, True, None, sentences.REPEATED, values, stands)
    others = tuple(changed if each.id == rule_id else each for each in outcomes)
    return others if found is not None else (changed, *outcomes)


def _may_be_unread(observation: Observation) -> bool:
    """Whether it matters which rules asked for what the parts hold: only where something in them could not be read."""
    return bool(observation.closed) or any(each.uninspectable is not None for each in observation.inspections.values())


def _judge_rule(rule: Rule, observation: Observation, unread: bool) -> Judged:
    """unread: of `_may_be_unread`."""
    if rule.mode is Mode.OFF:
        return Judged(rule, Evaluation(Truth.FALSE, ()))
    evaluation = evaluate(rule.when, observation)
    readable = observation.inspectable or observation.closed or (rule.reads_all and observation.bodies)
    inspects = rule.inspects and bool(readable)
    if evaluation.truth is Truth.FALSE and not inspects:
        return Judged(rule, evaluation)
    asked = inspects and unread and _asks(rule, observation)
    try:
        exempt = rule.unless is not None and sent_by(observation, rule.unless)
    except Exception as error:  # nobody is exempt for certain: the rule errs, which tightens
        return Judged(rule, evaluation, error=f"unless: {type(error).__name__}", asked=asked)
    broken = None if exempt or evaluation.truth is not Truth.ERROR else _error(evaluation.seen)
    return Judged(rule, evaluation, exempt, broken, asked and not exempt)


def _with_exceptions(judged: Judged, observation: Observation, clock: datetime) -> Judged:
    """Only a match is spared: an error, and what has to be read first, are nothing that an exception speaks of."""
    if not judged.rule.exceptions or judged.error is not None or not judged.matched:
        return judged
    return replace(judged, spared=spared(judged.rule.exceptions, observation, clock))


def _asks(rule: Rule, observation: Observation) -> bool:
    """Whether the rule's other conditions leave it to what the parts hold: then what cannot be read there matters."""
    unread = observation.uninspected or replace(observation, inspections={})
    return evaluate(rule.when, unread).truth is Truth.NEEDS


def _error(seen: Iterable[Seen]) -> str:
    return "; ".join(dict.fromkeys(each.error for each in seen if each.error)) or "error"


def _needs(judged: Iterable[Judged]) -> tuple[str, ...]:
    asking = (each.evaluation.needs for each in judged if not (each.exempt or each.error))
    return tuple(dict.fromkeys(path for needs in asking for path in needs))


def _call(judged: Judged, observation: Observation) -> Call:
    rule = judged.rule
    action, rewrite, sender_may = rule.action, rule.rewrite, rule.sender_may
    if judged.error is not None:
        action = max(action, Action.HOLD, key=_ACTIONS.index)
        sender_may = ()
    reason = _reason(judged, observation)
    if rewrite is Rewrite.BCC and observation.invitation:
        # Hiding To and Cc leaves the attendees: a person decides, and is offered the form that hides them.
        reason = f"{reason} {sentences.BCC_OF_INVITATION}" if action is Action.REWRITE else reason
        action, rewrite = max(action, Action.HOLD, key=_ACTIONS.index), Rewrite.SEPARATE
    return Call(
        rule.id,
        action,
        rewrite if action in (Action.HOLD, Action.REWRITE) else None,
        reason,
        rule.approvals,
        rule.deadline,
        None if judged.error else rule.delay,
        sender_may,
        rule.hide_inside_above,
        rule.release_as,
    )


_ACTIONS = (Action.RELAY, Action.REWRITE, Action.HOLD, Action.REJECT)


def _strictness(call: Call) -> tuple[int, int, int]:
    """reject > hold > rewrite separate > rewrite bcc > relay; of holds, one that a person has to end comes first."""
    firm = call.delay is None if call.action is Action.HOLD else call.rewrite is Rewrite.SEPARATE
    return _ACTIONS.index(call.action), int(firm), call.approvals


def _verdict(
    observation: Observation, policy: Policy, calls: Sequence[Call], outcomes: tuple[RuleOutcome, ...]
) -> Verdict:
    release_as = strictest(each.release_as for each in calls if each.action in (Action.HOLD, Action.REWRITE))
    if observation.automatic and _only_waits(calls):
        calls = [_at_once(each) for each in calls]
    chosen = max(calls, key=_strictness, default=None)
    deciding = _within(_in_strictest_form(chosen, calls), release_as) if chosen else None
    verdict = Verdict(
        disposition=_DISPOSITIONS[deciding.action] if deciding else Disposition.RELAY,
        rewrite=deciding.rewrite if deciding else None,
        deciding=deciding.id if deciding else None,
        reason=deciding.reason if deciding else sentences.NOTHING_MATCHED,
        rules=outcomes,
        facts=observation.facts,
        visible=observation.visible,
        findings=observation.findings,
        inventory=observation.inventory,
        defects=observation.defects,
        policy_revision=policy.revision,
        hide_inside_above=_smallest(call.hide_inside_above for call in calls),
        errors=tuple(f"{each.id}: {each.error}" for each in outcomes if each.error),
        release_as=release_as,
        uncounted=sum(path not in observation.inspections for path in observation.closed),
    )
    acting = [deciding if deciding and each is chosen else each for each in calls]
    return _obliged(verdict, [call for call in acting if call.action is Action.HOLD])


def _only_waits(calls: Iterable[Call]) -> bool:
    """Whether nothing holds the message but rules after whose delay it leaves by itself."""
    return all(each.delay is not None for each in calls if each.action is Action.HOLD)


def _at_once(call: Call) -> Call:
    """Of automatic mail: nobody who could think again reads that it waits (RFC 3834 section 2)."""
    if call.action is not Action.HOLD:
        return call
    action = Action.RELAY if call.rewrite is None else Action.REWRITE
    return replace(call, action=action, delay=None, reason=f"{call.reason}, {sentences.AUTOMATIC}")


def _in_strictest_form(chosen: Call, calls: Iterable[Call]) -> Call:
    """What leaves by itself leaves as the strictest of all rules that it meets says; nobody looks at it before."""
    if chosen.delay is None:
        return chosen
    forms = {each.rewrite for each in calls if each.action in (Action.HOLD, Action.REWRITE)}
    return replace(chosen, rewrite=next((form for form in Rewrite if form in forms), None))


def _within(call: Call, release_as: tuple[str, ...] | None) -> Call:
    """What decides, in a form that the message may leave in: another is offered instead, and a person decides."""
    own = call.rewrite.value if call.rewrite else ORIGINAL
    if call.action not in (Action.HOLD, Action.REWRITE) or allows(release_as, own):
        return call
    rewrite = offered(call.rewrite, release_as)
    if call.action is Action.HOLD and rewrite is not None:
        return replace(call, rewrite=rewrite)
    reason = call.reason if call.action is Action.HOLD else f"{call.reason}, {sentences.FORMS_DISAGREE}"
    return replace(call, action=Action.HOLD, rewrite=rewrite, reason=reason, delay=None)


_DISPOSITIONS = {
    Action.RELAY: Disposition.RELAY,
    Action.REWRITE: Disposition.RELAY,
    Action.HOLD: Disposition.HOLD,
    Action.REJECT: Disposition.REJECT,
}


def _obliged(verdict: Verdict, holds: Sequence[Call]) -> Verdict:
    """Of all that hold the message: most approvals, nearest deadline, longest delay if all delay, what all allow."""
    if verdict.disposition is not Disposition.HOLD:
        return verdict
    delays = [call.delay for call in holds if call.delay is not None]
    return replace(
        verdict,
        approvals=max(call.approvals for call in holds),
        deadline=min((call.deadline for call in holds if call.deadline is not None), default=None),
        delay=max(delays) if len(delays) == len(holds) else None,
        sender_may=tuple(each for each in holds[0].sender_may if _may(each, holds, verdict.release_as)),
    )


def _may(act: str, holds: Sequence[Call], release_as: tuple[str, ...] | None) -> bool:
    return all(act in call.sender_may for call in holds) and (act not in FORMS or allows(release_as, act))


def _smallest(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _outcome(judged: Judged, observation: Observation) -> RuleOutcome:
    rule = judged.rule
    values, trail = values_and_trail(judged.evaluation.seen)
    values.update(_beside(judged, observation.automatic))
    return RuleOutcome(
        id=rule.id,
        mode=rule.mode.value,
        action=rule.action.value,
        matched=judged.matched,
        error=judged.error,
        reason=_reason(judged, observation),
        values=values,
        trail=trail,
        places=places(judged.evaluation, observation) if judged.matched and judged.error is None else (),
    )


def _reason(judged: Judged, observation: Observation) -> str:
    """What its conditions counted, in words; its own description where they have nothing to tell."""
    if judged.error is not None:
        return sentences.CANNOT_DECIDE
    told = clauses(judged.evaluation, judged.matched, observation)
    return sentences.joined(told) if told else judged.rule.describe.strip().rstrip(".")


def _beside(judged: Judged, automatic: bool) -> dict[str, Any]:
    """What besides its conditions made a rule match or not."""
    values: dict[str, Any] = {}
    if judged.exempt:
        values["unless"] = True
    if judged.matched and judged.rule.delay is not None and automatic:
        values["automatic"] = True
    if judged.spared.by is not None:
        values[EXCEPTION] = judged.spared.by
    if judged.spared.errors:
        values["exception_errors"] = judged.spared.errors
    return values
