"""What is taken for a workbook."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read import office_encryption
from mailguard.inspection.read.compound import SIGNATURE
from mailguard.inspection.read.spreadsheet import ENDINGS, begins, read_spreadsheet
from tests.inspection.read.fixtures import WORKBOOKS, Workbook
from tests.inspection.read.written import compound, packed


@pytest.mark.parametrize("workbook", [pytest.param(each, id=each.file) for each in WORKBOOKS[::7]])
def test_every_workbook_is_taken_for_one(workbook: Workbook) -> None:
    if not office_encryption.begins(workbook.data()):
        assert begins(workbook.data()) and begins(memoryview(workbook.data()))
    assert workbook.file.endswith(ENDINGS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b",
        b"PK\x03\x04",
        SIGNATURE,
        packed({"word/document.xml": b"<a/>"}),
        packed({"a.txt": b"xl/workbook.xml"}),
        compound({"__substg1.0_0037001F": b"x"}),
        b"<html></html>",
    ],
)
def test_what_is_none(data: bytes) -> None:
    assert not begins(data)
    with pytest.raises(Uninspectable):
        list(read_spreadsheet(data, Budget()))


@given(st.binary(max_size=600))
def test_any_octets(data: bytes) -> None:
    for start in (b"", b"PK", SIGNATURE, b"<?xml", bytes(30) + b"mimetype"):
        assert begins(start + data) in (True, False)
