"""The paragraphs of a Word 97 document: where each ends, in which table it stands, and what colour lies behind it
(MS-DOC 2.4.3, 2.6.2, 2.6.3).

Promises: total but for Uninspectable. A cell has its colour from the mark at the end of its row, so that paragraphs
are found before their letters are read.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..budget import Budget, Uninspectable
from .doc_looks import Styles
from .doc_pieces import Piece, Runs
from .doc_sprms import AUTOMATIC, number, old_shading, shading, sprms
from .text_table import MAX_NESTED

_NARROW_MARKS, _WIDE_MARKS = re.compile(rb"[\x07\x0c\r]"), re.compile(rb"[\x07\x0c\r]\0")
MARKS = "\x07\x0c\r"
"""Ends of a cell or a row, of a section or a page, of a paragraph."""
_STYLE, _IN_TABLE, _DEPTH, _DEEPER = 0x4600, 0x2416, 0x6649, 0x664A
_ROW_ENDS, _CELL_ENDS = frozenset([0x2417, 0x244C]), 0x244B
_SHADING, _OLD_SHADING = 0xC64D, 0x442D
_CELLS, _OLD_CELLS = {0xD612: 0, 0xD616: 22, 0xD60C: 44}, 0xD609
_ALL_CELLS, _SOME_CELLS, _OLD_SOME_CELLS = 0xD660, 0xD62D, 0x7627
_ELSEWHERE = frozenset([0x6646, 0x6645, 0x646B])
"""Sprms that lie in the Data stream (sprmPHugePapx, sprmPTableProps)."""
_UNREAD = frozenset([0xC601])
_MAX_CELLS = 64
_OVERHEAD = 200


@dataclass(frozen=True, slots=True)
class Format:
    """depth: of tables, 0 outside of them. ground: behind it; cells: behind the cells of the row that it ends."""

    style: int
    depth: int = 0
    ends_row: bool = False
    ends_cell: bool = False
    ground: int = AUTOMATIC
    cells: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RowAround:
    """The row in which a paragraph stands, and the one in which the table of that stands."""

    cells: tuple[int, ...]
    outer: RowAround | None


@dataclass(slots=True)
class Paragraph:
    mark: str
    format: Format
    row: RowAround | None = None


class Formats:
    """Formats of paragraphs, each worked out once. data: the Data stream."""

    def __init__(self, runs: Runs, styles: Styles, data: bytes, budget: Budget) -> None:
        self._runs, self._styles, self._data, self._budget = runs, styles, data, budget
        self._known: dict[tuple[bytes, bytes], Format] = {}

    def of(self, place: int, changes: bytes) -> Format:
        """Of the paragraph whose mark lies here."""
        value = self._runs.at(place)
        key = value, changes
        if key not in self._known:
            self._budget.keep(len(value) + _OVERHEAD)
            self._budget.spend_tags(2 * (len(value) + len(changes)))
            self._known[key] = self._read(number(value[:2]), value[2:], changes)
        return self._known[key]

    def _read(self, style: int, own: bytes, changes: bytes) -> Format:
        for part in (own, changes):
            for code, operand in self._whole(part):
                style = number(operand) if code == _STYLE else style
        found, depth, in_table = Format(style), 0, False
        cells: list[int] = []
        for part in (*(each.paragraph for each in self._styles.chain(style)), own, changes):
            for code, operand in self._whole(part):
                if code == _IN_TABLE:
                    in_table = operand[0] != 0
                elif code == _DEPTH:
                    depth = number(operand)
                elif code == _DEEPER:
                    depth += int.from_bytes(operand, "little", signed=True)
                elif code in _ROW_ENDS:
                    found = replace(found, ends_row=operand[0] != 0)
                elif code == _CELL_ENDS:
                    found = replace(found, ends_cell=operand[0] != 0)
                elif code == _SHADING:
                    found = replace(found, ground=shading(operand[1:]))
                elif code == _OLD_SHADING:
                    found = replace(found, ground=old_shading(operand))
                elif code in _UNREAD:
                    raise Uninspectable("changes a format in a way that is not read")
                else:
                    _shade(cells, code, operand)
        if not 0 <= depth <= MAX_NESTED:
            raise Uninspectable(f"holds tables nested more than {MAX_NESTED} deep")
        return replace(found, depth=max(depth, int(in_table)), cells=tuple(cells))

    def _whole(self, octets: bytes) -> Iterator[tuple[int, bytes]]:
        """What lies in the Data stream (2.9.211) in the place where it is named; nothing there names more."""
        for code, operand in sprms(octets):
            if code in _ELSEWHERE:
                at = number(operand)
                size = number(self._data[at : at + 2])
                if at + 2 + size > len(self._data):
                    raise Uninspectable("names a format that is not there")
                self._budget.spend_tags(size)
                yield from sprms(self._data[at + 2 : at + 2 + size])
            else:
                yield code, operand


def _shade(cells: list[int], code: int, operand: bytes) -> None:
    """Colours behind the cells of a row, by the sprms of tables (2.6.3)."""
    if code in _CELLS:
        colours = [shading(operand[at : at + 10]) for at in range(1, len(operand) - 9, 10)]
        _set(cells, _CELLS[code], colours)
    elif code == _OLD_CELLS:
        if not any(each != AUTOMATIC for each in cells):
            _set(cells, 0, [old_shading(operand[at : at + 2]) for at in range(1, len(operand) - 1, 2)])
    elif code == _ALL_CELLS:
        _set(cells, 0, [shading(operand[1:])] * _MAX_CELLS)
    elif code == _SOME_CELLS and len(operand) > 3:
        _set(cells, operand[1], [shading(operand[3:])] * max(0, operand[2] - operand[1]))
    elif code == _OLD_SOME_CELLS:
        _set(cells, operand[0], [old_shading(operand[2:])] * max(0, operand[1] - operand[0]))


def _set(cells: list[int], first: int, colours: list[int]) -> None:
    colours = colours[: max(0, _MAX_CELLS - first)]
    cells += [AUTOMATIC] * (first + len(colours) - len(cells))
    cells[first : first + len(colours)] = colours


def overlapping(pieces: tuple[Piece, ...], start: int, end: int) -> Iterator[Piece]:
    """What of the pieces holds these letters."""
    index = bisect.bisect_right(pieces, start, key=lambda piece: piece.start) - 1
    for place in range(max(0, index), len(pieces)):
        piece = pieces[place]
        if piece.start >= end:
            return
        first, last = max(start, piece.start), min(end, piece.end)
        if first < last:
            at = piece.at + (first - piece.start) * (1 + piece.wide)
            yield Piece(first, last, at, piece.wide, piece.changes)


def read_paragraphs(main: bytes, pieces: list[Piece], formats: Formats, budget: Budget) -> list[Paragraph]:
    """Those whose marks lie in these pieces, each with the row in which it stands."""
    found: list[Paragraph] = []
    for piece in pieces:
        marks = _WIDE_MARKS if piece.wide else _NARROW_MARKS
        end = piece.at + (piece.end - piece.start) * (1 + piece.wide)
        for match in marks.finditer(main, piece.at, end):
            place = match.start()
            if piece.wide and (place - piece.at) % 2:
                continue
            budget.spend_tags(4)
            budget.keep(_OVERHEAD)
            found.append(Paragraph(chr(main[place]), formats.of(place, piece.changes)))
    rows: list[RowAround | None] = [None]
    for paragraph in reversed(found):
        depth = paragraph.format.depth
        del rows[depth + 1 :]
        while len(rows) <= depth:
            rows.append(None)
        if paragraph.format.ends_row and depth:
            rows[depth] = RowAround(paragraph.format.cells, rows[depth - 1])
        paragraph.row = rows[depth]
    return found
