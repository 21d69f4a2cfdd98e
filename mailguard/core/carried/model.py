"""Whom the contents of a message name: the value that reading them yields (walk.py)."""

from __future__ import annotations

from dataclasses import dataclass

from ..mail.message import Mailbox
from ..mail.quoted import Quoted


@dataclass(frozen=True, slots=True)
class Attached:
    """One attached message, at any depth: who wrote it, and everybody whom its header shows as a recipient."""

    authors: tuple[str, ...]
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """All addresses canonical and distinct, in order.

    text: mentioned in any text of the message, or of a message attached to it. quoted: header blocks in those texts.
    attached: messages. contacts: mentioned in contact lists. repeated: recipients in header fields that a part of this
    message repeats (RFC 9788), with the name of the field. encrypted: whether a part is ciphertext. unread: paths of
    parts that can name people and were not read to their end.
    """

    text: tuple[str, ...] = ()
    quoted: tuple[Quoted, ...] = ()
    attached: tuple[Attached, ...] = ()
    contacts: tuple[str, ...] = ()
    repeated: tuple[Mailbox, ...] = ()
    encrypted: bool = False
    unread: tuple[str, ...] = ()
