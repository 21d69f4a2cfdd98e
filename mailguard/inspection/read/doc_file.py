"""A document of Word 97 to 2003 as its streams, and where in them everything lies (MS-DOC 2.5: the Fib).

Promises: total but for Uninspectable. Nothing is read beyond the end of a stream. It must not know what a part means.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field

from ..budget import Uninspectable
from .compound import CompoundFile

CUT = "its document is cut off"
DOCUMENT = "WordDocument"
_MAGIC, _WORD_97 = 0xA5EC, 0xC0
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_COUNTS, _PARTS = 76, 154
_LEAST_PARTS = 93
_PAGE = 512

STYLES, SECTIONS, HEADERS, LETTER_PAGES, PARAGRAPH_PAGES, FONTS = 1, 6, 11, 12, 13, 15
SETTINGS, PROPERTIES, PIECES, COMMENTERS, DRAWINGS, REVIEWERS = 31, 32, 33, 36, 50, 51
BOXES, HEADER_BOXES, SAVED_BY = 56, 58, 71
"""Places in FibRgFcLcb97 (2.5.6), each eight octets from the one before."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """counts: letters of the text, footnotes, headers, macros, comments, endnotes, boxes, boxes of headers.
    places: where each part lies in table, and its octets. end: of the Fib in main. glossary: where the Fib of the
    building blocks begins, 0 where there are none."""

    main: bytes = field(repr=False)
    table: bytes = field(repr=False)
    data: bytes = field(repr=False)
    counts: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    end: int
    glossary: int

    def part(self, which: int) -> bytes:
        if which >= len(self.places):
            return b""
        start, size = self.places[which]
        if size and start + size > len(self.table):
            raise Uninspectable(CUT)
        return self.table[start : start + size]


def is_document(compound: CompoundFile) -> bool:
    return compound.find(DOCUMENT) is not None


def open_streams(compound: CompoundFile) -> tuple[bytes, bytes, bytes]:
    """WordDocument, the table stream that it says is in force, and Data."""
    name = compound.find(DOCUMENT)
    main = compound.read(name) if name is not None else b""
    if len(main) < _PARTS:
        raise Uninspectable(CUT)
    magic, version = struct.unpack_from("<HH", main)
    if magic != _MAGIC or version < _WORD_97:
        raise Uninspectable("a document of before Word 97, which is not read")
    (flags,) = struct.unpack_from("<H", main, 10)
    if flags & _ENCRYPTED:
        raise Uninspectable("encrypted")
    table, data = compound.find(table_name(main)), compound.find("Data")
    if table is None:
        raise Uninspectable(CUT)
    return main, compound.read(table), compound.read(data) if data is not None else b""


def table_name(main: bytes) -> str:
    """Of the table stream in force, in lower case."""
    (flags,) = struct.unpack_from("<H", main, 10)
    return "1table" if flags & _SECOND_TABLE else "0table"


def read_places(main: bytes, table: bytes, data: bytes, base: int = 0) -> DocumentFile:
    """base: where the Fib stands in main."""
    try:
        magic, _, _, _, glossary, flags = struct.unpack_from("<6H", main, base)
        counts = struct.unpack_from("<8l", main, base + _COUNTS)
        (count,) = struct.unpack_from("<H", main, base + _PARTS - 2)
        numbers = struct.unpack_from(f"<{2 * count}L", main, base + _PARTS)
    except struct.error as error:
        raise Uninspectable(CUT) from error
    sizes = struct.unpack_from("<H", main, base + 32) + struct.unpack_from("<H", main, base + 62)
    if magic != _MAGIC or sizes != (14, 22) or count < _LEAST_PARTS or min(counts) < 0:
        raise Uninspectable("its document begins in a way that is not read")
    if flags & _ENCRYPTED:
        raise Uninspectable("encrypted")
    places = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return DocumentFile(main, table, data, counts, places, base + _PARTS + 8 * count, glossary * _PAGE)


def page(main: bytes, number: int) -> bytes:
    """One of the pages of formats (2.9.34, 2.9.180)."""
    found = main[number * _PAGE : (number + 1) * _PAGE]
    if len(found) < _PAGE:
        raise Uninspectable(CUT)
    return found


def read_plc(octets: bytes, size: int) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
    """A Plc (2.2.2): numbers in order, one more than there are pieces of data of this size behind them."""
    count = (len(octets) - 4) // (4 + size) if len(octets) >= 4 else -1
    if count < 0:
        return (), ()
    numbers = struct.unpack_from(f"<{count + 1}L", octets)
    if any(one > two for one, two in itertools.pairwise(numbers)):
        raise Uninspectable("its document lists places out of order")
    start = 4 * (count + 1)
    return numbers, tuple(octets[at : at + size] for at in range(start, start + count * size, size)) if size else ()
