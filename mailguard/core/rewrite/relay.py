"""What every message that leaves gets: our Received field on top, and no Bcc field. Nothing else changes."""

from __future__ import annotations

from ..mail.message import Buffer, Field, Message
from .content import Edit, merge

BLIND = ("bcc", "resent-bcc")
"""Fields that never leave, under any disposition (RFC 5322 section 3.6.3)."""

_MAX_FIRST_LINE = 1 << 20
"""A header block is no longer than this (docs/decisions/parser.md)."""


def relay(message: Message, received: bytes) -> tuple[Edit, ...]:
    """The edits under the disposition relay. received: our whole Received field with its CRLF (received.py)."""
    return merge([insertion(message.raw, received)], [remove(field) for field in message.named(*BLIND)])


def remove(field: Field) -> Edit:
    return Edit(field.start, field.end)


def insertion(raw: Buffer, received: bytes) -> Edit:
    """Put our trace field on top.

    A first line that is no field (an mbox `From ` line, a continuation of nothing) stays the first line: with a field
    above it, it would become that field's continuation or a break inside the header, and so be read differently.
    """
    start = bytes(raw[:_MAX_FIRST_LINE])
    odd = start.removeprefix(b">").startswith((b"From ", b" ", b"\t"))
    offset = start.find(b"\n") + 1 if odd else 0
    return Edit(offset, offset, received)
