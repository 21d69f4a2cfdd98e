"""Rich text as Outlook keeps it: decompressed (MS-OXRTFCP), and its text, hidden and encapsulated HTML included.

Promises: total but for Uninspectable; linear in what comes out, which the budget bounds.
"""

from __future__ import annotations

import codecs
import re
import struct

from ..budget import Budget, Uninspectable

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""MS-OXRTFCP section 2.1.2.1: what the window of 4,096 octets begins with."""
_WINDOW = 4_096
_MOST_GROWTH = 17
"""Octets that one octet of input can become, at most: a reference of two octets gives 17."""

_TOKEN = re.compile(
    rb"\\u(-?[0-9]{1,6}) ?(?:\\'[0-9a-fA-F]{2}|\?)?|\\'([0-9a-fA-F]{2})|\\ansicpg([0-9]{1,5}) ?|\\bin([0-9]{1,9}) ?"
    rb"|\\(par|line|cell|row|tab|sect|page)\b ?|\\[a-zA-Z]{1,40}-?[0-9]{0,10} ?|\\([^a-zA-Z])"
    rb"|(\{\\\*|[{}])|[\r\n]|([^\\{}\r\n]+)"
)


def decompress(data: bytes, budget: Budget) -> bytes:
    """The RTF in a PidTagRtfCompressed."""
    if len(data) < _HEADER.size:
        raise Uninspectable("its rich text is broken")
    _, raw_size, kind, _ = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if kind == _PLAIN:
        budget.keep(len(body))
        return body[:raw_size]
    if kind != _COMPRESSED or raw_size > len(body) * _MOST_GROWTH:
        raise Uninspectable("its rich text is broken")
    budget.keep(raw_size)
    return _expand(body, raw_size)


def _expand(body: bytes, raw_size: int) -> bytes:
    """The window is the last 4,096 octets of what came out, the dictionary before it."""
    out = bytearray(_WINDOW - len(_DICTIONARY)) + _DICTIONARY
    start = len(out)
    at = 0
    while at < len(body):
        control, at = body[at], at + 1
        for bit in range(8):
            if not control >> bit & 1:
                if at >= len(body):
                    return _all(out[start:], raw_size)
                out.append(body[at])
                at += 1
                continue
            if at + 2 > len(body):
                return _all(out[start:], raw_size)
            reference = body[at] << 8 | body[at + 1]
            at += 2
            offset, length = reference >> 4, (reference & 0xF) + 2
            # Offsets count in the ring whose writing place stands right behind the dictionary at first.
            place = (len(out) - start + len(_DICTIONARY)) % _WINDOW
            if offset == place:
                return _all(out[start:], raw_size)
            back = (place - offset) % _WINDOW
            for _ in range(length):
                out.append(out[-back])
        if len(out) - start > raw_size + _MOST_GROWTH * 8:
            raise Uninspectable("its rich text is broken")
    return _all(out[start:], raw_size)


def _all(out: bytearray, raw_size: int) -> bytes:
    if len(out) < raw_size:
        raise Uninspectable("its rich text is broken")
    return bytes(out[:raw_size])


def text(source: bytes) -> str:
    """All text of an RTF document, in whatever destination it stands; of encapsulated HTML the tags as well."""
    codec, octets, at = "cp1252", bytearray(), 0
    pieces: list[str] = []
    groups: list[bytes] = []
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            at += 1
            continue
        at = token.end()
        unicode, octet, page, binary, block, symbol, brace, plain = token.groups()
        if octet is not None:
            octets += bytes.fromhex(octet.decode())
            continue
        if plain is not None:
            octets += plain
            continue
        if binary is not None:
            at += int(binary)
            continue
        if page is not None:
            codec = _codec(int(page))
        if symbol is not None and symbol in b"\\{}":
            octets += symbol
            continue
        if brace is not None and _ends_text(groups, brace):
            block = brace
        if unicode is not None or block is not None:
            pieces.append(octets.decode(codec, "replace"))
            octets.clear()
            pieces.append(chr(int(unicode) & 0xFFFF) if unicode is not None else "\n")
    pieces.append(octets.decode(codec, "replace"))
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _ends_text(groups: list[bytes], brace: bytes) -> bool:
    """Whether a group that begins or ends here is a destination of its own; others are formats within a word."""
    if brace != b"}":
        groups.append(brace)
        return brace != b"{"
    return bool(groups) and groups.pop() != b"{"


def _codec(page: int) -> str:
    try:
        codecs.lookup(f"cp{page}")
    except LookupError:
        return "cp1252"
    return f"cp{page}"
