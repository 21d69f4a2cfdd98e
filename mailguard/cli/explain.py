"""mailguard explain: why a message was treated as it was, and what happened to it since, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import output
from .ask import ask_one
from .options import Json, Ref
from .trace_text import step_lines

SKIPPED = {"ledger", "sequence", "at", "kind", "ref", "hash", "recipients", "recipient_hashes", "evidence", "prev"}
"""What only --json shows: it says nothing to a person, or the counts say it already."""


def explain(ref: Ref, as_json: Json = False) -> None:
    """Say why a message was treated as it was: every rule, what each of its conditions found, and what happened since.

    The rules are those of the policy that was in force when it was decided.

    Example: mailguard explain MG-7Q4K-2F
    """
    item = ask_one("explain", ref=ref)
    if as_json:
        output.json_line(item)
        return
    if item["decision"] is not None:
        _print_decision(item)
    output.result("\nWhat happened")
    for entry in item["happened"]:
        details = ", ".join(_details(entry))
        happened = entry["kind"].replace("_", " ") + (f": {details}" if details else "")
        output.result(f"  {output.when(entry['at'])}  {happened}")


def _print_decision(item: dict[str, Any]) -> None:
    decision = item["decision"]
    output.result(f"{item['ref']}  {output.colour(_verdict(decision), 'bold')}")
    output.pairs(
        (
            ("Decided", output.when(item["decided_at"])),
            ("Because of", decision.get("deciding")),
            ("Policy", _policy(item)),
            ("May leave as", _forms(decision)),
            ("Changed", ", ".join(decision.get("changes", ()))),
            ("Defects", ", ".join(f"{each['kind']} in {each['where']}" for each in decision.get("defects", ()))),
        )
    )
    output.result("\nRules")
    described = (item["policy"] or {}).get("describe", {})
    steps = {each["id"]: each["steps"] for each in item.get("explain", ())}
    for rule in decision.get("rules", ()):
        _print_rule(rule, described.get(rule["id"]), steps.get(rule["id"], ()))
    output.result("\nWhat was seen")
    for name, value in decision.get("facts", {}).items():
        output.result(f"  {output.plain(name)}: {_short(value, 200)}")


def _print_rule(rule: dict[str, Any], describe: str | None, steps: Sequence[dict[str, Any]]) -> None:
    found = "error" if rule.get("error") else "matched" if rule["matched"] else "no match"
    mode = "" if rule["mode"] == "enforce" else f" ({rule['mode']})"
    output.result(f"  {found.ljust(9)} {output.plain(rule['id'])}{mode}: {rule['action']}")
    # What a rule would have said, had it matched, is not true of this message.
    said = (rule.get("reason"), describe) if rule["matched"] else ()
    for text in (*said, rule.get("error")):
        if text:
            output.result(f"            {output.plain(text)}")
    for line in step_lines(steps, " " * 12):
        output.result(line)
    conditions = {step["key"] for step in steps}
    for name, value in rule.get("values", {}).items():
        if name.partition(" #")[0] not in conditions:
            output.result(f"            {output.plain(name)}: {_short(value, 200)}")


def _verdict(decision: dict[str, Any]) -> str:
    rewrite = f", {decision['rewrite']}" if decision.get("rewrite") else ""
    return f"{decision['disposition']}{rewrite}"


def _forms(decision: dict[str, Any]) -> str | None:
    """Of a hold whose rules limit it; they say what is allowed, not whether it can be made."""
    allowed = decision.get("release_as") if decision["disposition"] == "hold" else None
    return None if allowed is None else ", ".join(allowed) or "nothing"


def _policy(item: dict[str, Any]) -> str:
    policy = item["policy"]
    if policy is None:
        return f"{item['decision'].get('policy_revision')} (its text is not kept)"
    in_force = item.get("policy_in_force")
    since = "" if in_force in (policy["revision"], None) else "; another is in force now"
    return f"{policy['revision']} ({', '.join(policy['files'])}{since})"


def _details(entry: dict[str, Any]) -> list[str]:
    if entry["kind"] == "sender_not_told":
        return _why_not_told(str(entry.get("reason")), bool(entry.get("instead")))
    return [
        _detail(name, value)
        for name, value in entry.items()
        if name not in SKIPPED and value not in (None, "", [], {}) and not name.endswith("sha256")
    ]


def _detail(name: str, value: Any) -> str:
    if name == value:
        return output.plain(name)
    said = output.when(value) if name.endswith("_at") and isinstance(value, str) else _short(value)
    return f"{name.replace('_', ' ')} {said}"


def _why_not_told(reason: str, instead: bool) -> list[str]:
    # Only here: whose reasons they are is a part of the guard that no other command needs.
    from .not_told import WHY_NOT_TOLD

    why = WHY_NOT_TOLD.get(reason, output.plain(reason))
    return [why, "the contact was told instead"] if instead else [why]


def _short(value: Any, longest: int = 80) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "/".join(f"{count} {name}" for name, count in value.items() if count) or "none"
    return output.plain(value, longest)
