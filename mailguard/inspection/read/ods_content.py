"""The tables of an OpenDocument spreadsheet, from content.xml, styles.xml or a flat document.

Promises: rows leave while the part is still being read. A row or cell that is repeated is handed on as often as it
stands there, and counts so against the budget; an empty one costs nothing however often it is repeated. A cell says
both its value and what shows of it, so a number format that shows nothing is told by the empty text.
"""

from __future__ import annotations

from base64 import b64decode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, ColumnSpan, Item, Member, Person, Row, Table, Text, Visibility
from .far import NearArea
from .ods_styles import Styles
from .spreadsheetml import MAX_COLUMN, MAX_SPANS
from .xml_events import SEPARATOR, joined, xml_steps

_VALUES = ("date-value", "time-value", "value", "boolean-value", "string-value")
_HIDES_ROW = {"collapse": Visibility.HIDDEN_ROW, "filter": Visibility.FILTERED_ROW}
_CELLS = ("table-cell", "covered-table-cell", "change-track-table-cell")
_OVERHEAD = 96


@dataclass(slots=True)
class _Cell:
    attributes: Mapping[str, str]
    covered: bool
    texts: list[str] = field(default_factory=list)
    has_text: bool = False
    look: Visibility | None = None


@dataclass(slots=True)
class _Table:
    where: str
    visibility: Visibility
    begun: bool = False
    spans: list[ColumnSpan] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    near: NearArea = field(default_factory=NearArea)
    row: int = 0
    repeat: int = 1
    row_visibility: Visibility = SEEN
    row_style: str = ""
    column: int = 0
    values: list[str] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    unseen: list[tuple[int, Visibility]] = field(default_factory=list)
    cell: _Cell | None = None


