"""Whole records in one cell each, as people paste them from a letter; and cells that look like some."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import SEEN, Row, Table, Visibility
from tests.inspection.find import invented

NAMES = (
    *("Aisha Patel", "Grace Jones", "Oliver Price", "Marek Murphy", "Siobhan Knight", "Priya Okafor", "Tomasz Baker"),
    *("Gwen Walsh", "Harold Rahman", "Joyce Kowalski"),
)
NHS = invented.column(invented.nhs_number, 12)
HIDDEN = Visibility.HIDDEN_SHEET


def people(cells: Sequence[str], why: Visibility = SEEN) -> int:
    rows = [Row(number, (cell,)) for number, cell in enumerate(cells, 1)]
    return sum(each.count for each in find([Table("sheet x", why), *rows]) if each.kind == "people_rows")


RECORDS: dict[str, Callable[[str, int], str]] = {
    "number and birth": lambda name, n: f"{name}, {NHS[n]}, 01/02/19{n + 40}",
    "birth": lambda name, n: f"{name} 01/02/19{n + 40}",
    "birth in brackets": lambda name, n: f"{name} (01/02/19{n + 40}) - asthma",
    "telephone": lambda name, n: f"{name} 07700 9000{n:02}",
    "address": lambda name, n: f"{name} {name.replace(' ', '.').lower()}@mail.example",
    "lines": lambda name, n: f"{name}\n{n} Mill Lane\nLS{n + 1} 4AP",
}


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_in_a_cell_is_a_row(record: str) -> None:
    cells = [RECORDS[record](name, n) for n, name in enumerate(NAMES)]
    for why in (SEEN, HIDDEN):
        assert people(cells, why) == len(NAMES)
        assert people(["Notes", *cells], why) == len(NAMES)
        assert record == "lines" or people(["\n".join(cells)], why) == len(NAMES), "all in one cell"
    assert people(cells[:4]) == 0


def test_names_before_numbers_leave_a_column_of_numbers() -> None:
    rows = [Row(n, (f"{name} {nhs}",)) for n, (name, nhs) in enumerate(zip(NAMES, NHS, strict=False), 1)]
    assert {each.kind: each.count for each in find([Table("sheet x"), *rows])} == {"nhs_number": len(NAMES)}


HIDDEN_RECORDS: dict[str, Callable[[str, int], str]] = {
    "age": lambda name, n: f"{name} ({n + 40})",
    "amount": lambda name, n: f"{name}, \u00a3{n}.50",
    "street": lambda name, n: f"{name}, {n + 1} Mill Road",
}


@pytest.mark.parametrize("record", HIDDEN_RECORDS)
def test_a_hidden_cell_needs_less(record: str) -> None:
    cells = [HIDDEN_RECORDS[record](name, n) for n, name in enumerate(NAMES)]
    assert people(cells, HIDDEN) == len(NAMES)
    assert people(cells) == 0


def test_a_hidden_cell_with_one_name_is_for_its_column_to_judge() -> None:
    """A list of staff for a drop-down: `name`, of which the default policy wants ten."""
    assert people(NAMES, HIDDEN) == 0
    assert people(["; ".join(NAMES)], HIDDEN) == len(NAMES)
    assert people(["; ".join(NAMES)]) == 0


NOBODY: dict[str, Callable[[int], str]] = {
    "addresses": lambda n: f"{n} St John Street, Leeds LS{n % 20 + 1} 4AP",
    "offices": lambda n: f"Harrowgate Branch 0113 496 0{n:03}",
    "products": lambda n: f"Oak Chair 50{10**10 + n * 7919}",
    "tasks": lambda n: f"Review lease {n % 28 + 1:02}/03/2026",
    "orders": lambda n: f"Steel Bracket {4_501_000_000 + n * 7}",
    "companies": lambda n: f"Baker Ltd {n % 28 + 1:02}/03/2026",
    "roads": lambda n: f"Victoria Road {n % 28 + 1:02}/03/1966",
    "departments": lambda n: f"Customer Relations Team, 0113 496 0{n:03}",
    "rooms": lambda n: f"Meeting Room {10_000 + n}",
    "mailboxes": lambda n: f"Lost Property info{n}@shop.example",
    "versions": lambda n: f"Worker Pool 12.{n}.2026",
}


@pytest.mark.parametrize("cell", NOBODY)
def test_cells_about_nobody(cell: str) -> None:
    for why in (SEEN, HIDDEN):
        assert people([NOBODY[cell](n) for n in range(60)], why) == 0
