"""Addresses and telephones of offices, hidden in drop-down lists and links: nobody's. And those of people."""

from __future__ import annotations

from collections.abc import Sequence

from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import Item, Row, Table, Text, Visibility

STAFF = ("aisha", "grace", "oliver", "marek", "siobhan", "priya", "tomasz", "gwen", "harold", "joyce", "nadia", "kevin")
TOWNS = ("Leeds", "York", "Hull", "Bath", "Derby", "Truro", "Ripon", "Otley", "Ilkley", "Selby", "Goole", "Whitby")
LANDLINES = [f"0113 496 0{n:03}" for n in range(12)]
MOBILES = [f"07700 9000{n:02}" for n in range(12)]


def links(addresses: Sequence[str], why: Visibility = Visibility.MARKUP) -> dict[str, int]:
    items: list[Item] = [Text(f"mailto:{address}", "link", why) for address in addresses]
    return {each.kind: each.count for each in find(items)}


def hidden(*rows: Sequence[str]) -> dict[str, int]:
    items: list[Item] = [
        Table("sheet Data", Visibility.HIDDEN_SHEET),
        *(Row(n, tuple(row)) for n, row in enumerate(rows, 1)),
    ]
    return {each.kind: each.count for each in find(items)}


def test_links_to_the_staff_of_one_office_are_no_hidden_addresses() -> None:
    assert not links([f"{name}@elmroad.example" for name in STAFF])


def test_links_to_people_are_hidden_addresses() -> None:
    assert links([f"{name}@gmail.com" for name in STAFF]) == {"email": 12}
    assert links([f"{name}@{name}.example" for name in STAFF]) == {"email": 12}
    assert links([f"{name}@{'elm' if n else 'oak'}.example" for n, name in enumerate(STAFF)]) == {"email": 12}
    assert links([f"{name}@elmroad.example" for name in STAFF], Visibility.HIDDEN_TEXT) == {"email": 12}


def test_addresses_that_are_no_links_are_counted_beside_links() -> None:
    items: list[Item] = [Text(f"mailto:{name}@elmroad.example", "link", Visibility.MARKUP) for name in STAFF]
    items += [Text(f"{name}@oak.example", "comment", Visibility.MARKUP) for name in STAFF]
    assert [(each.kind, each.count) for each in find(items)] == [("email", 12)]


def test_telephones_of_offices_are_nobodys() -> None:
    branches = [f"{town} branch" for town in TOWNS]
    assert not hidden(("Branch", "Telephone"), *zip(branches, LANDLINES, strict=True))
    assert hidden(("Branch", "Telephone"), *zip(branches, MOBILES, strict=True)) == {"phone": 12}
    assert hidden(("Town", "Telephone"), *zip(TOWNS, LANDLINES, strict=True)) == {"phone": 12}


def test_a_table_that_identifies_people_keeps_their_telephones() -> None:
    births = [f"0{n % 9 + 1}/04/19{n + 40}" for n in range(12)]
    rows = zip((f"{town} school" for town in TOWNS), births, LANDLINES, strict=True)
    found = hidden(("School", "Date of birth", "Telephone"), *rows)
    assert found["people_rows"] == 12 and found["phone"] == 12
