"""The sentences of what an incident pack cannot say, and what is left. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .. import words
from .facts import Gap


def of_decision(facts: Mapping[str, Any], since: datetime | None) -> tuple[Gap, ...]:
    """The evidence beside the decision is gone. facts: of its entry, whose counts stay."""
    recipients, shown = facts.get("envelope_recipients"), facts.get("visible_external_recipients")
    got = f" The ledger still says how many: {words.people(recipients)}." if recipients is not None else ""
    seen = f" The ledger still says that it showed {words.people(shown)} outside." if shown is not None else ""
    return (
        Gap("recipients", f"Who the recipients were is no longer known.{got}", since),
        Gap("exposures", f"Whose addresses could be seen is no longer known.{seen}", since),
        Gap("carried", "The names of attachments and sheets are no longer known; what was counted in them is.", since),
    )


def of_answers(nameless: int, since: datetime | None) -> Gap:
    """Evidence beside answers of mail servers is gone. nameless: answers whose recipient nothing names any more."""
    whose = f"Of {nameless:,} answers it is no longer known whose they are" if nameless else "Every answer has its name"
    return Gap("deliveries", f"{whose}; the words of the servers are gone, their codes are left.", since)


def of_reading() -> Gap:
    return Gap(
        "carried",
        "No rule asked what the attachments carry, so nobody looked into them. Give the message as a file to have it "
        "counted (--eml).",
    )


def of_file(*, envelope_given: bool) -> tuple[Gap, ...]:
    """A file alone says neither whom the envelope named nor what became of it."""
    blind = Gap("recipients", "Whom a Bcc reached is not known: the recipients are those that the file names.")
    servers = Gap("deliveries", "Which servers took a copy, and when, is not known: give the reference of the message.")
    return (servers,) if envelope_given else (blind, servers)


def of_unread(count: int) -> Gap:
    """count: attachments that could not be read."""
    which = "One attachment" if count == 1 else f"{count:,} attachments"
    return Gap("carried", f"{which} could not be read, so what they carry is not counted.")
