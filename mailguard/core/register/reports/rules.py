"""The quality of rules: how often each matched, and what became of what was held because of it."""

from __future__ import annotations

from ..table import Table
from .tally import RuleTally, Tally

_KEYS = (
    "rule", "enforced", "monitored", "held", "refused", "rewritten", "changed", "not_sent", "as_it_was", "cancelled",
    "expired", "open", "errors", "as_it_was_share",
)  # fmt: skip
_HEADINGS = (
    "Rule", "Matched", "Matched, only monitored", "Held", "Refused", "Rewritten", "Left changed", "Not sent",
    "Left as it was", "Cancelled by the sender", "Expired", "Open", "Errors", "Share left as it was",
)  # fmt: skip


def table(tally: Tally) -> Table:
    rows = tuple(_row(rule, counted) for rule, counted in sorted(tally.rules.items()))
    notes = (
        "A message is counted for each rule that it met.",
        "The share is of the holds that a person decided: where it is high, the rule stops what may pass.",
    )
    return Table("rules", "Rules", _KEYS, _HEADINGS, rows, notes)


def _row(rule: str, counted: RuleTally) -> tuple[str, ...]:
    numbers = (
        counted.enforced, counted.monitored, counted.held, counted.refused, counted.rewritten, counted.changed,
        counted.not_sent, counted.as_it_was, counted.cancelled, counted.expired, counted.open, counted.errors,
    )  # fmt: skip
    share = counted.wrong_share
    return (rule, *map(str, numbers), "" if share is None else f"{share:.0%}")
