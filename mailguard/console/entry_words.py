"""An entry of the ledger as a sentence for people: who did what to which message. Total for any entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.legible import legible
from ..guard.console.trail_records import Recorded
from ..guard.entries import KINDS, WITHHELD
from ..guard.sender_links import SENDER, name_of
from . import words
from . import words_audit as said

_ABOUT_ANOTHER = ("account_", "console_link_made")
"""Entries of these kinds name the account that something was done to; others that of who did it."""


def in_words(recorded: Recorded) -> str:
    """One sentence without a full stop."""
    entry = recorded.entry
    sentence = said.SENTENCES.get(entry.kind)
    if sentence is None:
        return KINDS.get(entry.kind, entry.kind.replace("_", " ")).rstrip(".")
    account = legible(recorded.account) if recorded.account else said.AN_ACCOUNT
    if entry.kind == "console_link_made" and "account" not in entry.fields:
        account = said.FIRST_ADMIN
    made = sentence.format(
        who=who_in_words(recorded),
        ref=entry.ref or said.A_MESSAGE,
        account=account,
        **_details(entry.kind, entry.fields),
    )
    # Names stay as they are written, at the start of a sentence too.
    return made[:1].upper() + made[1:] if made.startswith((said.AN_ACCOUNT, said.A_MESSAGE)) else made


def who_in_words(recorded: Recorded) -> str:
    """Who acted: a name; on the server, with the system's user; that it was the sender; mailguard where nobody did."""
    fields = recorded.entry.fields
    actor = str(fields.get("actor") or "")
    user = str(fields.get("system_user") or "")
    if (user or actor) == SENDER:
        written = recorded.who or name_of(actor)
        return said.FOR_SENDER.format(who=legible(written)) if written else said.SENDER
    name = recorded.who or (actor if actor != WITHHELD else "")
    if not name and not recorded.entry.kind.startswith(_ABOUT_ANOTHER):
        name = recorded.account or ""
    if not name:
        return said.SOMEBODY if actor or "account" in fields else said.MAILGUARD
    if not user or user in (name, said.MAILGUARD, WITHHELD) or fields.get("via") == "console":
        return legible(name)
    return said.ON_SERVER.format(who=legible(name), user=legible(user))


def number(forms: Sequence[str], count: int) -> str:
    """The form for one, or that for several with the number in it."""
    return forms[0] if count == 1 else forms[1].format(count=count)


def _details(kind: str, fields: Any) -> dict[str, str]:
    """What else a sentence may say. Values are those of the ledger, which holds no address, subject or text."""
    form = str(fields.get("form") or "")
    roles = fields.get("roles")
    return {
        "form": words.SENT_AS.get(form, form).lower() if form else "",
        "roles": ", ".join(legible(str(each)) for each in roles) if isinstance(roles, list) else "",
        "outcome": said.OUTCOMES.get(str(fields.get("disposition")), ""),
        "to": said.TO_WHOM.get(str(fields.get("to")), ""),
        "whole": said.WHOLE if fields.get("whole") is True else said.NOT_WHOLE,
        "rows": number(said.ROWS[kind], _count(fields.get("rows"))) if kind in said.ROWS else "",
        "incident": legible(str(fields.get("incident") or "")),
        "report": legible(str(fields.get("report") or "")),
        "rules": number(said.RULES, _count(fields.get("rules"))) if kind == "policy_loaded" else "",
    }


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
