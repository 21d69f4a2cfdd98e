"""What can be chosen for a held message, by whom, and why the rest cannot: the form of a decision as values. Pure.

Contract: this is for showing. What is allowed here may still be refused by guard.review, which asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ...core.lifecycle import State
from ..actor import Actor
from ..escalation import Colleague
from ..records import Held


class Choice(StrEnum):
    """In the order of CONSOLE.md 2.3. They stand in forms. AGREE: with the first of two approvals."""

    AGREE = "agree"
    SEPARATE = "separate"
    BCC = "bcc"
    REJECT = "reject"
    ESCALATE = "escalate"
    ORIGINAL = "original"


SENDING = frozenset({Choice.SEPARATE, Choice.BCC, Choice.ORIGINAL})
"""Those whose value is the form in which the message leaves."""


class Missing(StrEnum):
    """Why something cannot be chosen, apart from what stands in the way of a rewrite, which is a sentence."""

    RULE = "rule"
    APPROVED = "approved"
    NOBODY = "nobody"
    LEAVES = "leaves"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Options:
    """allowed: in order. missing: what cannot be chosen, with a Missing or a sentence. colleagues: whom one can ask.

    risky: sending it as it is asks for a note and for a look. second: whether this one gives the second approval.
    """

    allowed: tuple[Choice, ...]
    missing: tuple[tuple[Choice, str], ...]
    colleagues: tuple[Colleague, ...]
    risky: bool
    second: bool
    recommended: Choice | None


def options_of(held: Held, actor: Actor, obstacles: dict[Choice, str], colleagues: tuple[Colleague, ...]) -> Options:
    """obstacles: of the forms, why the message cannot leave so, for each that cannot."""
    approved = held.approvals_needed > 1 and actor.has_approved(held)
    second = held.state is State.APPROVED_ONCE and not approved
    allowed: list[Choice] = []
    missing: list[tuple[Choice, str]] = []
    for choice in Choice:
        if choice is Choice.AGREE:
            if second and held.released_as in SENDING and Choice(held.released_as) not in obstacles:
                allowed.append(choice)
            continue
        why = _why_not(choice, held, approved, obstacles, bool(colleagues))
        if why is None:
            allowed.append(choice)
        else:
            missing.append((choice, why))
    recommended = Choice.SEPARATE if held.offers == Choice.SEPARATE and Choice.SEPARATE in allowed else None
    return Options(tuple(allowed), tuple(missing), colleagues, is_risky(held), second, recommended)


def _why_not(choice: Choice, held: Held, approved: bool, obstacles: dict[Choice, str], colleagues: bool) -> str | None:
    if choice is Choice.REJECT:
        return None
    if choice is Choice.ESCALATE:
        if held.state is State.WAITING:
            return Missing.LEAVES
        return None if colleagues else Missing.NOBODY
    return Missing.APPROVED if approved else obstacles.get(choice)


def is_risky(held: Held) -> bool:
    """Whether sending it as it is could hurt many people, or nobody can know: people would see each other, something
    was found in it, it could not be read in full, or its rule wants two people.
    """
    people = held.decision.get("facts", {}).get("visible_external_recipients", 0)
    floors = any(rule.startswith("floor-") for rule in held.rules)
    return people > 1 or floors or held.approvals_needed > 1 or bool(held.decision.get("findings"))
