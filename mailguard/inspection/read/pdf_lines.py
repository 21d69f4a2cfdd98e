"""The letters of a page as somebody reads them: lines of text, and tables where lines are cut into columns alike.

A table is told by its gaps alone, since rules and fills say little: lines that follow each other and have wide gaps are
a block; where nearly none of them has a letter a column ends. A table that goes on over pages is one table.
Promises: every run comes out once, in a line or in a cell, with what hides it.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..stream import SEEN, Item, Row, Table, Text, Visibility
from .pdf_library import Box
from .pdf_looks import Run

FEWEST_LINES = 3
"""Lines with columns that make a table."""
MOST_BETWEEN = 2
"""Lines without columns within one: cells that run over."""
_WIDE = 0.9
"""Of the height of a line: a gap that is no space between words."""
_WORD = 0.12
"""Of the height of a line: a gap that is one."""
_CROSSED = 0.1
"""Of the lines of a table may have letters where a column ends: headings do."""
_BINS = 4_096
_MOST_COLUMNS = 200


@dataclass(slots=True)
class Line:
    """Runs side by side, from left to right."""

    runs: list[Run]
    height: float
    wide: int = 0


class Reading:
    """Turns the runs of page after page into items; a table is carried on from one page to the next."""

    def __init__(self) -> None:
        self._edges: tuple[float, ...] = ()
        self._headings: tuple[str, ...] = ()
        self._number = 0

    def page(self, runs: Sequence[Run], where: str) -> Iterator[Item]:
        """where: "page 3"."""
        lines, behind = _apart(_lines(_upright(runs)))
        yield from self._items(lines, where)
        if behind:
            yield from self._items(_lines([(run.box, run) for run in behind]), where)

    def _items(self, lines: Sequence[Line], where: str) -> Iterator[Item]:
        loose: list[Line] = []
        tables: list[Item] = []
        for block, tabular in _blocks(lines):
            edges = _edges(block) if tabular else ()
            goes_on = len(edges) <= len(self._edges) and _fits(block, self._edges)
            if not edges and not goes_on:
                loose += block
                continue
            if not goes_on:
                tables.append(Table(f"table on {where}"))
                self._edges, self._number = edges, 0
            for line in block:
                tables += self._row(line)
        if not tables:
            self._edges = ()
        yield from _texts(loose, where)
        yield from tables

    def _row(self, line: Line) -> Iterator[Row]:
        """Headings that are put on top of each page stand once."""
        row = _row(self._number + 1, line, self._edges)
        if self._number and row.values == self._headings and row.visibility is SEEN and not row.unseen:
            return
        self._number += 1
        if self._number == 1:
            self._headings = row.values
        yield row


def _upright(runs: Sequence[Run]) -> list[tuple[Box, Run]]:
    """With boxes as if the letters of most runs stood upright."""
    turns = [run.turned for run in runs if len(run.text) > 1]
    for turned in (1, 2):
        if turns.count(turned) * 2 > len(turns):
            return [(_turned(run.box, turned), run) for run in runs]
    return [(run.box, run) for run in runs]


def _turned(box: Box, way: int) -> Box:
    left, bottom, right, top = box
    return (bottom, -right, top, -left) if way == 1 else (-top, left, -bottom, right)


def _lines(boxed: list[tuple[Box, Run]]) -> list[Line]:
    """Runs whose middles are at about the same height, from the top of the page to its end."""
    placed = [(-(box[1] + box[3]) / 2, box, run) for box, run in boxed if run.text.strip() and box[2] >= box[0]]
    placed.sort(key=lambda each: each[0])
    lines: list[Line] = []
    current: list[tuple[Box, Run]] = []
    middle = height = 0.0
    for at, box, run in placed:
        own = box[3] - box[1]
        if current and at - middle > 0.5 * max(min(height, own), 1.0):
            lines.append(_line(current, height))
            current, height = [], 0.0
        if not current:
            middle = at
        current.append((box, run))
        height = max(height, own)
    if current:
        lines.append(_line(current, height))
    return lines


def _line(boxed: list[tuple[Box, Run]], height: float) -> Line:
    boxed.sort(key=lambda each: each[0][0])
    runs = [run if run.box is box else run._replace(box=box) for box, run in boxed]
    gap = _WIDE * max(height, 4.0)
    wide = sum(after.box[0] - before.box[2] > gap for before, after in pairwise(runs))
    return Line(runs, height, wide)


def _apart(lines: list[Line]) -> tuple[list[Line], list[Run]]:
    """What is hidden where something else is seen is no part of that line."""
    behind: list[Run] = []
    for line in lines:
        shown = [run for run in line.runs if run.why is SEEN]
        if not shown or len(shown) == len(line.runs):
            continue
        kept, reach, at = list(shown), shown[0].box[0], 0
        for run in line.runs:
            if run.why is SEEN:
                continue
            while at < len(shown) and shown[at].box[0] < run.box[2]:
                reach = max(reach, shown[at].box[2])
                at += 1
            (behind if reach - run.box[0] > 0.3 * (run.box[2] - run.box[0]) and at else kept).append(run)
        again = _line([(run.box, run) for run in kept], line.height)
        line.runs, line.wide = again.runs, again.wide
    return lines, behind


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[list[Line], bool]]:
    """Lines in their order, cut into those that may be a table and those that are not."""
    block: list[Line] = []
    after: list[Line] = []
    for line in lines:
        if line.wide:
            if not block:
                if after:
                    yield after, False
                block, after = [line], []
            else:
                block += [*after, line]
                after = []
        else:
            after.append(line)
            if block and len(after) > MOST_BETWEEN:
                yield block, sum(1 for each in block if each.wide) >= FEWEST_LINES
                block = []
    if block:
        yield block, sum(1 for each in block if each.wide) >= FEWEST_LINES
    if after:
        yield after, False


def _edges(block: Sequence[Line]) -> tuple[float, ...]:
    """Where columns end: the middle of each strip that nearly no line with columns crosses."""
    cut = [line for line in block if line.wide]
    left = min(run.box[0] for line in cut for run in line.runs)
    right = max(run.box[2] for line in cut for run in line.runs)
    if right - left < 1:
        return ()
    scale = min(1.0, _BINS / (right - left))
    bins = int((right - left) * scale) + 2
    changes = [0] * (bins + 1)
    for line in cut:
        for run in line.runs:
            changes[int((run.box[0] - left) * scale)] += 1
            changes[int((run.box[2] - left) * scale) + 1] -= 1
    most = _CROSSED * len(cut)
    edges: list[float] = []
    covered = 0
    begun: int | None = None
    for at in range(bins):
        covered += changes[at]
        if covered <= most:
            begun = at if begun is None else begun
        elif begun is not None:
            if begun > 0:
                edges.append(left + (begun + at) / 2 / scale)
            begun = None
    return tuple(edges[:_MOST_COLUMNS])


def _fits(block: Sequence[Line], edges: tuple[float, ...]) -> bool:
    """Whether lines are cut as the table above them is: some have gaps, and hardly a run lies across an end."""
    wide = [line for line in block if line.wide]
    runs = [run for line in wide for run in line.runs]
    across = sum(bisect(edges, run.box[0] + 1) != bisect(edges, run.box[2] - 1) for run in runs)
    return bool(edges) and bool(runs) and across <= _CROSSED * len(runs)


def _row(number: int, line: Line, edges: tuple[float, ...]) -> Row:
    cells: dict[int, list[Run]] = {}
    for run in line.runs:
        middle = (run.box[0] + run.box[2]) / 2
        cells.setdefault(1 + bisect(edges, middle), []).append(run)
    columns = tuple(cells)
    values = tuple(_joined(runs, line.height) for runs in cells.values())
    whys = [_why(runs) for runs in cells.values()]
    if len(set(whys)) == 1:
        return Row(number, values, columns, whys[0])
    return Row(number, values, columns, SEEN, tuple((at, why) for at, why in enumerate(whys) if why is not SEEN))


def _why(runs: Sequence[Run]) -> Visibility:
    return next((run.why for run in runs if run.why is not SEEN), SEEN)


def _texts(lines: Sequence[Line], where: str) -> Iterator[Item]:
    """One text of all that is seen, one for each thing that hides some."""
    found: dict[Visibility, list[str]] = {}
    for line in lines:
        parts: dict[Visibility, list[Run]] = {}
        for run in line.runs:
            parts.setdefault(run.why, []).append(run)
        for why, runs in parts.items():
            found.setdefault(why, []).append(_joined(runs, line.height))
    for why, said in found.items():
        yield Text("\n".join(said), where, why)


def _joined(runs: Sequence[Run], height: float) -> str:
    """Runs of one line with the spaces that their gaps are; two for a gap that is wider than between words."""
    text = ""
    before: Run | None = None
    for run in runs:
        if before is not None:
            gap = run.box[0] - before.box[2]
            text += "  " if gap > _WIDE * max(height, 4.0) else " " if gap > _WORD * height else ""
        text += run.text
        before = run
    return text.strip()
