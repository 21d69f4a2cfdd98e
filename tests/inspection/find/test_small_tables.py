"""A list of people that is cut into tables of one to four rows, and small tables that are about nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from mailguard.core.verdict import Finding
from mailguard.inspection.find.finding import find
from mailguard.inspection.find.small_tables import MOST_ROWS
from mailguard.inspection.stream import SEEN, ColumnSpan, Item, Row, Table, Visibility
from tests.inspection.find import invented

FIRST = "Aisha Grace Oliver Marek Siobhan Priya Tomasz Gwen Harold Joyce".split()  # noqa: SIM905
LAST = "Patel Jones Price Murphy Knight Okafor Baker Walsh Rahman Kowalski".split()  # noqa: SIM905
NAMES = [f"{first} {last}" for last in LAST for first in FIRST]
NHS = invented.column(invented.nhs_number, 100)
HEADINGS = ("Name", "NHS number")
HIDDEN = Visibility.HIDDEN_SHEET


def tables(
    size: int, headings: Sequence[Sequence[str]], why: Visibility = SEEN, span: tuple[ColumnSpan, ...] = ()
) -> Iterator[Item]:
    """All hundred people in tables of so many rows."""
    for place, first in enumerate(range(0, 100, size)):
        yield Table(f"sheet {place}", why, span)
        head = headings[place % len(headings)]
        if head:
            yield Row(1, tuple(head))
        for number, person in enumerate(range(first, min(first + size, 100)), 2):
            yield Row(number, (NAMES[person], NHS[person]))


def people(items: Iterator[Item] | Sequence[Item]) -> Finding | None:
    return next((each for each in find(items) if each.kind == "people_rows"), None)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("headings", [HEADINGS, ()])
def test_small_tables_are_one_list(size: int, headings: tuple[str, ...]) -> None:
    found = people(tables(size, [headings]))
    assert found is not None and found.count == 100
    assert found.where.startswith("sheet 0, sheet 1, sheet 2 and ")
    hidden = people(tables(size, [headings], HIDDEN))
    assert hidden is not None and hidden.hidden and hidden.count == 100
    assert hidden.summary.startswith(f"{-(-100 // size)} hidden sheets have 100 rows of people: names and NHS numbers")


def test_headings_that_say_the_same_are_the_same() -> None:
    found = people(tables(2, [HEADINGS, ("Patient", "NHS no."), ("Client name", "NHS")]))
    assert found is not None and found.count == 100


def test_what_is_hidden_of_each_stays_hidden() -> None:
    found = people(tables(4, [HEADINGS], span=(ColumnSpan(2, 2, Visibility.HIDDEN_COLUMN),)))
    assert found is not None and found.hidden and found.count == 100


def test_one_small_table_is_a_letter() -> None:
    one: list[Item] = [Table("t"), Row(1, HEADINGS), *(Row(n + 2, (NAMES[n], NHS[n])) for n in range(4))]
    assert people(one) is None
    again = people(one * 30)
    assert again is not None and again.count == 4, "the same four people, however often"


def test_what_waits_is_bounded() -> None:
    other: list[Item] = [Table("u"), Row(1, ("Stop", "Time")), Row(2, ("Station", "12:15"))]
    many = [*tables(4, [HEADINGS]), *other * (MOST_ROWS + 1), *tables(4, [HEADINGS])]
    found = people(many)
    assert found is not None and found.count == 100


def form(place: int, fields: Sequence[tuple[str, str]], why: Visibility = SEEN) -> list[Item]:
    return [Table(f"sheet {place}", why), *(Row(number, field) for number, field in enumerate(fields, 1))]


def test_forms_of_one_person_each_are_a_list() -> None:
    fields = [[("Name:", NAMES[n]), ("Date of birth", f"0{n % 9 + 1}/04/19{n + 10}")] for n in range(60)]
    longer = [[*each, ("Ward", "North"), ("Reason", "Fall"), ("Seen", "yes")] for each in fields]
    for forms in (fields, longer):
        for why in (SEEN, HIDDEN):
            found = people([item for n, each in enumerate(forms) for item in form(n, each, why)])
            assert found is not None and found.count == 60 and found.hidden is (why is HIDDEN)
    assert people([item for n, each in enumerate(longer[:4]) for item in form(n, each)]) is None
    assert people([item for n in range(60) for item in form(n, longer[0])]) is None


NOBODY: dict[str, Callable[[int], list[tuple[str, ...]]]] = {
    "prices": lambda n: [("Product", "Code", "Price"), ("Oak Chair", str(4_501_000_000 + n * 7), f"{n}.50")],
    "results": lambda n: [("Test", "Result"), ("Sodium", str(130 + n)), ("Urea", str(n))],
    "fixtures": lambda n: [("Date", "Home", "Away"), (f"2026-03-{n % 28 + 1:02}", "Leeds", "Fulham")],
    "signatures": lambda n: [("Signed by", "Date"), ("Mary Smith", f"2026-03-{n % 28 + 1:02}")],
    "invoices": lambda n: [("Customer", "Acme Ltd"), ("Invoice", f"INV{n:06}"), ("Date", f"2026-03-{n % 28 + 1:02}")],
    "offices": lambda n: [("Branch", f"Harrowgate {n}"), ("Telephone", f"0113 496 0{n:03}"), ("Opens", "09:00")],
    "no headings": lambda n: [("Net", f"{n}.00"), ("VAT", f"{n * 2}.00"), ("Total", f"{n * 3}.00")],
}


@pytest.mark.parametrize("name", NOBODY)
def test_small_tables_about_nobody(name: str) -> None:
    for why in (SEEN, HIDDEN):
        items: list[Item] = []
        for place in range(60):
            items += [Table(f"t{place}", why), *(Row(n, row) for n, row in enumerate(NOBODY[name](place), 1))]
        assert people(items) is None
