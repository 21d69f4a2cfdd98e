"""From columns to what a table tells of people: which field holds what, then which records are people."""

from __future__ import annotations

from collections.abc import Sequence

from ..stream import SEEN, Row, Table, why_unseen
from .columns import NEUTRAL_SHARE, PROBED, Chunk, Column
from .contact_details import are_landlines
from .free_text import FreeText
from .grid import Grid
from .kind import Kind, Kinds, Weight
from .kinds import BANK_ACCOUNT, BIRTHS_BY_SPREAD, DATE, EMAIL, NAME, OFFICE_EMAIL
from .names_in_text import holds_known_name
from .rows import Field, count_identifiers, count_people, paired, side_by_side
from .shape import RECORD_DIGITS, is_text, may_be_record, plain, shapes
from .tally import Tallies

PHONE = "phone"
_ONLY_PEOPLE = frozenset({"sex", "age", "date_of_birth"})
"""Beside one of these a heading "Name" is over names of people."""


_OF_ONE = frozenset({Weight.STRONG, Weight.PAIR})
"""Beside an identifier or an account, surnames with initials are names of people."""


class Judging:
    """Judges grids and keeps the tallies."""

    def __init__(self, kinds: Kinds, tallies: Tallies, text: FreeText) -> None:
        self._kinds = kinds
        self._tallies = tallies
        self._text = text

    def look(self, table: Table, grid: Grid, columns: dict[int, Column]) -> int:
        """Add these records to their columns' counts, and what they hold to the tallies; how many are people."""
        chunks = {number: columns[number].add(values) for number, values in grid.fields.items()}
        return self.judge(table, grid, chunks, columns)

    def judge(self, table: Table, grid: Grid, chunks: dict[int, Chunk], columns: dict[int, Column]) -> int:
        """What these records, counted already, hold goes into the tallies; how many are people."""
        kinds = self._kinds_of(chunks, columns)
        people = self._count(table, grid, [_field(table, number, kinds[number], chunks[number]) for number in kinds])
        for number, chunk in chunks.items():
            if chunk.has_text or (not people and number not in kinds):
                self.read_text(table, grid, number, lines=not people)
        return people

    def count_people(self, table: Table, grid: Grid, chunks: dict[int, Chunk], columns: dict[int, Column]) -> int:
        """As `judge`, of records whose identifiers and text were counted otherwise."""
        kinds = self._kinds_of(chunks, columns)
        fields = [_field(table, number, kinds[number], chunks[number], False) for number in kinds]
        return count_people(paired(fields), grid.alike, table.where, self._tallies)

    def lies_on_its_side(self, table: Table, grid: Grid, headings: Sequence[str]) -> bool:
        """Look at a table whose records are its columns; whether it holds people."""
        columns = {number: Column(heading, self._kinds) for number, heading in enumerate(headings)}
        chunks = {number: columns[number].add(values) for number, values in grid.fields.items()}
        kinds = self._kinds_of(chunks, columns)
        fields = [_field(table, number, kinds[number], chunks[number], False) for number in kinds]
        return self._count(table, grid, fields) > 0

    def read_titles(self, table: Table, rows: Sequence[Row]) -> None:
        """What stands above the headings, and the headings themselves, as running text."""
        for row in rows:
            self._text.take(" ".join(row.values), table.where, why_unseen(table, row, 1), lines=False)

    def read_text(self, table: Table, grid: Grid, number: int, lines: bool = False) -> None:
        """The cells of a column that are no bare values. lines: whether a cell can be about a person by itself, where
        the rows of the table are not: then short ones are read as well that can be whole records.
        """
        values = grid.fields[number]
        records = _digits_of_records(values) if lines else [0] * len(values)
        for group in grid.alike:
            why = group.why(number)
            least = RECORD_DIGITS if why is SEEN else 1
            for record in range(len(values)) if group.records is None else group.records:
                if records[record] >= least or is_text(values[record]):
                    self._text.take(values[record], table.where, why, lines, cell=True)

    def _count(self, table: Table, grid: Grid, fields: Sequence[Field]) -> int:
        count_identifiers(paired(fields), grid.alike, table.where, self._tallies)
        groups = side_by_side(fields)
        return sum(count_people(paired(group), grid.alike, table.where, self._tallies) for group in groups)

    def _kinds_of(self, chunks: dict[int, Chunk], columns: dict[int, Column]) -> dict[int, Kind]:
        kinds: dict[int, Kind] = {}
        doubtful: list[int] = []
        initials: list[int] = []
        for number in chunks:
            kind = _kind(columns[number])
            if kind is not None:
                kinds[number] = kind
            if kind is None and columns[number].names_by_initials():
                initials.append(number)
            if (kind is None or kind.by_heading) and columns[number].names_under_doubtful_heading():
                doubtful.append(number)
        if any(kind.weight in _OF_ONE or kind.id == BANK_ACCOUNT.id for kind in kinds.values()):
            kinds.update(dict.fromkeys(initials, NAME))
        if any(kind.weight is Weight.STRONG or kind.id in _ONLY_PEOPLE for kind in kinds.values()):
            kinds.update(dict.fromkeys(doubtful, NAME))
        if any(kind.weight is Weight.NAME for kind in kinds.values()):
            return kinds
        if any(columns[number].names_organisations() for number in chunks):
            of_people = any(kind.weight is Weight.STRONG and kind.id != EMAIL.id for kind in kinds.values())
            return {
                number: _of_offices(kind)
                for number, kind in kinds.items()
                if not _is_of_accounts(kind) and (of_people or not _is_of_offices(kind, chunks[number]))
            }
        return kinds


