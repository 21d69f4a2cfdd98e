"""Near misses out of decisions of the guard: what was stopped before it could be seen. Pure.

A near miss is a decision in which an enforced rule held, refused or rewrote a message because of whom its recipients
would have seen, or of what was found in it. A rule that looks at nothing but the sender, the size or the form of a
message, and the floors (malformed, unreadable), say nothing of people who would have been exposed; a monitored rule
stopped nothing. docs/decisions/register.md says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .record import Exposure, Guard, Hidden, Incident, LedgerEntry, MessageRefs

MECHANISMS: Mapping[str, str] = {
    "visible_external_recipients": "to_cc_exposure",
    "visible_external_domains": "to_cc_exposure",
    "visible_consumer_recipients": "to_cc_exposure",
    "visible_internal_recipients": "to_cc_exposure",
    "internal_recipients_shown_outside": "to_cc_exposure",
    "batch_external_recipients": "to_cc_exposure",
    "reshown_external_recipients": "recall_reexposure",
    "recall": "recall_reexposure",
    "body_external_addresses": "csv_rows",
    "body_consumer_addresses": "csv_rows",
    "quoted_external_recipients": "forwarded_chain",
    "nested_external_recipients": "forwarded_chain",
    "contact_external_addresses": "csv_rows",
    "same_attachment": "wrong_attachment",
    "finding": "csv_rows",
}
"""Condition -> how it would have happened. What is not here (sender, size, ...) makes no near miss by itself."""

_COUNTED = (
    "visible_external_recipients",
    "internal_recipients_shown_outside",
    "batch_external_recipients",
    "reshown_external_recipients",
    "body_external_addresses",
    "quoted_external_recipients",
    "nested_external_recipients",
    "contact_external_addresses",
)
"""Conditions that count people who would have been shown."""
_PEOPLE = frozenset({"people_rows", "person_named"})
_DATA = {
    **dict.fromkeys(("email", "phone", "postcode"), "contact"),
    **dict.fromkeys(("nhs_number", "chi_number", "hc_number"), "health"),
    **dict.fromkeys(("nino", "driving_licence", "passport_number", "us_ssn"), "identity_documents"),
    **dict.fromkeys(("bank_account", "iban", "payment_card"), "financial"),
}
_WORST = (("reject", "reject"), ("hold", "hold"), ("rewrite", "rewrite"))


def near_miss_of(fields: Mapping[str, Any], ref: str, at: datetime, entry: LedgerEntry) -> Incident | None:
    """The record, None where the decision stopped nothing that the register is about. fields: of message_decided."""
    if fields.get("disposition") not in ("hold", "reject") and not fields.get("rewrite"):
        return None
    rules = [each for each in _list(fields, "rules") if _stopped(each)]
    if not rules:
        return None
    facts, findings = fields.get("facts") or {}, _list(fields, "findings")
    most = _people(rules, findings)
    return Incident(
        kind="near_miss",
        occurred_from=at,
        occurred_to=at,
        detected_at=at,
        detected_how="rule",
        mechanism=_mechanisms(rules, facts, findings),
        narrative=_narrative(rules),
        message=MessageRefs(ref=ref, content_sha256=_text(fields.get("content_sha256"))),
        entries=(entry,),
        exposure=Exposure(
            visible_external_count=_count(facts.get("visible_external_recipients")),
            delivered_count=0 if fields.get("disposition") != "relay" else None,
            envelope_count=_count(facts.get("envelope_recipients")),
            batch_group=_count(facts.get("batch_external_recipients")) or None,
        ),
        hidden_inventory=tuple(
            Hidden(kind=str(each.get("kind")), count=_count(each.get("count")) or 0)
            for each in findings
            if each.get("hidden")
        ),
        data_categories=_categories(findings),
        subjects_max=most,
        count_basis="counted" if most is not None else "unknown",
        guard=Guard(
            policy_revision=_text(fields.get("policy_revision")),
            guard_version=_text(fields.get("guard_version")),
            rules=tuple(str(each["id"]) for each in rules),
            mode="enforce",
            action=next((word for name, word in _WORST if any(each["action"] == name for each in rules)), None),
        ),
    )


def with_outcome(record: Incident, kind: str, fields: Mapping[str, Any], entry: LedgerEntry) -> Incident | None:
    """The near miss with what became of its message; None where that is known already.

    kind: of the entry. A message that a person let go as it was has delivered what was held back: whether that was
    right, and so a false positive, or a breach, is for a person to say.
    """
    outcome = OUTCOMES.get(kind)
    if outcome is None or entry in record.entries:
        return None
    guard = (record.guard or Guard()).model_copy(update={"outcome": outcome, "form": _text(fields.get("form"))})
    exposure = record.exposure
    if outcome == RELEASED and exposure is not None and exposure.delivered_count == 0:
        # It was true of what had been stopped. How many copies a mail server takes from here on, an incident pack says.
        exposure = exposure.model_copy(update={"delivered_count": None})
    return record.model_copy(update={"guard": guard, "exposure": exposure, "entries": (*record.entries, entry)})


def with_wrong(record: Incident, fields: Mapping[str, Any], entry: LedgerEntry) -> Incident | None:
    """The near miss as a false positive, where a reviewer or an admin says for the first time that the hold was wrong,
    or again after nobody's word was left. None where nothing changes: a sender's word is counted, and decides nothing
    here; what a person made of the record since stays.

    fields: of CALLED_WRONG.
    """
    words = [each.kind for each in record.entries if each.kind in (CALLED_WRONG, WITHDRAWN)]
    if fields.get("said_by") not in COUNTING or words[-1:] == [CALLED_WRONG]:
        return None
    kind = "false_positive" if record.kind == "near_miss" else record.kind
    return record.model_copy(update={"kind": kind, "entries": (*record.entries, entry)})


def without_wrong(history: Sequence[Incident], by_guard: Sequence[bool], entry: LedgerEntry) -> Incident | None:
    """The near miss again, where the last word of a reviewer or an admin was taken back that had made it a false
    positive. None where nothing changes: a person called it one, or has closed it.

    history: the record in each of its revisions. by_guard: of each, whether it was made by itself. entry: of WITHDRAWN.
    """
    last = history[-1]
    words = [each.kind for each in last.entries if each.kind in (CALLED_WRONG, WITHDRAWN)]
    if words[-1:] != [CALLED_WRONG]:
        return None
    became = max((n for n, each in enumerate(history) if each.kind != last.kind), default=-1) + 1
    mine = last.kind == "false_positive" and last.status == "open" and by_guard[became]
    kind = "near_miss" if mine else last.kind
    return last.model_copy(update={"kind": kind, "entries": (*last.entries, entry)})


COUNTING = ("reviewer", "admin")
"""In which parts somebody's word makes a near miss a false positive."""
CALLED_WRONG = "hold_called_wrong"
"""The kind of entry by which somebody says that a message should not have been held."""
WITHDRAWN = "wrong_call_withdrawn"
"""By which they take it back. Its `withdraws` names the entries of their words, each as `place_of` an entry."""
RELEASED = "released"
OUTCOMES: Mapping[str, str] = {
    "message_released": RELEASED,
    "release_rejected": "not_sent",
    "hold_cancelled": "cancelled_by_sender",
    "hold_expired": "expired",
}
"""Kinds of entries that end a hold, and what they are called in a record."""


