"""Texts that a Word 97 document keeps beside its own: lists of strings (MS-DOC 2.2.4), and letters in octets of which
nothing else is known.

Promises: total but for Uninspectable.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from ..budget import Budget, Uninspectable

_EXTENDED = 0xFFFF
_OVERHEAD = 96
_WIDE = re.compile(rb"(?:[\t\n\r\x20-\x7e\xa0-\xff]\0){4,}")
_LONG_WIDE = re.compile(rb"(?:[\t\n\r\x07\x20-\x7e\xa0-\xff]\0){8,}")
_LONG_NARROW = re.compile(rb"[\t\n\r\x07\x20-\x7e\xa0-\xfe]{12,}")


def read_strings(octets: bytes, budget: Budget) -> Iterator[str]:
    """Of a Sttb (2.2.4), whatever it keeps with each."""
    if len(octets) < 6:
        return
    try:
        mark, count, more = struct.unpack_from("<HHH", octets)
        if mark != _EXTENDED:
            raise Uninspectable("lists names in a way that is not read")
        at = 6
        for _ in range(count):
            (size,) = struct.unpack_from("<H", octets, at)
            at += 2 + 2 * size
            if at > len(octets):
                raise Uninspectable("lists names that are cut off")
            budget.keep(2 * size + _OVERHEAD)
            yield octets[at - 2 * size : at].decode("utf-16-le", "replace")
            at += more
    except struct.error as error:
        raise Uninspectable("lists names that are cut off") from error


def read_counted(octets: bytes, budget: Budget) -> Iterator[str]:
    """Strings behind each other (2.9.353), to the end."""
    at = 0
    while at + 2 <= len(octets):
        size = int.from_bytes(octets[at : at + 2], "little")
        at += 2 + 2 * size
        if at > len(octets):
            raise Uninspectable("lists names that are cut off")
        budget.keep(2 * size + _OVERHEAD)
        yield octets[at - 2 * size : at].decode("utf-16-le", "replace")


def letters_in(octets: bytes) -> Iterator[str]:
    """Texts of letters of western Europe, four at least, of two octets each."""
    for match in _WIDE.finditer(octets):
        text = match[0].decode("utf-16-le").strip()
        if text:
            yield text


def long_letters_in(octets: bytes) -> Iterator[str]:
    """As above, longer, and of one octet each too. A tab stands for the end of a cell."""
    for pattern, codec in ((_LONG_WIDE, "utf-16-le"), (_LONG_NARROW, "cp1252")):
        for match in pattern.finditer(octets):
            text = match[0].decode(codec, "replace").replace("\x07", "\t").replace("\r", "\n").strip()
            if text:
                yield text
