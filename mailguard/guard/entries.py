"""The entries of the ledger and the evidence beside them, built from what the stories know. Pure.

INVARIANT: the fields of an entry hold no address, subject or text; the evidence may, it is encrypted.
The kinds are listed in docs/operating.md (a test compares).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..core.envelope import Envelope
from ..core.legible import legible
from ..core.mail.message import Message
from ..core.outcome import Outcome, Transmission
from ..core.policy.trail import trails
from ..core.subject import subject_of
from ..core.verdict import EXCEPTION, Published, Verdict
from .actor import Actor
from .records import Held, NewDelivery, NewEntry, RecipientRecord
from .sender_links import SENDER, name_of
from .told import Answer, NotTold

WITHHELD = "(withheld)"
SAID = 200
"""Characters of a reply that are kept: the name that the next server gave the message stands at its start."""
_TAKEN_APART = frozenset({"visible", "findings", "inventory", "rules"})
"""Of a decision: what the chain does not have, or has in a form of its own."""
NAMELESS = {"where": WITHHELD, "summary": WITHHELD}
FILELESS = {"file": WITHHELD, "summary": WITHHELD}

KINDS = {
    "message_decided": "The decision about a message: every rule and condition, the facts, the revision, the hashes.",
    "message_held": "The message is in the quarantine.",
    "message_rejected": "The client was told that the message is refused.",
    "message_looped": "The message came back or had passed too many servers; the client was told that it is refused.",
    "message_relayed": "The smarthost took the message for at least one recipient.",
    "message_refused": "The smarthost refused the message for every recipient; the client was told.",
    "message_deferred": "The message was not taken for now; the client was told to try again.",
    "message_uncertain": "The smarthost's answer was lost, or its sender ended (`why`); it may have the message.",
    "copies_queued": "Separate copies are in the outbox.",
    "recipients_queued": "Recipients that the smarthost deferred are in the outbox.",
    "release_approved": "The first of two approvals.",
    "release_decided": "Somebody decided to send a held message; it leaves when the time to stop it is over.",
    "release_stopped": "What was decided to be sent was stopped in time; nothing has left, and it needs a decision.",
    "decision_escalated": "Somebody asked somebody else to decide about a held message; the evidence says whom.",
    "message_assigned": "Somebody took a held message on; the evidence says who. It decides nothing.",
    "note_added": "Somebody wrote a note about a held message for other reviewers; the evidence has it.",
    "hold_called_wrong": "Somebody says that a hold was wrong: `said_by` in which part; the evidence has who, and why.",
    "wrong_call_withdrawn": "Who said that a hold was wrong takes it back; `withdraws` names the entries of that.",
    "message_released": "A reviewer released a held message; its copies are in the outbox.",
    "release_rejected": "A reviewer decided not to send a held message.",
    "hold_cancelled": "The sender cancelled a held message.",
    "recipients_left_out": "The sender took people off a message that waits (`delay`); it leaves for the others.",
    "decision_reminded": "Half of the time for a decision is over; `told`: how many mailboxes were reminded.",
    "decision_pressed": "Four fifths of the time for a decision are over; `told`: likewise, with `notices.escalation`.",
    "urgent_called": "The sender says that a message cannot wait; the evidence says why. `leaves`: it is sent at once.",
    "hold_expired": "Nobody decided by the deadline; the message was not sent.",
    "copy_delivered": "The smarthost took a row of the outbox for at least one recipient.",
    "copy_deferred": "A row of the outbox will be tried again.",
    "copy_bounced": "Recipients of a row of the outbox are refused for good.",
    "outbox_retried": "Somebody made the rows of a message due now.",
    "outbox_dropped": "Somebody ended the rows of a message without delivery.",
    "notice_queued": "A notice or delivery status notification is in the outbox.",
    "sender_not_told": "The sender may not be told; who was told instead, and why.",
    "policy_loaded": "A policy revision is in force from here on.",
    "content_viewed": "Somebody looked at a held message, or at the incident pack of one that left (`what`).",
    "content_revealed": "Somebody has rows of an attachment (`part`) shown unmasked for a time; the evidence has why.",
    "content_downloaded": "Somebody took a held message along as it is, or an attachment: `part`, 0 for the whole.",
    "account_added": "Somebody made an account of the guard's own; `account` is the keyed hash of its name.",
    "account_password_changed": "Somebody set another password for an account.",
    "account_roles_changed": "Somebody gave an account other roles.",
    "account_shortcuts_changed": "Somebody switched single keys in the console on or off for their account.",
    "account_mailbox_changed": "The sign-in service names another mailbox for somebody; the evidence has both.",
    "account_disabled": "Somebody locked an account.",
    "account_enabled": "Somebody unlocked an account.",
    "account_removed": "Somebody removed an account, with its key.",
    "account_rehashed": "An account signed in, and the same password was hashed anew with today's parameters.",
    "console_link_made": "Somebody made a one-time link to the console, for an account or for the first admin.",
    "console_link_used": "Somebody chose a password with such a link; a second factor is set up next.",
    "console_second_factor_set": "An account has a second factor from here on.",
    "console_signed_in": "Somebody signed in to the console; `with` is `oidc` if with the organisation's own service.",
    "console_signed_out": "Sessions of an account were ended by its holder; `sessions` says how many.",
    "canary_recorded": "A step of a message of the canary; `step` is the kind that it would have for real mail.",
    "canary_passed": "The canary passed: `messages` says how each of its messages left, `revision` under which policy.",
    "canary_failed": "The canary failed: `problem` of each of its messages says why; `told`: whether people know.",
    "week_summarised": "The summaries of the week that `ref` names are in the outbox; `told`: how many.",
    "account_factor_reset": "Somebody took an account's second factor away; it sets up another with its next sign-in.",
    "account_sessions_ended": "Somebody else than its holder ended the sessions of an account.",
    "trail_checked": "Somebody had the whole ledger checked; `whole` says whether it was.",
    "trail_exported": "Somebody took entries of the ledger along as a table; `rows` says how many.",
    "held_exported": "Somebody took the list of held messages along as a table; `rows` says how many.",
    "view_saved": "Somebody kept a view of the list of held messages; `shared`: with a team.",
    "view_removed": "Somebody removed such a view.",
    "incident_added": "A record of an incident is in the register; `act`: `derived` where the guard entered it itself.",
    "incident_revised": "A record has another revision: `changed` names fields, `record_sha256` is of what is kept.",
    "clock_reminded": "Somebody was reminded of the 72 hours of the breach `incident`; `told`: how many mailboxes.",
    "register_exported": "Somebody took a report or a form of the register along; `report` says which.",
    "pack_exported": "Somebody took the incident pack of a message along; how much it holds. The evidence has why.",
    "apology_queued": "Apologies are in the outbox under the reference `apology`, a copy each; `people`: how many.",
    "evidence_erased": "Evidence records were erased; the chain stays whole.",
    "evidence_purged": "Retention removed evidence records; the chain stays whole.",
    "held_purged": "Retention removed messages that were held, with their keys.",
    "incidents_purged": "Retention removed records of the register, with every revision; `incidents` names them.",
    "ledgers_witnessed": "How far the other ledgers of the store had come, as this guard saw them.",
    "store_backed_up": "Somebody took a copy of the store; what follows is not in it.",
    "store_copied": "All of the store was copied from a SQLite file into this database; `rows` says how many rows.",
    "store_restored": "The store was put back from a copy; what it had taken on waits for a person.",
}


def decided(
    ref: str,
    at: datetime,
    verdict: Verdict,
    envelope: Envelope,
    message: Message,
    decision: Mapping[str, Any],
    session: str,
    guard_version: str,
) -> NewEntry:
    """The decision. `decision` is Verdict.to_json without addresses; the evidence has these, and the text that the
    chain may not hold.
    """
    shown = without_text(decision)
    evidence = {
        "sender": envelope.reverse_path.address if envelope.reverse_path else None,
        "originators": list(message.originators),
        "recipients": [recipient.address for recipient in envelope.recipients],
        "visible": list(verdict.visible),
        "subject": subject_of(message),
        "decision": withheld(decision, shown),
    }
    fields = {
        **shown,
        "deciding": verdict.deciding,
        "conditions": trails(verdict),
        "guard_version": guard_version,
        "clock": at.isoformat(),
        "session": session,
        "size_bytes": len(message.raw),
    }
    records = tuple(RecipientRecord(recipient.address) for recipient in envelope.recipients)
    return NewEntry(
        "message_decided", ref, at, fields, records, evidence, claims_ref=True, exceptions=verdict.exceptions
    )


def outcome(kind: str, ref: str, at: datetime, transmission: Transmission, **fields: Any) -> NewEntry:
    """What the smarthost made of a transmission by recipient: keyed hashes in the chain, names in the evidence, and
    what it said in words, which may name people too: an incident pack shows where a copy went (guard/packs/).
    """
    records = tuple(
        RecipientRecord(
            sent.recipient.address,
            sent.outcome,
            sent.reply.code if sent.reply else None,
            sent.reply.status if sent.reply else None,
        )
        for sent in transmission.recipients
    )
    said = _said(records)
    for sent in transmission.recipients:
        if sent.reply is not None and sent.reply.text:
            said[sent.recipient.address]["text"] = legible(sent.reply.text, SAID)
    evidence = {"outcome": said}
    counts = {name.value: len(transmission.with_outcome(name)) for name in Outcome}
    details = {"stage": transmission.stage.value, "trouble": transmission.trouble, "counts": counts, **fields}
    if transmission.server is not None:
        details["smarthost"] = transmission.server
    return NewEntry(kind, ref, at, details, records, evidence)


def with_outcome(entry: NewEntry, records: Sequence[RecipientRecord]) -> NewEntry:
    """The entry with what became of each recipient, by no answer of a smarthost's. Itself where there are none."""
    if not records:
        return entry
    counts = {name.value: sum(each.outcome is name for each in records) for name in Outcome}
    fields = {**entry.fields, "counts": counts}
    return replace(entry, fields=fields, recipients=tuple(records), evidence={"outcome": _said(records)})


