"""The place in the header where one address is put into To: the only thing in which separate copies differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..mail.message import Field, Message
from .content import Edit
from .fields import Change
from .relay import insertion

_WHITE = re.compile(rb"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Slot:
    """raw[start:end] is replaced by the address as an item, with `before` and `after` around it.

    field: the To field that it stands in, None where the slot makes a new one.
    """

    start: int
    end: int
    before: bytes
    after: bytes
    field: Field | None = None

    def filled(self, item: bytes) -> Edit:
        return Edit(self.start, self.end, self.before + item + self.after)


def find_slot(message: Message, changed: Sequence[Change]) -> tuple[Slot, list[Change]]:
    """Where an address can be put into To, and the changes that are left to make beside it.

    A To field that keeps somebody is preferred; else one that loses everybody; a new field where there is none.
    """
    by_start = {change.field.start: change for change in changed}
    fields = message.named("to")
    lasting = [field for field in fields if field.start not in by_start or by_start[field.start].body is not None]
    if not fields:
        return _new(message), list(changed)
    field = (lasting or fields)[0]
    change = by_start.get(field.start)
    if change is not None and change.body is not None:
        return Slot(field.value_start, field.value_start, b" ", b",\r\n", field), list(changed)
    if change is None and any(mailbox.field_start == field.start for mailbox in message.visible):
        return _before(message, field), list(changed)
    left = [each for each in changed if each is not change]
    return Slot(field.value_start, field.end, b" ", b"\r\n", field), left


def _before(message: Message, field: Field) -> Slot:
    """In front of a list that stays as it is, on a line of its own."""
    white = _WHITE.match(message.value(field))
    end = field.value_start + (white.end() if white else 0)
    return Slot(field.value_start, end, b" ", b",\r\n ", field)


def _new(message: Message) -> Slot:
    """A new To field: above the first list of recipients, else above From, else on top."""
    lists = [mailbox.field_start for mailbox in message.visible]
    above = lists or [field.start for field in message.named("from")] or [insertion(message, b"").start]
    return Slot(above[0], above[0], b"To: ", b"\r\n")
