"""One slide as items of the stream: its texts by paragraph, its tables, what is said beside them.

Promises: each text once, split where what hides it changes. It must not know the package; what a shape links to is
handed back with what hides the shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from ..stream import SEEN, ColumnSpan, Item, Row, Table, Text, Visibility
from .plane import Matrix
from .slide_looks import Above, Comparisons, Looks
from .slide_shapes import Page, Paragraph, Shape, TableCell, TableShape
from .spreadsheetml import MAX_SPANS

_PROMPTS = ("sldLayout", "sldMaster", "notesMaster", "handoutMaster")


@dataclass(frozen=True, slots=True)
class Link:
    """What a shape shows of another part. kind: chart, relIds (a diagram), oleObj, control."""

    kind: str
    id: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Setting:
    """Of one page. where: words for people. whole: what hides all of it. size: of slides, EMU."""

    where: str
    whole: Visibility
    above: Above
    size: tuple[float, float]
    comparisons: Comparisons
    budget: Budget


def read_slide(page: Page, setting: Setting) -> Iterator[Item | Link]:
    """Its items, in the order in which shapes lie upon each other, and its links."""
    looks = Looks(page, setting.above, setting.size, setting.comparisons)
    said: set[str] = set()
    tables = 0
    for number, shape in enumerate(page.shapes):
        if not (shape.paragraphs or shape.table or shape.links or shape.said):
            continue
        why = setting.whole if setting.whole is not SEEN else looks.why_unseen(number)
        if why is SEEN and page.root in _PROMPTS and shape.placeholder is not None:
            why = Visibility.MARKUP
        for text, visibility in _texts(looks, number, shape, why):
            if not shape.fallback or text not in said:
                yield Text(text, setting.where, visibility)
            said.add(text)
        if shape.table is not None:
            tables += 1
            yield from _table(looks, number, shape.table, f"{setting.where}, table {tables}", why, setting.budget)
        for text in shape.said:
            yield Text(text, f"alternative text on {setting.where}", Visibility.MARKUP)
        for kind, identifier in shape.links:
            yield Link(kind, identifier, why)
    for text in page.stray:
        yield Text(text, f"markup of {setting.where}", Visibility.MARKUP)


def _texts(looks: Looks, number: int, shape: Shape, why: Visibility) -> Iterator[tuple[str, Visibility]]:
    for paragraph in shape.paragraphs:
        yield from _split(
            [(run.text, why if why is not SEEN else looks.of_run(number, paragraph, run)) for run in paragraph.runs]
        )


def _split(runs: list[tuple[str, Visibility]]) -> Iterator[tuple[str, Visibility]]:
    """Runs that are hidden alike together; spaces belong to whatever they stand in."""
    text, why = "", SEEN
    for more, visibility in runs:
        if text.strip() and more.strip() and visibility is not why:
            yield text.strip(), why
            text = ""
        if more.strip() or not text:
            why = visibility
        text += more
    if text.strip():
        yield text.strip(), why


def _table(looks: Looks, number: int, table: TableShape, where: str, why: Visibility, budget: Budget) -> Iterator[Item]:
    place = looks.place(number)
    yield Table(where, why, _off_columns(looks, number, table, place) if why is SEEN else ())
    top = 0.0
    for index, height in enumerate(table.heights):
        row_why = SEEN
        if why is SEEN and place is not None:
            matrix, width, _ = place
            row_why = looks.why_area_unseen(number, matrix, 0, top, sum(table.widths) or width, height)
        top += height
        row = _row(looks, number, table, index, row_why)
        if row is not None:
            budget.spend_cells(1)
            yield row


def _off_columns(
    looks: Looks, number: int, table: TableShape, place: tuple[Matrix, float, float] | None
) -> tuple[ColumnSpan, ...]:
    found: list[ColumnSpan] = []
    left = 0.0
    if place is not None:
        for column, width in enumerate(table.widths, 1):
            why = looks.why_area_unseen(number, place[0], left, 0, width, place[2])
            left += width
            if why is not SEEN:
                if len(found) >= MAX_SPANS:
                    raise Uninspectable(f"more than {MAX_SPANS} columns of a table that do not show")
                found.append(ColumnSpan(column, column, why))
    return tuple(found)


def _row(looks: Looks, number: int, table: TableShape, index: int, why: Visibility) -> Row | None:
    values: list[str] = []
    columns: list[int] = []
    unseen: list[tuple[int, Visibility]] = []
    for column, cell in enumerate(table.rows[index], 1):
        text = "\n".join(_plain(paragraph) for paragraph in cell.paragraphs).strip()
        if not text:
            continue
        hidden = Visibility.COVERED if cell.covered else _cell(looks, number, table, cell, index, column)
        if hidden is not SEEN:
            unseen.append((len(values), hidden))
        values.append(text)
        columns.append(column)
    return Row(index + 1, tuple(values), tuple(columns), why, tuple(unseen)) if values else None


def _cell(looks: Looks, number: int, table: TableShape, cell: TableCell, index: int, column: int) -> Visibility:
    """What hides any of its letters."""
    last = index == len(table.rows) - 1, column == len(table.rows[index])
    edges = {"firstRow": index == 0, "lastRow": last[0], "firstCol": column == 1, "lastCol": last[1]}
    painted = table.styled and any(edges[each] for each in edges if each in table.marked)
    for paragraph in cell.paragraphs:
        for run in paragraph.runs:
            why = looks.of_cell_run(number, cell, paragraph, run, painted) if run.text.strip() else SEEN
            if why is not SEEN:
                return why
    return SEEN


def _plain(paragraph: Paragraph) -> str:
    return "".join(run.text for run in paragraph.runs)
