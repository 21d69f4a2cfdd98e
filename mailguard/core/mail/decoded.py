"""The body of a part as text: transfer encoding and charset taken off, leniently, as mail clients do.

Promises: total; linear. A long body comes in windows of about a megabyte, cut where no address is cut, so that 50 MB of
text are never in memory. Where readers could take two charsets (one in which an at sign is not one octet, octets that
contradict the charset), both readings are in the text, one after the other.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterable, Iterator

from .message import Buffer, Message, Part
from .text import NOT_BASE64, decode_base64, decode_charset

WINDOW_OCTETS = 1_000_000
"""How much of a body is looked at together."""
OVERLAP_OCTETS = 4_000
"""What is looked at twice, so that a header block is not cut in two."""
MAX_WIDE_OCTETS = 8_000_000
"""Of a text in a charset that cannot be cut at its line feeds (UTF-16); TooLong above it."""

_UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDE_CHARSET = re.compile(r"utf.?(?:16|32|7)|ucs|iso.?10646", re.IGNORECASE)
_DELETED_SPACE = re.compile(r" \n(?:>+ ?)?")
_SEPARATOR = re.compile(rb"\n|[ ,;<>]")
_CUTS = (b"\n", b" ", b",", b";", b">", b"<", b"")


class TooLong(Exception):
    """A text that cannot be read in pieces is too long to be read at once."""


def decoded_octets(message: Message, part: Part, end: int | None = None) -> bytes:
    """The part's body (up to raw[end]) without its transfer encoding. An unknown one is read as none."""
    octets = bytes(message.raw[part.body_start : part.end if end is None else end])
    if part.encoding == "base64":
        return decode_base64(octets)
    return binascii.a2b_qp(octets) if part.encoding == "quoted-printable" else octets


def decoded_buffer(message: Message, part: Part) -> Buffer:
    """The same as octets that can be parsed: a long body as a view of raw, or decoded piece by piece into one place."""
    if part.end - part.body_start <= WINDOW_OCTETS:
        return decoded_octets(message, part)
    if part.encoding not in ("base64", "quoted-printable"):
        return memoryview(message.raw)[part.body_start : part.end]
    octets = bytearray()
    for piece in _pieces(message, part):
        octets += piece
    return memoryview(octets)


def decoded_texts(message: Message, part: Part) -> Iterator[str]:
    """The part's body as text, with line ends as LF: in one piece, or in windows that overlap. Raises TooLong."""
    charset = part.parameters.get("charset", "")
    if part.end - part.body_start <= WINDOW_OCTETS:
        yield _with_line_feeds(as_text(decoded_octets(message, part), charset))
        return
    for octets in _windows(_pieces(message, part), charset):
        yield _with_line_feeds(as_text(octets, charset))


def flowing(text: str, part: Part) -> str:
    """The text with what soft line breaks cut in two put together beside it (RFC 3676 section 4.1, DelSp)."""
    return joined_lines(text) if is_flowed(part) else text


def is_flowed(part: Part) -> bool:
    """Whether soft line breaks of the text cut words in two."""
    return part.parameters.get("delsp", "").lower() == "yes"


def joined_lines(text: str) -> str:
    """A text, and beside it what its soft line breaks cut in two put together."""
    return text + "\n" + _DELETED_SPACE.sub("", text)


def as_text(octets: bytes, charset: str) -> str:
    """Octets in a charset. Those that hold no "@" where ASCII has it are read a second time as what they look like."""
    for mark, codec in _UTF_16:
        if octets.startswith(mark):
            return octets.decode(codec, "replace")
    text = decode_charset(octets, charset)
    if b"\0" in octets or (b"@" in octets) != ("@" in text):
        return f"{text}\n{decode_charset(octets.replace(bytes(1), b''), 'utf-8')}"
    return text


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _pieces(message: Message, part: Part) -> Iterator[bytes]:
    """The body decoded piece by piece."""
    raws = (
        bytes(message.raw[start : min(start + WINDOW_OCTETS, part.end)])
        for start in range(part.body_start, part.end, WINDOW_OCTETS)
    )
    if part.encoding == "base64":
        return _from_base64(raws)
    return _from_quoted_printable(raws) if part.encoding == "quoted-printable" else raws


def _from_base64(raws: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for raw in raws:
        left += raw.translate(None, NOT_BASE64)
        whole = len(left) // 4 * 4
        yield decode_base64(left[:whole])
        left = left[whole:]
    yield decode_base64(left)


def _from_quoted_printable(raws: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for raw in raws:
        left += raw
        cut = left.rfind(b"\n") + 1 or max(left.rfind(b"=", -3), 0) or len(left)
        yield binascii.a2b_qp(left[:cut])
        left = left[cut:]
    yield binascii.a2b_qp(left)


def _windows(pieces: Iterator[bytes], charset: str) -> Iterator[bytes]:
    """The pieces cut anew where no address is cut, each window with the end of the one before it."""
    left = before = b""
    for piece in pieces:
        left += piece
        if _WIDE_CHARSET.search(charset) or b"\0" in left:
            yield _all(before + left, pieces)
            return
        cut = _cut(left)
        yield before + left[:cut]
        before = left[max(cut - OVERLAP_OCTETS, 0) : cut]
        start = _SEPARATOR.search(before)
        before = before[start.end() :] if start else before
        left = left[cut:]
    yield before + left


def _all(first: bytes, pieces: Iterable[bytes]) -> bytes:
    octets = bytearray(first)
    for piece in pieces:
        octets += piece
        if len(octets) > MAX_WIDE_OCTETS:
            raise TooLong
    return bytes(octets)


def _cut(octets: bytes) -> int:
    """Behind the last line, else the last separator of the last few thousand octets."""
    latest = max(len(octets) - OVERLAP_OCTETS, 0)
    return next(at for sign in _CUTS if (at := octets.rfind(sign, latest) + len(sign)) > latest or not sign)
