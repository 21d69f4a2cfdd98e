"""Workbooks of Excel 95, by a writer of our own (no program here writes any); LibreOffice 7.4 and xlrd 2.0.2 read the
same from them (tried by hand on 26 November 2026)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.biff5 import as_biff8
from mailguard.inspection.read.spreadsheet import begins, read_spreadsheet
from mailguard.inspection.stream import SEEN, Item, Visibility
from tests.inspection.read.fixtures import planted
from tests.inspection.read.test_mutated import CHANGES, changed
from tests.inspection.read.test_xlsx import values
from tests.inspection.read.written import compound

from people import HEADINGS, PEOPLE  # isort: skip

Sheet = tuple[str, int, bytes]


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("cp1252")


def label(row: int, column: int, text: str, look: int = 0) -> bytes:
    raw = text.encode("cp1252")
    return record(0x0204, struct.pack("<4H", row, column, look, len(raw)) + raw)


def number(row: int, column: int, value: float, look: int = 0) -> bytes:
    return record(0x0203, struct.pack("<3Hd", row, column, look, value))


def row(index: int, hidden: bool = False) -> bytes:
    return record(0x0208, struct.pack("<8H", index, 0, 5, 255, 0, 0, 0x20 if hidden else 0, 15))


def bof(kind: int) -> bytes:
    return record(0x0809, struct.pack("<4H", 0x0500, kind, 0, 0))


def font(colour: int = 0x7FFF, points: int = 10) -> bytes:
    return record(0x0031, struct.pack("<5H4B", points * 20, 0, colour, 400, 0, 0, 0, 0, 0) + short("Arial"))


def look(font_index: int = 0, code: int = 0, pattern: int = 0, front: int = 64, back: int = 65) -> bytes:
    colours = struct.pack("<HH", front | back << 7, pattern)
    return record(0x00E0, struct.pack("<4H", font_index, code, 1, 0x20) + colours + bytes(4))


def stream(*sheets: Sheet, inside: bytes = b"", page: int = 1252, looks: Sequence[bytes] = ()) -> bytes:
    """sheets: name, state, records."""
    head = bof(5) + record(0x0042, struct.pack("<H", page)) + font() * 4 + font(9) + font(points=2)
    head += b"".join([look() for _ in range(16)] + list(looks)) + inside
    bound = sum(4 + 7 + len(name.encode("cp1252")) for name, _, _ in sheets)
    place, listed, bodies = len(head) + bound + 4, b"", b""
    for name, state, body in sheets:
        raw = name.encode("cp1252")
        listed += record(0x0085, struct.pack("<LBBB", place + len(bodies), state, 0, len(raw)) + raw)
        bodies += bof(0x10) + body + record(0x000A)
    return head + listed + record(0x000A) + bodies


def workbook(*sheets: Sheet, inside: bytes = b"", page: int = 1252, looks: Sequence[bytes] = ()) -> bytes:
    return compound({"Book": stream(*sheets, inside=inside, page=page, looks=looks)})


def people(look_index: int = 15, hidden: bool = False) -> bytes:
    made = b"".join(label(0, column, each, 15) for column, each in enumerate(HEADINGS))
    rows = b"".join(row(index, hidden and index > 0) for index in range(41))
    for index, (name, nhs, born, code, reason) in enumerate(PEOPLE, 1):
        made += label(index, 0, name, look_index) + number(index, 1, nhs, look_index)
        made += number(index, 2, born, look_index) + label(index, 3, code, look_index)
        made += label(index, 4, reason, look_index)
    return rows + made


def read(data: bytes) -> list[Item]:
    return list(read_spreadsheet(data, Budget()))


LOOKS = [look(5), look(5, pattern=1, front=8), look(6)]
"""Cell formats 16 to 18: white letters, the same on black, letters of two points. There is no font 4."""


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        (("Data", 0, people()), SEEN),
        (("Data", 1, people()), Visibility.HIDDEN_SHEET),
        (("Data", 2, people()), Visibility.VERY_HIDDEN_SHEET),
        (("Data", 0, people(hidden=True)), Visibility.HIDDEN_ROW),
        (("Data", 0, record(0x009B) + people(hidden=True)), Visibility.FILTERED_ROW),
        (("Data", 0, record(0x007D, struct.pack("<6H", 1, 4, 2_000, 15, 1, 0)) + people()), Visibility.HIDDEN_COLUMN),
        (("Data", 0, people(16)), Visibility.SAME_COLOUR),
        (("Data", 0, people(17)), SEEN),
        (("Data", 0, people(18)), Visibility.TINY_TEXT),
    ],
)
def test_what_hides_a_cell(sheet: Sheet, expected: Visibility) -> None:
    data = workbook(("Summary", 0, label(0, 0, "Total")), sheet, looks=LOOKS)
    assert begins(data)
    assert planted(read(data)) == {expected: 40}


def test_letters_of_the_alphabet_that_it_names() -> None:
    assert values(read(workbook(("A", 0, label(0, 0, "Zo\xeb")))))["Zo\xeb"] is SEEN
    assert values(read(workbook(("A", 0, label(0, 0, "\xc0")), page=1251)))["А"] is SEEN
    with pytest.raises(Uninspectable, match="alphabet"):
        read(workbook(("A", 0, b""), page=12_345))


def test_dates_formulas_notes_names_headers_and_links() -> None:
    format_code = record(0x041E, struct.pack("<H", 164) + short("dd/mm/yyyy"))
    formula = record(0x0006, struct.pack("<3H8sHLH", 1, 0, 15, b"\0" * 6 + b"\xff\xff", 0, 0, 0))
    note = record(0x001C, struct.pack("<3H", 3, 1, 8) + b"see Ada ") + record(0x001C, b"\xff\xff\0\0\5\0again")
    said = b"\x17" + short("Bran")
    name = record(0x0018, struct.pack("<HBBHHH4B", 0, 0, 3, len(said), 0, 0, 0, 0, 0, 0) + b"who" + said)
    cache = record(0x0059, b"\1\0") + record(0x005A, b"\1\0\0\0" + b"\2" + short("Cleo") + b"\1" + struct.pack("<d", 7))
    body = number(0, 0, 45_000, 16) + formula + record(0x0207, b"\4\0made") + record(0x0014, short("Head")) + note
    data = workbook(("A", 0, body), inside=format_code + name + cache, looks=[look(0, 164)])
    assert values(read(data)) == {
        "2023-03-15": SEEN,
        "made": SEEN,
        "Head": SEEN,
        "see Ada again": Visibility.COMMENT,
        "Bran": Visibility.DEFINED_NAME,
        "Cleo": Visibility.LINK_CACHE,
        "7": Visibility.LINK_CACHE,
    }


def test_what_is_not_read_is_said() -> None:
    box = record(0x005D, struct.pack("<LHH", 1, 6, 1) + bytes(60))
    with pytest.raises(Uninspectable, match="text box"):
        read(workbook(("A", 0, box)))
    with pytest.raises(Uninspectable, match="two workbooks"):
        read(compound({"Book": stream(("A", 0, b"")), "Workbook": b"x"}))
    with pytest.raises(Uninspectable, match="pivot cache"):
        read(compound({"Book": stream(("A", 0, b"")), "_SX_DB_CUR/0001": b"x"}))
    with pytest.raises(Uninspectable, match="sheet that is not there"):
        read(compound({"Book": stream(("A", 0, b"")).replace(b"\x85\0\x08\0", b"\x85\0\x08\0\xff", 1)[:-1]}))
    with pytest.raises(Uninspectable, match=r"^encrypted"):
        read(workbook(("A", 0, b""), inside=record(0x002F, b"\1\2\3\4")))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets(changes: list[tuple[float, bytes]]) -> None:
    made = stream(("Data", 0, people()), looks=LOOKS)
    try:
        read(compound({"Book": changed(made, changes)}))
    except Uninspectable as error:
        assert str(error)


@settings(max_examples=60, deadline=None)
@given(octets=st.binary(max_size=200))
def test_any_octets_give_records_or_a_reason(octets: bytes) -> None:
    try:
        as_biff8(octets, Budget())
    except Uninspectable as error:
        assert str(error)
