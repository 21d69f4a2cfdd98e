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

LOOKED_AT = 25
"""Rows at the top of a block among which headings are looked for: a title, notes, a gap and two headings."""
COMPARED = 64
"""Rows below in which a heading does not stand again; a job or a ward that looks like one does."""
MAX_HEADING_CHARACTERS = 80
_VALUE = re.compile(r"[\d\W_]+|\S+@\S+|.*\d{4}.*", re.DOTALL)


def heading_rows(rows: Sequence[Sequence[str]], kinds: Kinds) -> range:
    """The rows that are headings, by their places; empty where there are none."""
    for place, row in enumerate(rows[:LOOKED_AT]):
        if is_heading(row, kinds) and not _stands_again(row, rows[place + 1 : place + COMPARED], kinds):
            below = rows[place + 1] if place + 1 < len(rows) else ()
            if _is_title(row, below, kinds):
                continue
            merged = _filled(below) > _filled(row) and is_heading(below, kinds)
            first = place - 1 if place and _may_stand_above(rows[place - 1], row) else place
            return range(first, place + 2 if merged else place + 1)
    return range(0)


def is_heading(row: Sequence[str], kinds: Kinds) -> bool:
    """Mostly words, and at least two of them say what a column of people would hold; one of them where it is short."""
    filled = [cell for cell in row if cell]
    values = sum(_VALUE.fullmatch(cell) is not None for cell in filled)
    if not filled or values * 3 > len(filled):
        return False
    known = sum(names_something(cell, kinds) for cell in filled if not _is_long_or_numbered(cell))
    return known >= 2 or (known == 1 and not values and len(filled) <= 4)


def begins_a_table(row: Sequence[str], kinds: Kinds) -> bool:
    """Headings below other rows, without a gap: only words, and one of them names an identifier or says "name"."""
    if any(_VALUE.fullmatch(cell) for cell in row if cell) or not is_heading(row, kinds):
        return False
    return any(kinds.under(cell) & kinds.identifying or "name" in cell.lower() for cell in row if cell)


def _is_long_or_numbered(cell: str) -> bool:
    """A question of a survey, "3 High Street", an address; digits in brackets explain ("NHS number (10 digits)")."""
    return len(cell) > MAX_HEADING_CHARACTERS or "@" in cell or any(map(str.isdigit, cell.partition("(")[0]))


def _stands_again(row: Sequence[str], below: Sequence[Sequence[str]], kinds: Kinds) -> bool:
    known = [column for column, cell in enumerate(row) if cell and names_something(cell, kinds)]
    return any(column < len(other) and other[column] == row[column] for other in below for column in known)


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


def _is_title(row: Sequence[str], below: Sequence[str], kinds: Kinds) -> bool:
    """One cell above headings, which says nothing of whom they are about: "Team" is no part of "Surname"."""
    said = [cell for cell in row if cell]
    return len(said) == 1 and not heading_is_of_people(said[0]) and _filled(below) > 1 and is_heading(below, kinds)


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell) for cell in row)


def _may_stand_above(row: Sequence[str], headings: Sequence[str]) -> bool:
    """Merged headings: several cells, fewer than below, words only."""
    filled = [cell for cell in row if cell]
    return 2 <= len(filled) < _filled(headings) and not any(_VALUE.fullmatch(cell) for cell in filled)
