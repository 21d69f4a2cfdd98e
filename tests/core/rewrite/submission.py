"""A submission as the rewriting tests make it, and a naive splice to compare with."""

from __future__ import annotations

from collections.abc import Sequence

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.mail.canonical import canonical_address
from mailguard.core.mail.parse import parse
from mailguard.core.organisation import Organisation
from mailguard.core.rewrite.content import Content, Edit
from mailguard.core.rewrite.copies import Rewritten
from mailguard.core.rewrite.hide import bcc, separate

ORGANISATION = Organisation(
    "Elm Road Surgery", frozenset({"elmroad.example"}), trusted_domains=frozenset({"partner.example"})
)
RECEIVED = b"Received: from x by y id MG-7Q4K-2F; Thu, 12 Mar 2026 09:00:05 +0000\r\n"
SENDER = "clinic@elmroad.example"
BODY = b"Hello,\r\n\r\nplease come on Monday. .\r\n"


def envelope(*recipients: str, sender: str | None = SENDER) -> Envelope:
    return Envelope(
        Path(sender.encode(), canonical_address(sender)) if sender else None,
        tuple(Recipient(Path(each.encode(), canonical_address(each)), (b"NOTIFY=FAILURE",)) for each in recipients),
    )


def letter(*fields: bytes, sender: str = SENDER, body: bytes = BODY) -> bytes:
    """A message with these fields after From, before Subject and the body."""
    lines = [b"From: Clinic <" + sender.encode() + b">", *fields, b"Subject: Flu clinic"]
    lines += [b"Date: Thu, 12 Mar 2026 09:00:00 +0000", b"Message-ID: <1@elmroad.example>"]
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def hide_bcc(raw: bytes, *recipients: str, sender: str | None = SENDER, above: int | None = None) -> Rewritten:
    return bcc(parse(raw), envelope(*recipients, sender=sender), ORGANISATION, hide_inside_above=above, top=RECEIVED)


def hide_separate(raw: bytes, *recipients: str, sender: str | None = SENDER, above: int | None = None) -> Rewritten:
    return separate(
        parse(raw), envelope(*recipients, sender=sender), ORGANISATION, hide_inside_above=above, top=RECEIVED
    )


def contents(raw: bytes, rewritten: Rewritten) -> dict[str, bytes]:
    """Each recipient's address -> the bytes that it gets."""
    made = [(copy.recipients, Content(raw, copy.edits).to_bytes()) for copy in rewritten.copies]
    return {recipient.address: content for recipients, content in made for recipient in recipients}


def naive(raw: bytes, edits: Sequence[Edit]) -> bytes:
    """The edits applied one by one from the end, as one would do it by hand."""
    for edit in reversed(edits):
        raw = raw[: edit.start] + edit.replacement + raw[edit.end :]
    return raw


def header(content: bytes) -> bytes:
    return content.partition(b"\r\n\r\n")[0] + b"\r\n"


def values(content: bytes, name: str) -> list[bytes]:
    """The unfolded values of all fields with that name."""
    message = parse(content)
    return [message.value(field).replace(b"\r\n", b"").strip() for field in message.named(name)]