def let_go_as_it_was(record: Incident) -> bool:
    """Whether it is a near miss whose message a person let go as it was: what it is then, a person has to say."""
    guard = record.guard
    return record.kind == "near_miss" and guard is not None and (guard.outcome, guard.form) == (RELEASED, "original")


def _stopped(rule: Mapping[str, Any]) -> bool:
    return (
        bool(rule.get("matched"))
        and rule.get("mode") == "enforce"
        and rule.get("action") in ("hold", "reject", "rewrite")
        and any(name in MECHANISMS and value for name, value in (rule.get("values") or {}).items())
    )


def _mechanisms(rules: list[Any], facts: Mapping[str, Any], findings: list[Any]) -> tuple[str, ...]:
    seen = dict.fromkeys(MECHANISMS[name] for rule in rules for name, value in rule["values"].items()
                         if value and name in MECHANISMS and name != "finding")  # fmt: skip
    if facts.get("calendar") and "to_cc_exposure" in seen:
        seen = {"calendar_attendees": None} | seen
    if any("finding" in rule["values"] for rule in rules):
        hidden = any(each.get("hidden") for each in findings)
        seen["hidden_rows_cols" if hidden else "csv_rows"] = None
    return tuple(seen)


def _people(rules: list[Any], findings: list[Any]) -> int | None:
    """The largest number of people that a rule saw."""
    seen = [_count(rule["values"].get(name)) for rule in rules for name in _COUNTED]
    if any("finding" in rule["values"] for rule in rules):
        seen += [_count(each.get("count")) for each in findings if each.get("kind") in _PEOPLE]
    counted = [each for each in seen if each]
    return max(counted, default=None)


def _categories(findings: list[Any]) -> tuple[str, ...]:
    """Suggested; a person confirms. Addresses of recipients are contact data whatever else there is."""
    found = {_DATA.get(str(each.get("kind")), "basic_identifiers") for each in findings}
    return tuple(sorted(found or {"contact"}))


def _narrative(rules: list[Any]) -> str:
    """The sentences of the rules: they hold counts, and no text of the message (guard/entries.py)."""
    sentences = dict.fromkeys(str(each.get("reason", "")).rstrip(".") for each in rules)
    return ". ".join(each for each in sentences if each and "withheld" not in each)[:2000]


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    return [each for each in fields.get(name) or () if isinstance(each, Mapping)]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
