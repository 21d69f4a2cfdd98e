"""What becomes of each content line in a copy for somebody outside.

An ATTENDEE that invites somebody hidden goes. Of a line that stays, each parameter that shows somebody hidden goes
whole. In text the address is replaced by words. A line that has to stay as it is (UID, ORGANIZER, dates, ...) stops the
rewrite. Any other line, vendors' among them, goes whole: taking a word out of a structure that nobody here knows could
make it say something else.
"""

from __future__ import annotations

import re

from ...errors import CannotRewrite
from ...mail.calendar.lines import parameters
from ...mail.calendar.model import Line
from .. import sentences
from ..search import Hidden
from .reveal import shown, spans

REPLACEMENT = b"[address removed]"
WIDTH = 75
"""RFC 5545 section 3.1, without the line end."""

_TEXTS = frozenset(
    {
        *("DESCRIPTION", "COMMENT", "SUMMARY", "LOCATION", "CONTACT", "CATEGORIES", "RESOURCES"),
        *("NAME", "STYLED-DESCRIPTION", "X-ALT-DESC", "X-WR-CALNAME", "X-WR-CALDESC"),
    }
)
_FIXED = frozenset(
    {
        *("BEGIN", "END", "VERSION", "PRODID", "METHOD", "CALSCALE", "UID", "SEQUENCE", "RECURRENCE-ID", "DTSTAMP"),
        *("DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "TZID", "STATUS", "ORGANIZER"),
        *("TZOFFSETFROM", "TZOFFSETTO", "TRIGGER", "ACTION", "FREEBUSY"),
    }
)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


def without(line: Line, hidden: Hidden) -> bytes | None:
    """The content of a line that shows somebody hidden, without them; None where the line goes whole.

    CannotRewrite where it can be neither changed nor left out. Not for an ATTENDEE that invites somebody hidden.
    """
    head, value = line.content[: _value_start(line)], line.value
    if shown(hidden, line.parameters):
        head = _name(line) + _parameters(line.parameters, hidden, frozenset()) + b":"
    if shown(hidden, value):
        if line.name in _FIXED:
            raise CannotRewrite(sentences.CALENDAR_FIXED.format(name=line.name))
        value = replaced(value, hidden) if line.name in _TEXTS else b""
        if not value or shown(hidden, value):
            _check_may_go(line)
            return None
    content = head + value
    if not shown(hidden, content):
        return content
    _check_may_go(line)
    return None


def own(line: Line, address: str, hidden: Hidden) -> bytes | None:
    """An ATTENDEE line as the one whom it invites gets it: parameters that show others go. None where others stay."""
    if shown(hidden, line.content) <= {address}:
        return line.content
    content = _name(line) + _parameters(line.parameters, hidden, frozenset({address})) + b":" + line.value
    return content if shown(hidden, content) <= {address} else None


def replaced(text: bytes, hidden: Hidden) -> bytes:
    """Running text with each hidden address replaced, where it stands as it is."""
    pieces, position = [], 0
    for start, end in spans(hidden, text):
        pieces += [text[position:start], REPLACEMENT]
        position = end
    return b"".join([*pieces, text[position:]])


def fold(content: bytes, written: bytes) -> bytes:
    """A line as its part has lines: the same line end, folded at the width at which `written` was folded."""
    line_end = b"\r\n" if b"\r\n" in written or b"\n" not in written else b"\n"
    width = max([len(each.rstrip(b"\r\n")) for each in _FOLD.split(written)[:-1]], default=WIDTH)
    pieces, start = [], 0
    while start < len(content):
        room = max(min(width, 900), 20) - (1 if start else 0)
        stop = min(start + room, len(content))
        while stop < len(content) and stop > start + 1 and content[stop] & 0xC0 == 0x80:
            stop -= 1
        pieces.append(content[start:stop])
        start = stop
    return (line_end + b" ").join(pieces) + line_end


def _check_may_go(line: Line) -> None:
    if line.name in _FIXED:
        raise CannotRewrite(sentences.CALENDAR_FIXED.format(name=line.name))
    if line.name in _TEXTS and line.name != "X-ALT-DESC":
        # The text of the invitation: without it a recipient would not know what it is about.
        raise CannotRewrite(sentences.CALENDAR_TEXT)


def _value_start(line: Line) -> int:
    return len(line.content) - len(line.value)


def _name(line: Line) -> bytes:
    return line.content[: _value_start(line) - 1 - len(line.parameters)]


def _parameters(written: bytes, hidden: Hidden, allowed: frozenset[str]) -> bytes:
    return b"".join(text for _, _, text in parameters(written) if not shown(hidden, text) - allowed)
