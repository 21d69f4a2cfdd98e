"""Which cells lie so far from the others that nobody who scrolls a little comes across them.

A sheet is seen from A1. The area that grows from there without a gap larger than a screen or two is near; what lies
beyond such a gap is far away. Rows come in the order of the file, so this is decided row by row.
"""

from __future__ import annotations

GAP_ROWS = 100
"""Two to three screens of rows."""
GAP_COLUMNS = 40
"""Two screens of columns."""


class NearArea:
    """The area near A1, as it grows."""

    __slots__ = ("column", "row")

    def __init__(self) -> None:
        self.row = 0
        self.column = 0

    def is_far_row(self, row: int) -> bool:
        """Whether a row lies beyond a gap; if it does not, the area reaches to it."""
        if row - self.row > GAP_ROWS:
            return True
        self.row = max(self.row, row)
        return False

    def far_from(self, columns: list[int]) -> int | None:
        """The first column of a row that lies beyond a gap, None where none does; the others are near from now on."""
        if not columns or max(columns) <= self.column + 1:
            self.column = max(self.column, *columns) if columns else self.column
            return None
        for column in sorted(columns):
            if column - self.column > GAP_COLUMNS:
                return column
            self.column = max(self.column, column)
        return None
