"""Columns of numbers that look like identifiers must not fire; columns of identifiers must, every one of them.

The rates are printed: of how many columns how many fired, by the kind that they were taken for.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import starmap

import pytest

from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import Row, Table
from tests.inspection.find import invented
from tests.inspection.find.look_alikes import LOOK_ALIKES

SIZES = ((5, 60), (10, 40), (20, 20), (100, 6))
"""How long columns are, and how many of each length."""
THEMSELVES = {"mobile numbers without their zero": {"phone"}}
"""They are telephone numbers, and must be taken for nothing else."""
REAL = {
    "nhs_number": (invented.nhs_number, invented.issued_like_nhs_number),
    "hc_number": (invented.hc_number,),
    "chi_number": (invented.chi_number, invented.chi_without_zero),
    "nino": (invented.nino,),
    "driving_licence": (invented.driving_licence,),
    "payment_card": (invented.payment_card,),
    "iban": (invented.iban,),
    "postcode": (invented.postcode,),
    "email": (invented.email,),
    "phone": (invented.mobile, invented.mobile_without_zero),
    "us_ssn": (invented.ssn,),
    "name": (invented.full_name,),
}


def kinds_found(values: list[str], heading: str = "") -> set[str]:
    rows = [Row(1, (heading,))] if heading else []
    rows += [Row(number, (value,)) for number, value in enumerate(values, 2)]
    return {each.kind for each in find([Table("sheet 1"), *rows])}


def rates(name: str) -> tuple[int, Counter[str]]:
    """Of how many columns of this look-alike how many were taken for what."""
    make, fired, number = LOOK_ALIKES[name], Counter[str](), 0
    for size, columns in SIZES:
        for column in range(columns):
            rng = random.Random(f"{name} {size} {column}")
            fired.update(kinds_found([make(rng, place) for place in range(size)]) - THEMSELVES.get(name, set()))
            number += 1
    return number, fired


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_look_alikes_do_not_fire(name: str):
    number, fired = rates(name)
    shown = ", ".join(f"{kind} {count / number:.1%}" for kind, count in fired.items())
    print(f"{name}: {number} columns, {shown or 'none fired'}")
    assert not fired


def test_tables_of_look_alikes_are_nobody():
    """Numbers, dates and products beside each other, under headings that say what they are."""
    number = 300
    fired = Counter[str]()
    for seed in range(number):
        rng = random.Random(seed)
        names = rng.sample([each for each in LOOK_ALIKES if each not in THEMSELVES], rng.randint(2, 8))
        rows = [tuple(LOOK_ALIKES[each](rng, place) for each in names) for place in range(rng.choice((5, 12, 40)))]
        headings = tuple(each.title() if seed % 2 else f"Column {each[:1]}" for each in names)
        fired.update({each.kind for each in find([Table("s"), *starmap(Row, enumerate([headings, *rows], 1))])})
    print(f"tables of look-alikes: {number}, {dict(fired) or 'none fired'}")
    assert not fired


@pytest.mark.parametrize("kind", REAL)
def test_real_columns_are_found_every_one(kind: str):
    for make in REAL[kind]:
        for size, columns in SIZES:
            for column in range(columns):
                values = invented.column(make, size, seed=column)
                assert kinds_found(values) == {kind}, (make.__name__, size, column)


@pytest.mark.parametrize("heading", ["DOB", "Date of birth", "d.o.b.", "birthDate", "BORN"])
def test_dates_of_birth_by_their_heading(heading: str):
    assert kinds_found(invented.column(invented.birth, 5), heading) == {"date_of_birth"}


def test_dates_of_birth_by_their_spread():
    assert kinds_found(invented.column(invented.birth, 40)) == {"date_of_birth"}
    assert not kinds_found([f"20{each:02}-05-01" for each in range(40)])


def test_dates_of_birth_as_days_since_1900():
    serials = [str(random.Random(each).randint(10_000, 40_000)) for each in range(20)]
    assert kinds_found(serials, "DOB") == {"date_of_birth"}
    assert not kinds_found(serials)


@pytest.mark.parametrize("share", [0.8, 0.9])
def test_a_column_with_some_mistakes(share: float):
    values = invented.column(invented.nhs_number, 100)
    wrong = [value[:-1] + str((int(value[-1]) + 1) % 10) for value in values]
    mixed = [
        right if place < share * 100 else bad for place, (right, bad) in enumerate(zip(values, wrong, strict=True))
    ]
    assert kinds_found(mixed) == {"nhs_number"}


def test_a_column_with_too_many_mistakes():
    values = invented.column(invented.nhs_number, 100)
    wrong = [value[:-1] + str((int(value[-1]) + 1) % 10) for value in values]
    assert not kinds_found(values[:70] + wrong[70:])


def test_a_heading_lets_looser_forms_pass():
    without_suffix = [each[:-1] for each in invented.column(invented.nino, 20)]
    assert not kinds_found(without_suffix)
    assert kinds_found(without_suffix, "NI number") == {"nino"}
    bare = [each.replace("-", "") for each in invented.column(invented.ssn, 20)]
    assert not kinds_found(bare)
    assert kinds_found(bare, "SSN") == {"us_ssn"}
    landlines = [f"161{invented.digits(random.Random(each), 7)}" for each in range(20)]
    assert not kinds_found(landlines)
    assert kinds_found(landlines, "Telephone") == {"phone"}
    nine = [invented.digits(random.Random(each), 9) for each in range(20)]
    assert kinds_found(nine, "Passport no.") == {"passport_number"}


def test_a_heading_does_not_make_mobiles_of_the_health_service():
    """7xxxxxxxxx is in a range of NHS numbers; the greater share decides."""
    assert kinds_found(invented.column(invented.mobile_without_zero, 50), "NHS number") == {"phone"}


def test_names_that_no_list_has_under_a_heading_that_only_people_have():
    names = [f"Zq{chr(97 + each)}rv Vw{chr(97 + each)}xl" for each in range(20)]
    assert kinds_found(names, "Patient") == {"name"}
    assert not kinds_found(names, "Name")
    assert not kinds_found(names)


def table_of(values: list[str]) -> list[Table | Row]:
    return [Table("sheet 1"), *(Row(number, (value,)) for number, value in enumerate(values, 1))]


def test_a_long_column_that_changes_in_its_middle():
    """What was settled for 2,000 values is looked at anew where a chunk is of something else."""
    real, others = invented.column(invented.nhs_number, 2_000), [f"order {each}" for each in range(300)]
    (found,) = find(table_of(real + others + real[:100]))
    assert found.kind == "nhs_number" and 1_950 <= found.count <= 2_000


def test_a_long_column_that_begins_with_something_else():
    real = invented.column(invented.nhs_number, 2_000)
    (found,) = find(table_of([f"order {each}" for each in range(300)] + real))
    assert found.kind == "nhs_number" and found.count > 1_600


def test_random_numbers_in_a_column_of_real_ones_do_not_count():
    real, rng = invented.column(invented.nhs_number, 600), random.Random(3)
    (found,) = find(table_of(real + [invented.digits(rng, 10) for _ in range(100)]))
    assert found.count <= 620
