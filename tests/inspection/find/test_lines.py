"""Lines, comments and cells that are each about one person; and what looks like them and is about nobody."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import SEEN, Item, Row, Table, Text, Visibility
from tests.inspection.find import invented

UNLISTED = (
    *("Jacek Bielak", "Orla Oduya", "Maeve Crowther", "Keziah Quigley", "Morag Yaxley", "Dilys Haigh", "Verity Ubogu"),
    *("Hamish Vasquez", "Tamsin Poskitt", "Eilidh Horrocks", "Oswald Lofthouse", "Saoirse Walmsley"),
)
BODIES = ("Westbury council", "Eastholme Hospital", "Elm Road Surgery", "Department for Permits")


def people(items: list[Item]) -> int:
    return sum(each.count for each in find(items) if each.kind == "people_rows")


def texts(lines: list[str], why: Visibility = Visibility.COMMENT) -> list[Item]:
    return [Text(line, f"comment {place}", why) for place, line in enumerate(lines)]


def cells(values: list[str]) -> list[Item]:
    return [Table("sheet bak"), Row(1, ("Notes",)), *(Row(place, (value,)) for place, value in enumerate(values, 2))]


LISTS: dict[str, Callable[[str, int], str]] = {
    "titled, with a date": lambda name, n: f"C{n}23, Mr {name}, {BODIES[n % 4]}, {n + 1} March 2019",
    "titled, with a date in figures": lambda name, n: f"{BODIES[n % 4]}; Mrs {name}; 2019-03-{n + 1:02}",
    "initials after the title": lambda name, n: (
        f"Case AB/{1000 + n}, Mrs {name[0]} {name.split()[1]}, waiting for an answer"
    ),
    "titled, in capitals": lambda name, n: f"{80_000 + n} | DR {name.upper()} | {BODIES[n % 4]}",
    "three lines": lambda name, n: f"{name}\n{name.replace(' ', '.').lower()}@mail.example\n07700 9000{n:02}",
    "four lines": lambda name, n: (
        f"Mr {name}\n{n} Dean Close, Dunmere, HR2 7GA\nTel 07700 9000{n:02}\nborn 01.11.19{n + 40}"
    ),
    "the address spells the name": lambda name, n: f"Agree {name} {name.replace(' ', '.').lower()}{n}@mail.example",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_line_is_about_the_person_whom_it_names(name: str) -> None:
    lines = [LISTS[name](who, n) for n, who in enumerate(UNLISTED)]
    assert people(texts(lines)) == len(UNLISTED)
    assert people(texts(lines, SEEN)) == len(UNLISTED)
    assert people(texts(lines[:5])) == 5
    assert people(texts(lines[:4])) == 0, "fewer than five are a letter, no list"
    assert people(texts(lines[:1] * 30)) == 0, "one person, however often"


@pytest.mark.parametrize("name", LISTS)
def test_a_cell_is_about_the_person_whom_it_names(name: str) -> None:
    assert people(cells([LISTS[name](who, n) for n, who in enumerate(UNLISTED)])) == len(UNLISTED)


def test_names_that_are_on_no_list_count_beside_some_that_are() -> None:
    """Of twelve lines four have a known name; the others look alike."""
    names = [*UNLISTED[:8], "Mary Zqrv", "John Zqrv", "Aisha Zqrv", "Piotr Zqrv"]
    lines = [f"{who}, {n} Mill Lane, Dunmere, HR{n + 1} 7FL, 07700 9000{n:02}" for n, who in enumerate(names)]
    assert people(texts(lines)) == 12
    numbers = invented.column(invented.nhs_number, 12)
    assert people(texts([f"{who} ({nhs}) moved" for who, nhs in zip(names, numbers, strict=True)])) == 12
    strange = [
        line.replace(who, f"Zq{chr(97 + n)}rv Vw{chr(97 + n)}xl")
        for n, (who, line) in enumerate(zip(names, lines, strict=True))
    ]
    assert people(texts(strange[:8] + lines[8:10])) == 0, "two known names say nothing of eight others"


def test_people_of_one_house_are_several() -> None:
    lines = [
        f"{who}, 12 Mill Lane, LS1 4AP, 07700 900123" for who in ("Mary Shaw", "John Shaw", "Ann Shaw", "Tom Shaw")
    ]
    assert people(texts([*lines, "Rachel Shaw, 12 Mill Lane, LS1 4AP, 07700 900123"])) == 5


def test_names_with_addresses_in_one_hidden_line() -> None:
    """Keywords of a document. What a reader sees in one line, as in the quoted head of a message, core counts."""
    joined = [f"{who} <{who.replace(' ', '.').lower()}@mail.example>" for who in UNLISTED]
    for separator in ("; ", ", ", " "):
        assert people([Text(separator.join(joined), "property keywords", Visibility.PROPERTY)]) == len(UNLISTED)
        assert people([Text("To: " + separator.join(joined), "the message text")]) == 0


def test_cells_of_a_table_that_is_about_people_are_not_counted_twice() -> None:
    rows = [
        (who, nhs, f"{who}\n07700 9000{n:02}\nasked to be called back")
        for n, (who, nhs) in enumerate(zip(UNLISTED, invented.column(invented.nhs_number, 12), strict=True))
    ]
    items = [Table("s"), Row(1, ("Patient", "NHS number", "Notes")), *(Row(n, row) for n, row in enumerate(rows, 2))]
    assert people(items) == 12


RNG = random.Random(7)
NOBODY: dict[str, Callable[[int], str]] = {
    "bibliography": lambda n: (
        f"{RNG.choice(invented.SURNAMES)}, {chr(65 + n % 26)}. and Jones, A. ({2000 + n}) 'A study of case {n}', "
        f"Journal of Things, {n}(2). Available at: https://doi.example/10.1000/{n}{n}1 (Accessed: "
        f"{n % 28 + 1} March 2019)."
    ),
    "minutes": lambda n: (
        f"{n}. Mrs {chr(65 + n % 26)} Patel{'aeiou'[n % 5]} said that the roof would be mended by {n % 28 + 1}/03/2019."
    ),
    "orders": lambda n: f"PO{45_000 + n}, Steel Bracket, {n * 3} pieces, {n % 28 + 1}/03/2026",
    "rooms": lambda n: f"R{1000 + n}, {chr(65 + n % 26)} Block, Meeting Room, 2026-03-{n % 28 + 1:02}",
    "addresses of places": lambda n: f"{n} St John Street, Leeds LS{n % 20 + 1} 4AP",
    "branches": lambda n: f"Harrowgate Branch, {n} High Street, LS{n % 20 + 1} 4AP, 0113 496 0{n:03}",
    "organisations": lambda n: (
        f"C{4000 + n}, Eastholme Hospital Trust, Dunmere Borough Council, 2025-03-{n % 28 + 1:02}"
    ),
    "departments": lambda n: f"Customer Relations Team, 0113 496 0{n:03}",
    "surgeries of doctors": lambda n: f"Dr Gray's Hospital, ward {n}, {n % 28 + 1} March 2026",
    "drives": lambda n: f"{n} Elm Dr Leeds LS{n % 20 + 1} 4AP",
    "towns": lambda n: f"T{1000 + n}, Dunmere, Kelthorpe, 2026-03-{n % 28 + 1:02}",
    "log": lambda n: f"2026-03-{n % 28 + 1:02} 10:00:00 INFO Worker Pool started job {10_000 + n}",
    "months": lambda n: f"{10_000 + n}, Monday March, Tuesday April, 2026-03-{n % 28 + 1:02}",
}


@pytest.mark.parametrize("name", NOBODY)
def test_lines_about_nobody(name: str) -> None:
    lines = [NOBODY[name](n) for n in range(60)]
    assert people(texts(lines)) == 0
    assert people(cells(lines)) == 0


def test_a_street_of_saints_in_cells_is_nobody() -> None:
    """In a cell, a known word between others is no name yet."""
    lines = [f"St John Street {n}, Leeds LS{n % 20 + 1} 4AP, Tel 0113 496 0{n:03}" for n in range(40)]
    assert people(cells(lines)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "A b, " * 60_000,
        "Mr " * 100_000,
        "A" * 200_000 + "1",
        " " * 200_000 + "1",
        "A, " * 90_000 + "99999",
        "@" * 99_999,
    ],
)
@pytest.mark.parametrize("why", [SEEN, Visibility.PROPERTY])
def test_long_hostile_lines_are_read_in_time(text: str, why: Visibility) -> None:
    find([Text(text, "page 1", why)])
