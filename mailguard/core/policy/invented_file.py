"""The file of invented people that a policy test attaches: a CSV file, or a workbook that hides them.

Promises: the same number gives the same octets; nobody in it exists: NHS numbers from 999, which are never issued, and
telephone numbers that Ofcom keeps for drama. The workbook is the least that SpreadsheetML (ECMA-376 part 1, 18) allows.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO

GIVEN = ("Anna", "Ben", "Chloe", "Dev", "Ewa", "Femi", "Grace", "Hari", "Iris", "Jamal", "Kate", "Liam", "Mona")
FAMILY = ("Adler", "Brook", "Cole", "Dunn", "Eko", "Frost", "Gray", "Hale", "Ito", "Khan", "Lowe", "Marsh", "Nair")
HEADINGS = ("Name", "NHS number", "Date of birth", "Telephone")
_WHEN = (2020, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def people_csv(count: int) -> bytes:
    return "".join(f"{','.join(row)}\r\n" for row in _rows(count)).encode()


def people_workbook(count: int) -> bytes:
    """Shows a sheet with one number; a hidden one has the people."""
    relationships = (("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "worksheet", "worksheets/sheet2.xml"))
    sheets = (
        '<sheet name="Summary" sheetId="1" r:id="rId1"/><sheet name="Data" sheetId="2" state="hidden" r:id="rId2"/>'
    )
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relationships((("rId1", "officeDocument", "xl/workbook.xml"),)),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(relationships),
        "xl/worksheets/sheet1.xml": _sheet([("People", str(count))]),
        "xl/worksheets/sheet2.xml": _sheet(_rows(count)),
    }
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _WHEN), f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')
    return packed.getvalue()


def _rows(count: int) -> Iterator[Sequence[str]]:
    yield HEADINGS
    for number in range(count):
        family = FAMILY[number // len(GIVEN) % len(FAMILY)] + "son" * (number // (len(GIVEN) * len(FAMILY)))
        born = f"{1931 + number % 60}-{number % 12 + 1:02}-{number % 28 + 1:02}"
        yield f"{GIVEN[number % len(GIVEN)]} {family}", _nhs_number(number), born, f"07700 9{number % 100_000:05}"


def _nhs_number(number: int) -> str:
    """Another one for each number; the check digit is that of the NHS Data Dictionary (modulus 11, never ten)."""
    serial = 999_000_000 + 3 * number
    while True:
        digits = [int(each) for each in str(serial)]
        check = -sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check < 10:
            return f"{serial}{check}"
        serial += 1


def _sheet(rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    cells = ("".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in row) for row in rows)
    data = "".join(f'<row r="{number}">{each}</row>' for number, each in enumerate(cells, 1))
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'


def _relationships(targets: Sequence[tuple[str, str, str]]) -> str:
    listed = (f'<Relationship Id="{id}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for id, kind, target in targets)
    return f'<Relationships xmlns="{_PACKAGE}">{"".join(listed)}</Relationships>'


def _content_types() -> str:
    defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    parts = [("workbook", f"{_SHEET_TYPE}.sheet.main+xml")]
    parts += [(f"worksheets/sheet{number}", f"{_SHEET_TYPE}.worksheet+xml") for number in (1, 2)]
    overrides = "".join(f'<Override PartName="/xl/{name}.xml" ContentType="{kind}"/>' for name, kind in parts)
    return f'<Types xmlns="{_TYPES}">{defaults}{overrides}</Types>'
