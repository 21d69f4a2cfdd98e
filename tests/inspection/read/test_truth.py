"""Every workbook of tests/fixtures/workbooks against truth.yaml: what is hidden is found as what it is, clean ones are
clean.

Prints how many are found and how many clean twins are flagged.
"""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.stream import SEEN, Visibility
from tests.inspection.read.fixtures import (
    CLEAN,
    ENCRYPTED,
    FOLDER,
    HIDING,
    WORKBOOKS,
    Workbook,
    planted,
    read_workbook,
    unseen,
)
from tests.inspection.stock import take_inventory

BESIDE = {Visibility.COMMENT, Visibility.PROPERTY, Visibility.DEFINED_NAME}


def named(workbooks: list[Workbook]) -> list[object]:
    return [pytest.param(each, id=each.file) for each in workbooks]


@pytest.mark.parametrize("workbook", named(HIDING))
def test_what_is_hidden_is_found_as_what_it_is(workbook: Workbook) -> None:
    found = planted(read_workbook(workbook.data(), Budget()))
    assert found[Visibility[workbook.kind]] == workbook.rows, found


@pytest.mark.parametrize("workbook", named(CLEAN))
def test_a_clean_twin_is_clean(workbook: Workbook) -> None:
    found = planted(read_workbook(workbook.data(), Budget()))
    assert found == {SEEN: workbook.rows}
    inventory = take_inventory(read_workbook(workbook.data(), Budget()))
    assert not inventory.unseen, inventory.inventory().sentence()
    assert inventory.rows_seen == inventory.rows


@pytest.mark.parametrize("workbook", named(ENCRYPTED))
def test_what_is_encrypted_cannot_be_inspected(workbook: Workbook) -> None:
    with pytest.raises(Uninspectable, match=r"^encrypted"):
        list(read_workbook(workbook.data(), Budget()))


@pytest.mark.parametrize(
    "workbook", named([each for each in HIDING if Visibility[each.kind] not in BESIDE | {Visibility.CHART_CACHE}])
)
def test_the_inventory_says_how_many_rows_do_not_show(workbook: Workbook) -> None:
    inventory = take_inventory(read_workbook(workbook.data(), Budget()))
    kind = Visibility[workbook.kind]
    assert inventory.unseen[kind] >= workbook.rows
    assert kind.value in inventory.inventory().sentence()


def test_rates_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """And there are enough of each: issue 5 asks for 60 workbooks and as many clean twins over formats and kinds."""
    found = sum(planted(read_workbook(each.data(), Budget()))[Visibility[each.kind]] == each.rows for each in HIDING)
    flagged = sum(unseen(planted(read_workbook(each.data(), Budget()))) > 0 for each in CLEAN)
    with capsys.disabled():
        print(f"\nworkbooks that hide: {len(HIDING)}, found as what they are {100 * found / len(HIDING):.1f} %")
        print(f"clean twins: {len(CLEAN)}, flagged {100 * flagged / len(CLEAN):.1f} %")
    assert len(HIDING) >= 60 and len(CLEAN) >= 60
    assert len({each.kind for each in HIDING}) >= 15


def test_every_workbook_of_the_folder_is_in_the_truth() -> None:
    files = {each.name for each in FOLDER.iterdir() if each.is_file() and each.suffix not in (".py", ".yaml")}
    assert files == {each.file for each in WORKBOOKS}
