"""What `mailguard policy quality` and `policy suggest` print. The work is done where the ledger is (serve)."""

from __future__ import annotations

from typing import Any

from ..core.quality.in_words import HEADINGS, NEVER
from ..core.quality.stricter_words import HEADINGS as STRICTER
from . import output
from .ask import ask_one

RULES = ("RULE", "HELD", "CHANGED", "STOPPED", "SENT AS THEY WERE", "OPEN", "SAID TO BE WRONG")


def quality(since: str | None, as_json: bool) -> None:
    """Each rule that held something, with shares of what was ended."""
    item = ask_one("policy_quality", since=since)
    if as_json:
        output.json_line(item)
        return
    output.table(RULES, [_row(each) for each in item["rules"]])
    if not item["rules"]:
        output.message("No message was held in this time.")
        return
    days = f"{item['days']:,.0f}"
    output.message(f"Days: {days}. Shares are of the holds that have an outcome; a message counts for each rule.")
    output.message("To look at another number for a rule: mailguard policy suggest RULE")


def suggest(rule: str, since: str | None, as_json: bool) -> None:
    """Other numbers of a rule, with what they would have made of what it held, and of what left."""
    item = ask_one("policy_suggest", rule=rule, since=since)
    if as_json:
        output.json_line(item)
        return
    for line in item["said"]:
        output.result(output.plain(line))
    for number in item["numbers"]:
        output.result()
        output.result(output.colour(output.plain(number["place"]), "bold"))
        output.result(output.plain(number["said"]))
        if number["effects"]:
            output.table([each.upper() for each in HEADINGS], [each["row"] for each in number["effects"]])
        if number["warning"]:
            output.result(output.plain(number["warning"]))
        _stricter(number["stricter"])
    for line in item["tightening"]["said"]:
        output.result()
        output.result(output.plain(line))
    if item["numbers"]:
        output.message(NEVER)


def _stricter(stricter: dict[str, Any] | None) -> None:
    if stricter is None or not stricter["said"]:
        return
    output.result()
    output.result(output.plain(stricter["said"]))
    if stricter["effects"]:
        output.table([each.upper() for each in STRICTER], [each["row"] for each in stricter["effects"]])


def _row(rule: dict[str, Any]) -> tuple[str, ...]:
    counted = [_with_share(rule[name], rule[f"{name}_share"]) for name in ("changed", "stopped", "sent")]
    open_ones = f"{rule['open'] + rule['by_itself']:,}"
    return rule["rule"], f"{rule['held']:,}", *counted, open_ones, f"{rule['said_wrong']:,}"


def _with_share(count: int, share: float | None) -> str:
    return f"{count:,}" if share is None else f"{count:,} ({share:.0%})"
