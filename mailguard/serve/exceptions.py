"""What `mailguard policy exceptions` shows: every exception of the policy in force, with its uses. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ..core.policy.exceptions import RuleException, day_of
from ..core.policy.load import Policy
from ..core.policy.model import Rule
from ..guard.records import ExceptionUse
from .arguments import Item


def exception_items(policy: Policy, uses: Sequence[ExceptionUse], now: datetime) -> Iterator[Item]:
    """One item for each exception, in the order of the policy."""
    counted = {(use.rule, use.exception): use for use in uses}
    for rule in policy.rules:
        for each in rule.exceptions:
            yield _item(rule, each, counted.get((rule.id, each.id)), now)


def _item(rule: Rule, each: RuleException, use: ExceptionUse | None, now: datetime) -> Item:
    day = day_of(now)
    return {
        "rule": rule.id,
        "mode": rule.mode.value,
        "id": each.id,
        "owner": each.owner,
        "reason": each.reason,
        "by_sender": each.sender is not None,
        "recipients": None if each.recipients is None else len(each.recipients),
        "added": each.added.isoformat(),
        "expires": each.expires.isoformat(),
        "days_left": each.days_left(day),
        "in_force": each.in_force(day),
        "uses": use.uses if use else 0,
        "last_used_at": use.last_used_at.astimezone(UTC).isoformat(timespec="seconds") if use else None,
        "place": f"{rule.file}:{each.line}",
    }
