"""What two files about just the same people have in common (core/earlier/files.py compares them by it)."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.inspection.answers import examined, plain
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from mailguard.inspection.find.distinct import KEPT, Distinct
from mailguard.inspection.find.finding import find
from mailguard.inspection.framing import BrokenFrame
from mailguard.inspection.stream import Visibility
from tests.inspection.find.test_tables import HEADINGS, patients, table


def marks(stream: Any) -> list[bytes]:
    return [each.people for each in find(stream) if each.kind == "people_rows"]


ROWS = [HEADINGS, *patients(40)]
(MARK,) = marks(table(ROWS))


def test_order_place_and_cover_make_no_difference() -> None:
    assert len(MARK) == 16
    assert marks(table([ROWS[0], *reversed(ROWS[1:])])) == [MARK]
    assert marks(table(ROWS, "sheet Other")) == [MARK]
    assert marks(table(ROWS, visibility=Visibility.HIDDEN_SHEET)) == [MARK]
    assert marks([*table([("Report for Anna Marsh",)], "sheet Cover"), *table(ROWS)]) == [MARK]


def test_other_people_are_others() -> None:
    assert marks(table([HEADINGS, *patients(40, seed=2)])) != [MARK]
    assert marks(table(ROWS[:-1])) != [MARK]


def test_only_rows_of_people_have_it() -> None:
    assert not any(each.people for each in find(table(ROWS)) if each.kind != "people_rows")


def test_a_csv_with_a_name_merged_into_its_title_is_about_the_same_people() -> None:
    def csv(title: str) -> bytes:
        return "\r\n".join([title, "", *(",".join(row) for row in ROWS)]).encode()

    found = [examine(Enclosed(csv(title), "text/csv", ("a.csv",))).findings for title in ("Anna Marsh", "Report: Ben")]
    first, second = ([each.people for each in one if each.kind == "people_rows"] for one in found)
    assert first == second and len(first) == 1


def test_very_many_people() -> None:
    values = [f"p{number}" for number in range(KEPT + 500)]
    one, other, less = Distinct(), Distinct(), Distinct()
    one.add(values)
    other.add(reversed(values))
    less.add(values[:-1])
    assert one.mark() == other.mark() != less.mark()


def test_a_worker_tells_it_and_nothing_else_of_that_kind() -> None:
    answer = Examined(find(table(ROWS)))
    assert [each.people for each in examined(plain(answer)).findings] == [each.people for each in answer.findings]
    for wrong in ("", "AA" * 16, "0" * 31, "0" * 34, None, 7):
        value = plain(answer)
        value["findings"][0][6] = wrong
        if wrong == "":
            assert examined(value).findings[0].people == b""
            continue
        with pytest.raises(BrokenFrame):
            examined(value)


def test_it_stands_in_no_decision_and_no_representation() -> None:
    (finding, *_) = find(table(ROWS))
    assert finding.people == MARK
    assert MARK.hex() not in str(finding.to_json()) and repr(MARK) not in repr(finding)
