"""Tables with too few rows to be judged alone, judged together: thirty sheets of four people are a list of 120.

Tables whose headings say the same, hidden alike, are one table that was cut into pieces, wherever in the file they lie;
of tables without headings those with as many columns. A form (what a value is, and the value) is a row of such a table.
INVARIANT: at most MOST_ROWS rows, MOST_CELLS cells and MOST_TABLES kinds of tables wait in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..stream import SEEN, ColumnSpan, Row, Table, Visibility
from .columns import FEWEST, Column
from .grid import Grid, by_column, by_row, width_of
from .headings import names_something
from .judging import Judging
from .kind import Kinds
from .phrases import heading_is_of_people

MOST_ROWS, MOST_CELLS, MOST_TABLES = 1_024, 50_000, 64
_Key = tuple[Visibility, tuple[ColumnSpan, ...], tuple[str, ...], bool]


@dataclass(slots=True)
class _Alike:
    """Tables of one kind, each with its rows. is_form: rows that were made of forms, whose text is read already."""

    headings: list[str]
    is_form: bool
    tables: list[tuple[Table, list[Row]]] = field(default_factory=list)


class SmallTables:
    """Takes tables while the stream is read, and has them judged when it is over or when too many wait."""

    def __init__(self, kinds: Kinds, judging: Judging) -> None:
        self._kinds = kinds
        self._judging = judging
        self._alike: dict[_Key, _Alike] = {}
        self._rows, self._cells = 0, 0

    def add(self, table: Table, headings: Sequence[str], rows: list[Row], *, is_form: bool = False) -> None:
        """Rows below these headings, which may be empty."""
        names = tuple(map(self._said, headings)) if any(headings) else (f"{width_of(rows)} columns",)
        key = (table.visibility, table.columns, names, is_form)
        alike = self._alike.get(key)
        if alike is None:
            alike = self._alike[key] = _Alike(list(headings), is_form)
        alike.tables.append((table, rows))
        self._rows += len(rows)
        self._cells += sum(len(row.values) for row in rows)
        if self._rows >= MOST_ROWS or self._cells >= MOST_CELLS or len(self._alike) > MOST_TABLES:
            self.end()

    def add_form(self, table: Table, rows: Sequence[Row]) -> None:
        """A table whose first column says what stands beside it, if it is one: a row for each other column."""
        if not 2 <= width_of(rows) <= FEWEST or not 2 <= len(rows) <= MOST_TABLES:
            return
        labels = [_first(row).rstrip(" :.?*") for row in rows]
        known = sum(names_something(label, self._kinds) for label in labels if label)
        if known < 2 or known * 2 < sum(map(bool, labels)) or _is_partly_hidden(table, rows):
            return
        grid = by_column(table, rows)
        records = list(zip(*(grid.fields[place] for place in range(len(rows))), strict=True))
        made = [Row(number, values) for number, values in enumerate(records, 1) if any(values)]
        if made:
            self.add(replace(table, columns=(), headings=()), labels, made, is_form=True)

    def _said(self, heading: str) -> str:
        """What a heading says a column holds: "NHS no." and "NHS number" are one, "Patient" and "Client name" too."""
        if heading_is_of_people(heading) is not None:
            return "name"
        return " ".join(sorted(self._kinds.under(heading))) or heading.casefold()

    def end(self) -> None:
        """All that waits is judged."""
        waiting, self._alike, self._rows, self._cells = list(self._alike.values()), {}, 0, 0
        for alike in waiting:
            self._judge(alike)

    def _judge(self, alike: _Alike) -> None:
        together = by_row(alike.tables[0][0], [row for _, rows in alike.tables for row in rows])
        columns, chunks = {}, {}
        for number, values in together.fields.items():
            if len(values) - values.count("") >= FEWEST:
                heading = alike.headings[number - 1] if number <= len(alike.headings) else ""
                column = columns[number] = Column(heading, self._kinds)
                chunks[number] = column.add(values)
        first = 0
        for table, rows in alike.tables:
            last = first + len(rows)
            grid = by_row(table, rows)
            own = {number: chunk.part(first, last) for number, chunk in chunks.items() if number in grid.fields}
            first = last
            if alike.is_form:
                self._judging.count_people(table, grid, own, columns)
                continue
            people = self._judging.judge(table, grid, own, columns)
            for number in grid.fields.keys() - own.keys():
                self._judging.read_text(table, Grid(grid.fields, grid.alike), number, lines=not people)


def _first(row: Row) -> str:
    return row.values[0] if row.columns is None or row.columns[0] == 1 else ""


def _is_partly_hidden(table: Table, rows: Sequence[Row]) -> bool:
    if table.visibility is not SEEN:
        return False
    return bool(table.columns) or any(row.unseen or row.visibility is not SEEN for row in rows)
