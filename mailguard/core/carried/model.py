"""Whom the contents of a message name: the value that reading them yields (walk.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from ..mail.message import Mailbox
from ..mail.quoted import Quoted

Value = TypeVar("Value")
HEADER = "header"


@dataclass(frozen=True, slots=True)
class Attached:
    """One attached message, at any depth: who wrote it, and everybody whom its header shows as a recipient.

    part: as in Parts.
    """

    authors: tuple[str, ...]
    recipients: tuple[str, ...]
    part: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """In which part of the whole message something stands, by the path of the first. text, contacts: by address, HEADER
    in place of a path for what its own header fields mention. encrypted: parts that are ciphertext, or hold some.
    """

    text: Mapping[str, str] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    encrypted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """All addresses canonical and distinct, in order.

    text: mentioned in any text of the message, or of a message attached to it. quoted: header blocks in those texts.
    attached: messages. contacts: mentioned in contact lists. repeated: recipients in header fields that a part of this
    message repeats (RFC 9788), with the name of the field. encrypted: whether a part is ciphertext. unread: paths of
    parts that can name people and were not read to their end; cut: those of them that no inspection can make up for,
    since they are too long, too many or broken. listed: whom Outlook's own envelope of this message (TNEF) lists as
    recipients or attendees; senders: who it says has sent it; classes: what Outlook calls the messages in it. parts:
    where some of it stands, as far as that is known.
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
    parts: Parts = field(default=Parts(), compare=False)

    def within(self, part: str) -> Carried:
        """The same, where all of it stands in one part of the whole message."""
        placed = Parts(
            dict.fromkeys(self.text, part), dict.fromkeys(self.contacts, part), (part,) if self.encrypted else ()
        )
        return replace(self, attached=tuple(replace(each, part=part) for each in self.attached), parts=placed)


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
        parts=Parts(
            _first(one.parts.text for one in each),
            _first(one.parts.contacts for one in each),
            _distinct(one.parts.encrypted for one in each),
        ),
    )


def _first(groups: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """By address what the first of them says."""
    found: dict[str, str] = {}
    for group in groups:
        for address, part in group.items():
            found.setdefault(address, part)
    return found


def _distinct(groups: Iterable[tuple[Value, ...]]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))
