"""Which rows of a block are its headings, and what stands above each column.

Titles above ("Patients, March 2026") have one cell and are passed over; a heading that is merged over several columns
stands in the first of them and is read above each. Of two rows of headings the lower fills more cells; two that fill
equally many are headings and data that looks like some ("Constable", "Unit 3").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .kind import Kinds
from .phrases import heading_is_of_people

LOOKED_AT = 12
"""Rows at the top of a block among which headings are looked for: a title, a date, a note, a gap and two headings."""
MAX_HEADING_CHARACTERS = 80
_VALUE = re.compile(r"[\d\W_]+|\S+@\S+|.*\d{4}.*", re.DOTALL)


def heading_rows(rows: Sequence[Sequence[str]], kinds: Kinds) -> range:
    """The rows that are headings, by their places; empty where there are none."""
    for place, row in enumerate(rows[:LOOKED_AT]):
        if is_heading(row, kinds):
            below = rows[place + 1] if place + 1 < len(rows) else ()
            merged = _filled(below) > _filled(row) and is_heading(below, kinds)
            first = place - 1 if place and _may_stand_above(rows[place - 1], row) else place
            return range(first, place + 2 if merged else place + 1)
    return range(0)


def is_heading(row: Sequence[str], kinds: Kinds) -> bool:
    """Words only, and at least one of them says what a column of people would hold; half of them where it is short."""
    filled = [cell for cell in row if cell]
    if not filled or any(len(cell) > MAX_HEADING_CHARACTERS or _VALUE.fullmatch(cell) for cell in filled):
        return False
    known = sum(names_something(cell, kinds) for cell in filled if not cell[-1].isdigit())
    return known >= 2 or (known == 1 and len(filled) <= 4)


def names_something(cell: str, kinds: Kinds) -> bool:
    return bool(kinds.under(cell)) or heading_is_of_people(cell) is not None


def above(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The heading of each column from these rows; upper ones are carried to the right, as merged cells are."""
    headings = [""] * width
    for place, row in enumerate(rows):
        carried = ""
        lowest = place == len(rows) - 1
        for column in range(width):
            cell = row[column] if column < len(row) else ""
            carried = cell or ("" if lowest else carried)
            headings[column] = f"{headings[column]} {carried}".strip()
    return headings


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell) for cell in row)


def _may_stand_above(row: Sequence[str], headings: Sequence[str]) -> bool:
    """Merged headings: several cells, fewer than below, words only."""
    filled = [cell for cell in row if cell]
    return 2 <= len(filled) < _filled(headings) and not any(_VALUE.fullmatch(cell) for cell in filled)
