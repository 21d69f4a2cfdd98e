"""The cells of one BIFF8 sheet, row by row, each with what hides it; its notes, texts in boxes, headers and charts."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, ColumnSpan, Item, Person, Row, Stream, Table, Text, Visibility
from .biff import BOF, EOF, Record, read_letters, read_string, records
from .colour import WHITE
from .far import NearArea
from .number_format import as_date
from .spreadsheetml import MAX_SPANS, column_letters
from .xls_globals import BoundSheet, Globals, number_text

_NO_HEIGHT_TWIPS, _NO_WIDTH = 40, 77
"""2 points, and 0.3 of a digit's width in 256ths."""
_OVERHEAD = 96
_NOTE = 0x19
"""ftCmo.ot of the box of a note."""


@dataclass(slots=True)
class Chart:
    """What the charts of a sheet keep: (row, column) -> value, by chart."""

    cells: dict[tuple[int, int], str] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        found: dict[int, dict[int, str]] = {}
        for (row, column), value in self.cells.items():
            found.setdefault(row, {})[column] = value
        return [
            Row(row + 1, tuple(by[each] for each in sorted(by)), tuple(each + 1 for each in sorted(by)))
            for row, by in sorted(found.items())
        ]


def read_xls_sheet(stream: bytes, sheet: BoundSheet, known: Globals, budget: Budget, charts: list[Chart]) -> Stream:
    """Its Table, rows and texts. What its charts keep is added to charts."""
    visibility = Visibility.HIDDEN_SHEET if known.window_hidden and sheet.visibility is SEEN else sheet.visibility
    reader = _Reader(sheet.name, visibility, known, budget, charts)
    depth = 0
    for record in records(stream, budget, sheet.start):
        if record.kind == BOF:
            depth += 1
            if depth > 1:
                charts.append(Chart())
        elif record.kind == EOF:
            depth -= 1
            if depth <= 0:
                break
        else:
            reader.read(record, depth > 1 or sheet.kind == "chart")
        if reader.ready:
            yield from reader.ready
            reader.ready.clear()
    reader.finish()
    yield from reader.ready


