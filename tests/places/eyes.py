"""What a person, a mail program or a program for forensics could read in a message: by other means than mailguard's.

The standard library's email package, icalendar, and decoding of everything that looks as if it were encoded.
"""

from __future__ import annotations

import base64
import email
import email.header
import html
import quopri
import re
from collections.abc import Iterable, Iterator
from email import policy
from functools import lru_cache
from urllib.parse import unquote

import icalendar

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE64_LINES = re.compile(rb"(?<=[A-Za-z0-9+/])\r?\n(?=[A-Za-z0-9+/])")
_PIECE = re.compile(r"\"?;\s*[\w-]+\*\d+\*?=\"?(?:[\w-]*'[\w-]*')?")
"""RFC 2231 section 3: a parameter in pieces."""
DEPTH = 3


def numbers(content: bytes, word: str) -> set[int]:
    """The numbers behind this word in any reading of a message."""
    found: set[int] = set()
    for octets in dict.fromkeys(_octets(content)):
        found |= _numbers_in(octets, word)
    return found.union(*(_search(text, word) for text in _headers(content)))


def readings(content: bytes) -> Iterator[str]:
    """All of them: lower case, and in one form of each without quotes and the tags of HTML."""
    for octets in _octets(content):
        for text in _texts(octets):
            yield from _plain(text)
    for text in _headers(content):
        yield from _plain(text)


@lru_cache(maxsize=4096)
def _numbers_in(octets: bytes, word: str) -> frozenset[int]:
    """Copies share most of their parts, so each is read once."""
    return frozenset().union(*(_search(text, word) for text in _texts(octets)))


def _search(text: str, word: str) -> frozenset[int]:
    pattern = re.compile(rf"{word}(\d{{3}})")
    return frozenset(int(each) for form in _plain(text) for each in pattern.findall(form))


def _plain(text: str) -> Iterator[str]:
    text = text.lower()
    for _ in range(DEPTH):
        yield text
        yield re.sub(r"\r?\n[ \t]", "", text)
        yield re.sub(r"<[^<>]*>|[\"'\\]|\(|\)", "", text)
        decoded = html.unescape(unquote(text))
        if decoded == text:
            return
        text = decoded


def _octets(content: bytes) -> Iterator[bytes]:
    """The message, its parts decoded, and what is base64 or quoted-printable in either."""
    parts = [part.get_payload(decode=True) for part in email.message_from_bytes(content).walk()]
    waiting = [content, *(part for part in parts if isinstance(part, bytes))]
    for _ in range(DEPTH):
        yield from waiting
        waiting = [*_unpacked(waiting)]


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for octets in pieces:
        unfolded = re.sub(rb"\r?\n[ \t]", b"", octets)
        if b"=" in octets and octets.isascii():
            yield quopri.decodestring(octets)
        for source in dict.fromkeys((octets, unfolded, _BASE64_LINES.sub(b"", octets))):
            for run in _RUN.findall(source):
                plain = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
                yield base64.b64decode(plain + b"A" * (-len(plain) % 4))


def _texts(octets: bytes) -> Iterator[str]:
    yield octets.decode("utf-8", "replace")
    if b"\0" in octets:
        yield octets.replace(b"\0", b"").decode("latin-1")
    if octets[:20].lstrip(b"\xef\xbb\xbf\xff\xfe").startswith((b"BEGIN:VCAL", b"B\0E\0G\0")):
        yield from calendar_values(octets)


def calendar_values(octets: bytes) -> Iterator[str]:
    """Every value and parameter that icalendar finds in its lines, decoded by it."""
    text = octets.decode("utf-16" if b"\0" in octets else "utf-8", "replace")
    for line in icalendar.parser.Contentlines.from_ical(text):
        try:
            name, parameters, value = icalendar.parser.Contentline(line).parts()
        except ValueError:
            continue  # no content line: it is there in its octets
        yield f"{name}: {value}"
        for each in parameters.values():
            yield str(each)


def _headers(content: bytes) -> Iterator[str]:
    """Header fields as the standard library decodes them."""
    for part in email.message_from_bytes(content, policy=policy.compat32).walk():
        for _, value in part.items():
            pieces = email.header.decode_header(str(value))
            yield _PIECE.sub("", str(value))
            yield "".join(
                piece if isinstance(piece, str) else piece.decode(charset or "latin-1", "replace")
                for piece, charset in pieces
            )
