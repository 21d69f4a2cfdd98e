"""The beginning of what a file holds, for people to look at: a few rows of each table, a few lines of text.

Promises: no more than the limits here, whoever makes one (inspection/excerpts.py checks what a worker says). It must
not know formats. Values are in clear: whoever shows them masks them (guard/console/attachments.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

MOST_ROWS, MOST_COLUMNS = 10, 8
"""Of a table (CONSOLE.md 2.2)."""
MOST_TABLES, MOST_TEXTS = 20, 30
MOST_CHARACTERS = 200
"""Of a cell, a line, a name of a place."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """column: from 1 on. hidden: why a reader of the file does not see it, in words ("hidden columns"); "" if seen."""

    column: int
    value: str = field(repr=False)
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """number: as in the file, from 1 on. Cells that hold nothing are left out."""

    number: int
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True, slots=True)
class ShownTable:
    """where: in words ("sheet Data"), with the way to its file in an archive. hidden: what hides the whole table, ""
    where nothing does. count: how many rows with something in them it has in all. headings: those that the format
    keeps apart, from column 1 on.
    """

    where: str
    hidden: str
    count: int
    rows: tuple[ShownRow, ...]
    headings: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[int, ...]:
        """Those in which a row that is shown has something."""
        return tuple(sorted({cell.column for row in self.rows for cell in row.cells}))


@dataclass(frozen=True, slots=True)
class ShownText:
    where: str
    text: str = field(repr=False)
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """tables, texts: the first of what is seen and of what is not. more_tables, more_texts: how many there are besides.
    unread: why something could not be read, None where all was.
    """

    tables: tuple[ShownTable, ...] = ()
    texts: tuple[ShownText, ...] = ()
    more_tables: int = 0
    more_texts: int = 0
    unread: str | None = None

    def changed(self, change: Callable[[str], str]) -> Excerpt:
        """With every value of the file put through `change`; places stay as they are."""
        tables = tuple(
            replace(
                table,
                headings=tuple(change(each) for each in table.headings),
                rows=tuple(
                    replace(row, cells=tuple(replace(cell, value=change(cell.value)) for cell in row.cells))
                    for row in table.rows
                ),
            )
            for table in self.tables
        )
        return replace(self, tables=tables, texts=tuple(replace(each, text=change(each.text)) for each in self.texts))
