"""Pivot caches: the copy of its source that a pivot table keeps, row by row, also when the source is gone.

A definition part names the fields and lists the items of each; a records part has one row for each row of the source,
whose values are items by number. Items that no record uses any more stay in the list: people who were deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import Row
from .spreadsheetml import MAX_COLUMN, names
from .xml_events import read_xml, xml_steps

_VALUES = frozenset(["s", "n", "d", "b", "e", "m"])
_OVERHEAD = 64


@dataclass(slots=True)
class Field:
    name: str
    items: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


@dataclass(slots=True)
class PivotCache:
    """sheet, area: of a source in this workbook. outside: whether the source is another file or a database."""

    sheet: str = ""
    area: str = ""
    outside: bool = False
    fields: list[Field] = field(default_factory=list)

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.fields)


def read_definition(pieces: Iterator[bytes], budget: Budget) -> PivotCache:
    """The fields with their items, and where the rows came from."""
    reader = _Definition(budget)
    read_xml(pieces, reader.start, reader.end)
    return reader.cache


class _Definition:
    def __init__(self, budget: Budget) -> None:
        self.cache = PivotCache()
        self._budget = budget
        self._names = names()
        self._within = ""

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name == "cacheSource":
            self.cache.outside = attributes.get("type") not in (None, "worksheet")
        elif name == "worksheetSource":
            self._read_source(attributes)
        elif name == "cacheField":
            if len(self.cache.fields) >= MAX_COLUMN:
                raise Uninspectable(f"a pivot cache with more than {MAX_COLUMN} fields")
            self._budget.keep(len(attributes.get("name", "")) + _OVERHEAD)
            self.cache.fields.append(Field(attributes.get("name", "")))
        elif name in ("sharedItems", "groupItems"):
            self._within = name
        elif self._within == "sharedItems" and name in _VALUES and self.cache.fields:
            value = _value(name, attributes)
            self._budget.keep(len(value) + _OVERHEAD)
            self.cache.fields[-1].items.append(value)

    def end(self, full: str) -> None:
        if self._names[full] == self._within:
            self._within = ""

    def _read_source(self, attributes: Mapping[str, str]) -> None:
        self.cache.sheet = attributes.get("sheet", "")
        self.cache.area = attributes.get("ref", "") or attributes.get("name", "")
        self.cache.outside |= any(self._names[key] == "id" for key in attributes)


def read_records(pieces: Iterator[bytes], cache: PivotCache, budget: Budget) -> Iterator[Row]:
    """One row for each record, items in the place of their numbers."""
    reader = _Records(cache, budget)
    for _ in xml_steps(pieces, reader.start, reader.end):
        yield from reader.rows
        reader.rows.clear()


class _Records:
    def __init__(self, cache: PivotCache, budget: Budget) -> None:
        self.rows: list[Row] = []
        self._cache, self._budget = cache, budget
        self._names = names()
        self._number = 0
        self._values: list[str] | None = None
        self._nested = 0

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name == "r" and self._values is None:
            self._values = []
        elif self._values is not None:
            self._nested += 1
            if self._nested == 1:
                self._values.append(self._item(attributes) if name == "x" else _value(name, attributes))

    def end(self, full: str) -> None:
        if self._nested:
            self._nested -= 1
        elif self._values is not None:
            self._add(self._values)
            self._values = None

    def _item(self, attributes: Mapping[str, str]) -> str:
        """An item that is not there means that the cache is not what it says."""
        index, place = attributes.get("v", ""), len(self._values or ())
        fields = self._cache.fields
        if not index.isdecimal() or place >= len(fields) or int(index[:9]) >= len(fields[place].items):
            raise Uninspectable("a pivot cache points at an item that is not there")
        fields[place].used.add(int(index))
        return fields[place].items[int(index)]

    def _add(self, values: list[str]) -> None:
        self._number += 1
        self._budget.spend_cells(len(values))
        if any(values):
            self.rows.append(Row(self._number, tuple(values)))


def left_over(cache: PivotCache) -> Iterator[Row]:
    """Items that no record uses, side by side; all of them, where there are no records."""
    rest = [[item for index, item in enumerate(each.items) if index not in each.used] for each in cache.fields]
    left = [(column, items) for column, items in enumerate(rest, 1) if items]
    number = 0
    while left:
        found = [(column, items[number]) for column, items in left if items[number]]
        number += 1
        if found:
            yield Row(number, tuple(value for _, value in found), tuple(column for column, _ in found))
        left = [(column, items) for column, items in left if len(items) > number]


def _value(name: str, attributes: Mapping[str, str]) -> str:
    value = attributes.get("v", "")
    return value.removesuffix("T00:00:00") if name == "d" else value
