"""The text of an invitation, as its readers see it: everything that its lines say, less the people it is made for.

Who is invited and who invites count as visible recipients and senders (mail/calendar/); this is the rest, in which a
list can be pasted as well as in the text of the message: DESCRIPTION, X-ALT-DESC, CONTACT, vendors' properties.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from ..mail.calendar.model import Calendar, Line
from ..mail.markup import readable
from ..mail.text import decode_base64
from .kind import PROBED_OCTETS, looks_like_text

_PEOPLE = frozenset({"ATTENDEE", "ORGANIZER", "CALENDAR-ADDRESS"})
_COUNTED_ELSEWHERE = re.compile(
    rb";\s*(?:CN|EMAIL|SENT-BY|DELEGATED-TO|DELEGATED-FROM|MEMBER)\s*=(?:\"[^\"]*\"|[^;\":])*", re.IGNORECASE
)
"""Parameters whose people are attendees themselves (mail/calendar/people.py)."""
_IDENTIFIER = re.compile(r"(?:.*ID|RELATED-TO)\Z")
"""UID, RELATED-TO, X-WR-RELCALID: `5t1abc@calendar.example` is nobody. One that names two is no identifier."""
_PAGE = re.compile(rb"FMTTYPE\s*=\s*\"?text/html", re.IGNORECASE)
_BINARY = re.compile(rb"ENCODING\s*=\s*\"?BASE64", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TELLING = (b"@", b"%40", b"=40", b"&", b"\\u0040", b"[at]", b"(at)", "\uff20".encode(), "\ufe6b".encode())


def calendar_text(calendar: Calendar) -> str:
    """One line for each property, unfolded and without its escapes; a page or a file within it decoded beside it."""
    return "\n".join(text for line in calendar.lines if _may_name(line) for text in _texts(line))


def _may_name(line: Line) -> bool:
    if line.name in _PEOPLE:
        return _tells(line.parameters)
    if _BINARY.search(line.parameters):
        return True
    if _IDENTIFIER.match(line.name) and line.content.count(b"@") < 2:
        return False
    return _tells(line.content)


def _tells(octets: bytes) -> bool:
    octets = octets.lower()
    return any(sign in octets for sign in _TELLING)


def _texts(line: Line) -> Iterator[str]:
    if line.name in _PEOPLE:
        yield _COUNTED_ELSEWHERE.sub(b"", line.parameters).decode("utf-8", "replace")
        return
    content = line.content.decode("utf-8", "replace").replace("\\u0040", "@")
    text = _ESCAPED.sub(_unescaped, content)
    yield text
    if b"=40" in line.value:
        yield binascii.a2b_qp(line.value).decode("utf-8", "replace")  # vCalendar 1.0
    if _PAGE.search(line.parameters) or line.name == "X-ALT-DESC":
        yield readable(text)
    if _BINARY.search(line.parameters):
        octets = decode_base64(line.value)
        if looks_like_text(octets[:PROBED_OCTETS]):
            yield octets.replace(b"\0", b"").decode("utf-8", "replace")


def _unescaped(pair: re.Match[str]) -> str:
    """RFC 5545 section 3.3.11."""
    return "\n" if pair[1] in "nN" else pair[1]
