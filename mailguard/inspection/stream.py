"""The one stream into which every reader turns what it reads, and the only thing that a detector sees.

Promises: values that cannot change and are cheap to make; no format, no path on disk and no judgement in them.
A stream is an iterable of Item. A Row belongs to the last Table before it; Text, Member and Person may stand between
the rows of a table and do not end it; the next Table, or the end of the stream, does. Rows come in the order of the
file and are never empty of values. Rows and columns count from 1, as people see them: row 1, column 1 is A1.

INVARIANT: a cell is seen only if its table, its row, its column and the cell itself are: `why_unseen`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Visibility(Enum):
    """Whether somebody who opens the file and only looks sees a thing, or why not. The value is said to people."""

    __hash__ = object.__hash__  # Enum's own is a function in Python, and each line and cell is counted by this

    SEEN = "visible"

    HIDDEN_SHEET = "hidden sheet"
    VERY_HIDDEN_SHEET = "very hidden sheet"
    HIDDEN_ROW = "hidden rows"
    HIDDEN_COLUMN = "hidden columns"
    FILTERED_ROW = "rows that a filter hides"
    ZERO_SIZE = "rows or columns without height or width"
    FAR_AWAY = "cells far outside the visible area"
    HIDDEN_FORMAT = "cells whose number format shows nothing"
    PIVOT_CACHE = "pivot table cache"
    LINK_CACHE = "cache of another workbook"
    CHART_CACHE = "data behind a chart"
    DEFINED_NAME = "defined name"
    CONNECTION = "data connection"

    SAME_COLOUR = "text in the colour of its background"
    TINY_TEXT = "text too small to read"
    HIDDEN_TEXT = "hidden text"
    DELETED_TEXT = "deleted text that the file still holds"
    INSERTED_TEXT = "insertions not yet accepted"
    COMMENT = "comments"
    NOTES = "speaker notes"
    HIDDEN_SLIDE = "hidden slide"
    OFF_PAGE = "text off the page"
    COVERED = "text under something that covers it"
    ANNOTATION = "annotations"
    FORM_VALUE = "form values"
    EARLIER_REVISION = "earlier revision"

    PROPERTY = "document properties"
    CUSTOM_XML = "custom XML"
    EMBEDDED = "embedded file"
    MACRO = "macros"
    MARKUP = "markup that no reader shows"

    @property
    def seen(self) -> bool:
        return self is Visibility.SEEN


SEEN = Visibility.SEEN


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph or another run of text that is read as one. where: in words for people, "page 3", "comment on B7"."""

    text: str
    where: str
    visibility: Visibility = SEEN


@dataclass(frozen=True, slots=True)
class ColumnSpan:
    """Columns first to last of a table, both included, that are not seen."""

    first: int
    last: int
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Table:
    """Begins a table: a worksheet, a pivot cache, a table of a document, a CSV file.

    where: in words for people, "sheet Data". columns: the spans of its columns that are not seen, known before its
    rows. headings: names of its columns from 1 on, where the format keeps them apart from the rows (a pivot cache).
    """

    where: str
    visibility: Visibility = SEEN
    columns: tuple[ColumnSpan, ...] = ()
    headings: tuple[str, ...] = ()


class Row(NamedTuple):
    """One row of the last Table. A NamedTuple, since a workbook has a million of them.

    values: the cells that hold something, as text, left to right ("" stands for an empty cell between them; a number
    as the file has it, a date as 2026-03-12, never a number of days). columns: the column of each, None for 1, 2, 3...
    Readers do well to share one tuple of columns among rows. unseen: (index into values, why) for each cell that is
    not seen for a reason of its own; a hidden column belongs into Table.columns.
    """

    number: int
    values: tuple[str, ...]
    columns: tuple[int, ...] | None = None
    visibility: Visibility = SEEN
    unseen: tuple[tuple[int, Visibility], ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell with what hides it, for those who want cells rather than rows."""

    row: int
    column: int
    value: str
    visibility: Visibility = SEEN


@dataclass(frozen=True, slots=True)
class Member:
    """Something that the file carries as a whole: an embedded file, a hidden sheet, a pivot cache, a macro project.

    kind: a word for the inventory ("sheet", "pivot cache", "file", "macros"). What is in it follows as items, unless
    its reader does not know it: then content holds its octets, for whoever knows more formats to read on.
    """

    name: str
    kind: str
    visibility: Visibility = SEEN
    content: bytes | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the file names outside its text: its author, who last saved it, who made a change or a comment."""

    role: str
    name: str
    address: str = ""
    where: str = ""
    visibility: Visibility = Visibility.PROPERTY


Item = Text | Table | Row | Member | Person
Stream = Iterable[Item]


def why_unseen(table: Table, row: Row, column: int, own: Visibility = SEEN) -> Visibility:
    """What hides a cell: its table, else its row, its column, the cell itself; SEEN where nothing does."""
    if table.visibility is not SEEN:
        return table.visibility
    if row.visibility is not SEEN:
        return row.visibility
    return next((each.visibility for each in table.columns if each.first <= column <= each.last), own)


def cells(table: Table, row: Row) -> tuple[Cell, ...]:
    """The cells of a row that hold something."""
    own = dict(row.unseen)
    columns = row.columns or range(1, len(row.values) + 1)
    return tuple(
        Cell(row.number, column, value, why_unseen(table, row, column, own.get(index, SEEN)))
        for index, (column, value) in enumerate(zip(columns, row.values, strict=True))
        if value
    )
