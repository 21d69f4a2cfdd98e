"""What happens to each header field that shows a hidden address, whatever its name.

A list loses the item, a trace field its `for` clause, any other optional field goes whole. A field that must stay as it
is (From, Subject, ...) stops the rewrite. A field that shows no hidden address is not touched, and message identifiers
are not addresses, though they look like them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import CannotRewrite
from ..mail.header import BLIND_FIELDS, ORIGINATOR_FIELDS, VISIBLE_FIELDS
from ..mail.message import Field, Mailbox, Message
from . import sentences
from .items import fits, fold, split
from .search import Hidden

IDENTIFIERS = frozenset({"message-id", "references", "in-reply-to", "content-id", "resent-message-id"})
_FIXED = frozenset(
    {
        *ORIGINATOR_FIELDS,
        *("date", "resent-date", "message-id", "resent-message-id"),
        *("subject", "mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id"),
    }
)
_LISTS = VISIBLE_FIELDS | {
    *("reply-to", "resent-reply-to", "mail-reply-to", "mail-followup-to"),
    *("disposition-notification-to", "return-receipt-to", "errors-to"),
}
_OTHERS = frozenset({"received", "autocrypt", "comments", "keywords", "thread-topic", "return-path", "references"})
_LIST_FIELD = re.compile(r"list-(?:id|post|help|owner|archive|subscribe|unsubscribe)\Z")

_MESSAGE_ID = re.compile(rb"<[^<>\s]*>")
_FOR = re.compile(
    rb"(?<![ \t\r\n])[ \t\r\n]+for[ \t\r\n]+(?:<[^<>;]*>|[^<>;()\s]+)(?=[ \t\r\n]*(?:;|\(|[ \t\r\n]))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Change:
    """A field that changes. body: what replaces raw[value_start:end], with its final CRLF; None removes the field.

    kept: the items of a list that stay.
    """

    field: Field
    body: bytes | None
    kept: tuple[bytes, ...] = ()

    @property
    def name(self) -> str:
        return recorded(self.field.name) + ("" if self.body is not None else "-removed")


def recorded(name: str) -> str:
    """A field name for the decision; the sender chose it, so only a well-known one is repeated."""
    known = name in _LISTS or name in _FIXED or name in _OTHERS or _LIST_FIELD.match(name)
    return name if known else "other"


def changes(message: Message, hidden: Hidden) -> list[Change]:
    """A Change for each field that shows a hidden address, in order. Bcc fields are not among them (relay.py).

    CannotRewrite where such a field must stay as it is.
    """
    mailboxes: dict[int, list[Mailbox]] = {}
    for mailbox in message.visible:
        mailboxes.setdefault(mailbox.field_start, []).append(mailbox)
    return [
        _change(message, field, mailboxes.get(field.start, []), hidden)
        for field in message.fields
        if field.name not in BLIND_FIELDS and _shows(message, field, mailboxes.get(field.start, []), hidden)
    ]


def searchable(message: Message, field: Field) -> bytes:
    """The octets of a field in which an address is an address: its name and body, without message identifiers."""
    octets = bytes(message.raw[field.start : field.end])
    return _MESSAGE_ID.sub(b"<>", octets) if field.name in IDENTIFIERS else octets


def items(message: Message, mailboxes: list[Mailbox]) -> Iterator[tuple[bytes, list[Mailbox]]]:
    """The items of one field as written, each with the mailboxes that it shows."""
    by_span: dict[tuple[int, int], list[Mailbox]] = {}
    for mailbox in mailboxes:
        by_span.setdefault((mailbox.start, mailbox.end), []).append(mailbox)
    for (start, end), shown in by_span.items():
        yield bytes(message.raw[start:end]).strip(), shown


def _shows(message: Message, field: Field, mailboxes: list[Mailbox], hidden: Hidden) -> bool:
    if any(mailbox.address in hidden.addresses for mailbox in mailboxes):
        return True
    return hidden.stands_in(searchable(message, field))


def _change(message: Message, field: Field, mailboxes: list[Mailbox], hidden: Hidden) -> Change:
    if field.name in _FIXED:
        raise CannotRewrite(sentences.ORIGINATOR.format(name=field.name.title()))
    if mailboxes or field.name in _LISTS:
        kept = tuple(_kept(message, field, mailboxes, hidden))
        return Change(field, fold(kept, field.value_start - field.start) if kept else None, kept)
    if field.name == "received":
        return Change(field, _without_for(message.value(field), hidden))
    return Change(field, None)


def _kept(message: Message, field: Field, mailboxes: list[Mailbox], hidden: Hidden) -> list[bytes]:
    """The items that stay: those that show no hidden address, each in a form that a folded field can hold."""
    if not mailboxes:
        candidates = split(message.value(field)) or []
    else:
        candidates = [
            _written(item, shown, field.value_start - field.start)
            for item, shown in items(message, mailboxes)
            if not any(mailbox.address in hidden.addresses for mailbox in shown)
        ]
    if not hidden.stands_in(b", ".join(candidates)):
        return candidates
    return [item for item in candidates if not hidden.stands_in(item)]


def _written(item: bytes, shown: list[Mailbox], offset: int) -> bytes:
    """As written, or the bare addresses where that would make too long a line."""
    return item if fits(item, offset) else b", ".join(mailbox.address.encode() for mailbox in shown)


def _without_for(value: bytes, hidden: Hidden) -> bytes | None:
    """A trace field less its `for` clause (RFC 5321 section 7.6 says why); None where that does not help."""
    spliced = _FOR.sub(b"", value)
    return None if hidden.stands_in(spliced) else spliced
