"""The vocabulary of SpreadsheetML: its namespaces, transitional and strict, and how cells are named."""

from __future__ import annotations

import re

from .xml_events import Names

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_RELATION = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_STRICT_DRAWING = "http://purl.oclc.org/ooxml/drawingml/main"
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_STRICT_CHART = "http://purl.oclc.org/ooxml/drawingml/chart"
_SHEET_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_THREADED = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
_X15 = "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"

_KNOWN = (
    *(MAIN, STRICT, _RELATION, _STRICT_RELATION, _DRAWING, _STRICT_DRAWING),
    *(_CHART, _STRICT_CHART, _SHEET_DRAWING, _THREADED, _X15),
)

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
MAX_SPANS = 1_000
"""Areas of hidden columns, and of filters, in one sheet: whoever reads the stream looks through them for each cell."""
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def names() -> Names:
    """A table of the names that readers of spreadsheets ask for; one for each file, so that none fills another's."""
    return Names(_KNOWN)


def is_true(value: str | None) -> bool:
    """An xsd:boolean; office programs write 1 or true."""
    return value is not None and value.strip().lower() in ("1", "true", "on")


def column_number(letters: str) -> int:
    """Of "A" to "XFD", from 1; 0 for what is no column."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            return 0
        number = number * 26 + ord(letter) - 64
    return number if number <= MAX_COLUMN else 0


def column_letters(number: int) -> str:
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_reference(reference: str) -> tuple[int, int]:
    """Row and column of "B7" or "$B$7"; zeros for anything else."""
    found = _REFERENCE.fullmatch(reference.strip())
    if not found:
        return 0, 0
    row = int(found[2])
    return (row, column_number(found[1])) if row <= MAX_ROW else (0, 0)


def read_rows(area: str) -> tuple[int, int]:
    """First and last row of an area "A1:C9" or "Sheet!$A$1:$C$9"; (0, -1), which holds none, for anything else."""
    first, _, last = area.rpartition("!")[2].partition(":")
    top, bottom = read_reference(first)[0], read_reference(last or first)[0]
    return (min(top, bottom), max(top, bottom)) if top and bottom else (0, -1)


def sheet_of(area: str) -> str:
    """'O''Neill data'!$A$1:$A$9 -> O'Neill data; a name, a list and another workbook have no sheet here."""
    sheet, mark, _ = area.strip("()").rpartition("!")
    if sheet.startswith("'") and sheet.endswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    return "" if not mark or sheet.startswith("[") or "]" in sheet else sheet


class Columns(dict[str, int]):
    """Letters -> number, each worked out once."""

    def __missing__(self, letters: str) -> int:
        number = self[letters] = column_number(letters)
        return number
