"""The workbooks of tests/fixtures/workbooks with their truth, and what a stream says of the people planted in them."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from mailguard.inspection.budget import Budget
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.read import office_encryption
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from mailguard.inspection.stream import SEEN, Row, Stream, Table, Text, Visibility, cells

FOLDER = Path(__file__).parents[2] / "fixtures" / "workbooks"
sys.path.insert(0, str(FOLDER))

from people import NUMBERS  # noqa: E402


@dataclass(frozen=True)
class Workbook:
    """kind: a name of Visibility, clean, or encrypted."""

    file: str
    kind: str
    rows: int
    made_by: str

    def data(self) -> bytes:
        return (FOLDER / self.file).read_bytes()


WORKBOOKS = [Workbook(**said) for said in yaml.safe_load((FOLDER / "truth.yaml").read_text())]
HIDING = [each for each in WORKBOOKS if each.kind not in ("clean", "encrypted")]
CLEAN = [each for each in WORKBOOKS if each.kind == "clean"]
ENCRYPTED = [each for each in WORKBOOKS if each.kind == "encrypted"]


def read_workbook(data: bytes, budget: Budget, name: str = "") -> Stream:
    """What comes of a workbook, also out of an encrypted package, as the examination has it."""
    if not office_encryption.begins(data):
        return read_spreadsheet(data, budget, name)
    (package,) = office_encryption.read(data, budget)
    assert isinstance(package, Enclosed)
    return read_spreadsheet(package.data, budget)


def planted(stream: Stream) -> Counter[Visibility]:
    """How many of the planted numbers stand under each visibility; each counts once under each."""
    found: set[tuple[str, Visibility]] = set()
    table = Table("")
    for item in stream:
        if isinstance(item, Table):
            table = item
        elif isinstance(item, Row):
            found |= {(cell.value, cell.visibility) for cell in cells(table, item) if cell.value in NUMBERS}
            found |= {(n, cell.visibility) for cell in cells(table, item) for n in NUMBERS if n in cell.value}
        elif isinstance(item, Text):
            found |= {(number, item.visibility) for number in NUMBERS if number in item.text}
    return Counter(visibility for _, visibility in found)


def unseen(counts: Counter[Visibility]) -> int:
    return sum(count for visibility, count in counts.items() if visibility is not SEEN)
