"""How much a file holds and how much of it a recipient sees: "shows 40 rows and carries 33,345".

Promises: counts alone, never a value; it looks at one item after the other, so that a detector reads them in the same
pass.
A row is seen if any of its cells is; what hides a row that is not seen is told by the first of its cells. A row that
is seen and has cells that are not (a hidden column) counts under what hides those as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..core.inventory import Inventory
from .stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility, why_unseen


@dataclass(slots=True)
class Place:
    """One table, or what stands in no table. rows, rows_seen: with something in them. unseen: what hides how many
    rows, or parts of rows; texts: how many texts by visibility."""

    where: str
    visibility: Visibility = SEEN
    rows: int = 0
    rows_seen: int = 0
    unseen: Counter[Visibility] = field(default_factory=Counter)
    texts: Counter[Visibility] = field(default_factory=Counter)


class Stocktaking:
    """Takes the items of one file. places: its tables in order, then one for what stands in none.

    members, people: by visibility and kind, or by role.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.texts: Counter[Visibility] = Counter()
        self.members: Counter[tuple[str, Visibility]] = Counter()
        self.people: Counter[str] = Counter()
        self._table = Table("text")
        self._place = Place(self._table.where)

    def take(self, item: Item) -> None:
        if isinstance(item, Row):
            _count_row(self._place, self._table, item)
        elif isinstance(item, Table):
            self._table, self._place = item, Place(item.where, item.visibility)
            self.places.append(self._place)
        elif isinstance(item, Text):
            self._place.texts[item.visibility] += 1
            self.texts[item.visibility] += 1
        elif isinstance(item, Member):
            self.members[item.kind, item.visibility] += 1
        elif isinstance(item, Person):
            self.people[item.role] += 1

    @property
    def unseen(self) -> Counter[Visibility]:
        """What hides how many rows, or parts of rows, in the whole file."""
        return sum((place.unseen for place in self.places), Counter())

    @property
    def rows(self) -> int:
        return sum(place.rows for place in self.places)

    @property
    def rows_seen(self) -> int:
        return sum(place.rows_seen for place in self.places)

    def inventory(self, file: str = "", unread: str = "") -> Inventory:
        """What was taken so far. unread: why there is no more."""
        members: Counter[str] = Counter()
        for (kind, why), count in self.members.items():
            if why is not SEEN:
                members[kind] += count
        return Inventory(
            file,
            rows=self.rows,
            rows_seen=self.rows_seen,
            unseen=tuple((why.value, count) for why, count in self.unseen.most_common()),
            texts=tuple((why.value, count) for why, count in self.texts.most_common() if why is not SEEN),
            members=tuple(members.most_common()),
            unread=unread,
        )


def _count_row(place: Place, table: Table, row: Row) -> None:
    place.rows += 1
    if table.visibility is SEEN and row.visibility is SEEN:
        if not row.unseen and not table.columns:
            place.rows_seen += 1
            return
        why = _cells_of(table, row)
        place.rows_seen += SEEN in why
        place.unseen.update(why - {SEEN})
        return
    place.unseen[table.visibility if table.visibility is not SEEN else row.visibility] += 1


def _cells_of(table: Table, row: Row) -> set[Visibility]:
    own = dict(row.unseen)
    columns = row.columns or range(1, len(row.values) + 1)
    return {
        why_unseen(table, row, column, own.get(index, SEEN))
        for index, (column, value) in enumerate(zip(columns, row.values, strict=True))
        if value
    }
