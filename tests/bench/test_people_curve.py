"""Finding people in rows is linear in whatever a table repeats, and near the cost of reading the table at all.

The curve and the ratios are printed (`-s`). The yardstick is expat with handlers that do nothing over a worksheet of
the same size, in the same run, so that a loaded machine slows both.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import starmap
from xml.parsers import expat

import pytest

from mailguard.inspection.find.finding import find
from mailguard.inspection.html_tables import html_items
from mailguard.inspection.stream import ColumnSpan, Item, Row, Table, Text, Visibility
from tests.bench.test_parser_curve import assert_linear, seconds
from tests.inspection.find import invented

ROWS, COLUMNS = 5_000, 10
HEADINGS = ("Surname", "Forename", "NHS number", "DOB", "Postcode", "Email", "Mobile", "Ward", "Order", "Notes")


def patients(number: int) -> list[tuple[str, ...]]:
    rng = random.Random(1)
    makers = (invented.nhs_number, invented.birth, invented.postcode, invented.email, invented.mobile)
    return [
        (
            *(rng.choice(invented.SURNAMES), rng.choice(invented.FORENAMES), *(make(rng) for make in makers)),
            *(f"Ward {rng.randint(1, 9)}", invented.digits(rng, 10), "seen and discharged"),
        )
        for _ in range(number)
    ]


def stock(number: int) -> list[tuple[str, ...]]:
    return [
        *(
            (f"Item {n}", str(n * 3), f"{n % 97}.50", "2026-03-01", f"{n:06}", "A", "yes", "12", "Blue Chair", "x")
            for n in range(number)
        )
    ]


def table(rows: list[tuple[str, ...]]) -> list[Item]:
    return [Table("sheet 1"), *starmap(Row, enumerate(rows, 1))]


def test_five_thousand_rows_beside_reading_them():
    sheet = b"<c r='A1' t='s'><v>12345</v></c>" * COLUMNS
    document = b"<sheetData>" + b"".join(b"<row r='1'>%s</row>" % sheet for _ in range(ROWS)) + b"</sheetData>"

    def read() -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, attributes: None
        parser.CharacterDataHandler = lambda text: None
        parser.Parse(document, True)

    people, none = table([HEADINGS, *patients(ROWS)]), table(stock(ROWS))
    yardstick, with_people, without = (seconds(each) for each in (read, lambda: find(people), lambda: find(none)))
    print(f"{ROWS:,} rows of {COLUMNS}: people {with_people * 1e3:.0f} ms, none {without * 1e3:.0f} ms, ", end="")
    print(f"expat alone {yardstick * 1e3:.0f} ms: {with_people / yardstick:.1f} and {without / yardstick:.1f} times")
    assert with_people < 8 * yardstick


def _mixed(n: int) -> list[Item]:
    reasons = (Visibility.SEEN, Visibility.HIDDEN_ROW)
    return [
        Table("s", columns=(ColumnSpan(3, 3, Visibility.HIDDEN_COLUMN),)),
        *(Row(place, row, visibility=reasons[place % 2]) for place, row in enumerate(patients(n // 10), 1)),
    ]


TABLES: dict[str, Callable[[int], list[Item]]] = {
    "people": lambda n: table(patients(n // 10)),
    "hidden by turns": _mixed,
    "each cell hidden apart": lambda n: [
        Table("s"),
        *(Row(p, ("9993395633",) * 10, unseen=((p % 10, Visibility.SAME_COLOUR),)) for p in range(1, n // 10)),
    ],
    "double-spaced": lambda n: [Table("s"), *(Row(2 * p, row) for p, row in enumerate(patients(n // 10), 1))],
    "headings again and again": lambda n: table([HEADINGS, *patients(5)] * (n // 60)),
    "corners": lambda n: [Table("s"), *(Row(p, ("1",), (p * 37 % 16_384 + 1,)) for p in range(1, n))],
    "one long row": lambda n: table([("1234567890",) * n] * 2),
    "wide": lambda n: table([("1234567890",) * (n // 40)] * 40),
    "many tables": lambda n: [item for p in range(n // 50) for item in table(patients(5))],
    "different shapes": lambda n: table([("a" * (p % 7) + "1" * (p % 11) + "-" * (p % 13),) for p in range(n)]),
    "different headings": lambda n: [
        item for p in range(n // 10) for item in (Table(f"t{p}", headings=(f"Heading {p}",)), Row(1, ("1",)))
    ],
    "long cells": lambda n: table([("9" * 100 + " and more: " * 9,) for _ in range(n // 20)]),
    "text of numbers": lambda n: [Text("NHS 999 339 5633 " * (n // 4), "page 1")],
    "text of at signs": lambda n: [Text("a@" * n * 2, "page 1")],
    "text of digits": lambda n: [Text("9" * n * 8, "page 1")],
    "html": lambda n: list(html_items("<table>" + "<tr><td>9993395633<td>Mary Smith" * (n // 4), "text")),
    "html of open tags": lambda n: list(html_items("<td <table <tr " * n, "text")),
    "html, deep": lambda n: list(html_items("<div><table><tr><td>" * (n // 8), "text")),
    "html comments": lambda n: list(html_items("<!-- a --" * n, "text")),
}


@pytest.mark.parametrize("name", TABLES)
def test_it_is_linear(name: str):
    assert_linear(name, TABLES[name], find)
