"""Charts: their titles, and the values that they keep of the cells that they draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget
from ..stream import Row
from .spreadsheetml import names, sheet_of
from .xml_events import joined, read_xml

_CACHES = frozenset(["strCache", "numCache", "strLit", "numLit", "lvl"])
_MAX_POINTS = 1_048_576
_OVERHEAD = 96


@dataclass(slots=True)
class ChartData:
    """texts: titles and labels. sources: the areas that the values came from. columns: the values of each cache."""

    texts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    columns: list[dict[int, str]] = field(default_factory=list)

    @property
    def sheets(self) -> frozenset[str]:
        """Names of the sheets that it draws; "" for a source that is no area of a sheet."""
        return frozenset(sheet_of(each) for each in self.sources)

    def rows(self) -> Iterator[Row]:
        """The points of all caches by their number, a cache to a column."""
        points: dict[int, list[tuple[int, str]]] = {}
        for index, column in enumerate(self.columns, 1):
            for number, value in column.items():
                points.setdefault(number, []).append((index, value))
        for number, found in sorted(points.items()):
            yield Row(number + 1, tuple(value for _, value in found), tuple(index for index, _ in found))


def read_chart(pieces: Iterator[bytes], budget: Budget) -> ChartData:
    reader = _Reader(budget)
    read_xml(pieces, reader.start, reader.end, reader.characters)
    return reader.chart


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self.chart = ChartData()
        self._budget = budget
        self._names = names()
        self._point = 0
        self._open = ""
        self._text = ""

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name in _CACHES:
            self._budget.spend_cells(1)
            self.chart.columns.append({})
        elif name == "pt":
            index = attributes.get("idx", "0")
            self._point = min(int(index[:9]), _MAX_POINTS) if index.isdecimal() else 0
        elif name in ("v", "t", "f"):
            self._open, self._text = name, ""

    def end(self, full: str) -> None:
        if not self._open or self._names[full] != self._open:
            return
        text, self._open = self._text.strip(), ""
        if not text:
            return
        self._budget.keep(len(text) + _OVERHEAD)
        name = self._names[full]
        if name == "f":
            self.chart.sources.append(text)
        elif name == "v" and self.chart.columns:
            self.chart.columns[-1][self._point] = text
        else:
            self.chart.texts.append(text)

    def characters(self, text: str) -> None:
        if self._open:
            self._text = joined(self._text, text)
