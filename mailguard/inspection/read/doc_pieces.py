"""The text of a Word 97 document in the pieces in which it was saved (MS-DOC 2.4.1, 2.9.38), and the formats that
lie beside it (2.9.34, 2.9.180).

Promises: total but for Uninspectable: pieces and formats that are not where they say, or that leave a letter without
a format, are not guessed. A letter is found by its number (cp), its octets by their place in WordDocument (fc).
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..budget import Budget, Uninspectable
from .doc_file import CUT, LETTER_PAGES, PARAGRAPH_PAGES, PIECES, DocumentFile, page, read_plc

NO_FORMAT = "holds letters without a format"
_CHANGES, _TABLE = 1, 2
_COMPRESSED = 0x40000000
_PAGE_NUMBER = 0x3FFFFF
_LAST = 511
_OVERHEAD = 128
_SHORT = {
    0x18: 0x2416, 0x19: 0x2417, 0x41: 0x0800, 0x42: 0x0801, 0x43: 0x0802, 0x4D: 0x2A0C, 0x53: 0x2A33, 0x5C: 0x083C,
    0x62: 0x2A42,
}  # fmt: skip
"""Prm0 (2.9.215): of the changes that a piece can name in two octets, those that doc_looks.py and doc_paragraphs.py
ask for."""


class Piece(NamedTuple):
    """Letters start to end, which lie from octet at on, two octets each if wide. changes: sprms of the piece."""

    start: int
    end: int
    at: int
    wide: bool
    changes: bytes


@dataclass(slots=True)
class Runs:
    """Stretches of octets with one format each, in order. values: sprms; of paragraphs behind the number of a style."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int, bytes | None]]:
        """The stretches that cover these octets; None for one that no format covers."""
        index = max(0, bisect.bisect_right(self.starts, start) - 1)
        while start < end:
            while index < len(self.starts) and self.ends[index] <= start:
                index += 1
            if index >= len(self.starts) or self.starts[index] > start:
                last = min(end, self.starts[index]) if index < len(self.starts) else end
                yield start, last, None
            else:
                last = min(end, self.ends[index])
                yield start, last, self.values[index]
            start = last

    def at(self, place: int) -> bytes:
        value = next(self.within(place, place + 1))[2]
        if value is None:
            raise Uninspectable(NO_FORMAT)
        return value


def read_pieces(file: DocumentFile, budget: Budget) -> tuple[Piece, ...]:
    """In the order of the text, without a gap."""
    octets, changes, at = file.part(PIECES), [], 0
    while at < len(octets) and octets[at] == _CHANGES:
        size = int.from_bytes(octets[at + 1 : at + 3], "little")
        budget.keep(size + _OVERHEAD)
        changes.append(octets[at + 3 : at + 3 + size])
        at += 3 + size
    if at + 5 > len(octets) or octets[at] != _TABLE:
        raise Uninspectable(CUT)
    size = int.from_bytes(octets[at + 1 : at + 5], "little")
    if at + 5 + size > len(octets):
        raise Uninspectable(CUT)
    budget.keep(size * _OVERHEAD // 8)
    numbers, described = read_plc(octets[at + 5 : at + 5 + size], 8)
    if not numbers or numbers[0] != 0 or numbers[-1] < sum(file.counts):
        raise Uninspectable("has less text than it says")
    budget.spend_bytes(2 * numbers[-1])
    pieces = []
    for start, end, each in zip(numbers, numbers[1:], described, strict=False):
        _, place, change = struct.unpack("<HLH", each)
        wide = not place & _COMPRESSED
        place &= _COMPRESSED - 1
        place = place if wide else place // 2
        if place + (end - start) * (1 + wide) > len(file.main):
            raise Uninspectable(CUT)
        if end > start:
            pieces.append(Piece(start, end, place, wide, _changes(change, changes)))
    return tuple(pieces)


def _changes(value: int, listed: list[bytes]) -> bytes:
    """Prm (2.9.214)."""
    if value & 1:
        if value >> 1 >= len(listed):
            raise Uninspectable("names a change of format that is not there")
        return listed[value >> 1]
    code = _SHORT.get(value >> 1 & 0x7F)
    return struct.pack("<HB", code, value >> 8) if code is not None else b""


def read_letter_runs(file: DocumentFile, budget: Budget) -> Runs:
    return _read_runs(file, LETTER_PAGES, budget)


def read_paragraph_runs(file: DocumentFile, budget: Budget) -> Runs:
    return _read_runs(file, PARAGRAPH_PAGES, budget)


def _read_runs(file: DocumentFile, which: int, budget: Budget) -> Runs:
    runs, known = Runs(), dict[bytes, bytes]()
    _, pages = read_plc(file.part(which), 4)
    wide = 13 if which == PARAGRAPH_PAGES else 1
    behind = 0
    for each in pages:
        octets = page(file.main, int.from_bytes(each, "little") & _PAGE_NUMBER)
        count = octets[_LAST]
        budget.keep(_OVERHEAD * count)
        first = 4 * (count + 1)
        if first + wide * count > _LAST:
            raise Uninspectable("its formats are broken")
        places = struct.unpack_from(f"<{count + 1}L", octets)
        for index in range(count):
            if not behind <= places[index] <= places[index + 1]:
                raise Uninspectable("its formats are out of order")
            behind = places[index + 1]
            start = 2 * octets[first + wide * index]
            value = _paragraph(octets, start) if wide > 1 else _letters(octets, start)
            if behind > places[index]:
                runs.starts.append(places[index])
                runs.ends.append(behind)
                runs.values.append(known.setdefault(value, value))
    return runs


def _letters(octets: bytes, start: int) -> bytes:
    """Chpx (2.9.32)."""
    return _cut(octets, start + 1, octets[start]) if start else b""


def _paragraph(octets: bytes, start: int) -> bytes:
    """PapxInFkp (2.9.181): the size is in pairs of octets, and one of nought says that the next octet has it."""
    if not start:
        return b"\0\0"
    if octets[start]:
        return _cut(octets, start + 1, 2 * octets[start] - 1)
    return _cut(octets, start + 2, 2 * octets[min(start + 1, _LAST)])


def _cut(octets: bytes, start: int, size: int) -> bytes:
    if start + size > _LAST:
        raise Uninspectable("its formats are broken")
    return octets[start : start + size]
