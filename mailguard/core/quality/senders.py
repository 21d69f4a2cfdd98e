"""Whom an `unless` or an exception would have spared, of a message that its rule did not match then. Pure.

The ledger says it of what matched alone; the evidence beside it has who sent the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..mail.header import ORIGINATOR_FIELDS
from ..policy.conditions.operands import Address
from ..policy.exceptions import RuleException, day_of
from ..policy.model import Rule


@dataclass(frozen=True, slots=True)
class Senders:
    """reverse_path: None for the null path. originators: what From and Sender claim. is_clear: nothing in those fields
    may leave a doubt about them.
    """

    reverse_path: str | None
    originators: tuple[str, ...]
    is_clear: bool


def in_doubt(fields: Mapping[str, Any]) -> bool:
    """Whether something in From or Sender may leave a doubt about who they name. fields: of message_decided."""
    return any(each.get("where") in ORIGINATOR_FIELDS for each in fields.get("defects") or ())


def senders_of(evidence: Mapping[str, object], doubted: bool) -> Senders | None:
    """evidence: of message_decided. doubted: see `in_doubt`. None where it is erased or does not say."""
    originators, sender = evidence.get("originators"), evidence.get("sender")
    if not isinstance(originators, list) or "sender" not in evidence:
        return None
    named = tuple(str(each) for each in originators)
    return Senders(None if sender is None else str(sender), named, bool(named) and not doubted)


def spared(rule: Rule, senders: Senders | None, at: datetime) -> bool | None:
    """Whether the rule would have spared who sent it. at: when. None where that cannot be told."""
    if rule.unless is None and not rule.exceptions:
        return False
    if senders is None:
        return None
    said = [] if rule.unless is None else [_sent_by(rule.unless, senders)]
    said += [_excepted(each, senders, day_of(at)) for each in rule.exceptions]
    if True in said:
        return True
    return None if None in said else False


def _excepted(exception: RuleException, senders: Senders, day: date) -> bool | None:
    if not exception.in_force(day) or (exception.sender is None and exception.recipients is None):
        return False
    sent = None if exception.sender is None else _sent_by(exception.sender, senders)
    if sent is False or exception.recipients is None:
        return sent
    return None  # To whom it went is not compared.


def _sent_by(operand: Address, senders: Senders) -> bool | None:
    """As the condition `sender` (policy/conditions/originators.py)."""
    if senders.reverse_path is None:
        return False
    if not all(operand.holds(address) for address in (senders.reverse_path, *senders.originators)):
        return False
    return True if senders.is_clear else None
