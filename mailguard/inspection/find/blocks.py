"""The rows of a table cut into blocks that are judged apart, in chunks of bounded size.

A block ends where a row is left empty or a new row of headings begins, so that two tables on one sheet are not mixed.
Blocks with fewer rows than can be judged are put together, so that empty rows between people hide nobody; what is then
still too short waits for tables like it (small_tables.py). A block that
holds nobody one way round and is no longer than people's data sheets is looked at the other way round.
INVARIANT: at most MAX_ROWS rows (or MAX_CELLS cells and MIN_ROWS rows) wait in memory; each is judged at most twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..stream import Row, Table
from .columns import FEWEST, Column
from .grid import Grid, by_column, by_row, cells_of, width_of
from .headings import COMPARED, above, begins_a_table, heading_rows
from .judging import Judging
from .kind import Kinds
from .small_tables import SmallTables

MAX_ROWS = 256
MAX_CELLS, MIN_ROWS = 50_000, 16
"""Wide tables in smaller chunks."""
MAX_FIELDS = 64
"""Rows of a table that lies on its side: one for each thing that is said of a person."""


@dataclass(slots=True)
class _Block:
    """Rows that wait to be judged, and what is known of the columns from those that were.

    waiting: the few values of columns that have too few to be judged.
    """

    rows: list[Row] = field(default_factory=list)
    cells: int = 0
    columns: dict[int, Column] = field(default_factory=dict)
    waiting: dict[int, list[str]] = field(default_factory=dict)
    headings: list[str] = field(default_factory=list)
    begun: bool = False

    def is_full(self) -> bool:
        return self.cells >= MAX_CELLS and len(self.rows) >= MIN_ROWS


class Blocks:
    """Takes the rows of one table after the other, and hands grids to be judged."""

    def __init__(self, kinds: Kinds, judging: Judging) -> None:
        self._kinds = kinds
        self._judging = judging
        self._small_tables = SmallTables(kinds, judging)
        self._phrases = kinds.heading_phrases()
        self._table = Table("")
        self._block, self._small = _Block(), _Block()
        self._inherited: list[str] = []
        self._next = 0

    def begin(self, table: Table) -> None:
        self.end()
        self._table = table
        self._begin()

    def add(self, row: Row) -> None:
        if not any(row.values):
            self._close()
            return
        block = self._block
        if (row.number > self._next and (block.rows or block.begun)) or self._begins_anew(row):
            self._close()
            block = self._block
        self._next = row.number + 1
        block.rows.append(row)
        block.cells += len(row.values)
        if len(block.rows) >= MAX_ROWS or block.is_full():
            self._judge(block, whole=False)

    def end(self) -> None:
        """The table is over."""
        self._close()
        self._judge(self._small, whole=True)
        self._begin()

    def finish(self) -> None:
        """The stream is over."""
        self.end()
        self._small_tables.end()

    def _begin(self) -> None:
        self._block, self._small = _Block(), _Block()
        self._inherited = list(self._table.headings)
        self._next = 0

    def _begins_anew(self, row: Row) -> bool:
        """Whether new headings stand in this row, under enough others that are then over."""
        if not self._block.begun and len(self._block.rows) < FEWEST:
            return False
        first, last = row.values[0], row.values[-1]
        if first[:1].isdigit() or last[:1].isdigit() or self._phrases.isdisjoint(map(str.lower, row.values)):
            return False
        return begins_a_table(row.values, self._kinds)

    def _close(self) -> None:
        """The block is over: judged if it is long enough, else kept with other small ones."""
        block, self._block = self._block, _Block()
        if block.begun or len(block.rows) >= FEWEST:
            self._judge(block, whole=True)
        elif block.rows and not self._are_people_on_their_side(block.rows):
            self._inherit(block.rows)
            self._small.rows += block.rows
            self._small.cells += block.cells
            if len(self._small.rows) >= MAX_ROWS or self._small.is_full():
                self._judge(self._small, whole=False)

    def _are_people_on_their_side(self, rows: list[Row]) -> bool:
        if width_of(rows) <= FEWEST or len(rows) > MAX_FIELDS:
            return False
        return self._judging.lies_on_its_side(self._table, by_column(self._table, rows), _first_cells(rows))

    def _inherit(self, rows: list[Row]) -> range:
        """The headings of these rows, if they have any, are those of what comes below; where they stand."""
        top = [cells_of(row) for row in rows[:COMPARED]]
        found = heading_rows(top, self._kinds)
        if found:
            self._inherited = above([top[place] for place in found], max(len(top[place]) for place in found))
        return found

    def _judge(self, block: _Block, whole: bool) -> None:
        rows = block.rows
        block.rows, block.cells = [], 0
        if not rows:
            return
        is_all, data = whole and not block.begun, list(rows)
        if not block.begun:
            below = self._inherit(rows).stop
            self._judging.read_titles(self._table, rows[:below])
            data = rows[below:]
            block.headings, block.begun = self._inherited, True
        if is_all and len(data) < FEWEST:
            if not self._are_people_on_their_side(rows):
                if data:
                    self._small_tables.add(self._table, block.headings, data)
                self._small_tables.add_form(self._table, rows)
            return
        people = self._look(block, data) if data else 0
        if is_all and not people and not self._are_people_on_their_side(rows):
            self._small_tables.add_form(self._table, rows)

    def _look(self, block: _Block, rows: Sequence[Row]) -> int:
        grid: Grid = by_row(self._table, rows)
        thin = [number for number, values in grid.fields.items() if self._waits(block, number, values)]
        whole = Grid({number: grid.fields.pop(number) for number in thin}, grid.alike)
        people = self._judging.look(self._table, grid, block.columns)
        for number in thin:
            self._judging.read_text(self._table, whole, number, lines=not people)
        return people

    def _waits(self, block: _Block, number: int, values: list[str]) -> bool:
        """Whether a column has too few values so far to be judged: a row of 16,000 cells is not 16,000 columns."""
        if number in block.columns:
            return False
        waiting = block.waiting.get(number, [])
        filled = len(values) - values.count("")
        if filled + len(waiting) < FEWEST:
            block.waiting[number] = waiting + [value for value in values if value]
            return True
        heading = block.headings[number - 1] if number <= len(block.headings) else ""
        column = block.columns[number] = Column(heading, self._kinds)
        if waiting:
            column.add(block.waiting.pop(number))
        return False


def _first_cells(rows: Sequence[Row]) -> list[str]:
    """What stands in the first column of each row: the names of the fields of a table that lies on its side."""
    first = min(row.columns[0] if row.columns else 1 for row in rows)
    return [row.values[0] if (row.columns[0] if row.columns else 1) == first else "" for row in rows]
