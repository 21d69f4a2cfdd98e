"""How much a file holds and how much of it a recipient sees: "shows 40 rows and carries 33,345".

Promises: counts alone, never a value; it passes the stream on as it is, so that a detector reads it in the same pass.
A row is seen if any of its cells is; what hides a row that is not seen is told by the first of its cells. A row that
is seen and has cells that are not (a hidden column) counts under what hides those as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .stream import SEEN, Item, Member, Person, Row, Stream, Table, Text, Visibility, why_unseen


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


@dataclass(slots=True)
class Inventory:
    """places: tables in the order of the file, then one for all texts. members, people: by visibility and kind or
    role."""

    places: list[Place] = field(default_factory=list)
    texts: Counter[Visibility] = field(default_factory=Counter)
    members: Counter[tuple[str, Visibility]] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return sum(place.rows for place in self.places)

    @property
    def rows_seen(self) -> int:
        return sum(place.rows_seen for place in self.places)

    @property
    def unseen(self) -> Counter[Visibility]:
        """What hides how many rows, or parts of rows, in the whole file."""
        return sum((place.unseen for place in self.places), Counter())

    def sentence(self) -> str:
        """For a reviewer: what shows, what is carried, and what hides the rest."""
        text = f"Shows {_rows(self.rows_seen)} and carries {self.rows:,}"
        hidden = [f"{count:,} in {why.value}" for why, count in self.unseen.most_common()]
        return f"{text}: {', '.join(hidden)}." if hidden else f"{text}."


def counted(stream: Stream, inventory: Inventory) -> Iterator[Item]:
    """The same stream; the inventory is whole when it has ended."""
    table = Table("text")
    place = Place(table.where)
    for item in stream:
        if isinstance(item, Row):
            _count_row(place, table, item)
        elif isinstance(item, Table):
            table, place = item, Place(item.where, item.visibility)
            inventory.places.append(place)
        elif isinstance(item, Text):
            place.texts[item.visibility] += 1
            inventory.texts[item.visibility] += 1
        elif isinstance(item, Member):
            inventory.members[item.kind, item.visibility] += 1
        elif isinstance(item, Person):
            inventory.people[item.role] += 1
        yield item


def take_inventory(stream: Stream) -> Inventory:
    """Of a whole stream that nobody else reads."""
    inventory = Inventory()
    for _ in counted(stream, inventory):
        pass
    return inventory


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


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
