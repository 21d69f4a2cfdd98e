"""The subject of a message as a person reads it."""

from __future__ import annotations

from .mail.message import Message
from .mail.text import decode_text


def subject_of(message: Message) -> str:
    """The first Subject field, decoded and on one line, as it came; "" where there is none."""
    return next((decode_text(message.value(field)) for field in message.named("subject")), "")
