"""The cache of another workbook: cells that a formula once read there, kept so that it shows without the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..budget import Budget
from ..stream import Item, Row, Table, Text, Visibility
from .spreadsheetml import Columns, names
from .xml_events import joined, read_xml

_OVERHEAD = 96


def read_link_cache(pieces: Iterator[bytes], where: str, budget: Budget) -> Iterator[Item]:
    """A table for each sheet of the other workbook that has cells here; names that are defined there, as texts."""
    reader = _Reader(where, budget)
    read_xml(pieces, reader.start, reader.end, reader.characters)
    yield from reader.items


class _Reader:
    """Also DDE and OLE links, whose values are `value` elements with `val`."""

    def __init__(self, where: str, budget: Budget) -> None:
        self.items: list[Item] = []
        self._where, self._budget = where, budget
        self._names = names()
        self._letters = Columns()
        self._sheets: list[str] = []
        self._cells: dict[int, str] = {}
        self._row = 0
        self._column = 0
        self._text = ""
        self._open = False

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name == "sheetName":
            self._budget.keep(len(attributes.get("val", "")) + _OVERHEAD)
            self._sheets.append(attributes.get("val", ""))
        elif name == "sheetData":
            self._begin_table(attributes.get("sheetId", ""))
        elif name == "values":
            self.items.append(Table(f"{self._where}: linked values", Visibility.LINK_CACHE))
            self._row = 0
        elif name == "row":
            self._row = _number(attributes.get("r", ""), self._row + 1)
        elif name == "cell":
            self._column = self._letters[attributes.get("r", "").rstrip("0123456789")]
        elif name in ("v", "val"):
            self._open, self._text = True, ""
        elif name in ("definedName", "ddeItem", "oleItem"):
            self._say(" ".join(attributes.get(key, "") for key in ("name", "refersTo")))

    def end(self, full: str) -> None:
        name = self._names[full]
        if name in ("v", "val") and self._open:
            self._open = False
            self._add_cell(self._text)
            if name == "val":
                self._row += 1
                self._end_row()
        elif name == "row":
            self._end_row()

    def characters(self, text: str) -> None:
        if self._open:
            self._text = joined(self._text, text)

    def _begin_table(self, identifier: str) -> None:
        known = identifier.isdecimal() and int(identifier[:6]) < len(self._sheets)
        sheet = self._sheets[int(identifier)] if known else identifier
        self.items.append(Table(f"{self._where}: sheet {sheet}", Visibility.LINK_CACHE))
        self._row = 0

    def _add_cell(self, value: str) -> None:
        if value.strip():
            self._budget.keep(len(value) + _OVERHEAD)
            column = self._column or len(self._cells) + 1
            while column in self._cells:
                column += 1
            self._cells[column] = value

    def _end_row(self) -> None:
        if self._cells:
            order = tuple(sorted(self._cells))
            self._budget.spend_cells(len(order))
            self.items.append(Row(self._row, tuple(self._cells[each] for each in order), order))
            self._cells = {}
        self._column = 0

    def _say(self, text: str) -> None:
        self._budget.keep(len(text) + _OVERHEAD)
        if text.strip():
            self.items.append(Text(text.strip(), self._where, Visibility.LINK_CACHE))


def _number(value: str, otherwise: int) -> int:
    return int(value) if value.isdecimal() and len(value) < 8 else otherwise
