"""Whatever text stands in XML that no reader here knows the meaning of: its records as a table, the rest as texts.

A record is an element with two leaves or more, `<row><name>..</name><born>..</born></row>`, or with two attributes or
more; a list of people in a custom part looks like that, and judged by column it is recognised. What is kept counts
against the budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..budget import Budget, Uninspectable
from ..stream import Item, Row, Table, Text, Visibility
from .xml_events import SEPARATOR, read_xml

_OVERHEAD = 96
_MAX_COLUMNS = 1_024
_MAX_DEPTH = 256


def read_texts(pieces: Iterable[bytes], where: str, visibility: Visibility, budget: Budget) -> Iterator[Item]:
    """Texts first, then one table of all records."""
    reader = _Reader(budget)
    read_xml(pieces, reader.start, reader.end, reader.characters)
    for text in reader.texts:
        yield Text(text, where, visibility)
    if reader.records:
        yield Table(where, visibility, headings=tuple(reader.columns))
        for number, (values, columns) in enumerate(reader.records, 1):
            yield Row(number, values, columns)


class _Reader:
    """open: for each open element its text so far and its leaves, (name, text)."""

    def __init__(self, budget: Budget) -> None:
        self.texts: list[str] = []
        self.columns: dict[str, int] = {}
        self.records: list[tuple[tuple[str, ...], tuple[int, ...]]] = []
        self._budget = budget
        self._open: list[tuple[list[str], list[tuple[str, str]]]] = []

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise Uninspectable(f"holds XML nested more than {_MAX_DEPTH} deep")
        self._open.append(([], []))
        self._add([(_name(key), value.strip()) for key, value in attributes.items() if value.strip()])

    def characters(self, text: str) -> None:
        self._open[-1][0].append(text)

    def end(self, full: str) -> None:
        pieces, leaves = self._open.pop()
        text = "".join(pieces).strip()
        if leaves:
            self._add(leaves)
            if text:
                self._add([("", text)])
        elif text and self._open:
            self._open[-1][1].append((_name(full), text))
        elif text:
            self._add([("", text)])

    def _add(self, found: Sequence[tuple[str, str]]) -> None:
        self._budget.keep(sum(len(text) + _OVERHEAD for _, text in found))
        if len(found) < 2:
            self.texts += [text for _, text in found]
            return
        columns: dict[int, str] = {}
        for name, text in found:
            column = self._column(name)
            columns[column] = f"{columns[column]} {text}" if column in columns else text
        order = sorted(columns)
        self._budget.spend_cells(len(order))
        self.records.append((tuple(columns[each] for each in order), tuple(order)))

    def _column(self, name: str) -> int:
        if name not in self.columns and len(self.columns) < _MAX_COLUMNS:
            self.columns[name] = len(self.columns) + 1
        return self.columns.get(name, _MAX_COLUMNS)


def _name(full: str) -> str:
    return full.rpartition(SEPARATOR)[2]
