"""Binary workbooks by a writer of our own: what hides a cell there, each with its clean twin."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.read.biff12 import Body, records
from mailguard.inspection.read.spreadsheet import begins, read_spreadsheet
from mailguard.inspection.read.xlsx import sheet_states
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility, cells
from tests.inspection.read.fixtures import planted
from tests.inspection.read.test_mutated import CHANGES, changed
from tests.inspection.read.written_xlsb import (
    area,
    cell,
    colour,
    column,
    fill,
    font,
    looks,
    name,
    real,
    record,
    relationships,
    rk,
    row,
    shared,
    sheet,
    string,
    strings,
    wide,
    workbook,
)

from people import HEADINGS, PEOPLE  # isort: skip


def read(data: bytes) -> list[Item]:
    return list(read_spreadsheet(data, Budget()))


def values(data: bytes) -> dict[str, Visibility]:
    found: dict[str, Visibility] = {}
    begun = Table("")
    for item in read(data):
        begun = item if isinstance(item, Table) else begun
        if isinstance(item, Row):
            found |= {each.value: each.visibility for each in cells(begun, item)}
    return found


def person(index: int, style: int = 0) -> tuple[bytes, ...]:
    called, number, born, code, reason = PEOPLE[index]
    nhs = real(1, number, style)
    return string(0, called, style), nhs, cell(2, 2, rk(born), style), string(3, code, style), string(4, reason, style)


def people(style: int = 0, hidden: bool = False, twips: int = 300, top: int = 0) -> list[bytes]:
    rows = [row(top, *(string(index, each) for index, each in enumerate(HEADINGS)))]
    return rows + [row(top + 1 + index, *person(index, style), hidden=hidden, twips=twips) for index in range(40)]


PALE = looks([(0, 1, 0), (0, 1, 2)], [font(ink=colour("FFFFFF"))], [fill(1, colour("336699"))])
SMALL = looks([(0, 1, 0), (0, 2, 0)], [font(2), font(6)])
NOTHING = looks([(164, 0, 0), (165, 0, 0)], codes={164: ";;;", 165: "0;-0"})
FILTER = record(161, area(0, 40, 0, 4)) + record(162)
PAIRS = {
    "hidden sheet": (Visibility.HIDDEN_SHEET, {"Data": (1, sheet(*people()))}, {}, b""),
    "very hidden sheet": (Visibility.VERY_HIDDEN_SHEET, {"Data": (2, sheet(*people()))}, {}, b""),
    "hidden rows": (Visibility.HIDDEN_ROW, {"Data": (0, sheet(*people(hidden=True)))}, {}, b""),
    "filtered rows": (Visibility.FILTERED_ROW, {"Data": (0, sheet(*people(hidden=True), after=FILTER))}, {}, b""),
    "no height": (Visibility.ZERO_SIZE, {"Data": (0, sheet(*people(twips=0)))}, {}, b""),
    "hidden columns": (
        Visibility.HIDDEN_COLUMN,
        {"Data": (0, sheet(*people(), columns=[column(1, 4, hidden=True)]))},
        {"Data": (0, sheet(*people(), columns=[column(1, 4)]))},
        b"",
    ),
    "no width": (Visibility.ZERO_SIZE, {"Data": (0, sheet(*people(), columns=[column(1, 4, width=0)]))}, {}, b""),
    "white": (Visibility.SAME_COLOUR, {"Data": (0, sheet(*people(1)))}, {"Data": (0, sheet(*people(2)))}, PALE),
    "tiny": (Visibility.TINY_TEXT, {"Data": (0, sheet(*people(1)))}, {"Data": (0, sheet(*people(2)))}, SMALL),
    "no format": (
        Visibility.HIDDEN_FORMAT,
        {"Data": (0, sheet(*people(1)))},
        {"Data": (0, sheet(*people(2)))},
        NOTHING,
    ),
    "far away": (Visibility.FAR_AWAY, {"Data": (0, sheet(row(0, string(0, "x")), *people(top=5_000)))}, {}, b""),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_hidden_is_found_as_what_it_is_and_its_twin_is_clean(pair: str) -> None:
    kind, hiding, clean, styles = PAIRS[pair]
    data = workbook(hiding, styles=styles)
    assert begins(data) and planted(read(data))[kind] == 40
    twin = workbook(clean or {"Data": (0, sheet(*people()))}, styles=styles)
    assert planted(read(twin)) == {SEEN: 40}
    for octets, hidden in ((data, True), (twin, False)):
        found = [each for each in examine(Enclosed(octets, names=("a.xlsb",))).findings if each.kind == "people_rows"]
        assert [(each.count, each.hidden) for each in found] == [(40, hidden)]


def test_every_sort_of_cell_is_read() -> None:
    short = struct.pack("<L", 0)
    rows = row(
        0,
        string(0, "Ada & <Bran>"),
        shared(1, 1),
        cell(2, 2, rk(-7)),
        cell(2, 3, rk(150, hundredth=True)),
        real(4, 2.5),
        cell(4, 5, b"\1"),
        cell(3, 6, b"\x2a"),
        cell(8, 7, wide("made") + bytes(12)),
        cell(9, 8, struct.pack("<d", 1e20) + bytes(10)),
        cell(62, 9, b"\0" + wide("rich")),
        record(17, short + wide("short")),
        record(18, short + struct.pack("<L", 0)),
        cell(1, 12, b""),
    )
    data = workbook({"A": (0, sheet(rows))}, texts=strings("second", "first\nline"))
    found = [item for item in read(data) if isinstance(item, Row)]
    expected = (
        "Ada & <Bran>",
        "first\nline",
        "-7",
        "1.5",
        "2.5",
        "1",
        "#N/A",
        "made",
        "1e+20",
        "rich",
        "short",
        "second",
    )
    assert [(each.number, each.values) for each in found] == [(1, expected)]
    assert sheet_states(data, Budget()) == (("A", SEEN),)


def test_dates_runs_names_comments_links_and_strings_of_no_cell() -> None:
    styles = looks([(14, 0, 0)], [font(ink=colour("FFFFFF"))])
    texts = strings("unused", ("Total Ada", [(6, 1)]))
    link = record(494, area(0, 0, 0, 0) + wide("") + wide("Data!A1") + wide("ask Ada") + wide("here"))
    part = sheet(row(0, shared(0, 1), cell(2, 1, rk(45_000), 1)), after=link)
    reference = b"\x17" + struct.pack("<H", 3) + "Cleo".encode("utf-16-le")[:6]
    commented = (
        record(628) + record(630) + record(632, wide("Ed Itor")) + record(631) + record(633)
        + record(635, struct.pack("<L", 0) + area(0, 0, 0, 0) + bytes(16)) + record(637, b"\0" + wide("see Dov"))
        + record(636) + record(634) + record(629)
    )  # fmt: skip
    more = {
        "xl/comments1.bin": commented,
        "xl/worksheets/_rels/sheet1.bin.rels": relationships(("c", "comments", "../comments1.bin")),
    }
    named = name("who", reference, comment="for Edda")
    data = workbook({"Data": (0, part)}, styles=styles, texts=texts, after=named, more=more)
    assert values(data) == {"Total Ada": Visibility.SAME_COLOUR, "2023-03-15": SEEN, "unused": Visibility.DELETED_TEXT}
    items = read(data)
    said = {(each.text, each.visibility) for each in items if isinstance(each, Text)}
    assert said >= {("Cle", Visibility.DEFINED_NAME), ("for Edda", Visibility.DEFINED_NAME)}
    assert said >= {("see Dov", Visibility.COMMENT), ("here ask Ada Data!A1", Visibility.MARKUP)}
    assert [each.name for each in items if isinstance(each, Person)] == ["Ed Itor"]


def test_sheets_that_are_not_listed_and_parts_that_are_not_read() -> None:
    data = workbook({"A": (0, sheet())}, more={"xl/worksheets/sheet9.bin": sheet(row(0, string(0, "Ada")))})
    assert values(data) == {"Ada": Visibility.HIDDEN_SHEET}
    cache = workbook({"A": (0, sheet())}, more={"xl/pivotCache/pivotCacheDefinition1.bin": record(179) + record(180)})
    with pytest.raises(Uninspectable, match="pivot cache"):
        read(cache)
    macros = workbook({"A": (0, sheet())}, more={"xl/vbaProject.bin": b"\xd0", "xl/calcChain.bin": record(562)})
    assert {each.visibility for each in read(macros) if isinstance(each, Member)} == {SEEN, Visibility.MACRO}


def test_a_hidden_window_hides_its_sheets() -> None:
    assert values(workbook({"A": (0, sheet(row(0, string(0, "x"))))}, window=1)) == {"x": Visibility.HIDDEN_SHEET}


@pytest.mark.parametrize("octets", [b"\x80", b"\x06\xff\xff\xff", b"\x06\x05abc", b"\x06\xff\xff\xff\x7f"])
def test_records_that_are_cut_off(octets: bytes) -> None:
    with pytest.raises(Uninspectable):
        list(records([octets], Budget()))
    with pytest.raises(Uninspectable, match="cut off"):
        Body(b"\1\2").long()


def test_records_cost_what_they_are() -> None:
    with pytest.raises(Uninspectable, match="tags"):
        list(records([b"\1\0" * 1_000], Budget(Limits(tags=500))))


def test_records_do_not_depend_on_pieces() -> None:
    octets = sheet(*people())
    whole = list(records([octets], Budget()))
    assert list(records([octets[each : each + 3] for each in range(0, len(octets), 3)], Budget())) == whole


@pytest.mark.parametrize("part", ["sheet", "styles", "strings"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets_inside_a_part(part: str, changes: list[tuple[float, bytes]]) -> None:
    parts = {"sheet": sheet(*people()), "styles": PALE, "strings": strings("a", ("bcd", [(1, 1)]))}
    parts[part] = changed(parts[part], changes)
    data = workbook({"A": (0, parts["sheet"])}, styles=parts["styles"], texts=parts["strings"])
    try:
        read(data)
    except Uninspectable as error:
        assert str(error)


@settings(max_examples=60, deadline=None)
@given(octets=st.binary(max_size=200))
def test_any_octets_give_records_or_a_reason(octets: bytes) -> None:
    try:
        list(records([octets], Budget()))
    except Uninspectable as error:
        assert str(error)
