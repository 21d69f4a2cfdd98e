"""What `mailguard policy exceptions` does: asks for the exceptions of the policy in force, and prints them."""

from __future__ import annotations

from typing import Any

from . import output
from .ask import ask


def show(as_json: bool) -> None:
    """One line, or one object, for each exception."""
    items = ask("policy_exceptions")
    if as_json:
        for item in items:
            output.json_line(item)
        return
    rows = [_row(item) for item in items]
    output.table(("RULE", "EXCEPTION", "TIME LEFT", "USES", "LAST USED", "OWNER", "REASON"), rows)
    if not rows:
        output.message("No exceptions.")


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    uses, last = str(item["uses"]), output.when(item["last_used_at"])
    owner, reason = output.plain(item["owner"], 40), output.plain(item["reason"], 70)
    return item["rule"], item["id"], _left(item), uses, last, owner, reason


def _left(item: dict[str, Any]) -> str:
    days: int = item["days_left"]
    if not days:
        return f"expired {item['expires']}"
    if not item["in_force"]:
        return f"from {item['added']}"
    return f"{days} day{'' if days == 1 else 's'}"
