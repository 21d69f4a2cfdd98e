"""The incidents of hidden_data and rows_in_plain_sight in incidents.yaml, each at its reported size, with people who do
not exist.

The workbooks come from the writer of tests/inspection/read/written.py, which shares nothing with the readers; the PDF
is written here by hand (PDF 1.4). Those with `needs` are here too where what they carried is enough to stop them.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mailguard.core.document import load_document
from tests.incidents.build import FAMILY, GIVEN, INSIDE, SENDER
from tests.inspection.read.written import (
    MAIN,
    RELATION,
    TRANSITIONAL,
    packed,
    parts,
    relationships,
    sheet,
    text_row,
)

MAIN_NAMESPACE = MAIN[TRANSITIONAL]
OUTSIDE = "requester@citizen.example"
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """id: incident/variant. shown: people in the file. rule: of the default policy, which has to stop it."""

    id: str
    raw: bytes
    recipients: tuple[str, ...]
    shown: int
    rule: str
    hidden: bool


@lru_cache(maxsize=1)
def incidents() -> dict[str, int]:
    """Incident -> how many people it showed."""
    path = Path(__file__).with_name("incidents.yaml")
    value = load_document(path.read_bytes(), path.name).value
    return {each["id"]: each["shown"] for kind in ("hidden_data", "rows_in_plain_sight") for each in value[kind]}


def carried(name: str) -> Carried:
    """The message of an incident."""
    return _MADE[name](incidents()[name])


def person(number: int) -> tuple[str, str]:
    family = FAMILY[number // 20 % 20] + ("" if number < 400 else f"-{FAMILY[number // 400 % 20]}")
    return f"{GIVEN[number % 20]} {family}{'son' * (number // 8_000)}", f"{number:05}"


def patients(count: int) -> Iterator[Row]:
    yield "Name", "Date of birth", "National Insurance number", "Town"
    for number in range(count):
        name, _ = person(number)
        born = f"{1930 + number % 70}-{number % 12 + 1:02}-{number % 28 + 1:02}"
        yield name, born, _nino(number), ("Ham", "Dale", "Ford")[number % 3]


def _nino(number: int) -> str:
    letters = "ABCEGHJKLM"
    return f"{letters[number % 10]}{letters[number // 10 % 10]}{number % 1_000_000:06}{'ABCD'[number % 4]}"


def staff(count: int) -> Iterator[Row]:
    """Surname, initials, rank, unit: no number of any kind."""
    yield "Surname", "Initials", "Rank", "Unit"
    for number in range(count):
        yield (
            f"{FAMILY[number % 20]}{FAMILY[number // 20 % 20].lower()}{FAMILY[number // 400 % 20].lower()}",
            "ABCDEFGHJK"[number % 10],
            ("Constable", "Sergeant", "Inspector")[number % 3],
            f"Unit {number % 40}",
        )


def complainants(count: int) -> Iterator[Row]:
    yield "Complainant", "Date received", "Organisation"
    for number in range(count):
        yield person(number)[0], f"{2016 + number % 4}-{number % 12 + 1:02}-11", f"Trust {number % 150}"


TOTALS = [("Quarter", "Cases"), *((f"Q{number}", str(40 * number)) for number in range(1, 5))]


def _written(rows: Iterator[Row] | Sequence[Row], attributes: Callable[[int], str] = lambda number: "") -> str:
    return "".join(text_row(number, *row, attributes=attributes(number)) for number, row in enumerate(rows, 1))


def _book(
    sheets: dict[str, tuple[str, str]], inside: str = "", more: dict[str, str] | None = None, links: str = ""
) -> bytes:
    members: dict[str, str | bytes] = dict(parts(sheets, inside=inside, links=links))
    return packed({**members, **(more or {})})


def _phso(shown: int) -> Carried:
    complaints, workers = shown - 197, 197
    caseworkers = [("Caseworker", "E-mail"), *((person(n)[0], f"worker{n}@phso.example") for n in range(workers))]
    book = _book(
        {
            "Report": ("visible", sheet(_written(TOTALS))),
            "Table1": ("hidden", sheet(_written(complainants(complaints)))),
            "Table2": ("hidden", sheet(_written(caseworkers))),
        }
    )
    return _hidden("phso", book, shown)


def _psni(shown: int) -> Carried:
    sheets = {"Answer": ("visible", sheet(_written(TOTALS))), "Sheet2": ("hidden", sheet(_written(staff(shown))))}
    return _hidden("psni", _book(sheets), shown)


def _mod(shown: int) -> Carried:
    """150 rows show, all others are hidden."""
    rows = _written(patients(shown), lambda number: "" if number <= 151 else 'hidden="1"')
    return _hidden("mod-afghan", _book({"Applicants": ("visible", sheet(rows))}), shown - 150)


def _southend(shown: int) -> Carried:
    """Locked and read-only."""
    protection = '<sheetProtection sheet="1" objects="1" scenarios="1"/>'
    sheets = {
        "Answer": ("visible", sheet(_written(TOTALS), after=protection)),
        "Staff": ("veryHidden", sheet(_written(staff(shown)), after=protection)),
    }
    locked = '<workbookProtection lockStructure="1"/>'
    book = parts(sheets)
    book["xl/workbook.xml"] = book["xl/workbook.xml"].replace(
        "<sheets>", f'<fileSharing readOnlyRecommended="1"/>{locked}<sheets>'
    )
    return _hidden("southend", packed(dict(book)), shown)


def _pivot(name: str, rows: Callable[[int], Iterator[Row]]) -> Callable[[int], Carried]:
    """Only totals show; the cache has the rows of a source that is not in the workbook (any more)."""

    def made(shown: int) -> Carried:
        headings, *records = rows(shown)
        items = "".join(f'<cacheField name="{each}"><sharedItems/></cacheField>' for each in headings)
        source = '<cacheSource type="worksheet"><worksheetSource ref="A1:D9" sheet="Gone"/></cacheSource>'
        fields = f'{source}<cacheFields count="{len(headings)}">{items}</cacheFields>'
        head = f'xmlns="{MAIN_NAMESPACE}" xmlns:r="{RELATION[TRANSITIONAL]}"'
        values = (f"<r>{''.join(_item(each) for each in record)}</r>" for record in records)
        cache = "xl/pivotCache/pivotCache"
        more = {
            f"{cache}Definition1.xml": f'<pivotCacheDefinition {head} r:id="r1">{fields}</pivotCacheDefinition>',
            f"{cache}Records1.xml": f"<pivotCacheRecords {head}>{''.join(values)}</pivotCacheRecords>",
            "xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels": relationships(
                ("r1", "pivotCacheRecords", "pivotCacheRecords1.xml")
            ),
        }
        inside = '<pivotCaches><pivotCache cacheId="1" r:id="p1"/></pivotCaches>'
        link = relationships(("p1", "pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"))
        link = link.partition(">")[2].partition("</Relationships>")[0]
        return _hidden(name, _book({"Summary": ("visible", sheet(_written(TOTALS)))}, inside, more, link), shown)

    return made


def _item(value: str) -> str:
    return f'<s v="{value}"/>'


def _boeing(shown: int) -> Carried:
    """A name and a town show; births and numbers stand in hidden columns."""
    columns = '<cols><col min="2" max="3" width="9" hidden="1"/></cols>'
    rows = sheet(_written(patients(shown)), before=columns)
    return _hidden("boeing", _book({"Spouse template": ("visible", rows)}), shown)


def _hidden(name: str, book: bytes, shown: int) -> Carried:
    return Carried(name, _mail(name, "Answer.xlsx", book), (OUTSIDE,), shown, "hidden-people", True)


def _csv(name: str) -> Callable[[int], Carried]:
    def made(shown: int) -> Carried:
        text = "".join(f"{','.join(row)}\r\n" for row in patients(shown)).encode()
        return Carried(name, _mail(name, "list.csv", text), (OUTSIDE,), shown, "many-people-to-outside", False)

    return made


def _uea(shown: int) -> Carried:
    """Sent to 298 students, each hidden from the others."""
    rows = [("Student", "Student number", "Circumstances")]
    rows += [(person(n)[0], f"10{n:06}", ("Bereavement", "Illness", "Family")[n % 3]) for n in range(shown)]
    book = _book({"Extensions": ("visible", sheet(_written(rows)))})
    students = tuple(f"s{number}@students.example" for number in range(298))
    return Carried(
        "uea", _mail("uea", "circumstances.xlsx", book), students, shown, "table-of-people-to-several", False
    )


def _guilford(shown: int) -> Carried:
    rows = [f"{name}    {born}    {town}" for name, born, _, town in patients(shown)]
    return Carried(
        "guilford", _mail("guilford", "letter.pdf", _pdf(rows)), (OUTSIDE,), shown, "many-people-to-outside", False
    )


def _pdf(lines: Sequence[str], per_page: int = 50) -> bytes:
    """Lines of Helvetica, cells set apart by position (ISO 32000-1, 9.4)."""
    pages = [lines[start : start + per_page] for start in range(0, len(lines), per_page)]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, page in enumerate(pages):
        shown = "".join(
            f"1 0 0 1 {40 + 170 * column} {800 - 15 * place} Tm ({cell}) Tj\n"
            for place, line in enumerate(page)
            for column, cell in enumerate(line.split("    "))
        )
        content = zlib.compress(f"BT /F1 10 Tf\n{shown}ET".encode())
        box = "/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R{box}/Contents {5 + 2 * number} 0 R>>".encode())
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content))
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _mail(name: str, file: str, octets: bytes) -> bytes:
    lines = [
        f"From: Elm Road Reception <{SENDER}>",
        f"To: <{SENDER}>",
        f"Subject: What you asked for ({name})",
        "Date: Thu, 12 Mar 2026 09:00:00 +0000",
        f"Message-ID: <{name}.file@{INSIDE}>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "",
        "Please see the file.",
        "--b",
        "Content-Type: application/octet-stream",
        f'Content-Disposition: attachment; filename="{file}"',
        "Content-Transfer-Encoding: base64",
        "",
        *base64.encodebytes(octets).decode().splitlines(),
        "--b--",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


_MADE: dict[str, Callable[[int], Carried]] = {
    "phso": _phso,
    "psni": _psni,
    "mod-afghan": _mod,
    "southend": _southend,
    "islington": _pivot("islington", patients),
    "rbkc": _pivot("rbkc", complainants),
    "cambridge": _pivot("cambridge", patients),
    "boeing": _boeing,
    "eqc": _pivot("eqc", complainants),
    "cardiff": _csv("cardiff"),
    "uea": _uea,
    "surrey": _csv("surrey"),
    "acc": _csv("acc"),
    "guilford": _guilford,
}
NAMES = tuple(_MADE)
IN_A_TEXT = "worcestershire"
"""The one of them that has no file."""
