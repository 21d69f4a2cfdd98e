"""Some rows of a table as fields and records, either way round, and what hides a cell of them.

A record is what may be one person: a row, or a column of a transposed table. A field is what all records have: a
column, or a row of a transposed table. Detectors look at grids and need not know which way round a table lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..stream import SEEN, Row, Table, Visibility

MAX_COLUMNS = 20_000
"""A worksheet has 16,384 at most. What a text file with more has beyond is read as if it stood further left."""


@dataclass(frozen=True, slots=True)
class Grid:
    """fields: the values of each field, one for each record, "" where there is none. places: what the fields are called
    in the file (columns, else rows). alike: records that are hidden alike: their places, and why each field is.
    """

    fields: dict[int, list[str]]
    alike: tuple[Alike, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Records whose cells are hidden for the same reasons. records: None for all. own: by field; otherwise `common`."""

    records: tuple[int, ...] | None
    common: Visibility
    own: dict[int, Visibility]

    def why(self, field: int) -> Visibility:
        return self.common if self.common is not SEEN else self.own.get(field, SEEN)


def column_of(column: int) -> int:
    return (column - 1) % MAX_COLUMNS + 1


def by_row(table: Table, rows: Sequence[Row]) -> Grid:
    """Each row a record."""
    return Grid(_columns(rows), tuple(_alike_rows(table, rows)))


def by_column(table: Table, rows: Sequence[Row]) -> Grid:
    """Each column but the first a record: the first holds the names of the fields."""
    columns = _columns(rows)
    records = sorted(columns)[1:]
    fields = {place: [columns[column][place] for column in records] for place in range(len(rows))}
    return Grid(fields, tuple(_alike_columns(table, rows, records)))


def width_of(rows: Iterable[Row]) -> int:
    return max((max(row.columns) if row.columns else len(row.values) for row in rows), default=0)


def cells_of(row: Row) -> list[str]:
    """The values of a row from column 1 on, with what is empty between them."""
    if row.columns is None:
        return list(row.values[:MAX_COLUMNS])
    cells = [""] * min(max(row.columns, default=0), MAX_COLUMNS)
    for column, value in zip(row.columns, row.values, strict=True):
        cells[column_of(column) - 1] = value
    return cells


def _columns(rows: Sequence[Row]) -> dict[int, list[str]]:
    first = rows[0]
    width = len(first.values)
    if all(row.columns == first.columns and len(row.values) == width for row in rows) and width <= MAX_COLUMNS:
        columns = first.columns or range(1, width + 1)
        return dict(zip(columns, map(list, zip(*(row.values for row in rows), strict=True)), strict=True))
    found: dict[int, list[str]] = {}
    for place, row in enumerate(rows):
        for column, value in zip(row.columns or range(1, len(row.values) + 1), row.values, strict=True):
            column = column_of(column)
            values = found.get(column)
            if values is None:
                values = found[column] = [""] * len(rows)
            values[place] = value
    return found


def _hidden_columns(table: Table) -> dict[int, Visibility]:
    return {
        column: span.visibility
        for span in table.columns
        for column in range(span.first, min(span.last, MAX_COLUMNS) + 1)
    }


def _alike_rows(table: Table, rows: Sequence[Row]) -> Iterator[Alike]:
    if table.visibility is not SEEN:
        yield Alike(None, table.visibility, {})
        return
    hidden = _hidden_columns(table)
    first = rows[0].visibility
    if not any(row.unseen or row.visibility is not first for row in rows):
        yield Alike(None, first, hidden)
        return
    groups: dict[tuple[Visibility, tuple[tuple[int, Visibility], ...], object], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault((row.visibility, row.unseen, row.columns if row.unseen else None), []).append(place)
    for (why, unseen, columns), places in groups.items():
        own = dict(hidden)
        for index, reason in unseen:
            own.setdefault(columns[index] if isinstance(columns, tuple) else index + 1, reason)
        yield Alike(tuple(places) if len(groups) > 1 else None, why, own)


def _alike_columns(table: Table, rows: Sequence[Row], records: Sequence[int]) -> Iterator[Alike]:
    if table.visibility is not SEEN:
        yield Alike(None, table.visibility, {})
        return
    hidden = _hidden_columns(table)
    by_field = {place: row.visibility for place, row in enumerate(rows) if row.visibility is not SEEN}
    cells: dict[int, dict[int, Visibility]] = {}
    for place, row in enumerate(rows):
        for index, reason in row.unseen:
            cells.setdefault(row.columns[index] if row.columns else index + 1, {})[place] = reason
    groups: dict[tuple[Visibility, tuple[tuple[int, Visibility], ...]], list[int]] = {}
    for record, column in enumerate(records):
        groups.setdefault((hidden.get(column, SEEN), tuple(cells.get(column, {}).items())), []).append(record)
    for (why, own), places in groups.items():
        yield Alike(tuple(places), why, {**dict(own), **by_field})
