"""What stricter numbers would have held, in sentences, for a terminal and for a page. Pure.

A breach is named by its reference: whose it was is for those who may read the register.
"""

from __future__ import annotations

from collections.abc import Sequence

from .suggestion import holds_mail
from .tightening import MOST_LOOKED_AT, Stricter, StricterNumbers, Tightening

MOST_NAMED = 5
"""References in a sentence."""
HEADINGS = ("Stricter number", "Breaches held", "Others held", "Others a month", "Cannot be told")
NO_BREACH = (
    "No stricter number is proposed: no breach in the register names a message that left and that this rule could have "
    "held. What a stricter number would have held besides, nobody has looked at."
)
NOBODY_LOOKED = "The others are messages that left and that nobody has looked at: most may be as they should be."


def summary(found: Tightening) -> list[str]:
    """What was looked at, and which breaches no number would have made a difference to."""
    if not holds_mail(found.rule):
        return []
    named, said = found.named, []
    if found.held_today:
        said.append(f"The rules as they are now would hold {_messages_of(found.held_today)}.")
    if named.held_then:
        said.append(f"Held by a rule and sent afterwards, so that no number changes it: {_refs(named.held_then)}.")
    if named.not_left:
        said.append(f"The ledger knows of no message that left for {_refs(named.not_left)}.")
    if named.without:
        breaches = "1 breach" if named.without == 1 else f"{named.without:,} breaches"
        said.append(f"{breaches} in the register {'names' if named.without == 1 else 'name'} no message.")
    if not set(found.left) - set(found.held_today):
        return [*said, NO_BREACH]
    if any(each.effects for each in found.numbers):
        said.append(_looked_at(found))
    return said


def proposal(found: Tightening, numbers: StricterNumbers) -> str | None:
    """What is proposed, or why nothing is; None where there is no breach to say it of."""
    one = numbers.proposed
    if one is not None:
        said = f"Proposed: {effect(found, numbers, one)}"
        return f"{said} {_too_much(found)}" if found.is_much(one) else said
    said = ""
    if numbers.out_of_reach:
        said = f"No other number here would have held {_messages_of(numbers.out_of_reach)}."
    return " ".join(filter(None, (said, untold(numbers)))) or None


def effect(found: Tightening, numbers: StricterNumbers, one: Stricter) -> str:
    """What one number would have made, in one sentence."""
    begins = f"with {one.number:,} in place of {numbers.threshold.number:,}, {_messages_of(one.breaches)} would have"
    if not one.others:
        return f"{begins} been held, and no other of the {found.looked_at:,} that left.{_open(one)}"
    month = a_month(found, one)
    others = f"{month} {'other' if month.endswith(' 1') else 'others'} a month that nobody has looked at"
    counted = f"{one.others:,} of {found.looked_at:,} that left"
    return f"{begins} been held, and {others} ({counted}).{_open(one)}"


def untold(numbers: StricterNumbers) -> str | None:
    """Of which breaches the record does not tell."""
    if not numbers.unknown:
        return None
    return f"The record does not tell whether another number would have held {_messages_of(numbers.unknown)}."


def row(found: Tightening, one: Stricter) -> tuple[str, ...]:
    """Of the table, in the order of HEADINGS."""
    return f"{one.number:,}", _refs(one.breaches), f"{one.others:,}", a_month(found, one), f"{one.unknown:,}"


def a_month(found: Tightening, one: Stricter) -> str:
    """How many others, about."""
    count = found.a_month(one.others)
    if one.others and count < 1:
        return "fewer than 1"
    return f"about {count:,.0f}" if one.others else "0"


def _looked_at(found: Tightening) -> str:
    days = f"{found.days:,.0f} day" + ("" if round(found.days) == 1 else "s")
    days = "less than a day" if found.days < 1 else days
    if found.is_limited:
        return (
            f"What else would have been held is counted among the newest {MOST_LOOKED_AT:,} messages that left, in "
            f"{days}: older ones were not looked at. {NOBODY_LOOKED}"
        )
    return f"What else would have been held is counted among {found.looked_at:,} that left in {days}. {NOBODY_LOOKED}"


def _too_much(found: Tightening) -> str:
    return (
        "That is more than one in ten of all that left: ask whether a rule of its own would hold such a message "
        f"better than another number of rule {found.rule.id}."
    )


def _open(one: Stricter) -> str:
    return f" Of {one.unknown:,} more it cannot be told." if one.unknown else ""


def _messages_of(breaches: Sequence[str]) -> str:
    return f"the message{'' if len(breaches) == 1 else 's'} of {_refs(breaches)}"


def _refs(breaches: Sequence[str]) -> str:
    named = list(breaches[:MOST_NAMED])
    if len(breaches) > MOST_NAMED:
        named.append(f"{len(breaches) - MOST_NAMED:,} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
