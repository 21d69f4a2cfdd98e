"""A message that waited or was held, on a real store: as a submission keeps it, and with entries of its way out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from mailguard.core.envelope import Envelope, Recipient
from mailguard.core.envelope import Path as MailPath
from mailguard.core.lifecycle import State
from mailguard.core.outcome import Outcome
from mailguard.guard import entries
from mailguard.guard.records import NewEntry, RecipientRecord
from mailguard.store.store import Store
from tests.cli.conftest import AT, _new_held


class HasStore(Protocol):
    """The parts of a service, or the house of a test."""

    @property
    def store(self) -> Store: ...


REF = "MG-7Q4K-2F"
PEOPLE = tuple(f"p{number}@patients.example" for number in range(1, 5))


async def keep(
    parts: HasStore,
    state: State,
    disposition: str = "hold",
    people: tuple[str, ...] = PEOPLE,
    blind: tuple[str, ...] = (),
    team: str | None = None,
) -> None:
    """It shows people to each other, and to those who are only on the envelope; it came in at AT."""
    raw, shown = written(people), f"{len(people):,} people in To would see each other's addresses"
    sha256 = hashlib.sha256(raw).hexdigest()
    paths = tuple(Recipient(MailPath(each.encode(), each)) for each in (*people, *blind))
    envelope = Envelope(MailPath(b"reception@elmroad.example", "reception@elmroad.example"), paths)
    rule = {
        "id": "visible-list",
        "mode": "enforce",
        "action": "hold",
        "matched": True,
        "reason": shown,
        "values": {"visible_external_recipients": len(people)},
    }
    facts = {"envelope_recipients": len(people) + len(blind), "visible_external_recipients": len(people)}
    decided = NewEntry(
        "message_decided",
        REF,
        AT,
        {
            "disposition": disposition,
            "rewrite": "separate" if disposition == "hold" else None,
            "rules": [rule],
            "facts": facts,
            "content_sha256": sha256,
        },
        tuple(map(RecipientRecord, (*people, *blind))),
        {
            "sender": "reception@elmroad.example",
            "originators": [],
            "recipients": [*people, *blind],
            "visible": list(people),
            "subject": "Flu clinic",
            "decision": {},
        },
        claims_ref=True,
    )
    held = replace(
        _new_held(REF, 1, "Flu clinic"),
        state=state,
        team=team,
        envelope=envelope,
        recipients_sha256=entries.recipients_sha256(envelope),
        content_sha256=sha256,
    )
    await parts.store.quarantine.hold(held, raw, [decided, entries.plain("message_held", REF, AT)], [])


async def delivered(parts: HasStore, people: tuple[str, ...], at: datetime) -> None:
    """The next mail server took it for these."""
    said = {"outcome": "accepted", "code": 250, "status": "2.0.0", "text": "kept"}
    records = tuple(RecipientRecord(each, Outcome.ACCEPTED, 250, "2.0.0") for each in people)
    evidence = {"outcome": dict.fromkeys(people, said)}
    await parts.store.ledger.append(
        [NewEntry("copy_delivered", REF, at, {"smarthost": "127.0.0.1:25"}, records, evidence)]
    )


def written(people: tuple[str, ...]) -> bytes:
    """The message itself."""
    shown = ",\r\n ".join(people)
    return (
        f"From: reception@elmroad.example\r\nTo: {shown}\r\nSubject: Flu clinic\r\n"
        "Date: Fri, 20 Nov 2026 09:00:00 +0000\r\nMessage-ID: <a@elmroad.example>\r\n\r\nHello\r\n"
    ).encode()
