"""Columns that are not about people and look as if they were. Each takes a random source and a place in the column."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.inspection.find.invented import birth, digits, luhn_complete, mobile_without_zero

Maker = Callable[[random.Random, int], str]
WORDS = [
    "Garden",
    "Steel",
    "Blue",
    "Corner",
    "Office",
    "Winter",
    "Double",
    "Small",
    "Heavy",
    "Copper",
    "Oak",
    "Classic",
    "Folding",
    "Round",
    "Plain",
]
THINGS = [
    "Chair",
    "Table",
    "Lamp",
    "Desk",
    "Valve",
    "Pump",
    "Bracket",
    "Cable",
    "Folder",
    "Printer",
    "Basket",
    "Shelf",
    "Mug",
    "Blanket",
    "Kettle",
]


def _rising(start: int, step: int) -> Maker:
    return lambda rng, place: str(start + place * step + rng.randint(0, step - 1))


LOOK_ALIKES: dict[str, Maker] = {
    "random ten digits": lambda rng, place: str(rng.randint(1, 9)) + digits(rng, 9),
    "mobile numbers without their zero": lambda rng, place: mobile_without_zero(rng),
    "landlines without their zero": lambda rng, place: (rng.choice(("20", "161", "1223")) + digits(rng, 8))[:10],
    "order numbers, rising": _rising(4_501_000_000, 7),
    "order numbers, rising by one": _rising(7_700_100_000, 1),
    "invoice numbers": lambda rng, place: f"INV{2020 + place % 5}{digits(rng, 6)}",
    "time stamps": lambda rng, place: str(rng.randint(1_500_000_000, 1_900_000_000)),
    "time stamps in order": _rising(1_700_000_000, 3_600),
    "time stamps in milliseconds": lambda rng, place: str(rng.randint(1_500_000_000_000, 1_900_000_000_000)),
    "UPRNs": lambda rng, place: str(rng.randint(10_000_000, 299_999_999_999)),
    "UPRNs of ten digits": lambda rng, place: str(rng.randint(1_000_000_000, 9_999_999_999)),
    "product codes": lambda rng, place: (
        f"{rng.choice('ABCDEFGH')}{rng.randint(1, 9)} {rng.randint(0, 9)}{rng.choice('CIKMOV')}B"
    ),
    "part numbers like NINOs": lambda rng, place: f"SC{digits(rng, 6)}{rng.choice('ABCD')}",
    "part numbers of any letters": lambda rng, place: (
        "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=2))
        + digits(rng, 6)
        + rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    ),
    "company numbers": lambda rng, place: rng.choice(("SC", "OC", "NI", "0")) + digits(rng, 6),
    "dates xx-xx-xx": lambda rng, place: f"{rng.randint(1, 28):02}-{rng.randint(1, 12):02}-{rng.randint(18, 26)}",
    "dates of this decade": lambda rng, place: (
        f"20{rng.randint(15, 26)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    ),
    "dates as numbers": lambda rng, place: birth(rng).replace("-", ""),
    "random sixteen digits": lambda rng, place: str(rng.randint(1, 9)) + digits(rng, 15),
    "tracking numbers with a check digit": lambda rng, place: luhn_complete("9" + digits(rng, 14)),
    "IMEIs": lambda rng, place: luhn_complete("86" + digits(rng, 12)),
    "random nine digits": lambda rng, place: str(rng.randint(1, 9)) + digits(rng, 8),
    "random eight digits": lambda rng, place: str(rng.randint(1, 9)) + digits(rng, 7),
    "EAN barcodes": lambda rng, place: "50" + digits(rng, 11),
    "amounts": lambda rng, place: f"{rng.randint(1, 99_999)}.{rng.randint(0, 99):02}",
    "whole amounts as floats": lambda rng, place: f"{rng.randint(1_000_000_000, 9_999_999_999)}.0",
    "hashes": lambda rng, place: f"{rng.getrandbits(64):016x}",
    "products": lambda rng, place: f"{rng.choice(WORDS)} {rng.choice(THINGS)}",
    "office mailboxes": lambda rng, place: f"{rng.choice(('info', 'sales', 'admin', 'hello'))}@shop{place}.example",
    "versions": lambda rng, place: f"{rng.randint(0, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 99)}",
    "IP addresses": lambda rng, place: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
    "one number, repeated": lambda rng, place: "9993395633",
}
