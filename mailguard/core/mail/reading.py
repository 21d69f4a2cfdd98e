"""The parts of a message that a reader shows as its text: which, and their content decoded. Pure, total, bounded.

What comes out is as the sender wrote it; whoever shows it makes it harmless.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping

from .message import Message, Part
from .text import decode_base64, decode_charset

MOST_HTML_OCTETS = 2_000_000
MOST_PICTURES = 100
MOST_PICTURE_OCTETS = 7_000_000


def html_of(message: Message) -> str | None:
    """The first text/html that is no attachment, None where there is none."""
    part = html_part(message)
    if part is None:
        return None
    return decode_charset(_octets(message, part, MOST_HTML_OCTETS), part.parameters.get("charset", ""))


def html_part(message: Message) -> Part | None:
    """The part that `html_of` reads."""
    for part in message.root.walk():
        if part.media_type == "text/html" and not part.children and part.disposition != "attachment":
            return part
    return None


def pictures_of(message: Message) -> Mapping[str, tuple[str, bytes]]:
    """Media type and octets of the pictures that its HTML can name, by Content-ID without its brackets (RFC 2392).

    At most 100, of 7 MB together as they are encoded; the others are left out.
    """
    found: dict[str, tuple[str, bytes]] = {}
    left = MOST_PICTURE_OCTETS
    for part in message.root.walk():
        name = _content_id(message, part)
        size = part.end - part.body_start
        if not name or not part.media_type.startswith("image/") or part.children or size > left:
            continue
        left -= size
        found.setdefault(name, (part.media_type, _octets(message, part, size)))
        if len(found) == MOST_PICTURES:
            break
    return found


def _content_id(message: Message, part: Part) -> str:
    for field in part.fields:
        if field.name == "content-id":
            value = message.value(field)[:1000].decode("latin-1").strip()
            return value.removeprefix("<").removesuffix(">")
    return ""


def _octets(message: Message, part: Part, limit: int) -> bytes:
    encoded = bytes(message.raw[part.body_start : min(part.end, part.body_start + limit)])
    if part.encoding == "base64":
        return decode_base64(encoded)
    return binascii.a2b_qp(encoded) if part.encoding == "quoted-printable" else encoded
