"""The cells of one worksheet, row by row, each with what hides it.

Promises: rows leave while the part is still being read; nothing is kept but one row. Cells out of order, in no row,
with no reference or an impossible one are all handed on: a reader that skips what Excel would repair sees less than a
recipient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from ..budget import Budget, Uninspectable
from ..stream import SEEN, ColumnSpan, Row, Stream, Table, Text, Visibility
from .colour import WHITE
from .far import NearArea
from .number_format import as_date
from .spreadsheetml import MAX_COLUMN, MAX_SPANS, Columns, is_true, names, read_rows
from .xlsx_strings import Run, Strings, read_run
from .xlsx_styles import Look, Styles
from .xml_events import joined, xml_steps

_DIGITS = "0123456789"
_NO_HEIGHT, _NO_WIDTH = 2.0, 0.3
"""Points, and widths of a digit, below which a row or column shows nothing that can be read."""
_FILTER = re.compile(rb"<(?:[\w.-]+:)?autoFilter\b[^<>]{0,400}?\bref\s*=\s*[\"']([A-Za-z0-9:$]{1,40})[\"']")
_OVERLAP = 512


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sheets of one workbook have in common."""

    strings: Strings
    styles: Styles
    epoch_1904: bool
    budget: Budget


@dataclass(frozen=True, slots=True)
class SheetParts:
    """open: gives the pieces of the part, as often as asked. filters: areas that tables on the sheet filter. headers:
    rows of tables that a table style paints."""

    where: str
    visibility: Visibility
    open: Callable[[], Iterator[bytes]]
    filters: tuple[str, ...] = ()
    headers: frozenset[int] = frozenset()


def read_sheet(sheet: SheetParts, shared: Shared) -> Stream:
    """Its Table, its rows, and the texts that stand beside them (headers, footers, lists to choose from)."""
    handler = _Handler(sheet, shared)
    for _ in xml_steps(sheet.open(), handler.start, None, handler.characters):
        if handler.ready:
            yield from handler.take()
    handler.finish()
    yield from handler.take()


