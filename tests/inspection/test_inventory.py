"""What shows and what is carried."""

from __future__ import annotations

from mailguard.inspection.inventory import Inventory, counted, take_inventory
from mailguard.inspection.stream import SEEN, ColumnSpan, Item, Member, Person, Row, Table, Text, Visibility

HIDDEN_COLUMN = ColumnSpan(2, 3, Visibility.HIDDEN_COLUMN)
ITEMS: list[Item] = [
    Member("Data", "sheet"),
    Table("sheet Data", columns=(HIDDEN_COLUMN,)),
    Row(1, ("Name", "Born")),
    Row(2, ("Ada", "1938")),
    Row(3, ("", "1940")),
    Row(4, ("Bran",), visibility=Visibility.FILTERED_ROW),
    Row(5, ("Cleo", "x"), (1, 9), unseen=((1, Visibility.SAME_COLOUR),)),
    Text("by Dr Morrow", "comment on Data!A1", Visibility.COMMENT),
    Member("Lists", "sheet", Visibility.HIDDEN_SHEET),
    Table("sheet Lists", Visibility.HIDDEN_SHEET),
    *(Row(number, ("Dov",)) for number in range(1, 1_001)),
    Person("author", "Dr Morrow"),
]


def test_rows_by_what_hides_them() -> None:
    inventory = take_inventory(ITEMS)
    assert (inventory.rows, inventory.rows_seen) == (1_005, 3)
    assert inventory.unseen == {
        Visibility.HIDDEN_SHEET: 1_000,
        Visibility.HIDDEN_COLUMN: 3,
        Visibility.FILTERED_ROW: 1,
        Visibility.SAME_COLOUR: 1,
    }
    data, lists = inventory.places
    assert (data.where, data.rows, data.rows_seen) == ("sheet Data", 5, 3) and lists.rows_seen == 0
    assert data.texts == inventory.texts == {Visibility.COMMENT: 1}
    assert inventory.members["sheet", Visibility.HIDDEN_SHEET] == 1 and inventory.people == {"author": 1}


def test_the_sentence_for_a_reviewer() -> None:
    assert take_inventory(ITEMS).sentence() == (
        "Shows 3 rows and carries 1,005: 1,000 in hidden sheet, 3 in hidden columns, 1 in rows that a filter hides, "
        "1 in text in the colour of its background."
    )
    assert take_inventory([Table("table"), Row(1, ("a",))]).sentence() == "Shows 1 row and carries 1."
    assert Inventory().sentence() == "Shows 0 rows and carries 0."


def test_the_stream_goes_on_as_it_is() -> None:
    inventory = Inventory()
    assert list(counted(ITEMS, inventory)) == ITEMS and inventory.rows == 1_005
    assert SEEN not in inventory.unseen
