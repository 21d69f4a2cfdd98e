"""Makes a Message of any bytes whatever.

Promises: total (never raises for bytes, a mapped file or a view of either); linear; the body is not copied. Whatever is
wrong is a Defect; those that the floor holds for say so (DESIGN.md "The floor under every policy"). It knows no policy,
no organisation and no envelope. Line ends of the body are the door's business (smtp/), those of the header are checked.
"""

from __future__ import annotations

import re

from .address import list_mailboxes
from .calendar.read import read_calendars
from .header import LISTED_FIELDS, ORIGINATOR_FIELDS, VISIBLE_FIELDS, Defects, Header, has_long_line, read_header
from .message import Buffer, Defect, Mailbox, Message
from .mime import read_parts

REFUSED_DEFECTS = frozenset({"header-too-long", "too-many-fields"})
"""Defects for which a message is to be refused with 552 rather than held: it was not read to its end (T33)."""

_WITH_MAILBOXES = VISIBLE_FIELDS | ORIGINATOR_FIELDS
_FIELD_AHEAD = re.compile(rb"(?>(?:[ \t]*(?>\r\n|\r|\n))*)[!-9;-~]{1,76}[ \t]*:")


def parse(raw: Buffer) -> Message:
    """The message that raw holds, with the mailboxes that a recipient could read, and its defects. Never raises."""
    if isinstance(raw, memoryview) and not (raw.c_contiguous and raw.itemsize == 1 and raw.ndim == 1):
        raw = bytes(raw)
    defects = Defects()
    header = read_header(raw, 0, len(raw), "", defects)
    if not header.octets:
        defects.add("no-header", "header", _FIELD_AHEAD.match(raw, header.body_start) is not None)
    visible, originators = _mailboxes(header, defects)
    root = read_parts(raw, header, defects)
    calendars = read_calendars(raw, root, defects)
    if has_long_line(raw, header.body_start, len(raw)):
        defects.add("long-line", "body", False)
    return Message(raw, tuple(header.fields), header.body_start, root, visible, originators, defects.all(), calendars)


def _mailboxes(header: Header, defects: Defects) -> tuple[tuple[Mailbox, ...], tuple[str, ...]]:
    visible: list[Mailbox] = []
    originators: dict[str, None] = {}
    for field in (*header.fields, *header.hidden):
        if field.name not in _WITH_MAILBOXES:
            continue
        found, flaws = list_mailboxes(header.octets, field, header.start)
        if field.name in VISIBLE_FIELDS:
            visible.extend(found)
        else:
            originators.update(dict.fromkeys(mailbox.address for mailbox in found))
        holds = field.name in LISTED_FIELDS
        # An odd From hides no recipient, and every address in it counts as claimed.
        defects.extend(flaw if holds else Defect(flaw.kind, flaw.where, False) for flaw in flaws)
    return tuple(visible), tuple(originators)