class _Handler:
    """Without a handler for ends: a cell is done when the next tag of the sheet begins."""

    def __init__(self, sheet: SheetParts, shared: Shared) -> None:
        self.ready: list[Table | Row | Text] = []
        self._sheet, self._shared = sheet, shared
        self._names = names()
        self._letters = Columns()
        self._texts, self._runs = shared.strings.texts, shared.strings.runs
        self._used = shared.strings.used
        self._looks, self._grounds = shared.styles.looks, shared.styles.grounds
        self._near = NearArea()
        self._begun = False
        self._default_hidden = SEEN
        self._spans: list[ColumnSpan] = []
        self._filtered: tuple[tuple[int, int], ...] | None = None
        self._row, self._row_visibility = 0, SEEN
        self._values: list[str] = []
        self._columns: list[int] = []
        self._unseen: list[tuple[int, Visibility]] = []
        self._last_columns: tuple[int, ...] | None = None
        self._cell: Mapping[str, str] | None = None
        self._open, self._column, self._text = False, 0, ""
        self._aside = ""
        self._runs_here: list[Run] = []

    def take(self) -> list[Table | Row | Text]:
        """What is ready; the table goes first, also where there are no rows."""
        ready, self.ready = self.ready, []
        return ready

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name == "v" or name == "t":
            self._open = self._cell is not None
        elif name == "c":
            if self._cell is not None:
                self._end_cell()
            self._cell, self._text = attributes, ""
        elif name == "row":
            self._end_row()
            self._start_row(attributes)
        elif name == "f" or name == "is" or name == "r" or name == "rPr":
            self._open = False
        else:
            self._start_other(name, attributes)

    def characters(self, text: str) -> None:
        if self._open:
            self._text = joined(self._text, text) if self._text else text

    def finish(self) -> None:
        self._end_row()
        self._end_aside()
        self._begin()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            spans = tuple(self._spans)
            self.ready.append(Table(self._sheet.where, self._sheet.visibility, spans))

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._begin()
        given = attributes.get("r", "")
        self._row = int(given) if given.isdecimal() and len(given) < 8 else self._row + 1
        self._row_visibility = self._default_hidden
        if len(attributes) > 1:
            self._row_visibility = self._why_hidden(attributes)
        if self._row_visibility is SEEN and self._near.is_far_row(self._row):
            self._row_visibility = Visibility.FAR_AWAY

    def _why_hidden(self, attributes: Mapping[str, str]) -> Visibility:
        if is_true(attributes.get("hidden")):
            return Visibility.FILTERED_ROW if self._is_filtered(self._row) else Visibility.HIDDEN_ROW
        height = attributes.get("ht")
        if height is not None:
            return Visibility.ZERO_SIZE if _below(height, _NO_HEIGHT) else SEEN
        return SEEN if "hidden" in attributes else self._default_hidden

    def _is_filtered(self, row: int) -> bool:
        """A filter is written behind the rows that it hides, so the part is searched once, when it matters."""
        if self._filtered is None:
            areas = {*self._sheet.filters, *islice(_find_filters(self._sheet.open()), MAX_SPANS)}
            if len(areas) > MAX_SPANS:
                raise Uninspectable(f"more than {MAX_SPANS} filters in one sheet")
            self._filtered = tuple(read_rows(area) for area in areas)
        return any(first < row <= last for first, last in self._filtered)

    def _end_cell(self) -> None:
        """The hot path: once for each cell, and as little as can be for one without a value."""
        attributes, value = self._cell, self._text
        self._cell, self._open = None, False
        if attributes is None:
            return
        reference = attributes.get("r")
        self._column = self._letters[reference.rstrip(_DIGITS)] if reference is not None else self._column + 1
        if not value:
            return
        kind = attributes.get("t", "n")
        style = attributes.get("s", "0")
        if kind == "s":
            value = self._string(value, style)
        elif kind != "n":
            value = value.strip()
        if style in self._looks:
            value = self._judge(self._looks[style], value, kind)
        if self._runs_here:
            self._judge_runs(tuple(self._runs_here), style)
            self._runs_here.clear()
        if value:
            self._values.append(value)
            self._columns.append(self._column)

    def _string(self, index: str, style: str) -> str:
        try:
            number = int(index)
            text = self._texts[number] if number >= 0 else None
        except (ValueError, IndexError):
            text = None
        if text is None:
            raise Uninspectable("has a cell that points at a string which is not there")
        self._used[number] = 1
        if number in self._runs:
            self._judge_runs(self._runs[number], style)
        return text

    def _judge_runs(self, runs: tuple[Run, ...], style: str) -> None:
        ground = self._grounds.get(style, WHITE)
        found = {run.is_unseen(ground) for run in runs}
        if "tiny" in found:
            self._unseen.append((len(self._values), Visibility.TINY_TEXT))
        elif "pale" in found:
            self._unseen.append((len(self._values), Visibility.SAME_COLOUR))

    def _judge(self, look: Look, value: str, kind: str) -> str:
        """Notes what the format hides; the value, a date made readable."""
        is_number = kind in ("n", "d", "b")
        if not look.number.shows(value, is_number):
            self._unseen.append((len(self._values), Visibility.HIDDEN_FORMAT))
        elif look.hides is not None and not (look.on_plain and self._row in self._sheet.headers):
            self._unseen.append((len(self._values), look.hides))
        return as_date(value, self._shared.epoch_1904) if look.number.is_date and kind == "n" else value

    def _end_row(self) -> None:
        if self._cell is not None:
            self._end_cell()
        if self._values:
            self._shared.budget.spend_cells(1 + len(self._values))
            self._begin()
            if self._row_visibility is not Visibility.FAR_AWAY:
                self._judge_distance()
            self.ready.append(
                Row(self._row, tuple(self._values), self._shared_columns(), self._row_visibility, tuple(self._unseen))
            )
            self._values, self._columns, self._unseen = [], [], []
        self._column = 0

    def _judge_distance(self) -> None:
        far = self._near.far_from(self._columns)
        if far is not None:
            known = {index for index, _ in self._unseen}
            self._unseen += [
                (index, Visibility.FAR_AWAY)
                for index, column in enumerate(self._columns)
                if column >= far and index not in known
            ]

    def _shared_columns(self) -> tuple[int, ...] | None:
        """One tuple for all rows that fill the same columns."""
        columns = tuple(self._columns)
        if columns == self._last_columns:
            return self._last_columns
        if columns[0] == 1 and columns[-1] == len(columns) and columns == tuple(range(1, len(columns) + 1)):
            return None
        self._last_columns = columns
        return columns

    def _start_other(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._cell is not None and name not in _AFTER_ROWS:
            self._open = False
            if name == "color" or name == "sz":
                self._runs_here.append(read_run(name, attributes, self._shared.styles.palette))
            return
        self._end_aside()
        if name == "col":
            self._add_span(attributes)
        elif name == "sheetFormatPr":
            # zeroHeight hides the rows that are not written, and those hold nothing (ECMA-376 part 1, 18.3.1.81)
            if _below(attributes.get("defaultRowHeight", "15"), _NO_HEIGHT):
                self._default_hidden = Visibility.ZERO_SIZE
        elif name == "sheetData":
            self._begin()
        elif name in _AFTER_ROWS:
            self._end_row()
        elif name in _SPOKEN:
            self._say(" ".join(attributes.get(key, "") for key in _SPOKEN[name]), Visibility.MARKUP)
        elif name in _PRINTED or name in _CHOICES:
            self._aside, self._open, self._text = name, True, ""

    def _end_aside(self) -> None:
        """A header or footer shows on paper; a list of choices only if it is written out rather than pointed at."""
        if self._aside in _PRINTED:
            self._say(self._text, SEEN)
        elif self._aside and '"' in self._text:
            self._say(self._text, Visibility.MARKUP)
        self._aside, self._open = "", False

    def _say(self, text: str, visibility: Visibility) -> None:
        if text.strip():
            self._begin()
            self.ready.append(Text(text.strip(), self._sheet.where, visibility))

    def _add_span(self, attributes: Mapping[str, str]) -> None:
        first, last = attributes.get("min", ""), attributes.get("max", "")
        if not (first.isdecimal() and last.isdecimal()):
            return
        if len(self._spans) >= MAX_SPANS:
            raise Uninspectable(f"more than {MAX_SPANS} areas of hidden columns")
        width = attributes.get("width")
        if is_true(attributes.get("hidden")):
            why = Visibility.HIDDEN_COLUMN
        elif width is not None and _below(width, _NO_WIDTH):
            why = Visibility.ZERO_SIZE
        else:
            return
        self._spans.append(ColumnSpan(min(int(first), MAX_COLUMN), min(int(last), MAX_COLUMN), why))


_AFTER_ROWS = frozenset(
    [
        "sheetCalcPr",
        "sheetProtection",
        "protectedRanges",
        "scenarios",
        "autoFilter",
        "sortState",
        "dataConsolidate",
        "customSheetViews",
        "mergeCells",
        "phoneticPr",
        "conditionalFormatting",
        "dataValidations",
        "hyperlinks",
        "printOptions",
        "pageMargins",
        "pageSetup",
        "headerFooter",
        "rowBreaks",
        "colBreaks",
        "customProperties",
        "cellWatches",
        "ignoredErrors",
        "smartTags",
        "drawing",
        "legacyDrawing",
        "tableParts",
        "extLst",
    ]
)
_PRINTED = frozenset(["oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter"])
_CHOICES = frozenset(["formula1", "formula2"])
_SPOKEN = {
    "hyperlink": ("display", "tooltip", "location"),
    "dataValidation": ("promptTitle", "prompt", "errorTitle", "error"),
    "scenario": ("name", "user", "comment"),
    "inputCells": ("val",),
}
"""Attributes that hold text, by element. Scenarios keep the values that cells had before."""


def _below(value: str, limit: float) -> bool:
    try:
        return float(value) < limit
    except ValueError:
        return False


def _find_filters(pieces: Iterable[bytes]) -> Iterator[str]:
    """The areas of autoFilter elements, by their letters; a part in UTF-16 has none that are found."""
    kept = b""
    for piece in pieces:
        window = kept + piece
        for found in _FILTER.finditer(window):
            yield found[1].decode("ascii")
        kept = window[-_OVERLAP:]