class _Reader:
    def __init__(self, name: str, visibility: Visibility, known: Globals, budget: Budget, charts: list[Chart]) -> None:
        self.ready: list[Item] = []
        self._name, self._visibility = name, visibility
        self._known, self._budget, self._charts = known, budget, charts
        self._begun = False
        self._filter = False
        self._default_hidden = SEEN
        self._spans: list[ColumnSpan] = []
        self._hidden: dict[int, Visibility] = {}
        self._said: set[int] = set()
        self._near = NearArea()
        self._row = -1
        self._values: list[str] = []
        self._columns: list[int] = []
        self._unseen: list[tuple[int, Visibility]] = []
        self._formula: tuple[int, int, int] | None = None
        self._box, self._is_note = -1, False
        self._boxes: dict[int, str] = {}
        self._notes: list[tuple[int, int, int, str]] = []

    def read(self, record: Record, in_chart: bool) -> None:
        handler = (_IN_CHART if in_chart else _HANDLERS).get(record.kind)
        if handler is not None:
            try:
                handler(self, record)
            except (struct.error, IndexError) as error:
                raise Uninspectable("its workbook holds a record that is cut off") from error

    def finish(self) -> None:
        self._end_row()
        self._begin()
        for row, column, box, author in self._notes:
            where = f"{self._name}!{column_letters(column + 1)}{row + 1}"
            if author.strip():
                self.ready.append(Person("author of a comment", author.strip(), where=where))
            self._say(self._boxes.pop(box, ""), f"comment on {where}", Visibility.COMMENT)
        for text in self._boxes.values():
            self._say(text, f"drawing on {self._name}", SEEN)

    # how the sheet looks

    def column_info(self, record: Record) -> None:
        first, last, width, _, options = struct.unpack_from("<5H", record.body)
        if len(self._spans) >= MAX_SPANS:
            raise Uninspectable(f"more than {MAX_SPANS} areas of hidden columns")
        if options & 1:
            self._spans.append(ColumnSpan(first + 1, last + 1, Visibility.HIDDEN_COLUMN))
        elif width < _NO_WIDTH:
            self._spans.append(ColumnSpan(first + 1, last + 1, Visibility.ZERO_SIZE))

    def default_height(self, record: Record) -> None:
        options, height = struct.unpack_from("<HH", record.body)
        if options & 2 or height < _NO_HEIGHT_TWIPS:
            self._default_hidden = Visibility.ZERO_SIZE

    def filter_mode(self, record: Record) -> None:
        self._filter = True

    def row_info(self, record: Record) -> None:
        row, _, _, height, _, _, options = struct.unpack_from("<6HL", record.body)
        self._said.add(row)
        if options & 0x20:
            self._hidden[row] = Visibility.FILTERED_ROW if self._filter else Visibility.HIDDEN_ROW
        elif not height & 0x8000 and height < _NO_HEIGHT_TWIPS:
            self._hidden[row] = Visibility.ZERO_SIZE

    # cells

    def label_shared(self, record: Record) -> None:
        row, column, look, index = struct.unpack_from("<HHHL", record.body)
        strings = self._known.strings
        if index >= len(strings.texts):
            raise Uninspectable("has a cell that points at a string which is not there")
        strings.used[index] = 1
        self._add(row, column, look, strings.texts[index], False, index if index in strings.runs else None)

    def label(self, record: Record) -> None:
        row, column, look = struct.unpack_from("<HHH", record.body)
        self._add(row, column, look, read_string(record.body, 6)[0], False)

    def number(self, record: Record) -> None:
        row, column, look, value = struct.unpack_from("<HHHd", record.body)
        self._add_number(row, column, look, value)

    def packed_number(self, record: Record) -> None:
        row, column, look, packed = struct.unpack_from("<HHHL", record.body)
        self._add_number(row, column, look, _unpack(packed))

    def packed_numbers(self, record: Record) -> None:
        row, first = struct.unpack_from("<HH", record.body)
        for offset, (look, packed) in enumerate(struct.iter_unpack("<HL", record.body[4:-2])):
            self._add_number(row, first + offset, look, _unpack(packed))

    def truth(self, record: Record) -> None:
        row, column, look, value, is_error = struct.unpack_from("<HHHBB", record.body)
        if not is_error:
            self._add(row, column, look, str(value), True)

    def formula(self, record: Record) -> None:
        """The value of a formula that gives text comes in the next record."""
        row, column, look, raw = struct.unpack_from("<HHH8s", record.body)
        if raw[6:] != b"\xff\xff":
            self._add_number(row, column, look, struct.unpack("<d", raw)[0])
        elif raw[0] == 1:
            self._add(row, column, look, str(raw[2]), True)
        elif raw[0] == 0:
            self._formula = row, column, look

    def formula_text(self, record: Record) -> None:
        if self._formula is not None:
            row, column, look = self._formula
            self._formula = None
            length = struct.unpack_from("<H", record.body)[0]
            self._add(row, column, look, _continued(length, (record.body[2:], *record.more)), False)

    def _add_number(self, row: int, column: int, look: int, value: float) -> None:
        if math.isfinite(value):
            self._add(row, column, look, number_text(value), True)

    def _add(self, row: int, column: int, look: int, value: str, is_number: bool, runs: int | None = None) -> None:
        if not value:
            return
        if row != self._row:
            self._end_row()
            self._row = row
        how = self._known.looks.get(look)
        if how is not None:
            if not how.number.shows(value, is_number):
                self._unseen.append((len(self._values), Visibility.HIDDEN_FORMAT))
            elif how.hides is not None:
                self._unseen.append((len(self._values), how.hides))
            if how.number.is_date and is_number:
                value = as_date(value, self._known.epoch_1904)
        if runs is not None:
            self._judge_runs(runs, look)
        self._values.append(value)
        self._columns.append(column + 1)

    def _judge_runs(self, index: int, look: int) -> None:
        ground = self._known.grounds.get(look, WHITE)
        found = {run.is_unseen(ground) for run in self._known.strings.runs[index]}
        if "tiny" in found:
            self._unseen.append((len(self._values), Visibility.TINY_TEXT))
        elif "pale" in found:
            self._unseen.append((len(self._values), Visibility.SAME_COLOUR))

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self.ready.append(Table(f"sheet {self._name}", self._visibility, tuple(self._spans)))

    def _end_row(self) -> None:
        if not self._values:
            return
        self._begin()
        self._budget.spend_cells(1 + len(self._values))
        visibility = self._hidden.get(self._row, SEEN if self._row in self._said else self._default_hidden)
        if visibility is SEEN and self._near.is_far_row(self._row + 1):
            visibility = Visibility.FAR_AWAY
        elif visibility is not Visibility.FAR_AWAY:
            self._judge_distance()
        columns, unseen = tuple(self._columns), tuple(self._unseen)
        self.ready.append(Row(self._row + 1, tuple(self._values), columns, visibility, unseen))
        self._values, self._columns, self._unseen = [], [], []

    def _judge_distance(self) -> None:
        far = self._near.far_from(self._columns)
        if far is not None:
            known = {index for index, _ in self._unseen}
            self._unseen += [
                (index, Visibility.FAR_AWAY)
                for index, column in enumerate(self._columns)
                if column >= far and index not in known
            ]

    # beside the cells

    def object(self, record: Record) -> None:
        kind, size, what, number = struct.unpack_from("<4H", record.body)
        if kind == 0x15 and size == 0x12:
            self._box, self._is_note = number, what == _NOTE

    def text_box(self, record: Record) -> None:
        (length,) = struct.unpack_from("<H", record.body, 10)
        if length and record.more:
            self._budget.keep(length + _OVERHEAD)
            self._boxes[self._box] = _continued(length, record.more)

    def note(self, record: Record) -> None:
        row, column, _, box = struct.unpack_from("<4H", record.body)
        author = read_string(record.body, 8)[0] if len(record.body) > 10 else ""
        self._budget.keep(_OVERHEAD)
        self._notes.append((row, column, box, author))

    def header(self, record: Record) -> None:
        if record.body:
            self._say(read_string(record.body, 0)[0], f"sheet {self._name}", SEEN)

    def chart_number(self, record: Record) -> None:
        row, column, _, value = struct.unpack_from("<HHHd", record.body)
        if math.isfinite(value):
            self._add_chart(row, column, number_text(value))

    def chart_label(self, record: Record) -> None:
        row, column, _ = struct.unpack_from("<HHH", record.body)
        self._add_chart(row, column, read_string(record.body, 6)[0])

    def chart_text(self, record: Record) -> None:
        self._say(read_string(record.body, 2, wide_length=False)[0], f"chart on {self._name}", SEEN)

    def _add_chart(self, row: int, column: int, value: str) -> None:
        if not self._charts:
            self._charts.append(Chart())
        self._budget.keep(len(value) + _OVERHEAD)
        self._budget.spend_cells(1)
        if value:
            self._charts[-1].cells[row, column] = value

    def _say(self, text: str, where: str, visibility: Visibility) -> None:
        if text.strip():
            self.ready.append(Text(text.strip(), where, visibility))


