"""openpyxl as a second opinion: the same cells on the same sheets, of every workbook that it can read."""

from __future__ import annotations

import io
import warnings
from datetime import datetime

import openpyxl
import pytest

from mailguard.inspection.budget import Budget
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from mailguard.inspection.stream import Row, Table, cells
from tests.inspection.read.fixtures import WORKBOOKS, Workbook

READABLE = [each for each in WORKBOOKS if each.file.endswith(("xlsx", "xltx")) and not each.file.startswith("ms-")]


def ours(data: bytes) -> dict[tuple[str, int, int], str]:
    found: dict[tuple[str, int, int], str] = {}
    table = Table("")
    for item in read_spreadsheet(data, Budget()):
        if isinstance(item, Table):
            table = item
        elif isinstance(item, Row) and table.where.startswith("sheet "):
            found |= {(table.where[6:], cell.row, cell.column): cell.value for cell in cells(table, item)}
    return found


def theirs(data: bytes) -> dict[tuple[str, int, int], str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    return {
        (sheet.title, cell.row, cell.column): _text(cell.value)
        for sheet in book.worksheets
        for cell in sheet._cells.values()  # iter_rows makes the empty ones as well: twelve million in a far corner
        if cell.value not in (None, "")
    }


def _text(value: object) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("workbook", [pytest.param(each, id=each.file) for each in READABLE])
def test_both_find_the_same_cells(workbook: Workbook) -> None:
    assert ours(workbook.data()) == theirs(workbook.data())
