"""Kinds that an organisation adds."""

from __future__ import annotations

import random

import pytest

from mailguard.core.document import DocumentErrors
from mailguard.inspection.find.finding import find
from mailguard.inspection.find.own_kinds import load_kinds
from mailguard.inspection.stream import Row, Table, Text
from tests.inspection.find import invented

FILE = r"""
version: 1
identifiers:
  - id: hospital_number
    describe: hospital numbers
    matches: '[A-Z]\d{6}'
    headings: [hospital number, hosp no]
  - id: loyalty_card
    describe: loyalty cards
    matches: '\d{12}'
    check: luhn
  - id: staff_pin
    describe: staff PINs
    matches: '\d{4}'
    headings: pin
    heading_needed: true
"""


def found(rows: list[tuple[str, ...]]) -> dict[str, int]:
    kinds = load_kinds(FILE.encode(), "identifiers.yaml")
    items = [Table("sheet 1"), *(Row(number, row) for number, row in enumerate(rows, 1))]
    return {each.kind: each.count for each in find(items, kinds)}


def hospital_numbers(number: int) -> list[str]:
    return [f"K{100_000 + each * 37}" for each in range(number)]


def test_a_pattern_judges_a_column():
    assert found([(each,) for each in hospital_numbers(20)]) == {"hospital_number": 20}
    assert found([(f"{each[:1]} {each[1:]}",) for each in hospital_numbers(20)]) == {"hospital_number": 20}
    assert not found([(each,) for each in hospital_numbers(4)])


def test_a_check_is_asked_for():
    rng = random.Random(1)
    cards = [invented.luhn_complete(invented.digits(rng, 11)) for _ in range(30)]
    assert found([(each,) for each in cards]) == {"loyalty_card": 30}
    assert not found([(invented.digits(rng, 12),) for _ in range(30)])


def test_a_heading_that_is_needed():
    pins = [(str(1_000 + each * 7),) for each in range(20)]
    assert not found(pins)
    assert found([("PIN",), *pins]) == {"staff_pin": 20}


def test_it_makes_rows_of_people():
    names = invented.column(invented.full_name, 20)
    rows = [("Patient", "Hospital number"), *zip(names, hospital_numbers(20), strict=True)]
    assert found(rows)["people_rows"] == 20


def test_in_text_with_a_word_of_its_headings():
    kinds = load_kinds(FILE.encode(), "identifiers.yaml")
    assert [each.kind for each in find([Text("his hospital number is K123456.", "page 1")], kinds)] == [
        "hospital_number"
    ]
    assert not find([Text("flight K123456", "page 1")], kinds)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hospital_number", "nhs_number", "is a kind of mailguard's own"),
        ("loyalty_card", "hospital_number", "is there twice"),
        ("headings: pin", "headings: []", "an empty text or list holds of nothing"),
        (r"'\d{4}'", r"'\d{0,4}'", "matches everything"),
        (r"'\d{4}'", r"'(\d'", "not a pattern that RE2 takes"),
        (r"'\d{4}'", r"'(?=\d)'", "not a pattern that RE2 takes"),
        ("check: luhn", "check: luna", 'is not one of "mod11", "luhn" or "mod97"'),
        ("describe: staff PINs", "describes: staff PINs", "unknown key"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, message: str):
    with pytest.raises(DocumentErrors) as raised:
        load_kinds(FILE.replace(old, new, 1).encode(), "identifiers.yaml")
    rendered = "\n".join(each.render() for each in raised.value.diagnostics)
    assert message in rendered and rendered.startswith("identifiers.yaml:")


def test_a_hostile_cell_does_not_make_a_pattern_slow():
    kinds = load_kinds(FILE.replace(r"[A-Z]\d{6}", "(A+)+B").encode(), "identifiers.yaml")
    find([Table("s"), *(Row(number, ("A" * 120,)) for number in range(1, 200))], kinds)
