"""Which header fields of the original a delivery status notification may return (RFC 6522 section 4, THREATS.md T71).

Enough to recognise the message, nothing that names a recipient: a few fields that say what the message is, always;
others only if they could not hold an address in any spelling. Never the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .mail.message import Buffer

LONGEST_HEADER = 262_144
"""Octets of the original that are looked at. What lies behind is left out."""

LONGEST_FIELD = 4_096
MOST_FIELDS = 200

_FIELD = re.compile(rb"([!-9;-~]{1,80}):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_RECIPIENTS = frozenset(
    b"to cc bcc resent-to resent-cc resent-bcc apparently-to delivered-to x-original-to envelope-to x-envelope-to "
    b"x-rcpt-to x-failed-recipients original-recipient reply-to mail-reply-to mail-followup-to "
    b"disposition-notification-to return-receipt-to errors-to return-path".split()
)
_ALWAYS = frozenset(b"from sender subject message-id in-reply-to references".split())
"""What the sender wrote of themselves, their subject line, and message identifiers, which are not addresses."""

_COULD_HOLD_ADDRESS = re.compile(rb"@|=\?|[=%+]40|&#|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]|\bat\b", re.IGNORECASE)


def returned_fields(original: Buffer) -> bytes:
    """Those header fields of the original, as they stand, each ending in CRLF. b"" where there are none.

    Total: any bytes will do. A line that is no field, with its continuation lines, is left out.
    """
    header = bytes(original[:LONGEST_HEADER])
    kept: list[bytes] = []
    for name, field in _fields(header):
        if _returns(name, field) and len(kept) < MOST_FIELDS:
            kept.append(field)
    return b"".join(kept)


def first_value(original: Buffer, name: bytes) -> bytes | None:
    """The body of the first field with this lower-case name, unfolded; None where there is none."""
    for found, field in _fields(bytes(original[:LONGEST_HEADER])):
        if found == name:
            return field.partition(b":")[2].replace(b"\r\n", b"").strip()
    return None


def _fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position < len(header) and not header.startswith(b"\r\n", position):
        if match := _FIELD.match(header, position):
            yield match[1].lower(), match[0]
            position = match.end()
        else:
            end = header.find(b"\r\n", position)
            if end < 0:
                return
            # A continuation line begins with white space, so it is no field either and goes the same way.
            position = end + 2


def _returns(name: bytes, field: bytes) -> bool:
    if name in _RECIPIENTS or len(field) > LONGEST_FIELD or b"\0" in field:
        return False
    return name in _ALWAYS or not _COULD_HOLD_ADDRESS.search(field)
