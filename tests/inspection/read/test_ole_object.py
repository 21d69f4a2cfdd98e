"""Files that a compound file wraps, as MS-OLEDS has them."""

from __future__ import annotations

import struct

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.ole_object import unwrap
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from mailguard.inspection.stream import Item, Member, Row, Visibility
from tests.inspection.read.written import biff, compound, label, text_row, workbook

BOOK = workbook(text_row(1, "Ada"))


def native(content: bytes, name: bytes = b"list.xlsx") -> bytes:
    inside = struct.pack("<H", 2) + name + b"\0C:\\" + name + b"\0" + struct.pack("<HHL", 0, 3, 6) + b"C:\\tmp"
    inside += struct.pack("<L", len(content)) + content
    return struct.pack("<L", len(inside)) + inside


def read(data: bytes) -> list[Item]:
    return list(read_spreadsheet(data, Budget()))


@pytest.mark.parametrize("streams", [{"\x01Ole10Native": native(BOOK)}, {"Package": BOOK.ljust(4_096, b"\0")}])
def test_a_workbook_in_an_object_goes_back_to_the_reader(streams: dict[str, bytes]) -> None:
    (member,) = read(compound({"\x01CompObj": b"x", **streams}))
    assert isinstance(member, Member) and member.kind == "file" and member.visibility is Visibility.EMBEDDED
    assert member.content is not None
    assert [item.values for item in read(member.content) if isinstance(item, Row)] == [("Ada",)]


def test_an_object_of_a_workbook_of_excel_97() -> None:
    data = biff(("Data", 0, 0, label(0, 0, "Bran")), **{"\x01Ole10Native": native(b"x" * 9)})
    (member,) = (item for item in read(data) if isinstance(item, Member) and item.kind == "file")
    assert (member.name, member.content) == ("list.xlsx", b"x" * 9)


@pytest.mark.parametrize("cut", [5, 9, 20, 40, 200])
def test_an_object_that_is_cut_off(cut: int) -> None:
    with pytest.raises(Uninspectable, match="cut off"):
        read(compound({"\x01Ole10Native": native(b"x" * 5_000)[:cut]}))
    with pytest.raises(Uninspectable, match="cut off"):
        unwrap(native(b"x" * 5_000)[:cut])