def _said(records: Sequence[RecipientRecord]) -> dict[str, dict[str, Any]]:
    return {each.address: {"outcome": each.outcome, "code": each.code, "status": each.status} for each in records}


def plain(kind: str, ref: str | None, at: datetime, **fields: Any) -> NewEntry:
    """An entry that needs neither recipients nor evidence."""
    return NewEntry(kind, ref, at, _without_at(fields))


def acted(kind: str, held: Held, at: datetime, actor: Actor, note: str | None = None, **fields: Any) -> NewEntry:
    """What somebody did with a held message. Who it was by name, and what they wrote, stand in the evidence alone: of
    an account, and of a sender by their link, who may write any name or address. A command is its system user's.
    """
    entry = plain(kind, held.ref, at, **actor.fields(), version=held.version, **fields)
    said = {} if note is None else {"note": note}
    if actor.account is not None:
        return replace(entry, evidence={"account": actor.by, **said})
    if actor.system_user != SENDER:
        return entry
    name = name_of(actor.by)
    evidence = {**({"by": name} if name else {}), **said}
    return replace(entry, fields={**entry.fields, "actor": SENDER}, evidence=evidence or None)


def without_text(decision: Mapping[str, Any]) -> dict[str, Any]:
    """The decision as the chain may hold it: text that a condition saw is left to the evidence.

    What an admin wrote (ids, sentences) stays, unless it holds an "@".
    """
    safe = {key: _without_at(value) for key, value in decision.items() if key not in _TAKEN_APART}
    if "findings" in decision:
        # They name a sheet or a file, which somebody wrote: the evidence has it.
        safe["findings"] = [{**_without_at(each), **NAMELESS} for each in decision["findings"]]
    if "inventory" in decision:
        safe["inventory"] = [
            {**_without_at(each), **FILELESS, "unread": WITHHELD if each["unread"] else ""}
            for each in decision["inventory"]
        ]
    if "rules" in decision:
        safe["rules"] = [_rule_without_text(rule) for rule in decision["rules"]]
    return safe


