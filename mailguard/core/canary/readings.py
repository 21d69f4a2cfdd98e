"""What a recipient could read in a message, by a reader that shares nothing with the one that rewrites.

The standard library's `email` stands in for a mail program: were our own parser blind to something, a check that used
it would be blind to the same thing. Total: what cannot be decoded is read as it stands.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header
from email.message import Message

_FOLD = re.compile(r"\r?\n[ \t]")


def readings(raw: bytes) -> str:
    """Everything that can be read in the message, in lower case: as it stands, and with every encoding taken off."""
    pieces = [raw.decode("latin-1"), *(_decoded(raw))]
    pieces += [_FOLD.sub("", piece) for piece in pieces]
    return "\n".join(piece for found in pieces for piece in (found, html.unescape(found))).lower()


def header_value(raw: bytes, name: str) -> str:
    """One field, unfolded and decoded; empty where there is none."""
    return "".join(_words(value) for value in message_from_bytes(raw).get_all(name, []))


def bodies(raw: bytes) -> Iterator[str]:
    """The text of every part, decoded, its folded lines put together."""
    for part in message_from_bytes(raw).walk():
        if not part.is_multipart():
            yield _FOLD.sub("", _text(part))


def _decoded(raw: bytes) -> Iterator[str]:
    for part in message_from_bytes(raw).walk():
        for name, value in part.items():
            yield f"{name}: {_words(value)}"
        if not part.is_multipart():
            yield _text(part)


def _words(value: object) -> str:
    """A field with its encoded words decoded."""
    unfolded = str(value).replace("\r", "").replace("\n", "")
    try:
        pieces = decode_header(unfolded)
    except ValueError:
        return unfolded
    return "".join(piece if isinstance(piece, str) else _as_text(piece, charset) for piece, charset in pieces)


def _text(part: Message) -> str:
    octets = part.get_payload(decode=True)
    found = octets if isinstance(octets, bytes) else b""
    return _as_text(found, part.get_content_charset()).replace("\r\n", "\n")


def _as_text(octets: bytes, charset: str | None) -> str:
    try:
        return octets.decode(charset or "latin-1")
    except (LookupError, UnicodeError):
        return octets.decode("latin-1")
