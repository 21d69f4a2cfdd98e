"""Tables of text documents as the stream has them: rows of cells, each cell with its texts by what hides them.

Shared by the readers of docx, odt and rtf. A table inside a table comes after it, as a table of its own. It must not
know a format.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Row, Table, Text, Visibility

MAX_COLUMN = 16_384
MAX_NESTED = 64
"""Tables within tables; Word writes some dozens at most."""
_OVERHEAD = 64

Layers = dict[Visibility, list[str]]


@dataclass(slots=True)
class Cell:
    """layers: paragraphs by what hides them. own: what hides the cell as a whole; ground: the colour behind it."""

    column: int
    own: Visibility = SEEN
    ground: int | None = None
    layers: Layers = field(default_factory=dict)

    def add(self, visibility: Visibility, text: str) -> None:
        why = self.own if visibility is SEEN else visibility
        self.layers.setdefault(why, []).append(text)


@dataclass(slots=True)
class OpenTable:
    """A table that is being read. style, ground, look: for who reads its colours. items: what is handed on of it."""

    where: str
    visibility: Visibility = SEEN
    style: str = ""
    ground: int | None = None
    switches: int = 0
    row: int = 0
    next_column: int = 1
    row_visibility: Visibility = SEEN
    cells: list[Cell] = field(default_factory=list)
    open_cells: list[Cell] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    after: list[Item] = field(default_factory=list)
    begun: bool = False

    @property
    def cell(self) -> Cell | None:
        return self.open_cells[-1] if self.open_cells else None

    def begin_row(self, visibility: Visibility = SEEN) -> None:
        self.row += 1
        self.next_column = 1
        self.row_visibility = visibility
        self.cells = []

    def begin_cell(self, own: Visibility = SEEN) -> Cell:
        cell = Cell(min(self.next_column, MAX_COLUMN), own)
        self.next_column += 1
        self.open_cells.append(cell)
        return cell

    def end_cell(self, budget: Budget) -> None:
        if self.open_cells:
            cell = self.open_cells.pop()
            if cell.layers:
                if len(self.cells) >= MAX_COLUMN:
                    raise Uninspectable(f"holds a row of more than {MAX_COLUMN} cells")
                budget.spend_cells(1)
                self.cells.append(cell)

    def end_row(self, budget: Budget) -> None:
        """What the row holds goes into items. A row whose one cell holds paragraphs is no row but their frame."""
        cells, self.cells = self.cells, []
        if not cells:
            return
        budget.spend_cells(1)
        if len(cells) == 1 and any(len(texts) > 1 for texts in cells[0].layers.values()):
            self.items += _paragraphs(self, cells[0])
            return
        if not self.begun:
            self.begun = True
            self.items.append(Table(self.where, self.visibility))
        self.items += _rows(self, cells)


def _paragraphs(table: OpenTable, cell: Cell) -> list[Item]:
    whole = table.visibility if table.visibility is not SEEN else table.row_visibility
    return [
        Text(text, table.where, whole if whole is not SEEN else visibility)
        for visibility, texts in cell.layers.items()
        for text in texts
    ]


def _rows(table: OpenTable, cells: list[Cell]) -> list[Item]:
    """One row; and another for each further layer that some cell has, beside what the other cells show."""
    first = [_first_layer(cell) for cell in cells]
    found: list[Item] = [_row(table, cells, first)]
    others = dict.fromkeys(
        why for cell, chosen in zip(cells, first, strict=True) for why in cell.layers if why is not chosen
    )
    for why in others:
        layers = [why if why in cell.layers else chosen for cell, chosen in zip(cells, first, strict=True)]
        found.append(_row(table, cells, layers))
    return found


def _first_layer(cell: Cell) -> Visibility:
    return SEEN if SEEN in cell.layers else next(iter(cell.layers))


def _row(table: OpenTable, cells: list[Cell], layers: list[Visibility]) -> Row:
    values = tuple("\n".join(cell.layers[why]) for cell, why in zip(cells, layers, strict=True))
    unseen = tuple((index, why) for index, why in enumerate(layers) if why is not SEEN)
    return Row(table.row, values, tuple(cell.column for cell in cells), table.row_visibility, unseen)


class Tables:
    """The tables that are open, the innermost last, and how what they give comes into the order of a stream.

    A text box inside a cell stands between: what is written in it is not the cell's.
    """

    def __init__(self, budget: Budget) -> None:
        self.ready: list[Item] = []
        self._budget = budget
        self._open: list[OpenTable | None] = []
        self._count = 0

    @property
    def table(self) -> OpenTable | None:
        """The table in which the next paragraph stands, None in a text box or outside of tables."""
        return self._open[-1] if self._open else None

    def begin(self, where: str, visibility: Visibility = SEEN) -> OpenTable:
        if len(self._open) >= MAX_NESTED:
            raise Uninspectable(f"holds tables nested more than {MAX_NESTED} deep")
        self._count += 1
        table = OpenTable(f"table {self._count} of {where}", visibility)
        self._open.append(table)
        return table

    def begin_box(self) -> None:
        if len(self._open) >= MAX_NESTED:
            raise Uninspectable(f"holds tables nested more than {MAX_NESTED} deep")
        self._open.append(None)

    def end_box(self) -> None:
        if self._open and self._open[-1] is None:
            self._open.pop()

    def end_row(self) -> None:
        table = self.table
        if table is None:
            return
        table.end_row(self._budget)
        if self._outer() is None:
            self.ready += table.items
            table.items = []
        else:
            self._keep(table.items[-1:])

    def end(self) -> None:
        """The innermost table is over: its rows, then the tables inside of it."""
        table = self.table
        if table is None:
            return
        outer = self._outer()
        self._open.pop()
        (self.ready if outer is None else outer.after).extend([*table.items, *table.after])

    def end_all(self) -> None:
        while self._open:
            if self._open[-1] is None:
                self._open.pop()
            else:
                self.end()

    def say(self, layers: Layers, where: str) -> None:
        """A paragraph: into the cell in which it stands, else on its own."""
        cell = self._open[-1].cell if self._open and self._open[-1] is not None else None
        for visibility, texts in layers.items():
            for text in texts:
                if cell is not None:
                    self._budget.keep(len(text) + _OVERHEAD)
                    cell.add(visibility, text)
                else:
                    self.ready.append(Text(text, where, visibility))

    def _outer(self) -> OpenTable | None:
        return next((each for each in reversed(self._open[:-1]) if each is not None), None)

    def _keep(self, items: list[Item]) -> None:
        for item in items:
            self._budget.keep(_OVERHEAD * (len(item.values) if isinstance(item, Row) else 1))
