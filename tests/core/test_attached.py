"""What a reviewer is told of one attachment: whom it is about, how much it hides, why it could not be read."""

from __future__ import annotations

from typing import Any

from mailguard.core.attached import MOST_SENTENCES, Unread, said_of, said_of_the_rest
from mailguard.core.inventory import Inventory
from mailguard.core.verdict import Finding


def finding(kind: str, where: str, count: int, summary: str, part: str = "2", hidden: bool = True) -> dict[str, Any]:
    return Finding("people", kind, where, count, summary, hidden, part=part).to_json()


PEOPLE = finding("people_rows", "sheet Data", 1204, "1 hidden sheet has 1,204 rows of people: names and NHS numbers")
COLUMN = finding("nhs_number", "sheet Data, column A", 1204, "1 hidden sheet has 1,204 NHS numbers")
CARDS = finding("payment_card", "sheet Notes, column C", 2, "it has 2 payment card numbers", hidden=False)
AUTHOR = finding("person_named", "document properties", 1, "document properties have 1 name of authors and the like")
BOOK = Inventory("a.xlsx", 33345, 40, (("hidden sheet", 33305),), members=(("sheet", 2),), part="2").to_json()


def test_people_first_then_what_is_not_theirs_then_how_much_shows() -> None:
    decision = {"findings": [AUTHOR, COLUMN, CARDS, PEOPLE], "inventory": [BOOK]}
    assert said_of(decision, "2", "a.xlsx").sentences == (
        "1 hidden sheet has 1,204 rows of people: names and NHS numbers (sheet Data).",
        "It has 2 payment card numbers (sheet Notes, column C).",
        "Shows 40 rows and carries 33,345: 33,305 in hidden sheet. Has 2 sheets that nobody sees.",
    )
    assert said_of({"findings": [AUTHOR]}, "2", "a.xlsx").sentences != ()


def test_each_part_has_its_own_and_the_rest_is_told_apart() -> None:
    other = finding("email", "x", 9, "it has 9 e-mail addresses", part="3")
    old = {key: value for key, value in PEOPLE.items() if key != "part"}
    decision = {"findings": [PEOPLE, other, old], "inventory": [BOOK]}
    assert said_of(decision, "3", "a.xlsx").sentences == ("It has 9 e-mail addresses (x).",)
    assert said_of_the_rest(decision, {"2", "3"}) == ["1 hidden sheet has 1,204 rows of people: names and NHS numbers"]
    assert said_of({}, "2", "a.xlsx") == said_of(decision, "9", "")


def test_files_in_an_archive_are_told_by_their_way_and_what_is_closed_says_why() -> None:
    inner = Inventory("all.zip > in/b.xlsx", 9, 4, (("hidden rows", 5),), part="2").to_json()
    closed = Inventory("all.zip > c.docx", unread="encrypted", part="2").to_json()
    outer = Inventory("all.zip", part="2").to_json()
    found = said_of({"inventory": [outer, inner, closed]}, "2", "all.zip")
    assert found.sentences == ("in/b.xlsx: Shows 4 rows and carries 9: 5 in hidden rows.",)
    assert found.unread == (Unread("c.docx", "encrypted"),)
    whole = said_of({"inventory": [Inventory("all.zip", unread="encrypted", part="2").to_json()]}, "2", "all.zip")
    assert whole.unread == (Unread("all.zip", "encrypted"),) and whole.sentences == ()


def test_a_decision_from_before_parts_were_told_goes_by_names() -> None:
    old = {key: value for key, value in BOOK.items() if key != "part"}
    assert said_of({"inventory": [old]}, "2", "a.xlsx").sentences
    assert not said_of({"inventory": [old]}, "2", "b.xlsx").sentences
    assert not said_of({"inventory": [{**old, "file": ""}]}, "2", "").sentences


def test_many_are_counted() -> None:
    many = [finding("email", f"sheet {number}", 9, "x") for number in range(MOST_SENTENCES + 3)]
    found = said_of({"findings": many}, "2", "a.xlsx")
    assert len(found.sentences) == MOST_SENTENCES and found.more == 3
