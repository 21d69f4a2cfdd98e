"""Invented values for the store's tests, on example domains."""

from __future__ import annotations

import base64
import itertools
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath
from typing import Any

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.outcome import Outcome
from mailguard.core.rewrite.content import Edit
from mailguard.guard.records import (
    Attempt,
    HeldChange,
    NewDelivery,
    NewEntry,
    NewHeld,
    RecipientRecord,
    RecipientResult,
)

NOW = datetime(2026, 3, 12, 9, 0, 0, 123456, tzinfo=UTC)
_numbers = itertools.count(1)


def fresh(prefix: str = "MG-TEST") -> str:
    return f"{prefix}-{next(_numbers)}"


def recipient(address: str = "patient@outside.example", *parameters: bytes) -> Recipient:
    return Recipient(Path(address.encode(), address), parameters)


def envelope(*addresses: str, sender: str | None = "nurse@elmroad.example") -> Envelope:
    path = None if sender is None else Path(sender.encode(), sender)
    return Envelope(path, tuple(recipient(each, b"NOTIFY=NEVER") for each in addresses), (b"BODY=8BITMIME",))


def entry(ref: str | None = None, kind: str = "message_judged", **changes: Any) -> NewEntry:
    values: dict[str, Any] = {
        "kind": kind,
        "ref": ref,
        "at": NOW,
        "fields": {"disposition": "hold", "count": 288},
        "recipients": (RecipientRecord("patient@outside.example", Outcome.ACCEPTED, 250, "2.1.5"),),
        "evidence": {"subject": "Flu clinic", "to": ["patient@outside.example"]},
    }
    return NewEntry(**{**values, **changes})


def held(ref: str, **changes: Any) -> NewHeld:
    values: dict[str, Any] = {
        "ref": ref,
        "received_at": NOW,
        "due_at": NOW + timedelta(hours=24),
        "envelope": envelope("patient@outside.example", "second@outside.example"),
        "sender": "nurse@elmroad.example",
        "subject": "Flu clinic \u00e9",
        "reason": "288 people would see each other's addresses.",
        "rules": ("visible-list",),
        "offers": "separate",
        "decision": {"schema": 1, "facts": {"visible_external_recipients": 288}},
        "policy_revision": "sha256:abc",
        "content_sha256": "c" * 64,
        "recipients_sha256": "d" * 64,
        "approvals_needed": 1,
        "sender_may": ("cancel",),
        "notify_sender": True,
    }
    return NewHeld(**{**values, **changes})


def delivery(ref: str, kind: str = "copy", **changes: Any) -> NewDelivery:
    values: dict[str, Any] = {
        "identifier": fresh("row"),
        "ref": ref,
        "kind": kind,
        "envelope": envelope("patient@outside.example"),
        "created_at": NOW,
        "not_before": NOW,
        "give_up_at": NOW + timedelta(days=5),
        "blob": ref,
        "edits": (Edit(0, 0, b"To: patient@outside.example\r\n"), Edit(5, 9)),
    }
    return NewDelivery(**{**values, **changes})


def notice(ref: str, **changes: Any) -> NewDelivery:
    text = "Subject: Held: Flu clinic\r\n\r\nYour message is held. \xe9\r\n".encode("latin-1")
    return delivery(ref, "notice", blob=None, edits=(), text=text, sender_told=False, **changes)


def attempt(claimed: Any, outcome: Outcome = Outcome.ACCEPTED, **changes: Any) -> Attempt:
    results = tuple(
        RecipientResult(each, outcome, 250, "2.1.5", "Ok for patient@outside.example")
        for each in claimed.envelope.recipients
    )
    values: dict[str, Any] = {
        "identifier": claimed.identifier,
        "lease": claimed.lease,
        "at": NOW + timedelta(minutes=1),
        "results": results,
        "remaining": (),
        "not_before": None,
        "last_reply": "250 2.0.0 queued for patient@outside.example",
    }
    return Attempt(**{**values, **changes})


def change(ref: str, version: int, source: Any, target: Any, **changes: Any) -> HeldChange:
    values: dict[str, Any] = {"ref": ref, "version": version, "from_state": source, "to_state": target}
    values |= {"actor": "manager@elmroad.example", "at": NOW + timedelta(hours=1)}
    return HeldChange(**{**values, **changes})


def rotate_key(folder: FilePath, purpose: str) -> None:
    """As docs/operating.md says, "A new key": a file with the next number."""
    numbers = [int(path.stem.rpartition("-")[2]) for path in folder.glob(f"{purpose}-*.key")]
    file = folder / f"{purpose}-{max(numbers) + 1:04d}.key"
    file.touch(mode=0o600)
    file.write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
