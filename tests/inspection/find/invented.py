"""Invented people and look-alike numbers, made when the tests run: no identifier stands in this repository.

NHS numbers are of 999, which is never issued (RULES.md 5). Where a kind has no range that is never issued, its values
are drawn at random from a seed, and nobody's by more than chance.
"""

from __future__ import annotations

import random
from collections.abc import Callable

FORENAMES = [
    "Mary",
    "John",
    "Aisha",
    "Mohammed",
    "Olga",
    "Piotr",
    "Siobhan",
    "Rhys",
    "Priya",
    "Wei",
    "Grace",
    "Ibrahim",
    "Elena",
    "Tomasz",
    "Gareth",
]
SURNAMES = [
    "Smith",
    "Jones",
    "Patel",
    "Khan",
    "Murphy",
    "Kowalski",
    "O'Brien",
    "Davies",
    "Evans-Jones",
    "Begum",
    "Chen",
    "MacDonald",
    "Novak",
    "Ali",
]
AREAS = ("B", "BS", "CF", "EH", "G", "LS", "M", "NE", "NG", "OX", "SO", "SW", "WC", "ZE", "BT")

NEVER_PREFIXES = frozenset(
    ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ", "CR", "FY", "MW", "NC", "OO", "PP", "PX", "PY", "PZ")
)


def digits(rng: random.Random, number: int) -> str:
    return "".join(rng.choices("0123456789", k=number))


def check_digit_mod_11(nine: str) -> str | None:
    rest = 11 - sum(int(each) * weight for each, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return None if rest == 10 else "0" if rest == 11 else str(rest)


def with_check_digit(rng: random.Random, begin: Callable[[], str]) -> str:
    while True:
        nine = begin()
        if (check := check_digit_mod_11(nine)) is not None and len(set(nine + check)) > 1:
            return nine + check


def nhs_number(rng: random.Random) -> str:
    return with_check_digit(rng, lambda: "999" + digits(rng, 6))


def issued_like_nhs_number(rng: random.Random) -> str:
    """In an issued range, for rates only: never shown, never kept."""
    return with_check_digit(rng, lambda: rng.choice("467") + digits(rng, 8))


def hc_number(rng: random.Random) -> str:
    return with_check_digit(rng, lambda: str(rng.randint(320_000_001, 399_999_999)))


def chi_number(rng: random.Random) -> str:
    return with_check_digit(
        rng, lambda: f"{rng.randint(1, 28):02}{rng.randint(1, 12):02}{rng.randint(0, 99):02}{digits(rng, 3)}"
    )


def chi_without_zero(rng: random.Random) -> str:
    """As a sheet keeps it: 010150... became 10150..."""
    return str(int(chi_number(rng)))


def nino(rng: random.Random) -> str:
    while True:
        prefix = rng.choice("ABCEGHJKLMNOPRSTWXYZ") + rng.choice("ABCEGHJKLMNPRSTWXYZ")
        if prefix not in [
            "BG",
            "GB",
            "KN",
            "NK",
            "NT",
            "TN",
            "ZZ",
            "CR",
            "FY",
            "MW",
            "NC",
            "OO",
            "PP",
            "PX",
            "PY",
            "PZ",
        ]:
            return prefix + digits(rng, 6) + rng.choice("ABCD")


def driving_licence(rng: random.Random) -> str:
    surname = "".join(filter(str.isalpha, rng.choice(SURNAMES))).upper()[:5].ljust(5, "9")
    month = rng.randint(1, 12) + rng.choice((0, 50))
    return f"{surname}{rng.randint(0, 9)}{month:02}{rng.randint(1, 28):02}{rng.randint(0, 9)}" + (
        f"{rng.choice(('A9', 'JM', 'SR'))}9{rng.choice('ABJKX')}{rng.choice('ABJKX')}"
    )


def luhn_complete(body: str) -> str:
    total = sum(sum(divmod(int(each) * (2 - index % 2), 10)) for index, each in enumerate(reversed(body)))
    return body + str(-total % 10)


def payment_card(rng: random.Random) -> str:
    return luhn_complete(rng.choice(("4", "51", "55", "2221")).ljust(4, "0") + digits(rng, 11))


def iban(rng: random.Random) -> str:
    account = "WEST" + digits(rng, 14)
    number = int("".join(str(int(each, 36)) for each in account + "GB00"))
    return f"GB{98 - number % 97:02}{account}"


def postcode(rng: random.Random) -> str:
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"{rng.choice(AREAS)}{rng.randint(1, 20)} {rng.randint(0, 9)}{rng.choice(letters)}{rng.choice(letters)}"


def email(rng: random.Random) -> str:
    return f"{rng.choice(FORENAMES)}.{digits(rng, 4)}@{rng.choice(('mail', 'post', 'web'))}.example".lower()


def mobile(rng: random.Random) -> str:
    """Ofcom's numbers for drama are 07700 900xxx; these are wider, since a column of one thousand is no test."""
    return f"07{rng.choice('45789')}{digits(rng, 2)} {digits(rng, 6)}"


def mobile_without_zero(rng: random.Random) -> str:
    return mobile(rng)[1:].replace(" ", "")


def ssn(rng: random.Random) -> str:
    area = rng.choice([each for each in range(1, 900) if each != 666])
    return f"{area:03}-{rng.randint(1, 99):02}-{rng.randint(1, 9999):04}"


def sort_code(rng: random.Random) -> str:
    return f"{rng.choice((30, 40, 60, 77, 83, 11))}-{rng.randint(0, 99):02}-{rng.randint(0, 99):02}"


def birth(rng: random.Random) -> str:
    return f"{rng.randint(1925, 2015)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def full_name(rng: random.Random) -> str:
    return f"{rng.choice(FORENAMES)} {rng.choice(SURNAMES)}"


def column(make: Callable[[random.Random], str], number: int, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [make(rng) for _ in range(number)]
