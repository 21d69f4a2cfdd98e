"""Columns of numbers and codes that look like identifiers of people and are none: for test_independent_truth.py.

Written from issue 5 and the rules of the identifiers alone, by somebody who had not read the detectors. Seeded: the
same columns each time.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random

Make = Callable[[Random], str]


def digits(rng: Random, number: int) -> str:
    """So many digits, the first of them not nought."""
    return str(rng.randrange(10 ** (number - 1), 10**number))


def luhn(text: str) -> str:
    """The text and the digit that makes it pass the Luhn check (ISO/IEC 7812-1, annex B)."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(text)))
    return f"{text}{-total % 10}"


def gtin(text: str) -> str:
    """The text and its check digit as in EAN, ISBN-13, ITF-14 (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text)))
    return f"{text}{-total % 10}"


def isbn10(rng: Random) -> str:
    """Ten digits that pass the same mod 11 as an NHS number does, by its nature: weights 10 to 1 (ISO 2108:1992)."""
    nine = f"0{rng.randrange(10**8):08d}"
    check = -sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11
    return f"{nine}{'X' if check == 10 else check}"


def moment(rng: Random) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(80_000_000))


def letters(rng: Random, number: int, of: str = "ABCDEFGHJKLMNPRSTUVWXYZ") -> str:
    return "".join(rng.choice(of) for _ in range(number))


KINDS: dict[str, tuple[list[str], Make]] = {
    "mobile without its zero": (["Mobile", "Tel", "Number"], lambda r: f"7{r.choice('345789')}{digits(r, 8)}"),
    "telephone without its zero": (["Tel no", "Phone", "No"], lambda r: f"{r.choice(['1', '2'])}{digits(r, 9)}"),
    "order number": (["Order no", "Order", "PO"], lambda r: digits(r, 10)),
    "order number from 4": (["Order no", "SAP order", "Document"], lambda r: f"4{r.choice('0159')}{digits(r, 8)}"),
    "running number": (["No", "Ticket", "Patient visit"], lambda r: digits(r, 10)),
    "random ten digits": (["Ref", "ID", "Number", "Client ref"], lambda r: f"{r.randrange(10**10):010d}"),
    "nine digits": (["Ref", "Case", "Batch"], lambda r: digits(r, 9)),
    "timestamp": (["Epoch", "ts", "Updated"], lambda r: str(int(moment(r).timestamp()))),
    "timestamp in milliseconds": (["Epoch ms", "ts"], lambda r: str(int(moment(r).timestamp() * 1000))),
    "sample number": (["Sample", "Lab no"], lambda r: f"{moment(r):%d%m%y}{r.randrange(10**4):04d}"),
    "ISBN-13": (["ISBN", "Book"], lambda r: gtin(f"978{r.randrange(10**9):09d}")),
    "ISBN-10": (["ISBN", "Book"], isbn10),
    "EAN-13": (["EAN", "Barcode"], lambda r: gtin(f"50{r.randrange(10**10):010d}")),
    "ITF-14": (["Case code", "Barcode"], lambda r: gtin(f"1{r.randrange(10**12):012d}")),
    "IMEI": (["IMEI", "Handset"], lambda r: luhn(f"35{r.randrange(10**12):012d}")),
    "meter point": (["MPAN core", "Meter"], lambda r: digits(r, 13)),
    "sixteen digits": (["Voucher", "Serial"], lambda r: f"4{digits(r, 15)}"),
    "invoice number": (["Invoice", "Inv no"], lambda r: f"INV-{r.randrange(2020, 2027)}-{r.randrange(10**5):05d}"),
    "invoice of eight digits": (["Invoice", "Account", "Account no"], lambda r: f"{r.randrange(10**8):08d}"),
    "date with hyphens": (["Date", "Paid"], lambda r: f"{moment(r):%d-%m-%y}"),
    "date": (["Date", "Created", "Due"], lambda r: f"{moment(r):%d/%m/%Y}"),
    "date and time": (["Logged", "Start"], lambda r: f"{moment(r):%Y-%m-%dT%H:%M:%S}"),
    "latitude": (["Lat", "Y"], lambda r: f"{r.uniform(50, 58):.6f}"),
    "longitude": (["Long", "X"], lambda r: f"{r.uniform(-5, 1.7):.6f}"),
    "easting": (["Easting", "E"], lambda r: digits(r, 6)),
    "grid reference": (["Grid ref", "OS ref"], lambda r: letters(r, 2, "HNST") + digits(r, 6)),
    "grid reference in groups": (["Grid ref", "Location"], lambda r: f"S{letters(r, 1)} {digits(r, 5)} {digits(r, 5)}"),
    "age": (["Age", "Age at visit"], lambda r: str(r.randrange(0, 100))),
    "price": (["Price", "Amount (£)"], lambda r: f"{r.uniform(0.5, 9_000):.2f}"),
    "school URN": (["URN", "School"], lambda r: str(r.randrange(100_000, 150_000))),
    "UPRN": (["UPRN", "Property"], lambda r: digits(r, r.choice([11, 12]))),
    "part like a NINO": (["Part", "Item"], lambda r: letters(r, 2, "ABCDEFGQUVXZ") + digits(r, 6) + letters(r, 1)),
    "company number": (["Company no", "CRN"], lambda r: r.choice(["SC", "NI", "OC", "00", "12"]) + digits(r, 6)),
    "VAT number": (["VAT", "VAT reg"], lambda r: f"GB{r.randrange(10**9):09d}"),
    "vehicle": (["Reg", "Vehicle"], lambda r: f"{letters(r, 2)}{r.choice(['19', '22', '71', '73'])} {letters(r, 3)}"),
    "course code": (["Course", "Module"], lambda r: letters(r, 2) + digits(r, 3) + r.choice(["", "A", "B"])),
    "container": (["Container", "Unit"], lambda r: f"{letters(r, 3)}U{r.randrange(10**7):07d}"),
    "postal item": (["Tracking", "Item"], lambda r: f"{letters(r, 2)}{r.randrange(10**9):09d}GB"),
    "wrong IBAN": (["Key", "Licence"], lambda r: f"GB{r.randrange(100):02d}{letters(r, 4)}{r.randrange(10**14):014d}"),
    "identifier of a computer": (["UUID", "Key"], lambda r: f"{r.getrandbits(128):032x}"),
    "network address": (["IP", "Host"], lambda r: ".".join(str(r.randrange(256)) for _ in range(4))),
    "percentage": (["%", "Rate"], lambda r: f"{r.uniform(0, 100):.1f}%"),
    "paper and file sizes": (["Format", "Size"], lambda r: f"A{digits(r, 1)} {digits(r, 1)}{r.choice('GMT')}B"),
}  # fmt: skip
TELEPHONES = {"mobile without its zero", "telephone without its zero"}
RUNNING = {"running number"}  # one more in each row

# Side by side these look like something that neither is alone: a sort code with an account number.
TOGETHER = [
    ("date with hyphens", "invoice of eight digits"),
    ("invoice of eight digits", "date with hyphens"),
    ("date", "random ten digits", "course code"),
    ("mobile without its zero", "date", "grid reference"),
    ("sample number", "age", "date"),
    ("grid reference", "school URN", "percentage"),
]


def _parts(text: str) -> list[str]:
    return text.split("|")


_TOWNS = _parts(
    "Ambleford|Brackenthwaite|Dunmere|Eastholme|Fallowfield|Greystoke|Inverlay|Kelthorpe|Lincoln|Chester|Stafford|Warwick|Preston|Burton"
)
_NOUNS = _parts("Bracket|Gasket|Valve|Filter|Hose|Clamp|Bearing|Washer|Sealant|Adhesive|Primer|Grinder|Spanner|Ratchet")
_ENDINGS = _parts("Ltd|plc|LLP|& Sons Limited|Group|Holdings|Trust|Foundation")
_PLACES = _parts("House|Court|Depot|Primary School|Road|Lane|Surgery|Library|Park")
_PLANTS = _parts("Quercus robur|Bellis perennis|Acer campestre|Fagus sylvatica|Salix alba|Rosa canina")
_POSTS = _parts("Senior Nurse|Deputy Registrar|Lead Caseworker|Head of Finance|Trainee Planner|Site Manager")
_STATES = _parts("Open|Closed|Awaiting reply|Withdrawn|Not known|On hold")
WORDS: dict[str, tuple[list[str], Make]] = {
    "town": (["Town", "Name", "Place"], lambda r: r.choice(_TOWNS)),
    "two towns": (["Route", "Line"], lambda r: f"{r.choice(_TOWNS)} {r.choice(_TOWNS)}"),
    "company": (["Supplier", "Name", "Company name"], lambda r: f"{r.choice(_TOWNS)} {r.choice(_ENDINGS)}"),
    "product": (
        ["Item", "Product name", "Name"],
        lambda r: f"{r.choice(_NOUNS)} {r.choice(_NOUNS)} {r.randrange(2, 40)} mm",
    ),
    "product of two words": (["Item", "Product name", "Model"], lambda r: f"{r.choice(_NOUNS)} {r.choice(_NOUNS)}"),
    "place": (["Site", "School name", "Ward name"], lambda r: f"{r.choice(_TOWNS)} {r.choice(_PLACES)}"),
    "plant": (["Species", "Latin name"], lambda r: r.choice(_PLANTS)),
    "post": (["Post", "Job title", "Role name"], lambda r: r.choice(_POSTS)),
    "state": (["Status", "Outcome"], lambda r: r.choice(_STATES)),
    "file": (["File name", "Document"], lambda r: f"{r.choice(_NOUNS).lower()}_{r.randrange(99)}.docx"),
    "room": (["Room", "Room name"], lambda r: f"{r.choice(_TOWNS)} Suite"),
    "day": (["Day", "Weekday"], lambda r: f"{moment(r):%A}"),
    "month": (["Month", "Period name"], lambda r: f"{moment(r):%B %Y}"),
}


@dataclass(frozen=True)
class Columns:
    """A CSV file. kinds: what its columns hold, from the left, names of KINDS."""

    name: str
    octets: bytes
    kinds: tuple[str, ...]
    rows: int


def numbers(number: int, width: int, seed: int) -> Iterator[Columns]:
    """So many files of so many columns each, and TOGETHER: every kind in its turn, headings said, vague or missing."""
    yield from _files(KINDS, number, width, Random(seed))
    for at, kinds in enumerate(TOGETHER):
        yield _file(f"together-{at}.csv", KINDS, kinds, 120, True, Random(seed))


def words(number: int, width: int, seed: int) -> Iterator[Columns]:
    """The same of words that are no names of people."""
    yield from _files(WORDS, number, width, Random(seed))


def _files(known: dict[str, tuple[list[str], Make]], number: int, width: int, rng: Random) -> Iterator[Columns]:
    queue: list[str] = []
    for at in range(number):
        while len(queue) < width:
            queue += rng.sample(sorted(known), len(known))
        kinds, queue = tuple(queue[:width]), queue[width:]
        rows = rng.choice([50, 50, 75, 90, 120, 200, 350, 600, 2_000])
        yield _file(f"export-{at:02d}.csv", known, kinds, rows, at % 5 > 0, rng)


def _file(
    name: str, known: dict[str, tuple[list[str], Make]], kinds: tuple[str, ...], rows: int, headed: bool, rng: Random
) -> Columns:
    columns = []
    for place, kind in enumerate(kinds):
        headings, make = known[kind]
        first = make(rng)
        values = [str(int(first) + at) if kind in RUNNING else make(rng) for at in range(rows)]
        columns.append([rng.choice([*headings, f"Field{place}"]), *values])
    text = StringIO()
    csv.writer(text).writerows(list(zip(*columns, strict=True))[0 if headed else 1 :])
    return Columns(name, text.getvalue().encode(), kinds, rows)
