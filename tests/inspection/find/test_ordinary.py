"""Tables of ordinary offices that are about things: none of them has rows of people."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import Row, Table
from tests.inspection.find import invented

R = random.Random(5)
DAYS = tuple(f"2026-03-{day:02}" for day in range(1, 29))


def some(*words: str) -> str:
    return R.choice(words)


TABLES: dict[str, tuple[tuple[str, ...], Callable[[int], tuple[str, ...]]]] = {
    "timetable": (
        ("Stop", "Time", "Route", "Operator"),
        lambda n: (some("High Street", "Victoria Road", "Station"), f"{n % 24:02}:15", str(n), "First Bus"),
    ),
    "drugs": (
        ("Drug name", "Strength", "Form", "Code"),
        lambda n: (f"{some('Amoxicillin', 'Omeprazole')} {n}", f"{n}mg", "Tablet", str(10**9 + n * 977)),
    ),
    "assets": (
        ("Asset", "Serial number", "MAC", "Room", "Purchased"),
        lambda n: (f"Laptop {n}", f"5CD{10**6 + n * 7}", f"00:1A:2B:3C:4D:{n:02X}", f"B{n}", R.choice(DAYS)),
    ),
    "gazetteer": (
        ("UPRN", "Address", "Postcode", "Ward"),
        lambda n: (str(10**10 + n * 13), f"{n} High Street, Leeds", invented.postcode(R), "Headingley"),
    ),
    "risks": (
        ("Ref", "Risk", "Owner", "Score", "Review date"),
        lambda n: (f"R{n}", "Supplier fails to deliver", "Finance team", str(n % 25), R.choice(DAYS)),
    ),
    "invoices": (
        ("Invoice", "Date", "Customer", "Net", "VAT"),
        lambda n: (f"INV{n:06}", R.choice(DAYS), some("Acme Ltd", "Bolt plc", "Crane & Co"), "10.00", "2.00"),
    ),
    "fixtures": (
        ("Date", "Home", "Away", "Score"),
        lambda n: (R.choice(DAYS), some("Leeds", "Arsenal"), some("Everton", "Fulham"), f"{n % 4}-{n % 3}"),
    ),
    "tickets": (
        ("Ticket", "Opened", "Category", "Status", "Team"),
        lambda n: (str(4_000_000_000 + n * 13), f"{R.choice(DAYS)} 10:00:00", "Printer", "Open", "Service desk"),
    ),
    "suppliers": (
        ("Supplier", "Telephone", "Email", "Postcode"),
        lambda n: (
            f"{some('North', 'Acme', 'Delta')} {some('Supplies', 'Logistics')} Ltd",
            f"0161 496 {n:04}",
            f"accounts@supplier{n}.example",
            invented.postcode(R),
        ),
    ),
    "statistics": (
        ("Area", "Population", "Births", "Deaths", "Age 0-4"),
        lambda n: (f"E0900{n:04}", str(R.randint(10**5, 10**6)), str(n * 7), str(n * 5), str(n * 3)),
    ),
    "schools": (
        ("School", "URN", "Phase", "Pupils", "Postcode"),
        lambda n: (
            f"{some('St Mary', 'St John')} Primary School",
            str(10**5 + n),
            "Primary",
            str(n),
            invented.postcode(R),
        ),
    ),
    "tasks": (
        ("Task", "Name", "Start", "End", "Status"),
        lambda n: (str(n), f"{some('Build', 'Test')} {some('database', 'portal')}", *DAYS[:2], "Open"),
    ),
    "menu": (
        ("Day", "Main", "Pudding"),
        lambda n: (some("Monday", "Friday"), some("Cottage pie", "Fish and chips"), some("Victoria sponge", "Crumble")),
    ),
    "library": (
        ("Title", "Author", "ISBN", "Shelf"),
        lambda n: (f"The Garden {n}", invented.full_name(R), f"978{invented.digits(R, 10)}", "A"),
    ),
    "vehicles": (
        ("Reg", "Make", "Model", "First registered", "MOT due"),
        lambda n: (f"AB{10 + n % 15} {some('BEH', 'CFJ')}", some("Ford", "Vauxhall"), "Transit", "2019-03-01", DAYS[0]),
    ),
    "courses": (
        ("Course name", "Code", "Start date", "Location", "Places"),
        lambda n: (some("First aid", "Fire safety", "Manual handling"), f"C{n}", R.choice(DAYS), "Leeds", "12"),
    ),
    "buildings": (
        ("Building", "Built", "Address", "Postcode"),
        lambda n: (f"House {n}", f"{1900 + n * 2}-06-01", f"{n} Mill Lane", invented.postcode(R)),
    ),
    "minutes of meetings": (
        ("Meeting", "Date", "Action", "Due"),
        lambda n: ("Partners", R.choice(DAYS), f"Review the lease of room {n}", R.choice(DAYS)),
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_it_is_about_nobody(name: str):
    headings, row = TABLES[name]
    items = [Table("sheet 1"), Row(1, headings), *(Row(number, row(number)) for number in range(2, 42))]
    kinds = {each.kind for each in find(items)}
    assert "people_rows" not in kinds
    assert kinds <= {"postcode", "phone", "name"}, "what stands in it all the same is no number of a person"
