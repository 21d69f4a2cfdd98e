"""A writer of Word 97 documents of our own, from MS-DOC, for what LibreOffice does not write; it shares nothing with
the readers."""

from __future__ import annotations

import bisect
import itertools
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.inspection.read.written import compound

VANISH, DELETED, INSERTED, SIZE, COLOUR, INDEXED, STYLE = 0x083C, 0x0800, 0x0801, 0x4A43, 0x6870, 0x2A42, 0x4A30
IN_TABLE, DEPTH, ROW_END, INNER_CELL, INNER_ROW_END = 0x2416, 0x6649, 0x2417, 0x244B, 0x244C
_STORIES = ("text", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "header boxes")
_PARTS = 93
_TEXT = 1_024
_TO_A_PAGE = 8


def sprm(code: int, value: int | bytes = 1) -> bytes:
    size = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}.get(code >> 13, 0)
    return struct.pack("<H", code) + (value if isinstance(value, bytes) else value.to_bytes(size, "little"))


def rgb(red: int, green: int, blue: int) -> bytes:
    return sprm(COLOUR, bytes((red, green, blue, 0)))


@dataclass(frozen=True)
class P:
    """A paragraph. runs: letters with their sprms; own: sprms of the paragraph; mark: what ends it."""

    runs: Sequence[tuple[str, bytes]] | str = ""
    own: bytes = b""
    mark: str = "\r"
    style: int = 0

    def pieces(self) -> list[tuple[str, bytes]]:
        runs = [(self.runs, b"")] if isinstance(self.runs, str) else list(self.runs)
        return [*runs, (self.mark, b"")]


def cells(*values: str, own: bytes = b"", letters: bytes = b"") -> list[P]:
    """A row of a table. own: sprms of its end."""
    inside = sprm(IN_TABLE)
    return [*(P([(value, letters)], inside, "\x07") for value in values), P("", inside + sprm(ROW_END) + own, "\x07")]


def style(kind: int, letters: bytes = b"", paragraph: bytes = b"", base: int = 0xFFF) -> bytes:
    """2.9.260. kind: 1 of paragraphs, 2 of characters."""
    parts = [b"\0\0" + paragraph, letters] if kind == 1 else [letters]
    octets = struct.pack("<5H", 0, kind | base << 4, len(parts), 0, 0) + struct.pack("<H", 1) + b"S\0\0\0"
    for each in parts:
        octets += bytes(len(octets) % 2) + struct.pack("<H", len(each)) + each
    return octets + bytes(len(octets) % 2)


def strings(values: Sequence[str]) -> bytes:
    """2.2.4."""
    return struct.pack("<HHH", 0xFFFF, len(values), 0) + counted(values)


def counted(values: Sequence[str]) -> bytes:
    return b"".join(struct.pack("<H", len(each)) + each.encode("utf-16-le") for each in values)


def plc(numbers: Sequence[int], data: Sequence[bytes] = ()) -> bytes:
    return struct.pack(f"<{len(numbers)}L", *numbers) + b"".join(data)


@dataclass(frozen=True)
class Chunk:
    """A piece of the text: how many letters, in two octets or one each, changed by a Prm."""

    size: int
    wide: bool = True
    prm: int = 0


