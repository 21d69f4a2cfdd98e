"""What somebody who looks at the sheets reads there, so that a copy of it elsewhere in the file is not called hidden.

A pivot cache, and the cache behind a chart, repeat their source. Where the source is on a sheet that shows, the copy
tells nobody more; what it holds beyond that (rows that have been deleted since, columns that are hidden) does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..budget import Budget
from ..stream import SEEN, Item, Row, Table
from .number_format import as_date

_OVERHEAD = 48


class SeenTexts:
    """The values of seen cells, by the words for their table."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._values: dict[str, set[str]] = {}
        self._table: Table | None = None

    def note(self, item: Item) -> None:
        if isinstance(item, Table):
            self._table = item if item.visibility is SEEN else None
        elif isinstance(item, Row) and self._table is not None and item.visibility is SEEN:
            self._add(self._table, _seen_values(self._table, item))

    def holds(self, where: str, values: Iterable[str]) -> bool:
        """Whether each of these is seen in that table, a number of days also as the date that it means there."""
        seen = self._values.get(where)
        return seen is not None and all(value in seen or as_date(value, False) in seen for value in values if value)

    def holds_anywhere(self, values: Sequence[str]) -> bool:
        """Whether some table shows all of these."""
        return any(self.holds(where, values) for where in self._values) or not any(values)

    def _add(self, table: Table, values: Sequence[str]) -> None:
        seen = self._values.setdefault(table.where, set())
        before = len(seen)
        seen.update(values)
        if len(seen) > before:
            self._budget.keep((len(seen) - before) * _OVERHEAD + sum(map(len, values)))


def _seen_values(table: Table, row: Row) -> Sequence[str]:
    if not row.unseen and not table.columns:
        return row.values
    unseen = {index for index, _ in row.unseen}
    columns = row.columns or range(1, len(row.values) + 1)
    return [
        value
        for index, (column, value) in enumerate(zip(columns, row.values, strict=True))
        if index not in unseen and not any(span.first <= column <= span.last for span in table.columns)
    ]
