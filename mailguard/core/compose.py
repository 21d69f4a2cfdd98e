"""Writes whole messages: header fields, encoded words, text parts and multiparts, as bytes with CRLF.

INVARIANT: whatever a value holds, a field written here is one field: its lines stay below 78 octets where they can be
folded, and no CR, LF or NUL of a value reaches the output. Nothing is random: boundaries come in as values.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

CRLF = b"\r\n"
LONGEST_LINE = 998
"""RFC 5322 section 2.1.1, in octets without CRLF."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_WORD_OCTETS = 42
"""Octets in one encoded word: 56 characters of base64 and 12 of frame stay below 75 (RFC 2047 section 2)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message to be: its fields (name, value) and its body, already encoded, lines ending in CRLF."""

    fields: tuple[tuple[str, str], ...]
    body: bytes


def text_field(name: str, value: str) -> bytes:
    """An unstructured field such as Subject. Anything but short printable ASCII goes into encoded words (RFC 2047)."""
    line = f"{name}: {value}"
    if value.isascii() and value.isprintable() and "=?" not in value and len(line) <= 76:
        return line.encode("ascii") + CRLF
    return f"{name}: ".encode("ascii") + b"\r\n ".join(_encoded_words(value)) + CRLF


def plain_field(name: str, value: str) -> bytes:
    """A structured field whose value is made of words that may stand on lines of their own.

    Non-ASCII stays as UTF-8 (RFC 6532): the caller decides whether the message may carry it.
    """
    words = _UNSAFE.sub(" ", value).split()
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + len(word) < 77 or lines[-1] in (f"{name}:", ""):
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines).encode("utf-8", "replace") + CRLF


def whole_field(name: str, value: str) -> bytes:
    """A field on one line, its value exactly as it is. ValueError for a value that would not be one line.

    The caller keeps it below 998 octets.
    """
    if _UNSAFE.search(value):
        raise ValueError("a field would hold a control character")
    return f"{name}: {value}".encode("utf-8", "strict") + CRLF


def mailbox(name: str, address: str) -> str:
    """`"Name" <address>`, the name as a quoted string or as encoded words (RFC 5322 section 3.4)."""
    if name.isascii() and name.isprintable() and len(name) <= 60:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    words = b" ".join(_encoded_words(name)).decode("ascii")
    return f"{words} <{address}>"


def text_part(subtype: str, text: str) -> Part:
    """text/plain or text/html in UTF-8 as quoted-printable. text: lines ending in "\\n"."""
    fields = (
        ("Content-Type", f"text/{subtype}; charset=utf-8"),
        ("Content-Transfer-Encoding", "quoted-printable"),
    )
    return Part(fields, quoted_printable(text.encode("utf-8", "replace")))


def quoted_printable(octets: bytes) -> bytes:
    """RFC 2045 section 6.7, for text with any line ends; the result has CRLF and ends with one."""
    lines = re.split(rb"\r\n|\r|\n", octets)
    encoded = CRLF.join(binascii.b2a_qp(line, istext=True).replace(b"=\n", b"=\r\n") for line in lines)
    return encoded if encoded.endswith(CRLF) else encoded + CRLF


def multipart(kind: str, boundary: str, parts: Sequence[Part]) -> Part:
    """A multipart of this subtype, with its parameters ("alternative"). ValueError if a body holds the boundary."""
    line = b"--" + boundary.encode("ascii")
    if any(line in part.body for part in parts):
        raise ValueError("a body holds the boundary")
    pieces = [line + CRLF + serialise(part) for part in parts]
    body = CRLF.join(pieces) + CRLF + line + b"--" + CRLF
    return Part((("Content-Type", f'multipart/{kind}; boundary="{boundary}"'),), body)


def serialise(part: Part) -> bytes:
    """The part's fields, an empty line, and its body."""
    return b"".join(whole_field(name, value) for name, value in part.fields) + CRLF + part.body


def _encoded_words(text: str) -> list[bytes]:
    """The text as encoded words, none of which splits a character."""
    words, current = [], b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(current) + len(octets) > _WORD_OCTETS:
            words.append(current)
            current = b""
        current += octets
    words.append(current)
    return [b"=?utf-8?b?" + binascii.b2a_base64(word, newline=False) + b"?=" for word in words]