def _digits_of_records(values: Sequence[str]) -> list[int]:
    """For each cell that may be a whole record its digits (shape.py); none where hardly any holds a known name."""
    digits = [may_be_record(shape) for shape in shapes(plain(values))]
    some = [value for value, number in zip(values, digits, strict=True) if number][:PROBED]
    known = sum("@" in value or holds_known_name(value) for value in some)
    return digits if known >= NEUTRAL_SHARE * len(some) else [0] * len(values)


def _kind(column: Column) -> Kind | None:
    """What a column holds; dates without a heading that are spread like births are births."""
    kind = column.kind()
    if kind is DATE and not column.heading and column.are_births():
        return BIRTHS_BY_SPREAD
    if kind is None or kind is DATE:
        return column.beside_names() or kind
    return kind


def _field(table: Table, number: int, kind: Kind, chunk: Chunk, is_column: bool = True) -> Field:
    return Field(number, kind, chunk.values, _hits(kind, chunk), _place(table, number) if is_column else table.where)


def _of_offices(kind: Kind) -> Kind:
    """In a table of organisations an address identifies none of their people."""
    return OFFICE_EMAIL if kind.id == OFFICE_EMAIL.id else kind


def _is_of_offices(kind: Kind, chunk: Chunk) -> bool:
    """Telephones that stand on desks, in a table of organisations that identifies nobody."""
    return kind.id == PHONE and are_landlines(chunk.values)


def _is_of_accounts(kind: Kind) -> bool:
    """Accounts of suppliers are nobody's."""
    return kind.weight is Weight.PAIR or kind.id in (BANK_ACCOUNT.id, "iban")


def _hits(kind: Kind, chunk: Chunk) -> list[bool]:
    return chunk.of(DATE if kind is BIRTHS_BY_SPREAD else EMAIL if kind is OFFICE_EMAIL else kind)


def _place(table: Table, column: int) -> str:
    return f"{table.where}, column {letters(column)}"


def letters(column: int) -> str:
    """1 is A, 27 is AA."""
    name = ""
    while column:
        column, last = divmod(column - 1, 26)
        name = chr(ord("A") + last) + name
    return name
