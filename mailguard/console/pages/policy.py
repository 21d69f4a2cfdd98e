"""The rules: what is in force, in sentences, and what became of the messages that each matched; the page for staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.document import Diagnostic
from ...core.legible import legible
from ...core.policy.model import Action, Mode, Rule
from ...guard.console.rules import RuleBook, RuleCount
from ...guard.sender_links import forms_for_sender
from .. import words, words_quality
from .. import words_policy as said
from ..answers import Answer, Page
from ..entry_words import number
from ..visit import Visit

MOST_ERRORS = 20


async def show(visit: Visit) -> Answer:
    powers = visit.signed_in.powers
    book = await visit.site.rules.book()
    # A ledger does not say whose mail a relayed message was, so there are no counts of a team alone.
    counts = book.counts if powers.sees.everybody else None
    model = {
        "said": said,
        "status": _status(book, visit),
        "broken": _broken(book),
        "errors": [_error(each, powers.admin) for each in book.diagnostics[:MOST_ERRORS]],
        "none": book.rules is None,
        "rules": [_rule(each, counts) for each in book.rules or ()],
        "uncounted": said.LATELY_OTHERS if book.rules and counts is None else None,
        "quality": words_quality.LINK if powers.sees.everybody else None,
        "may_try": visit.site.trials.may_try(powers),
    }
    return Page("policy.html", said.TITLE if book.rules is not None else said.NONE_TITLE, model)


async def show_checked(visit: Visit) -> Answer:
    """For all staff, who need not sign in for it."""
    stops, records = visit.site.rules.checked()
    contact = visit.site.contact
    model = {
        "said": said,
        "stops": stops,
        "records": records,
        "steps": [step.format(contact=contact) for step in said.CHECKED_STEPS],
    }
    return Page("checked.html", said.CHECKED_TITLE, model)


def _status(book: RuleBook, visit: Visit) -> str | None:
    if book.rules is None:
        return None
    rules = number(said.RULES, len(book.rules))
    if book.loaded_at is None:
        return said.VERSION_UNDATED.format(version=book.version, rules=rules)
    return said.VERSION.format(version=book.version, rules=rules, moment=visit.site.in_words(book.loaded_at))


def _broken(book: RuleBook) -> dict[str, str] | None:
    if book.problem is None:
        return None
    still = said.BROKEN.format(version=book.version) if book.rules is not None else said.NONE
    return {"still": still, "why": said.BROKEN_WHY.format(problem=legible(book.problem, 500))}


def _error(found: Diagnostic, admin: bool) -> dict[str, str | None]:
    """source: the line with a caret, which may name people: for admins alone, who have the files."""
    # One sign for one: the caret stands under its column.
    line = "".join(each if each.isprintable() else "\ufffd" for each in found.source_line.replace("\t", " ")[:300])
    return {
        "place": said.ERROR_AT.format(file=legible(found.file), line=found.line, column=found.column),
        "message": legible(found.message, 500),
        "suggestion": said.SUGGESTION.format(suggestion=legible(found.suggestion)) if found.suggestion else None,
        "source": f"{line}\n{' ' * (found.column - 1)}^" if admin and line and found.column <= len(line) + 1 else None,
    }


def _rule(rule: Rule, counts: Mapping[str, RuleCount] | None) -> dict[str, Any]:
    """counts: None where the visitor does not see everybody's mail."""
    off = rule.mode is Mode.OFF
    return {
        "describe": legible(rule.describe, 1000),
        "place": said.RULE_PLACE.format(id=rule.id, file=legible(rule.file), line=rule.line),
        "mode": said.MODES[rule.mode.value],
        "in_force": rule.mode is Mode.ENFORCE,
        "does": _does(rule),
        "lately": said.LATELY_OFF if off else _lately(counts.get(rule.id, RuleCount())) if counts is not None else None,
    }


def _does(rule: Rule) -> list[str]:
    action = _action(rule)
    found = [said.MONITORED.format(action=action) if rule.mode is Mode.MONITOR else action]
    if rule.action is Action.HOLD and rule.delay is None:
        # Cancelling is always theirs, whatever the rule lists (guard/console/sender.py).
        forms = forms_for_sender(rule.sender_may, rule.release_as, rule.approvals)
        acts = said.AND.join(said.SENDER_ACTS[each] for each in ("cancel", *forms))
        found.append(said.SENDER_MAY.format(acts=acts))
    return found


def _action(rule: Rule) -> str:
    if rule.action is Action.REWRITE:
        return said.ACTIONS[f"rewrite {rule.rewrite.value if rule.rewrite else 'separate'}"]
    if rule.action is Action.HOLD and rule.delay is not None:
        return said.ACTIONS["hold delay"].format(duration=words.duration_in_words(rule.delay))
    if rule.action is Action.HOLD and rule.approvals > 1:
        return said.ACTIONS["hold 2"]
    return said.ACTIONS[rule.action.value]


def _lately(count: RuleCount) -> str:
    if not count.matched:
        return said.LATELY_NONE
    ends = {"changed": count.changed, "sent": count.sent, "stopped": count.stopped, "waiting": count.waiting}
    told = ", ".join(said.ENDS[name].format(count=each) for name, each in ends.items() if each)
    return (said.MATCHED[0] if count.matched == 1 else said.MATCHED[1]).format(count=count.matched, ends=told)
