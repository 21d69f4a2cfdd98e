"""What `policy replay` and `policy diff` print for people. Counts, days, rules and positions; nothing of a message
unless it is handed over to be shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ..core.replay.outcome import HOLD, OUTCOMES, REJECT, RELAY, REWRITE
from ..core.replay.totals import RuleTotal, Totals
from ..replay.progress import duration
from . import output

BUSIEST_DAYS = 14
_SAID = {RELAY: "leave as they are", REWRITE: "leave rewritten", HOLD: "held", REJECT: "refused"}


def replayed(totals: Totals, seconds: float, rate: float) -> None:
    """The whole of one policy. rate: messages a second."""
    took = f"in {duration(seconds)}, {rate:,.0f} a second" if seconds >= 1 else "in less than a second"
    output.result(output.colour(f"{totals.messages:,} messages{_period(totals)}, judged {took}.", "bold"))
    for each in OUTCOMES:
        output.result(f"  {totals.outcomes[each]:>9,}  {_SAID[each]}{_aside(totals, each)}")
    output.result(f"  {totals.unreadable.total():>9,}  could not be read or judged")
    for why, count in totals.unreadable.most_common():
        output.result(f"             {count:,}: {output.plain(why)}")
    if totals.undated:
        output.result(f"  {totals.undated:,} have no date, and are in no day below.")
    _rules(totals.rules)
    _days(totals)


def compared(old: Totals, new: Totals, ways: Counter[tuple[str, str]], changes: Sequence[Mapping[str, Any]]) -> None:
    """Two policies on the same archive. ways: how what the old one did became what the new one does."""
    count = ways.total()
    with_unread = f", {old.unreadable.total():,} unreadable" if old.unreadable else ""
    heading = f"{count:,} of {old.messages:,} messages{_period(old)} come out otherwise{with_unread}."
    output.result(output.colour(heading, "bold"))
    output.result()
    output.table(
        ("", "OLD", "NEW"), [(_SAID[each], f"{old.outcomes[each]:,}", f"{new.outcomes[each]:,}") for each in OUTCOMES]
    )
    if not changes:
        return
    output.result()
    output.table(("OLD", "NEW", "MESSAGES"), [(a, b, f"{number:,}") for (a, b), number in ways.most_common()])
    output.result()
    heads = _content_heads(changes)
    rows = [
        (
            each["position"],
            each["ref"],
            _day(each["at"]),
            _side(each["old"]),
            _side(each["new"]),
            *_content(each, heads),
        )
        for each in changes
    ]
    output.table(("POSITION", "REF", "DATE", "OLD", "NEW", *heads), rows)


def listed(found: Sequence[Mapping[str, Any]]) -> None:
    """Each message that does not leave as it is."""
    if not found:
        return
    output.result()
    heads = _content_heads(found)
    rows = [
        (each["position"], each["ref"], _day(each["at"]), *_outcome(each), *_content(each, heads)) for each in found
    ]
    output.table(("POSITION", "REF", "DATE", "OUTCOME", "RULE", *heads), rows)


def unanswered(rules: Mapping[str, Sequence[str]]) -> None:
    """Of a ledger's facts: the rules that they do not answer, or not always, and what is missing."""
    if not rules:
        return
    output.result()
    output.result(
        "A ledger keeps counts, not messages. These rules ask for more, and match here only where that does not matter:"
    )
    output.table(("RULE", "NOT RECORDED"), [(name, ", ".join(keys)) for name, keys in rules.items()])


def _rules(rules: Mapping[str, RuleTotal]) -> None:
    output.result()
    rows = [
        (
            name,
            _does(rule),
            f"{rule.messages:,}",
            f"{rule.decided:,}",
            rule.first or "",
            rule.last or "",
            _largest(rule),
        )
        for name, rule in rules.items()
    ]
    output.table(("RULE", "DOES", "MATCHED", "DECIDED", "FIRST", "LAST", "LARGEST (POSITION)"), rows)


def _days(totals: Totals) -> None:
    """The days on which most was stopped, in order of time. All of them are in --json."""
    stopped = {day: counts for day, counts in totals.days.items() if counts[HOLD] + counts[REJECT] + counts[REWRITE]}
    if not stopped:
        return
    chosen = sorted(stopped, key=lambda day: (-stopped[day][HOLD], -stopped[day].total(), day))[:BUSIEST_DAYS]
    output.result()
    if len(stopped) > len(chosen):
        output.result(f"The {len(chosen)} of {len(stopped):,} days with the most holds (--json has all):")
    rows = [
        (day, f"{counts.total():,}", *(f"{counts[each]:,}" for each in (HOLD, REJECT, REWRITE)))
        for day, counts in sorted((day, stopped[day]) for day in chosen)
    ]
    output.table(("DAY", "MESSAGES", "HELD", "REFUSED", "REWRITTEN"), rows)


def _aside(totals: Totals, outcome: str) -> str:
    """How many holds a day, and how many of them a person need not end."""
    if outcome != HOLD or not totals.outcomes[HOLD] or totals.most_holds is None:
        return ""
    day, most = totals.most_holds
    dated = sum(counts[HOLD] for counts in totals.days.values())
    told = f": {dated / totals.span_days:.1f} a day, at most {most:,} (on {day})"
    return told + (f"; {totals.waits:,} of them leave by themselves after a delay" if totals.waits else "")


def _period(totals: Totals) -> str:
    if totals.first is None:
        return ""
    if totals.first == totals.last:
        return f" of {totals.first}"
    return f" from {totals.first} to {totals.last} ({totals.span_days:,} days)"


def _does(rule: RuleTotal) -> str:
    return rule.action if rule.mode == "enforce" else f"{rule.action} ({rule.mode})"


def _largest(rule: RuleTotal) -> str:
    errors = f"; {rule.errors:,} errors" if rule.errors else ""
    return ", ".join(f"{number:,} ({position})" for number, _, position in rule.largest[:3]) + errors


def _outcome(found: Mapping[str, Any]) -> tuple[str, str]:
    if "unreadable" in found:
        return "unreadable", found["unreadable"]
    form = f" ({found['rewrite']})" if found["rewrite"] else ""
    return f"{found['outcome']}{form}", found["rule"] or ""


def _side(found: Mapping[str, Any]) -> str:
    form = f" ({found['rewrite']})" if found["rewrite"] else ""
    return f"{found['outcome']}{form}" + (f" by {found['rule']}" if found["rule"] else "")


def _content_heads(found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Two columns more where it was asked for: an unreadable message has nothing to stand in them."""
    return ("FROM", "SUBJECT") if any("subject" in each for each in found) else ()


def _content(found: Mapping[str, Any], heads: Sequence[str]) -> tuple[str, ...]:
    return (found.get("from", ""), output.plain(found.get("subject", ""), 60)) if heads else ()


def _day(at: str | None) -> str:
    return str(date.fromisoformat(at[:10])) if at else ""