def _pages(runs: list[tuple[int, int, bytes]], wide: int) -> list[bytes]:
    """2.9.34 and 2.9.180."""
    pages = []
    for at in range(0, len(runs), _TO_A_PAGE):
        chosen = runs[at : at + _TO_A_PAGE]
        head = struct.pack(f"<{len(chosen) + 1}L", *(start for start, _, _ in chosen), chosen[-1][1])
        end, places, tail = 510, b"", bytearray(512)
        for _, _, value in chosen:
            end -= len(value) + len(value) % 2
            tail[end : end + len(value)] = value
            places += bytes((end // 2,)) + bytes(wide - 1)
        tail[: len(head) + len(places)] = head + places
        tail[511] = len(chosen)
        assert end >= len(head) + len(places)
        pages.append(bytes(tail))
    return pages


def _papx(paragraph: P) -> bytes:
    octets = struct.pack("<H", paragraph.style) + paragraph.own
    return bytes((0, (len(octets) + 1) // 2)) + octets + bytes(len(octets) % 2)


def document(
    text: Sequence[P],
    *,
    stories: Mapping[str, Sequence[P]] | None = None,
    styles: Sequence[bytes] = (),
    chunks: Sequence[Chunk] = (),
    changes: Sequence[bytes] = (),
    backwards: bool = False,
    parts: Mapping[int, bytes] | None = None,
    more: Mapping[str, bytes] | None = None,
    behind: bytes = b"",
    magic: int = 0xA5EC,
    flags: int = 0,
    blocks: bool = False,
    data: bytes = b"",
    gap: bool = False,
) -> bytes:
    """chunks: pieces of all letters; backwards: saved in the opposite order; changes: for their Prm. parts: of the
    table stream by their place in the Fib; behind: octets that nothing leads to; blocks: the Fib is there once more, as
    that of building blocks; gap: the formats leave out the first run."""
    all_stories = {"text": text, **(stories or {})}
    counts, paragraphs = [], []
    for name in _STORIES:
        found = list(all_stories.get(name, ()))
        counts.append(sum(len(letters) for each in found for letters, _ in each.pieces()))
        paragraphs += found
    letters = "".join(piece for each in paragraphs for piece, _ in each.pieces())
    chunks = list(chunks) or [Chunk(len(letters))]
    assert sum(each.size for each in chunks) == len(letters)
    starts = [0, *itertools.accumulate(each.size for each in chunks)]
    stored, places = bytearray(), {}
    for index in sorted(range(len(chunks)), reverse=backwards):
        chunk = chunks[index]
        piece = letters[starts[index] : starts[index] + chunk.size]
        stored += bytes(len(stored) % 2)
        places[index] = _TEXT + len(stored)
        stored += piece.encode("utf-16-le" if chunk.wide else "cp1252")

    def octets(first: int, last: int) -> list[tuple[int, int]]:
        found = []
        for index in range(bisect.bisect_right(starts, first) - 1, len(chunks)):
            if starts[index] >= last:
                break
            chunk = chunks[index]
            one, two = max(first, starts[index]), min(last, starts[index + 1])
            if one < two:
                width = 1 + chunk.wide
                at = places[index] - width * starts[index]
                found.append((at + width * one, at + width * two))
        return found

    runs, marks, at = [], [], 0
    for each in paragraphs:
        begun = at
        for piece, own in each.pieces():
            if piece:
                runs += [(*span, bytes((len(own),)) + own) for span in octets(at, at + len(piece))]
            at += len(piece)
        marks += [(*span, _papx(each)) for span in octets(begun, at)]
    main = bytearray(bytes(_TEXT) + stored + behind)
    listed = {}
    for which, found, wide in ((12, sorted(runs)[int(gap) :], 1), (13, sorted(marks), 13)):
        pages = _pages(found, wide)
        main += bytes(-len(main) % 512)
        first = len(main) // 512
        main += b"".join(pages)
        edges = [found[index][0] for index in range(0, len(found), _TO_A_PAGE)]
        numbers = [struct.pack("<L", first + index) for index in range(len(pages))]
        listed[which] = plc([*edges, found[-1][1]], numbers)
    pcds = [
        struct.pack("<HLH", 0, places[index] if chunk.wide else places[index] * 2 | 0x40000000, chunk.prm)
        for index, chunk in enumerate(chunks)
    ]
    table = plc(starts, pcds)
    prcs = b"".join(b"\x01" + struct.pack("<H", len(each)) + each for each in changes)
    listed[33] = prcs + b"\x02" + struct.pack("<L", len(table)) + table
    known = styles or [style(1)]
    header = struct.pack("<9H", len(known), 10, 0, 0, 0, 0, 0, 0, 0)
    listed[1] = struct.pack("<H", len(header)) + header
    listed[1] += b"".join(struct.pack("<H", len(each)) + each for each in known)
    listed |= parts or {}
    tables, where = b"\0\0", []
    for which in range(_PARTS):
        where += [len(tables), len(listed.get(which, b""))]
        tables += listed.get(which, b"")
    page = (len(main) + 511) // 512 if blocks else 0
    fib = struct.pack("<6H20xH28xH12x8L44xH", magic, 0xC1, 0, 0x809, page, flags, 14, 22, *counts, _PARTS)
    fib += struct.pack(f"<{2 * _PARTS}L", *where)
    main[: len(fib)] = fib
    if blocks:
        main += bytes(-len(main) % 512) + fib
    streams = {"WordDocument": bytes(main), "0Table": tables, **(more or {})}
    if data:
        streams["Data"] = data
    return compound(streams)


def shape(number: int, properties: Mapping[int, int]) -> bytes:
    said = b"".join(struct.pack("<HL", key, value) for key, value in properties.items())
    inside = _record(0xF00A, struct.pack("<LL", number, 0xA00), 2) + _record(0xF00B, said, len(properties) << 4 | 3)
    return _record(0xF004, inside, 15)


def drawings(*shapes: bytes) -> bytes:
    """2.9.172, with one drawing, of the text."""
    return _record(0xF000, b"", 15) + b"\0" + _record(0xF002, _record(0xF003, b"".join(shapes), 15), 15)


def _record(kind: int, body: bytes, version: int) -> bytes:
    return struct.pack("<HHL", version, kind, len(body)) + body
