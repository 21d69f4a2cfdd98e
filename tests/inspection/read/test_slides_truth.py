"""Every presentation of tests/fixtures/slides against truth.yaml, as the examination of an attachment sees it.

Prints how many are found and how many clean twins are flagged.
"""

from __future__ import annotations

import json

import pytest

from mailguard.core.verdict import Finding
from mailguard.inspection.budget import Budget
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.read.slides import read_slides
from mailguard.inspection.stream import SEEN, Member, Row, Table, Text, Visibility
from tests.inspection.read.fixtures import planted
from tests.inspection.read.slides import CLEAN, DECKS, FOLDER, HIDING, Deck

READ_ON = {Visibility.EMBEDDED}
"""What lies in a file inside, which another reader reads."""
AS_SEEN = json.loads((FOLDER / "seen.json").read_text())


def named(decks: list[Deck]) -> list[object]:
    return [pytest.param(each, id=each.file) for each in decks]


def people(deck: Deck) -> list[Finding]:
    name = deck.file.removesuffix(".gz")
    found = examine(Enclosed(deck.data(), names=(name,)))
    assert found.unread is None and found.error is None
    return [finding for finding in found.findings if finding.kind == "people_rows"]


@pytest.mark.parametrize("deck", named([each for each in HIDING if Visibility[each.kind] not in READ_ON]))
def test_what_is_hidden_is_found_as_what_it_is(deck: Deck) -> None:
    found = planted(read_slides(deck.data(), Budget()))
    assert found[Visibility[deck.kind]] == deck.rows, found
    assert not found[SEEN]


@pytest.mark.parametrize("deck", named(CLEAN))
def test_a_clean_twin_is_clean(deck: Deck) -> None:
    assert planted(read_slides(deck.data(), Budget())) == {SEEN: deck.rows}


@pytest.mark.parametrize("deck", named([each for each in HIDING if not each.file.startswith("tags")]))
def test_a_rule_finds_hidden_people(deck: Deck) -> None:
    assert [(finding.count, finding.hidden) for finding in people(deck)] == [(deck.rows, True)]


@pytest.mark.parametrize("deck", named(CLEAN))
def test_a_rule_finds_people_who_are_not_hidden(deck: Deck) -> None:
    assert [(finding.count, finding.hidden) for finding in people(deck)] == [(deck.rows, False)]


def test_a_workbook_behind_a_chart_is_hidden_and_the_chart_is_seen() -> None:
    deck = next(each for each in HIDING if each.file == "chart-of-people.pptx")
    items = list(read_slides(deck.data(), Budget()))
    (member,) = [each for each in items if isinstance(each, Member) and each.kind == "file"]
    assert member.visibility is Visibility.EMBEDDED and member.content
    rows = [each.values for each in items if isinstance(each, Row)]
    assert rows[1:5] == [("South", "9"), ("East", "7"), ("West", "8"), ("Centre", "4")]
    where = "chart-of-people.pptx > microsoft_excel_sheet1.xlsx > sheet Data"
    assert [(finding.where, finding.hidden) for finding in people(deck)] == [(where, True)]


@pytest.mark.parametrize("file", sorted(AS_SEEN))
def test_both_find_the_same_texts(file: str) -> None:
    """python-pptx as a second opinion, as it read the file when it was made: every text of listed slides and notes."""
    deck = next(each for each in DECKS if each.file == file)
    ours: list[str] = []
    begun = ""
    for item in read_slides(deck.data(), Budget()):
        begun = item.where if isinstance(item, Table) else begun
        if isinstance(item, Text) and item.where.startswith(("slide ", "notes of slide ")):
            ours.append(item.text)
        elif isinstance(item, Row) and begun.startswith("slide ") and not begun.endswith("chart"):
            ours += item.values
    assert sorted(ours) == AS_SEEN[file]


def test_rates_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    found = sum(
        planted(read_slides(each.data(), Budget()))[Visibility[each.kind]] == each.rows
        for each in HIDING
        if Visibility[each.kind] not in READ_ON
    ) + sum(bool(people(each)) for each in HIDING if Visibility[each.kind] in READ_ON)
    flagged = sum(set(planted(read_slides(each.data(), Budget()))) != {SEEN} for each in CLEAN)
    with capsys.disabled():
        print(f"\npresentations that hide: {len(HIDING)}, found as what they are {100 * found / len(HIDING):.1f} %")
        print(f"clean twins: {len(CLEAN)}, flagged {100 * flagged / len(CLEAN):.1f} %")
    assert len({each.kind for each in HIDING}) >= 10


def test_every_presentation_of_the_folder_is_in_the_truth() -> None:
    files = {each.name for each in FOLDER.iterdir() if each.is_file() and each.suffix not in (".py", ".yaml", ".json")}
    assert files == {each.file for each in DECKS}
