"""A month of invented decisions: what happened, in plain values, and the ledger's entries that say so.

What is counted in tests is counted from `Happened`, with nothing of mailguard's; the program sees the entries alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
REVISION = "sha256:" + "a" * 64
FATES = ("separate", "bcc", "original", "rejected", "cancelled", "expired", "open", "stopped-then-rejected")


@dataclass(frozen=True)
class Happened:
    """One message. way: passed, refused, rewritten, held or cannot (a rewrite that could not be made, so it was held).
    rule: list (people in To or Cc), sheet (a hidden sheet) or big (by size, so no near miss); None where none matched.
    fate: of FATES, of what was held. after: from the hold to the decision. who: the account that decided.
    """

    ref: str
    at: datetime
    way: str
    rule: str | None
    people: int
    fate: str | None = None
    after: timedelta = timedelta()
    who: str | None = None
    spared: bool = False
    monitored: bool = False

    @property
    def is_near_miss(self) -> bool:
        return self.way != "passed" and self.rule in ("list", "sheet")

    @property
    def is_held(self) -> bool:
        return self.way in ("held", "cannot")


def happened(count: int, year: int = 2026, month: int = 10, seed: int = 7) -> list[Happened]:
    """October 2026 has the night on which the clocks go back. In the order of time."""
    rng = random.Random(seed)
    first = datetime(year, month, 1, tzinfo=LONDON).astimezone(UTC)
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=LONDON).astimezone(UTC)
    seconds = int((following - first).total_seconds())
    moments = sorted([0, seconds - 1, *(rng.randrange(seconds) for _ in range(count - 2))])
    return [_one(rng, f"MG-{number:06}", first + timedelta(seconds=each)) for number, each in enumerate(moments)]


def _one(rng: random.Random, ref: str, at: datetime) -> Happened:
    way = rng.choices(("passed", "refused", "rewritten", "held", "cannot"), (80, 3, 5, 10, 2))[0]
    if way == "passed":
        odd = rng.random()
        return Happened(ref, at, way, None, 0, spared=odd < 0.05, monitored=odd > 0.95)
    rule = rng.choice(("list", "sheet", "big")) if way not in ("rewritten", "cannot") else "list"
    people = rng.randint(10, 400) if rule != "big" else 0
    if way not in ("held", "cannot"):
        return Happened(ref, at, way, rule, people)
    who = rng.choice(("anna", "bert", "cleo"))
    return Happened(ref, at, way, rule, people, rng.choice(FATES), timedelta(seconds=rng.randint(5, 200_000)), who)


Entry = tuple[str, str, datetime, dict[str, Any]]
"""(kind, ref, at, fields)."""


def entries_of(each: Happened) -> Iterator[Entry]:
    """What the ledger says of it, in order."""
    yield "message_decided", each.ref, each.at, decision(each)
    if not each.is_held:
        return
    yield "message_held", each.ref, each.at, {"due_at": (each.at + timedelta(days=3)).isoformat(), "state": "held"}
    ended, by = each.at + each.after, {"account": each.who, "via": "console"}
    guard = {"actor": "mailguard", "system_user": "mailguard"}
    if each.fate in ("separate", "bcc", "original"):
        yield "release_decided", each.ref, ended, {**by, "form": each.fate}
        yield "message_released", each.ref, ended + timedelta(seconds=30), {**guard, "form": each.fate}
    elif each.fate == "rejected":
        yield "release_rejected", each.ref, ended, by
    elif each.fate == "stopped-then-rejected":
        yield "release_decided", each.ref, ended - timedelta(seconds=4), {**by, "form": "original"}
        yield "release_stopped", each.ref, ended - timedelta(seconds=2), by
        yield "release_rejected", each.ref, ended, by
    elif each.fate == "cancelled":
        yield "hold_cancelled", each.ref, ended, {"actor": "sender", "system_user": "sender"}
    elif each.fate == "expired":
        yield "hold_expired", each.ref, ended, {}


def decision(each: Happened) -> dict[str, Any]:
    """The fields of its decision, with as many other rules as an ordinary policy has."""
    dispositions = {"passed": "relay", "refused": "reject", "rewritten": "relay", "held": "hold", "cannot": "relay"}
    rewritten = each.way in ("rewritten", "cannot")
    rules = [_rule("list", each, "visible_external_recipients"), _rule("sheet", each, "finding"),
             _rule("big", each, "size_bytes"), {**_rule("trial", each, "subject"), "mode": "monitor",
                                                "matched": each.monitored}]  # fmt: skip
    finding = {"detector": "hidden", "kind": "people_rows", "where": "", "count": each.people, "hidden": True}
    return {
        "schema": 1,
        "disposition": dispositions[each.way],
        "rewrite": "separate" if rewritten else None,
        "rules": rules,
        "facts": {"visible_external_recipients": each.people if each.rule == "list" else 1},
        "findings": [finding] if each.rule == "sheet" else [],
        "policy_revision": REVISION,
    }


def _rule(name: str, each: Happened, condition: str) -> dict[str, Any]:
    matched = each.rule == name
    action = {"refused": "reject", "rewritten": "rewrite", "cannot": "rewrite"}.get(each.way, "hold")
    values: dict[str, Any] = {condition: (each.people or True) if matched else 0}
    if name == "list" and each.spared:
        values["exception"] = "board"
    return {"id": name, "mode": "enforce", "action": action, "matched": matched, "error": None,
            "reason": f"rule {name}", "values": values}  # fmt: skip