_IN_CHART: dict[int, Callable[[_Reader, Record], None]] = {
    0x0203: _Reader.chart_number,
    0x0204: _Reader.chart_label,
    0x100D: _Reader.chart_text,
}
_HANDLERS: dict[int, Callable[[_Reader, Record], None]] = {
    0x007D: _Reader.column_info,
    0x0225: _Reader.default_height,
    0x009B: _Reader.filter_mode,
    0x0208: _Reader.row_info,
    0x00FD: _Reader.label_shared,
    0x0204: _Reader.label,
    0x00D6: _Reader.label,
    0x0203: _Reader.number,
    0x027E: _Reader.packed_number,
    0x00BD: _Reader.packed_numbers,
    0x0205: _Reader.truth,
    0x0006: _Reader.formula,
    0x0207: _Reader.formula_text,
    0x005D: _Reader.object,
    0x01B6: _Reader.text_box,
    0x001C: _Reader.note,
    0x0014: _Reader.header,
    0x0015: _Reader.header,
}


def _unpack(packed: int) -> float:
    """MS-XLS 2.5.217: an integer or the upper 30 bits of a double, perhaps a hundredfold."""
    if packed & 2:
        value = float(packed >> 2 if packed < 0x80000000 else (packed >> 2) - 0x40000000)
    else:
        value = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))[0]
    return value / 100 if packed & 1 else value


def _continued(length: int, pieces: tuple[bytes, ...]) -> str:
    """Letters over several records, each behind flags of its own."""
    found = ""
    for piece in pieces:
        if length <= 0 or not piece:
            break
        count = min(length, (len(piece) - 1) // (2 if piece[0] & 1 else 1))
        found += read_letters(piece, 0, count)[0]
        length -= count
    return found
