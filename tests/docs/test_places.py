"""docs/places.md names every case of tests/places, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.docs.test_threat_model import broken
from tests.incidents.benign.corpus import MEANT_TO_BE_HELD, corpus, structures
from tests.places.lists import lists
from tests.places.planted import places
from tests.places.untouchable import UNTOUCHABLE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "places.md").read_text(encoding="utf-8")
ENCODED = re.compile(r", (?:8bit|base64|quoted-printable)\Z")
CASES: dict[str, set[str]] = {
    "P": set(places()),
    "H": set(UNTOUCHABLE),
    "L": {ENCODED.sub("", each) for each in lists()},
}


def named(letter: str) -> list[str]:
    cells: Iterable[str] = re.findall(rf"(?<=[ |]){letter}\[([^\]]*)\]", PAGE)
    return [each.strip() for cell in cells for each in cell.split(";")]


@pytest.mark.parametrize("letter", CASES)
def test_each_case_is_named_once_and_exists(letter: str) -> None:
    found = named(letter)
    assert set(found) - CASES[letter] == set(), "named, and not there"
    assert CASES[letter] - set(found) == set(), "there, and not named"
    assert len(found) == len(set(found)), "named twice"


@pytest.mark.parametrize("letter", CASES)
def test_each_letter_is_a_test_that_exists(letter: str) -> None:
    assert re.search(rf"^\* \*\*{letter}\*\*: `tests/places/\w+\.py::\w+`", PAGE, re.MULTILINE)


def test_other_tests_that_it_names_exist() -> None:
    assert broken(PAGE) == []


def test_every_row_of_a_table_is_shown_by_something() -> None:
    for line in PAGE.splitlines():
        if line.startswith("| ") and not line.startswith(("| place", "| spelling", "| held")):
            assert re.search(r"[PHL]\[|`tests/|`(?:visible-list|floor-[a-z]+)` \|", line), line


def test_the_figures_of_the_corpus_are_those_of_the_page() -> None:
    size, kinds = len(corpus()), structures()
    dimensions = {dimension for dimension, _ in kinds}
    assert f"{size} benign messages of {len(kinds)} structures in {len(dimensions)} dimensions" in PAGE
    assert f"({len(MEANT_TO_BE_HELD) / size:.2%})".replace("%", " %") in PAGE
    assert f"these {len(places())} places" in PAGE
