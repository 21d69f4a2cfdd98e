"""Identifiers in running text: a word beside one, or a list of them."""

from __future__ import annotations

import random

import pytest

from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import SEEN, Person, Row, Table, Text, Visibility
from tests.inspection.find import invented

NHS = "999 339 5633"


def found(*lines: str, visibility: Visibility = SEEN) -> dict[str, int]:
    return {each.kind: each.count for each in find([Text(line, "page 1", visibility) for line in lines])}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"patient, NHS no. {NHS}, was seen", "nhs_number"),
        (f"NHS: {NHS.replace(' ', '')}", "nhs_number"),
        ("NHS number \uff19\uff19\uff193395633", "nhs_number"),
        ("My NI number is AB 12 34 56 C", "nino"),
        ("dob 01/02/1960", "date_of_birth"),
        ("born on 1 February 1960", "date_of_birth"),
        ("Visa card 4111 1111 1111 1111 exp 12/27", "payment_card"),
        ("IBAN GB29 NWBK 6016 1331 9268 19 please", "iban"),
        ("sort code 40-47-84 account 70872490", "bank_account"),
        ("SSN 219-09-9998", "us_ssn"),
        ("lives at 12 High Street, Leeds LS1 4AP", "postcode"),
        ("call 07700 900123", "phone"),
        ("write to mary.smith@post.example", "email"),
        ("licence MORGA657054SM9IJ", "driving_licence"),
    ],
)
def test_a_value_that_a_word_explains(line: str, kind: str):
    assert found(line) == {kind: 1}


@pytest.mark.parametrize(
    "line",
    [
        f"order {NHS} shipped",
        "order 9993395633, invoice 9999939082",
        "NHS trust, order 9993395634",
        "Invoice 4111111111111111",
        "part AB123456C",
        "on 01/02/1960 the bridge opened",
        "write to info@post.example",
        "call 0300 123 4567",
        "version 1.2.3.4",
        "",
    ],
)
def test_a_value_that_nothing_explains(line: str):
    assert not found(line)


def test_a_list_of_numbers_explains_itself():
    numbers = invented.column(invented.nhs_number, 12)
    assert found("\n".join(numbers)) == {"nhs_number": 12}
    assert not found("\n".join(invented.digits(random.Random(1), 10) for _ in range(200)))


def test_lines_about_people_are_rows():
    """As a PDF of a table comes, or a letter with a list in it."""
    rng = random.Random(2)
    lines = [f"{invented.full_name(rng)}   {invented.birth(rng)}   {invented.nhs_number(rng)}" for _ in range(42)]
    assert found(*lines)["people_rows"] == 42
    hidden = find([Text(line, "page 1", Visibility.COVERED) for line in lines])
    assert hidden[0].hidden and hidden[0].kind == "people_rows"
    assert hidden[0].summary.startswith("page 1, in text under something that covers it, has 42 rows of people: names")


def test_a_signature_is_no_list():
    lines = [
        "Mary Smith",
        "Practice manager",
        "Tel 0161 496 0123 | mary.smith@elm.example",
        "12 Elm Road, Leeds LS1 4AP",
    ]
    assert "people_rows" not in found(*lines)
    assert "people_rows" not in found(*(lines * 30)), "of one person, however often it is quoted"


def test_cells_that_hold_sentences():
    note = f"Seen in clinic today, NHS number {NHS}, doing well and discharged."
    rows = [Row(number, (str(number), note if number == 3 else "nothing to say")) for number in range(1, 20)]
    assert {each.kind: each.count for each in find([Table("sheet Notes"), *rows])} == {"nhs_number": 1}


def test_cells_that_say_what_they_hold():
    rows = [Row(1, ("Name: Mary Smith",)), Row(2, (f"NHS: {NHS}",))]
    assert {each.kind for each in find([Table("sheet Form"), *rows])} == {"nhs_number"}


def test_hidden_text_of_a_cell_is_hidden():
    note = f"Seen in clinic today, NHS number {NHS}, doing well and discharged."
    items = [Table("sheet Notes", Visibility.VERY_HIDDEN_SHEET), Row(1, (note,))]
    assert [each.hidden for each in find(items)] == [True]


def test_authors_are_named_apart():
    people = [Person("author", "Mary Smith"), Person("last saved by", "John Jones"), Person("author", "mary smith")]
    assert [(each.kind, each.count, each.hidden) for each in find(people)] == [("person_named", 2, True)]
    assert find(people)[0].summary == "document properties have 2 names of authors and the like"
    assert "Mary" not in repr(find(people))


@pytest.mark.parametrize("text", ["9" * 200_000, "a@" * 100_000, "1-" * 100_000, "AB12 " * 50_000, "07 " * 80_000])
def test_long_hostile_texts_are_read_in_time(text: str):
    """Linear: a tenth of a second each; a quadratic pattern would take minutes."""
    find([Text(text, "page 1")])


def test_no_value_is_cut_in_a_long_line():
    numbers = invented.column(invented.nhs_number, 900)
    assert found(" ".join(numbers)) == {"nhs_number": len(set(numbers))}
