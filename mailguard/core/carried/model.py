"""Whom the contents of a message name: the value that reading them yields (walk.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from ..mail.message import Mailbox
from ..mail.quoted import Quoted

Value = TypeVar("Value")


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
    parts that can name people and were not read to their end; cut: those of them that no inspection can make up for,
    since they are too long, too many or broken. listed: whom Outlook's own envelope of this message (TNEF) lists as
    recipients or attendees; senders: who it says has sent it; classes: what Outlook calls the messages in it.
    """

    text: tuple[str, ...] = ()
    quoted: tuple[Quoted, ...] = ()
    attached: tuple[Attached, ...] = ()
    contacts: tuple[str, ...] = ()
    repeated: tuple[Mailbox, ...] = ()
    encrypted: bool = False
    unread: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


def merged(everything: Iterable[Carried]) -> Carried:
    """Whom all of these name together."""
    each = tuple(everything)
    if len(each) == 1:
        return each[0]
    return Carried(
        text=_distinct(one.text for one in each),
        quoted=_distinct(one.quoted for one in each),
        attached=_distinct(one.attached for one in each),
        contacts=_distinct(one.contacts for one in each),
        repeated=_distinct(one.repeated for one in each),
        encrypted=any(one.encrypted for one in each),
        unread=_distinct(one.unread for one in each),
        cut=_distinct(one.cut for one in each),
        listed=_distinct(one.listed for one in each),
        senders=_distinct(one.senders for one in each),
        classes=_distinct(one.classes for one in each),
    )


def _distinct(groups: Iterable[tuple[Value, ...]]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))
