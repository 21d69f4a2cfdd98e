"""What a policy asks of the settings and the day: loading sees only the policy, so this is asked where they are known.

INVARIANT: what `misfits` finds keeps a policy from being put in force; nothing that is only doubtful is found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from ..document import Diagnostic, closest, quoted
from ..organisation import Organisation
from .conditions.structure import FINDING
from .conditions.teams import SENDER_TEAM
from .exceptions import day_of, running_out, spares_everybody
from .model import Mode, Policy, Rule
from .tree import questions_in


def misfits(policy: Policy, organisation: Organisation) -> tuple[Diagnostic, ...]:
    """Everything in the policy that cannot be meant with these settings, at the line of its rule."""
    return tuple(_misfits(policy, organisation))


def _misfits(policy: Policy, organisation: Organisation) -> Iterator[Diagnostic]:
    teams = {team.name for team in organisation.teams}
    for rule in policy.rules:
        for name in _teams_of(rule):
            if name not in teams:
                message = f"the settings have no team {quoted(name)}, so rule {quoted(rule.id)} guards nobody by it"
                yield Diagnostic(rule.file, rule.line, 1, message)
        if spares_everybody(rule.exceptions, organisation):
            message = f"the exceptions of rule {quoted(rule.id)} switch it off for everybody inside"
            yield Diagnostic(rule.file, rule.exceptions[0].line, 1, message)


def _teams_of(rule: Rule) -> tuple[str, ...]:
    """The teams that its conditions name, each once; a rule that is off asks for nothing."""
    if rule.mode is Mode.OFF:
        return ()
    named = (test.operand for test, _ in questions_in(rule.when) if test.condition.key == SENDER_TEAM.key)
    return tuple(dict.fromkeys(name for operand in named for name in operand))


def unknown_kinds(policy: Policy, known: Collection[str]) -> tuple[Diagnostic, ...]:
    """Warnings of kinds of findings that a rule asks for and that nothing finds. known: the kinds that are found."""
    return tuple(
        Diagnostic(
            rule.file,
            rule.line,
            1,
            f"nothing finds the kind {quoted(kind)} that rule {quoted(rule.id)} asks for",
            suggestion=closest(kind, sorted(known)),
        )
        for rule in policy.rules
        if rule.mode is not Mode.OFF
        for kind in _kinds_of(rule)
        if kind not in known
    )


def _kinds_of(rule: Rule) -> tuple[str, ...]:
    """The kinds of findings that its conditions name, each once."""
    named = (test.operand.kind for test, _ in questions_in(rule.when) if test.condition.key == FINDING.key)
    return tuple(dict.fromkeys(kind for kinds in named for kind in kinds or ()))


def running_out_in(policy: Policy, clock: datetime) -> tuple[Diagnostic, ...]:
    """Warnings of exceptions that have expired, run out soon, or have not begun, at their lines."""
    return tuple(
        Diagnostic(rule.file, each.line, 1, f"exception {quoted(each.id)} of rule {quoted(rule.id)} {why}")
        for rule in policy.rules
        for each in rule.exceptions
        if (why := running_out(each, day_of(clock))) is not None
    )