class ContentReader:
    """Reads one part after the other into the same styles. whole: what hides everything in it (an embedded object)."""

    def __init__(self, budget: Budget, whole: Visibility = SEEN, prefix: str = "sheet ") -> None:
        self.styles = Styles()
        self.ready: list[Item] = []
        self._budget, self._whole, self._prefix = budget, whole, prefix
        self._tables: list[_Table] = []
        self._names: dict[str, str] = {}
        self._paragraph = ""
        self._paragraphs = 0
        self._note: list[str] | None = None
        self._note_author = ""
        self._aside: list[str] = []
        self._runs: list[str] = []
        self._binary: list[str] | None = None
        self._object = False

    def read(self, pieces: Iterable[bytes]) -> Iterator[Item]:
        for _ in xml_steps(pieces, self.start, self.end, self.characters):
            yield from self.ready
            self.ready.clear()

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._short(full)
        if name == "p" or name == "h":
            self._paragraphs += 1
            if self._paragraphs == 1:
                self._paragraph = ""
        elif name in _CELLS:
            self._start_cell(name, self._keys(attributes))
        elif name == "table-row":
            self._start_row(self._keys(attributes))
        elif name in _STARTS:
            _STARTS[name](self, self._keys(attributes))
        elif name in _STYLES or name.endswith("-properties"):
            self.styles.start(name, self._keys(attributes))
        elif name in _ASIDES:
            self._aside.append(name)

    def end(self, full: str) -> None:
        name = self._short(full)
        if name == "p" or name == "h":
            self._paragraphs -= 1
            if self._paragraphs == 0:
                self._end_paragraph(self._paragraph)
        elif name in _CELLS:
            self._end_cell()
        elif name == "table-row":
            self._end_row()
        elif name == "table":
            self._end_table()
        elif name == "annotation":
            self._end_note()
        elif name == "creator":
            self._end_creator()
        elif name == "binary-data":
            self._end_binary()
        elif name == "object-ole":
            self._object = False
        elif name == "span" and self._runs:
            self._runs.pop()
        elif name in _STYLES:
            self.styles.end()
        elif name in _ASIDES and self._aside:
            self._aside.pop()

    def characters(self, text: str) -> None:
        if self._binary is not None:
            self._budget.keep(len(text))
            self._binary.append(text)
            return
        if self._paragraphs or self._note is not None:
            self._paragraph = joined(self._paragraph, text)
            if self._runs and text.strip():
                self._judge_run()

    def _short(self, full: str) -> str:
        name = self._names.get(full)
        if name is None:
            name = self._names[full] = full.rpartition(SEPARATOR)[2]
        return name

    def _keys(self, attributes: Mapping[str, str]) -> Mapping[str, str]:
        return {self._short(key): value for key, value in attributes.items()}

    # tables, columns and rows

    def _start_table(self, keys: Mapping[str, str]) -> None:
        visibility = self._whole if self._whole is not SEEN else self.styles.table(keys.get("style-name", ""))
        if "link" in self._aside:
            visibility = Visibility.LINK_CACHE
        self._tables.append(_Table(f"{self._prefix}{keys.get('name', '')}", visibility))

    def _start_source(self, keys: Mapping[str, str]) -> None:
        """A table with a source is the cache of another document; it comes before the columns."""
        if self._tables and not self._tables[-1].begun:
            self._tables[-1].visibility = Visibility.LINK_CACHE

    def _end_table(self) -> None:
        if self._tables:
            self._begin(self._tables[-1])
            self._tables.pop()
            if self._tables:
                self._tables[-1].begun = False

    def _begin(self, table: _Table) -> None:
        if not table.begun:
            table.begun = True
            self.ready.append(Table(table.where, table.visibility, tuple(table.spans)))

    def _start_column(self, keys: Mapping[str, str]) -> None:
        if not self._tables:
            return
        if len(self._tables[-1].ends) > MAX_COLUMN or len(self._tables[-1].spans) >= MAX_SPANS:
            raise Uninspectable(f"more than {MAX_SPANS} areas of hidden columns")
        table = self._tables[-1]
        first = table.ends[-1] + 1 if table.ends else 1
        table.ends.append(first + _count(keys, "number-columns-repeated") - 1)
        table.defaults.append(keys.get("default-cell-style-name", ""))
        if keys.get("visibility") in ("collapse", "filter"):
            table.spans.append(ColumnSpan(first, table.ends[-1], Visibility.HIDDEN_COLUMN))
        elif self.styles.column(keys.get("style-name", "")) is not SEEN:
            table.spans.append(ColumnSpan(first, table.ends[-1], Visibility.ZERO_SIZE))

    def _start_row(self, keys: Mapping[str, str]) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        table.row += 1
        table.repeat = _count(keys, "number-rows-repeated")
        table.row_style = keys.get("default-cell-style-name", "")
        table.column = 0
        hidden = _HIDES_ROW.get(keys.get("visibility", ""))
        table.row_visibility = hidden or self.styles.row(keys.get("style-name", ""))

    def _end_row(self) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        if table.values:
            self._begin(table)
            self._budget.spend_cells((1 + len(table.values)) * table.repeat)
            if table.row_visibility is SEEN and table.near.is_far_row(table.row):
                table.row_visibility = Visibility.FAR_AWAY
            elif table.row_visibility is not Visibility.FAR_AWAY:
                self._judge_distance(table)
            made = (tuple(table.values), tuple(table.columns), table.row_visibility, tuple(table.unseen))
            for offset in range(table.repeat):
                self.ready.append(Row(table.row + offset, *made))
            table.near.row = max(table.near.row, table.row + table.repeat - 1) if made[2] is SEEN else table.near.row
            table.values, table.columns, table.unseen = [], [], []
        table.row += table.repeat - 1

    def _judge_distance(self, table: _Table) -> None:
        far = table.near.far_from(table.columns)
        if far is not None:
            known = {index for index, _ in table.unseen}
            table.unseen += [
                (index, Visibility.FAR_AWAY)
                for index, column in enumerate(table.columns)
                if column >= far and index not in known
            ]

    # cells

    def _start_cell(self, name: str, keys: Mapping[str, str]) -> None:
        if self._tables:
            self._tables[-1].cell = _Cell(keys, name == "covered-table-cell")
        elif name == "change-track-table-cell":
            self._say(_value_of(keys) or "", "changes", Visibility.DELETED_TEXT)

    def _end_cell(self) -> None:
        if not self._tables or self._tables[-1].cell is None:
            return
        table, cell = self._tables[-1], self._tables[-1].cell
        table.cell = None
        repeat = _count(cell.attributes, "number-columns-repeated")
        shown = "\n".join(cell.texts)
        given = _value_of(cell.attributes)
        value = shown if given is None else given
        if value.strip():
            self._budget.spend_cells(repeat)
            why = self._why_unseen(table, cell, shown, given)
            for offset in range(repeat):
                if why is not None:
                    table.unseen.append((len(table.values), why))
                table.values.append(value)
                table.columns.append(table.column + 1 + offset)
        table.column += repeat

    def _why_unseen(self, table: _Table, cell: _Cell, shown: str, given: str | None) -> Visibility | None:
        if cell.covered:
            return Visibility.COVERED
        if given is not None and cell.has_text and not shown.strip():
            return Visibility.HIDDEN_FORMAT
        return cell.look or self.styles.cell(self._cell_style(table, cell))

    def _cell_style(self, table: _Table, cell: _Cell) -> str:
        """Its own, else of its row, else of its column."""
        own = cell.attributes.get("style-name") or table.row_style
        if own or not table.ends:
            return own
        index = bisect_left(table.ends, table.column + 1)
        return table.defaults[index] if index < len(table.defaults) else ""

    # texts

    def _end_paragraph(self, text: str) -> None:
        if self._note is not None:
            self._note.append(text)
        elif self._tables and self._tables[-1].cell is not None and not self._aside:
            cell = self._tables[-1].cell
            cell.has_text = True
            self._budget.keep(len(text))
            cell.texts.append(text)
        elif "tracked-changes" in self._aside:
            self._say(text, "changes", Visibility.DELETED_TEXT)
        else:
            self._say(text, self._tables[-1].where if self._tables else "page", self._whole)

    def _start_span(self, keys: Mapping[str, str]) -> None:
        self._runs.append(keys.get("style-name", ""))

    def _judge_run(self) -> None:
        if self._tables and self._tables[-1].cell is not None:
            table, cell = self._tables[-1], self._tables[-1].cell
            cell.look = cell.look or self.styles.run(self._runs[-1], self._cell_style(table, cell))

    def _start_note(self, keys: Mapping[str, str]) -> None:
        self._note, self._note_author, self._paragraph = [], "", ""

    def _end_creator(self) -> None:
        if self._note is not None:
            self._note_author, self._paragraph = self._paragraph.strip(), ""

    def _end_note(self) -> None:
        where = self._place()
        if self._note_author:
            self.ready.append(Person("author of a comment", self._note_author, where=where))
        self._say("\n".join(self._note or ()), f"comment on {where}", Visibility.COMMENT)
        self._note = None

    def _place(self) -> str:
        table = self._tables[-1] if self._tables else None
        return f"{table.where}, row {table.row}" if table is not None else "the file"

    def _say(self, text: str, where: str, visibility: Visibility) -> None:
        if text.strip():
            self._budget.keep(len(text))
            self.ready.append(Text(text.strip(), where, visibility))

    # what a file defines

    def _start_name(self, keys: Mapping[str, str]) -> None:
        meaning = keys.get("expression") or keys.get("cell-range-address", "")
        self._say(meaning, f"name {keys.get('name', '')}", Visibility.DEFINED_NAME)

    def _start_validation(self, keys: Mapping[str, str]) -> None:
        if '"' in keys.get("condition", ""):
            self._say(keys["condition"], "list to choose from", Visibility.MARKUP)

    def _start_spreadsheet(self, keys: Mapping[str, str]) -> None:
        """Not a chart, if it is an object in another document."""
        if self._whole is not SEEN:
            self._whole = Visibility.EMBEDDED

    def _start_object(self, keys: Mapping[str, str]) -> None:
        self._object = True

    def _start_binary(self, keys: Mapping[str, str]) -> None:
        """A picture or another program's object, written out in base64 in a flat document."""
        self._binary = []

    def _end_binary(self) -> None:
        if self._binary is None:
            return
        try:
            content = b64decode("".join(self._binary))
        except ValueError as error:
            raise Uninspectable("holds an object that cannot be decoded") from error
        self._binary = None
        if self._object:
            self.ready.append(Member("object", "file", Visibility.EMBEDDED, content))
        else:
            self.ready.append(Member("picture", "picture", SEEN, content))

    def _start_link(self, keys: Mapping[str, str]) -> None:
        self._say(keys.get("href", ""), "link", Visibility.MARKUP)


_STARTS = {
    "table": ContentReader._start_table,
    "table-source": ContentReader._start_source,
    "table-column": ContentReader._start_column,
    "annotation": ContentReader._start_note,
    "span": ContentReader._start_span,
    "named-expression": ContentReader._start_name,
    "named-range": ContentReader._start_name,
    "content-validation": ContentReader._start_validation,
    "a": ContentReader._start_link,
    "spreadsheet": ContentReader._start_spreadsheet,
    "binary-data": ContentReader._start_binary,
    "object-ole": ContentReader._start_object,
}
_STYLES = ("style", "default-style")
_ASIDES = ("shapes", "frame", "custom-shape", "tracked-changes", "content-validation", "dde-link")


def _count(keys: Mapping[str, str], key: str) -> int:
    given = keys.get(key, "1")
    return max(1, int(given)) if given.isdecimal() and len(given) < 8 else 1


def _value_of(keys: Mapping[str, str]) -> str | None:
    """The value that a cell says beside its text. A date with the time 0 is a date."""
    found = next((keys[key] for key in _VALUES if key in keys), None)
    return found.removesuffix("T00:00:00") if found is not None else None
