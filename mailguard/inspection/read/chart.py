"""Charts: their titles, and the values that they keep of what they draw (ECMA-376 part 1, 21.2, and chartex).

Promises: every value that is kept comes out in a column of its cache. A chart draws most of them; the columns of which
it shows nothing are told: of a series that its filter leaves out, of labels from cells, and the names along an axis
that is taken away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget
from ..stream import Row
from .spreadsheetml import is_true, sheet_of
from .xml_events import LocalNames, joined, read_xml

_CACHES = frozenset(["strCache", "numCache", "strLit", "numLit", "lvl", "dlblRangeCache"])
_NAMED_AXES = frozenset(["catAx", "dateAx"])
_ROUND = frozenset(["pieChart", "pie3DChart", "doughnutChart", "ofPieChart"])
_MAX_POINTS = 1_048_576
_OVERHEAD = 96


@dataclass(slots=True)
class ChartData:
    """texts: titles and labels. sources: the areas that the values came from. columns: the values of each cache.
    undrawn: numbers of columns, from 1, that the chart does not show; names: of those that name its points.
    axes: whether an axis with names is there, and shows; legend: whether one is there; labelled: names at the points.
    """

    texts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    columns: list[dict[int, str]] = field(default_factory=list)
    undrawn: set[int] = field(default_factory=set)
    names: set[int] = field(default_factory=set)
    axes: list[bool] = field(default_factory=list)
    is_round: bool = False
    legend: bool = False
    labelled: bool = False

    @property
    def sheets(self) -> frozenset[str]:
        """Names of the sheets that it draws; "" for a source that is no area of a sheet."""
        return frozenset(sheet_of(each) for each in self.sources)

    def hidden_columns(self) -> tuple[int, ...]:
        """Numbers of the columns of which somebody who looks at the chart sees nothing."""
        named = self.labelled or any(self.axes) or (self.is_round and self.legend)
        lost = named or not (self.axes or self.is_round)
        return tuple(sorted(self.undrawn if lost else self.undrawn | self.names))

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
    """A point of chartex holds its value itself, any other in a `v` inside it."""

    def __init__(self, budget: Budget) -> None:
        self.chart = ChartData()
        self._budget = budget
        self._names = LocalNames()
        self._point = 0
        self._open = ""
        self._text = ""
        self._filtered = 0
        self._naming = False
        self._axis = ""

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name in _CACHES:
            self._budget.spend_cells(1)
            self.chart.columns.append({})
            self._mark(name)
        elif name == "pt":
            index = attributes.get("idx", "0")
            self._point = min(int(index[:9]), _MAX_POINTS) if index.isdecimal() else 0
            self._open, self._text = name, ""
        elif name in ("v", "t", "f"):
            self._open, self._text = name, ""
        else:
            self._start_look(name, is_true(attributes.get("val", "1")))

    def _mark(self, name: str) -> None:
        number = len(self.chart.columns)
        if self._filtered or name == "dlblRangeCache":
            self.chart.undrawn.add(number)
        elif self._naming:
            self.chart.names.add(number)

    def _start_look(self, name: str, value: bool) -> None:
        if name.startswith("filtered"):
            self._filtered += 1
        elif name == "cat":
            self._naming = True
        elif name in _NAMED_AXES:
            self._axis = name
            self.chart.axes.append(True)
        elif name == "delete" and self._axis:
            self.chart.axes[-1] = not value
        elif name in _ROUND:
            self.chart.is_round = True
        elif name == "legend":
            self.chart.legend = True
        elif name == "showCatName":
            self.chart.labelled |= value

    def end(self, full: str) -> None:
        name = self._names[full]
        if name == self._open:
            self._end_text(name)
        elif name.startswith("filtered"):
            self._filtered -= 1
        elif name == "cat":
            self._naming = False
        elif name == self._axis:
            self._axis = ""

    def _end_text(self, name: str) -> None:
        text, self._open = self._text.strip(), ""
        if not text:
            return
        self._budget.keep(len(text) + _OVERHEAD)
        if name == "f":
            self.chart.sources.append(text)
        elif name in ("v", "pt") and self.chart.columns:
            self.chart.columns[-1][self._point] = text
        else:
            self.chart.texts.append(text)

    def characters(self, text: str) -> None:
        if self._open:
            self._text = joined(self._text, text)
