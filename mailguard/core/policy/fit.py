"""What a policy asks of the settings: loading sees only the policy, so this is asked where both are known.

INVARIANT: what is found here keeps a policy from being put in force; nothing that is only doubtful is found.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Diagnostic, quoted
from ..organisation import Organisation
from .conditions.teams import SENDER_TEAM
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


def _teams_of(rule: Rule) -> tuple[str, ...]:
    """The teams that its conditions name, each once; a rule that is off asks for nothing."""
    if rule.mode is Mode.OFF:
        return ()
    named = (test.operand for test, _ in questions_in(rule.when) if test.condition.key == SENDER_TEAM.key)
    return tuple(dict.fromkeys(name for operand in named for name in operand))
