"""The filters of PDF streams (ISO 32000-2, 7.4) that hold octets rather than pictures.

Promises: the budget is charged before anything is kept; `Uninspectable` for a filter that is not read and for octets
that a filter cannot read to their end.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from .pdf_syntax import Stream, Value

MOST_FILTERS = 8
_PIECE = 262_144
_BROKEN = "holds a stream that cannot be unpacked"
_UNREAD = "holds a file in a filter that is not read"
_FLATE = ("FlateDecode", "Fl")
_SPACE = re.compile(rb"[\0\t\n\f\r ]+")


def filters_of(stream: Stream) -> list[str]:
    """Their names, in the order in which they are taken off. A reference in their place is no name."""
    named = stream.entries.get("Filter", stream.entries.get("F"))
    return [str(each) for each in (named if isinstance(named, list) else [named]) if each is not None]


def measure(stream: Stream, budget: Budget) -> None:
    """Charge what a stream becomes, as far as it unpacks, without keeping it: what a library will unpack later."""
    filters = filters_of(stream)
    if len(filters) > MOST_FILTERS:
        raise Uninspectable("holds a stream with more filters than any has")
    if sum(each in _FLATE for each in filters) > 1:
        decoded(stream, budget)
    elif any(each in _FLATE for each in filters):
        try:
            for _ in _inflated(stream.octets(), budget):
                pass
        except zlib.error:
            return  # PDFium reads it as far as it goes, too


def decoded(stream: Stream, budget: Budget) -> bytes:
    """The octets of a stream without its filters."""
    octets = stream.octets()
    filters = filters_of(stream)
    if len(filters) > MOST_FILTERS:
        raise Uninspectable("holds a stream with more filters than any has")
    parameters = stream.entries.get("DecodeParms", stream.entries.get("DP"))
    each_has = parameters if isinstance(parameters, list) else [parameters]
    for at, name in enumerate(filters):
        octets = _without(name, octets, each_has[at] if at < len(each_has) else None, budget)
    return octets


def _without(name: str, octets: bytes, parameters: Value, budget: Budget) -> bytes:
    given = parameters if isinstance(parameters, dict) else {}
    try:
        if name in _FLATE:
            return _unpredicted(b"".join(_inflated(octets, budget)), given, budget)
        if name in ("LZWDecode", "LZW"):
            return _unpredicted(_lzw(octets, given.get("EarlyChange") != 0, budget), given, budget)
        if name in ("ASCIIHexDecode", "AHx"):
            digits = _SPACE.sub(b"", octets).partition(b">")[0]
            return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
        if name in ("ASCII85Decode", "A85"):
            packed = _SPACE.sub(b"", octets).removeprefix(b"<~").partition(b"~")[0]
            budget.spend_bytes(4 * len(packed))
            return base64.a85decode(packed)
        if name in ("RunLengthDecode", "RL"):
            return _run_lengths(octets, budget)
    except (zlib.error, ValueError, IndexError) as error:
        raise Uninspectable(_BROKEN) from error
    if name == "Crypt":
        return octets
    raise Uninspectable(_UNREAD)


def _inflated(octets: bytes, budget: Budget) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    size = 0
    rest = octets
    while rest and not unpacker.eof:
        piece = unpacker.decompress(rest, _PIECE)
        rest = unpacker.unconsumed_tail
        size += len(piece)
        budget.spend_bytes(len(piece))
        budget.check_ratio(len(octets), size)
        yield piece


def _unpredicted(octets: bytes, parameters: dict[str, Value], budget: Budget) -> bytes:
    """Undoes a PNG predictor; TIFF's is only used for pictures."""
    predictor = parameters.get("Predictor", 1)
    if not isinstance(predictor, int) or predictor < 10:
        if predictor in (1, None):
            return octets
        raise Uninspectable(_UNREAD)
    colours, bits, columns = (_positive(parameters, key, 1) for key in ("Colors", "BitsPerComponent", "Columns"))
    bits = 8 if "BitsPerComponent" not in parameters else bits
    left, width = max(1, colours * bits // 8), (colours * bits * columns + 7) // 8
    budget.spend_tags(len(octets) // 8)
    out, before = bytearray(), bytearray(width)
    for start in range(0, len(octets), width + 1):
        row = bytearray(octets[start + 1 : start + 1 + width])
        _unfilter(octets[start], row, before, left)
        out += row
        before = row + bytes(width - len(row))
    return bytes(out)


def _unfilter(kind: int, row: bytearray, above: bytearray, left: int) -> None:
    """One row of PNG (ISO/IEC 15948, 9.2)."""
    for at in range(len(row)):
        a = row[at - left] if at >= left else 0
        b = above[at]
        c = above[at - left] if at >= left else 0
        if kind == 1:
            row[at] = row[at] + a & 0xFF
        elif kind == 2:
            row[at] = row[at] + b & 0xFF
        elif kind == 3:
            row[at] = row[at] + (a + b) // 2 & 0xFF
        elif kind == 4:
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))
            row[at] = row[at] + nearest[2] & 0xFF


def _positive(parameters: dict[str, Value], key: str, default: int) -> int:
    value = parameters.get(key, default)
    if not isinstance(value, int) or not 0 < value < 1_000_000:
        raise Uninspectable(_BROKEN)
    return value


def _run_lengths(octets: bytes, budget: Budget) -> bytes:
    out = bytearray()
    at = 0
    while at < len(octets) and (length := octets[at]) != 128:
        budget.spend_tags(1)
        count = 257 - length if length > 128 else length + 1
        budget.spend_bytes(count)
        out += bytes([octets[at + 1]]) * count if length > 128 else octets[at + 1 : at + 1 + count]
        at += 2 if length > 128 else 1 + count
    return bytes(out)


def _lzw(octets: bytes, early: bool, budget: Budget) -> bytes:
    """7.4.4: codes of 9 to 12 bits, 256 clears the table, 257 ends."""
    first = [bytes([each]) for each in range(256)] + [b"", b""]
    table, out = list(first), bytearray()
    before = b""
    bits = width = 0
    width = 9
    held = 0
    for octet in octets:
        held = held << 8 | octet
        bits += 8
        while bits >= width:
            bits -= width
            code = held >> bits
            held &= (1 << bits) - 1
            if code == 257:
                return bytes(out)
            budget.spend_tags(1)
            if code == 256:
                table, width, before = list(first), 9, b""
                continue
            entry = table[code] if code < len(table) else before + before[:1]
            budget.spend_bytes(len(entry))
            out += entry
            if before and len(table) < 4_096:
                table.append(before + entry[:1])
            before = entry
            full = len(table) + early
            width = 12 if full >= 2_048 else 11 if full >= 1_024 else 10 if full >= 512 else 9
    return bytes(out)