def withheld(decision: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """What `shown`, the decision as the chain holds it, lacks or has otherwise; of the rules only those that differ.

    Laid over `shown`, each rule by its id, it gives the decision again.
    """
    kept = {key: value for key, value in decision.items() if key != "rules" and value != shown.get(key)}
    pairs = zip(decision.get("rules", ()), shown.get("rules", ()), strict=True)
    rules = [rule for rule, safe in pairs if rule is not safe and rule != safe]
    return {**kept, "rules": rules} if rules else kept


def recipients_sha256(envelope: Envelope) -> str:
    """The hash of the set of recipients, so that a release shows that it goes to whom was decided about."""
    return hashlib.sha256("\n".join(sorted({each.address for each in envelope.recipients})).encode()).hexdigest()


def _rule_without_text(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same object where there is nothing to leave out."""
    if not isinstance(rule, Published):
        return _without_text(rule)
    if rule.withheld is None:
        safe = Published(_without_text(rule))
        withheld = safe != rule
        # In this order: many decisions share it, and who finds `withheld` set trusts `shown`.
        rule.shown = safe if withheld else None
        rule.withheld = withheld
    return rule.shown or rule


def _without_text(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Values are counts and truths; the id of an exception, which the policy names, says no more than a rule's own."""
    values = {key: each for key, each in rule["values"].items() if isinstance(each, _PLAIN) or key == EXCEPTION}
    return {**{key: _without_at(value) for key, value in rule.items() if key != "values"}, "values": values}


_PLAIN = (bool, int, float, type(None))


def _without_at(value: Any) -> Any:
    # By exact type first: a decision has two hundred values, and asking whether one is a Mapping is slow.
    kind = type(value)
    if kind is str:
        return WITHHELD if "@" in value else value
    if kind in _PLAIN:
        return value
    if isinstance(value, str):
        return WITHHELD if "@" in value else value
    if isinstance(value, Mapping):
        return {str(key).replace("@", "(at)"): _without_at(inner) for key, inner in value.items()}
    if isinstance(value, Sequence | frozenset | set):
        return [_without_at(inner) for inner in value]
    return value


def told(ref: str, at: datetime, answer: Answer) -> tuple[tuple[NewDelivery, ...], list[NewEntry]]:
    """What goes into the outbox and into the ledger of the answer to "who is told"."""
    rows = answer.instead if isinstance(answer, NotTold) else answer
    if isinstance(answer, NotTold):
        not_told = plain("sender_not_told", ref, at, reason=answer.reason, instead=len(rows))
        return rows, [*queued(ref, at, rows, "reviewers"), not_told]
    return rows, queued(ref, at, rows, "sender")


def queued(ref: str, at: datetime, rows: Sequence[NewDelivery], to: str) -> list[NewEntry]:
    """The entries of notices in the outbox. to: "sender" or "reviewers"."""
    return [plain("notice_queued", ref, at, notice=row.kind, to=to) for row in rows]
