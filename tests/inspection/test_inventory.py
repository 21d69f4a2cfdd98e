"""What shows and what is carried."""

from __future__ import annotations

from mailguard.core.inventory import Inventory, in_sentences
from mailguard.core.verdict import Finding
from mailguard.inspection.stream import SEEN, ColumnSpan, Item, Member, Person, Row, Table, Text, Visibility
from tests.inspection.stock import take_inventory

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
    stock = take_inventory(ITEMS)
    inventory = stock.inventory("a.xlsx")
    assert (inventory.rows, inventory.rows_seen) == (1_005, 3)
    assert dict(inventory.unseen) == {
        "hidden sheet": 1_000,
        "hidden columns": 3,
        "rows that a filter hides": 1,
        "text in the colour of its background": 1,
    }
    data, lists = stock.places
    assert (data.where, data.rows, data.rows_seen) == ("sheet Data", 5, 3) and lists.rows_seen == 0
    assert data.texts == stock.texts == {Visibility.COMMENT: 1}
    assert inventory.members == (("sheet", 1),) and stock.people == {"author": 1}
    assert inventory.hides and SEEN not in stock.unseen


def test_the_sentence_for_a_reviewer() -> None:
    assert take_inventory(ITEMS).inventory().sentence() == (
        "Shows 3 rows and carries 1,005: 1,000 in hidden sheet, 3 in hidden columns, 1 in rows that a filter hides, "
        "1 in text in the colour of its background. Carries 1 text in comments. Has 1 sheet that nobody sees."
    )
    assert take_inventory([Table("table"), Row(1, ("a",))]).inventory().sentence() == "Shows 1 row and carries 1."
    macros = Member("vbaProject.bin", "macros", Visibility.MACRO)
    assert take_inventory([macros]).inventory().sentence() == ("Has macros that nobody sees.")
    assert (
        take_inventory([Text("x", "a", Visibility.NOTES)]).inventory().sentence() == "Carries 1 text in speaker notes."
    )
    locked = Inventory("a.zip", unread="encrypted")
    assert locked.hides and locked.sentence() == "Could not be read (encrypted)."
    assert Inventory("a", 5, 5, unread="it is cut off").sentence() == (
        "Shows 5 rows and carries 5. Could not be read (it is cut off)."
    )
    assert not Inventory("a").hides and Inventory("").sentence() == "Shows 0 rows and carries 0."


def test_what_every_document_has_is_counted_and_not_said() -> None:
    inventory = take_inventory([Text("Report", "title", Visibility.PROPERTY)]).inventory("report.docx")
    assert not inventory.hides and "propert" not in inventory.sentence()
    assert inventory.to_json()["texts"] == {"document properties": 1}


def test_the_sentences_of_a_decision() -> None:
    hidden = Inventory("a.xlsx", 45, 5, unseen=(("hidden sheet", 40),)).to_json()
    shown = Inventory("b.xlsx", 45, 45, texts=(("document properties", 2),)).to_json()
    people = Finding("people", "people_rows", "sheet 1", 40, "1 hidden sheet has 40 rows of people: names", True)
    names = Finding("people", "name", "sheet 1", 40, "1 hidden sheet has 40 names", True)
    signature = Finding("people", "phone", "the message text", 1, "the message text has 1 telephone number")
    decision = {"inventory": [hidden, shown], "findings": [people.to_json(), names.to_json()]}
    told = "1 hidden sheet has 40 rows of people: names."
    assert in_sentences(decision) == (told, "a.xlsx: Shows 5 rows and carries 45: 40 in hidden sheet.")
    assert in_sentences({**decision, "inventory": [hidden] * 9})[::6] == (told, "And 4 more.")
    assert in_sentences({"findings": [names.to_json()]}) == ("1 hidden sheet has 40 names.",), "of an earlier version"
    assert in_sentences({"findings": [signature.to_json()]}) == ()
