"""The list of kinds is that of what is looked for, and stands in the docs as it is."""

from __future__ import annotations

from pathlib import Path

from mailguard.core.finding_kinds import NOUNS, PEOPLE_ROWS
from mailguard.inspection.find.described import ALL_KINDS, KINDS, written_into
from mailguard.inspection.find.finding import PERSON_NAMED
from mailguard.inspection.find.kinds import REPORTED
from mailguard.inspection.find.own_kinds import load_kinds
from mailguard.inspection.find.spelled import SPELLED

PAGE = Path(__file__).resolve().parents[3] / "docs" / "kinds.md"


def test_every_kind_that_is_found_is_described_once_and_no_other() -> None:
    assert len(ALL_KINDS) == len(KINDS)
    assert set(NOUNS) == ALL_KINDS
    assert REPORTED | {each.id for each in SPELLED} | {PEOPLE_ROWS, PERSON_NAMED} == ALL_KINDS


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert page == written_into(page), "the list in docs/kinds.md: python -m mailguard.inspection.find.described"


def test_the_worked_example_of_the_page_loads_and_finds_what_it_says() -> None:
    text = PAGE.read_text()
    block = text[text.index("    version: 1\n") : text.index("The council's housing references")]
    kinds = load_kinds("\n".join(line[4:] for line in block.splitlines()).encode(), "kinds.yaml")
    assert {each.id for each in kinds.all if each.own} == {"housing_reference", "practice_number"}
