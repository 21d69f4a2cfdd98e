"""A held message, who writes the notices about it, and how a notice is read: for the tests of notices."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.mail.parse import parse
from mailguard.core.organisation import Organisation
from mailguard.core.outcome import Outcome
from mailguard.core.session import Session
from mailguard.core.verdict import Disposition, Rewrite, Verdict
from mailguard.guard.notices import Notices
from mailguard.guard.records import Delivery, Held, NewDelivery, RecipientResult
from mailguard.guard.sender_links import LinkMaker
from mailguard.guard.settings import NoticeSettings
from mailguard.guard.told import NotTold

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
ELM = Organisation("Elm Road Surgery", frozenset({"elmroad.example"}))
SESSION = Session("s1", "10.0.0.7", "pc7", True, "127.0.0.1:2525", NOW, trusted=True)
REASON = "288 people in Cc would see each other's addresses"
RAW = (
    b"From: Jo Reid <jo@elmroad.example>\r\nTo: ann@outside.example\r\nCc: bob@outside.example\r\n"
    b"Subject: =?utf-8?q?Flu_clinic_=E2=80=93_new_dates?=\r\nMessage-ID: <flu.1@elmroad.example>\r\n\r\n"
    b"The body names patient 943 476 5919.\r\n"
)
VERDICT = Verdict(
    Disposition.HOLD, Rewrite.SEPARATE, "visible-list", REASON, (), {}, (), (), (), "sha256:0f9e8d7c6b5a49382716"
)
SETTINGS = {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"}


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Randomness:
    def __init__(self) -> None:
        self.drawn = 0

    def octets(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(count, "big")


def make(
    clock: Clock | None = None, key: bytes = b"k" * 32, links: LinkMaker | None = None, **settings: object
) -> Notices:
    return Notices(
        organisation=ELM,
        settings=NoticeSettings.model_validate({**SETTINGS, **settings}),
        time_zone="Europe/London",
        clock=clock or Clock(),
        randomness=Randomness(),
        mark_key=key,
        hostname="guard.elmroad.example",
        smarthost="smarthost.example",
        links=links,
    )


def path(address: str) -> Path:
    return Path(address.encode(), address.lower())


def recipients(*addresses: str, parameters: tuple[bytes, ...] = ()) -> tuple[Recipient, ...]:
    return tuple(Recipient(path(address), parameters) for address in addresses)


ENVELOPE = Envelope(
    path("Jo@elmroad.example"), recipients("ann@outside.example", "bob@outside.example", "sam@elmroad.example")
)
HELD = Held(
    ref="MG-7Q4K-2F",
    version=3,
    state="held",  # type: ignore[arg-type]
    received_at=NOW,
    due_at=DUE,
    envelope=ENVELOPE,
    sender="jo@elmroad.example",
    subject="Flu clinic – new dates",
    reason=REASON,
    rules=("visible-list",),
    offers="separate",
    decision={},
    policy_revision="sha256:0f9e8d7c6b5a49382716",
    content_sha256="",
    recipients_sha256="",
    approvals_needed=1,
    approved_by=(),
    sender_may=(),
    notify_sender=True,
    blob="MG-7Q4K-2F",
)


def hold(
    notices: Notices,
    *,
    session: Session = SESSION,
    envelope: Envelope = ENVELOPE,
    raw: bytes = RAW,
    ref: str = HELD.ref,
) -> tuple[NewDelivery, ...] | NotTold:
    return notices.held(session, envelope, parse(raw), VERDICT, ref, DUE, REASON)


def with_field(field: bytes) -> bytes:
    return field + b"\r\n" + RAW


def row_of(answer: tuple[NewDelivery, ...] | NotTold) -> NewDelivery:
    assert isinstance(answer, tuple)
    (row,) = answer
    return row


def read(row: NewDelivery) -> EmailMessage:
    assert row.text is not None
    message = email.message_from_bytes(row.text, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not any(part.defects for part in message.walk())
    return message


def text_of(row: NewDelivery) -> str:
    body = read(row).get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


def check_reviewers_row(row: NewDelivery) -> None:
    """To the contact, by the null path, without subject, reason, note, name or address (CONSOLE.md 3.4)."""
    assert row.envelope.reverse_path is None
    assert [each.address for each in row.envelope.recipients] == ["manager@elmroad.example"]
    assert row.kind == "notice"
    assert not row.sender_told
    shown = text_of(row) + read(row)["Subject"]
    assert not re.search(r"@|Flu|clinic|288 people|Sam|bulk", shown)


def result(
    address: str, *parameters: bytes, outcome: Outcome = Outcome.REFUSED, code: int | None = 550, status: str = "5.1.1"
) -> RecipientResult:
    said = "No such user" if code else None
    return RecipientResult(Recipient(path(address), parameters), outcome, code, status if code else None, said)


def refuse(
    notices: Notices,
    *results: RecipientResult,
    session: Session = SESSION,
    envelope: Envelope = ENVELOPE,
    raw: bytes = RAW,
) -> tuple[NewDelivery, ...] | NotTold:
    message = parse(raw)
    return notices.refused(session, envelope, message, results or (result("ann@outside.example"),), HELD.ref, NOW)


def a_row(**changes: object) -> Delivery:
    row = Delivery(
        identifier="MG-7Q4K-2F.copy.1",
        ref="MG-7Q4K-2F",
        kind="copy",
        envelope=ENVELOPE.to(recipients("ann@outside.example")),
        created_at=NOW - timedelta(days=4),
        not_before=NOW,
        give_up_at=NOW,
        blob="MG-7Q4K-2F",
        edits=(),
        text=None,
        sender_told=True,
        attempts=9,
        lease="l",
        lease_until=NOW,
    )
    return replace(row, **changes)  # type: ignore[arg-type]
