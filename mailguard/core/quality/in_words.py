"""A suggestion in sentences, for a terminal and for a page. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..policy.model import Action, Mode, Rule
from ..review_report.holds import End
from .numbers import Threshold
from .suggestion import LEAST, Candidates, Effect, Suggestion, holds_mail

ENDS: Mapping[End, str] = {
    End.SENT: "sent as they were",
    End.CHANGED: "changed",
    End.REJECTED: "not sent by a reviewer",
    End.CANCELLED: "cancelled by the sender",
    End.EXPIRED: "not sent because nobody decided",
    End.BY_ITSELF: "sent by themselves after a delay",
    End.OPEN: "not decided yet",
}
HEADINGS = (
    "Number", "Not held", "Sent as they were", "Changed or not sent", "Said to be wrong", "Cannot be told",
)  # fmt: skip
NOT_NUMBERS = "Rule {rule} compares no number that the record tells of, so there is no other one to propose."
NOT_HOLDING = "Rule {rule} holds nothing ({how}), so there are no decisions of people to learn from."
NEVER = "Nothing is changed by this: whoever looks after the policy writes another number into its file."


def summary(found: Suggestion) -> list[str]:
    """What was looked at."""
    days = f"{found.days:,.0f} day" + ("" if round(found.days) == 1 else "s")
    said = [f"In {days} rule {found.rule.id} held {_messages(found.total)}{_ends(found.held)}."]
    if found.no_longer:
        said.append(f"{_messages(found.no_longer)} more that it held then it would not hold today.")
    if found.unknown:
        said.append(f"Of {_messages(found.unknown)} more the record does not tell whether it would hold them today.")
    return [*said, *_without_numbers(found)]


def place(rule: Rule, threshold: Threshold) -> str:
    """Where the number stands."""
    return f"{threshold.in_yaml(threshold.number)} in {rule.file}, rule {rule.id} (line {rule.line})"


def proposal(found: Suggestion, candidates: Candidates) -> str:
    """What is proposed, and why, or why nothing is."""
    proposed = candidates.proposed
    if proposed is not None:
        said = f"Proposed: {effect(found, candidates.threshold, proposed)}"
        if proposed.total == found.total:
            return f"{said} That is every hold that there was: ask whether the rule is needed."
        return f"{said} None was changed or kept back by anybody."
    if not found.is_enough:
        return f"Nothing is proposed: only {found.ended:,} of its holds have an outcome; it takes {LEAST}."
    if not candidates.effects:
        return "Nothing is proposed: no other number would have made a difference."
    if candidates.effects[0].is_harmless:
        return "Nothing is proposed: none of the messages that another number would have let out was sent as it was."
    return (
        "Nothing is proposed: every number that holds fewer would have let out a message that was changed or not sent."
    )


def effect(found: Suggestion, threshold: Threshold, one: Effect) -> str:
    """What one number would have made, in one sentence."""
    begins = f"with {one.number:,} in place of {threshold.number:,}, {one.total:,} of {_holds(found.total)}"
    monthly = f"{found.a_month(one.total):,.0f} of {found.a_month(found.total):,.0f} a month"
    return f"{begins} ({monthly}) would not have been{_ends(one.sent)}.{_warning(one)}"


def row(one: Effect) -> tuple[str, ...]:
    """Of the table, in the order of HEADINGS."""
    numbers = (one.number, one.total, one.sent.get(End.SENT, 0), one.caught, one.wrong, sum(one.unknown.values()))
    return tuple(f"{each:,}" for each in numbers)


def warning(candidates: Candidates) -> str | None:
    """Said beside a table in which a number lets out what somebody changed or kept back."""
    harmful = [each for each in candidates.effects if not each.is_harmless]
    if not harmful:
        return None
    numbers = ", ".join(f"{each.number:,}" for each in harmful)
    return f"Not proposed, since a message would have left that was changed or not sent, or might have: {numbers}."


def _warning(one: Effect) -> str:
    return "" if one.is_harmless else f" Of these {one.caught:,} were changed or not sent."


def _without_numbers(found: Suggestion) -> list[str]:
    if not holds_mail(found.rule):
        return [NOT_HOLDING.format(rule=found.rule.id, how=_how(found.rule))]
    return [] if found.candidates else [NOT_NUMBERS.format(rule=found.rule.id)]


def _how(rule: Rule) -> str:
    if rule.mode is not Mode.ENFORCE:
        return f"mode: {rule.mode.value}"
    return f"action: {Action(rule.action).value}"


def _ends(ends: Mapping[End, int]) -> str:
    """For example ": 29 sent as they were, 2 changed"."""
    told = ", ".join(f"{ends[end]:,} {said}" for end, said in ENDS.items() if ends.get(end))
    return f": {told}" if told else ""


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"


def _holds(count: int) -> str:
    return "1 hold" if count == 1 else f"{count:,} holds"
