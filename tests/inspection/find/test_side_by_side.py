"""Several people beside each other in a row; and one person of whom the same is said twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import SEEN, ColumnSpan, Item, Row, Table, Visibility
from tests.inspection.find import invented

FIRST = "Aisha Grace Oliver Marek Siobhan Priya Tomasz Gwen Harold Joyce".split()  # noqa: SIM905
LAST = "Patel Jones Price Murphy Knight Okafor Baker Walsh Rahman Kowalski".split()  # noqa: SIM905
NAMES = [f"{first} {last}" for last in LAST for first in FIRST]
NHS = invented.column(invented.nhs_number, 100)
BIRTHS = [f"{1930 + n % 70}-0{n % 9 + 1}-1{n % 10}" for n in range(100)]


def people(headings: Sequence[str], rows: Sequence[Sequence[str]], table: Table | None = None) -> dict[bool, int]:
    items: list[Item] = [table or Table("sheet x")]
    if headings:
        items.append(Row(1, tuple(headings)))
    found = find([*items, *(Row(n, tuple(row)) for n, row in enumerate(rows, 2))])
    return {each.hidden: each.count for each in found if each.kind == "people_rows"}


@pytest.mark.parametrize("across", [2, 3, 4, 5])
@pytest.mark.parametrize("headed", [True, False])
def test_each_of_several_people_in_a_row_counts(across: int, headed: bool) -> None:
    for values, heading in ((NHS, "NHS number"), (BIRTHS, "Date of birth")):
        rows = [
            [cell for each in range(start, start + across) for cell in (NAMES[each], values[each])]
            for start in range(0, 100 - across + 1, across)
        ]
        assert people(("Name", heading) * across if headed else (), rows) == {False: len(rows) * across}


def test_who_is_hidden_among_them_is_hidden() -> None:
    rows = [[NAMES[n], NHS[n], NAMES[n + 50], NHS[n + 50]] for n in range(50)]
    table = Table("sheet x", SEEN, (ColumnSpan(3, 4, Visibility.HIDDEN_COLUMN),))
    assert people(("Name", "NHS number") * 2, rows, table) == {False: 50, True: 50}


def test_three_fields_of_each() -> None:
    rows = [[NAMES[n], NHS[n], BIRTHS[n], NAMES[n + 50], NHS[n + 50], BIRTHS[n + 50]] for n in range(50)]
    assert people(("Patient", "NHS no", "DOB") * 2, rows) == {False: 100}


@pytest.mark.parametrize(
    "headings",
    [
        ("Forename", "Surname"),
        ("Forename", "Surname", "Known as", "Maiden name"),
        ("Name", "NHS number", "Next of kin"),
        ("NHS number", "Name", "Date of birth", "Telephone"),
    ],
)
def test_one_person_of_whom_much_is_said_is_one(headings: tuple[str, ...]) -> None:
    cells: dict[str, Callable[[int], str]] = {
        "Forename": lambda n: FIRST[n % 10],
        "Surname": lambda n: LAST[n // 10],
        "Known as": lambda n: FIRST[(n + 3) % 10],
        "Maiden name": lambda n: LAST[(n + 30) // 10 % 10],
        "Name": lambda n: NAMES[n],
        "Next of kin": lambda n: NAMES[(n + 7) % 100],
        "NHS number": lambda n: NHS[n],
        "Date of birth": lambda n: BIRTHS[n],
        "Telephone": lambda n: f"07700 9000{n:02}",
    }
    assert people(headings, [[cells[heading](n) for heading in headings] for n in range(100)]) == {False: 100}
