"""What BIFF8 workbooks carry beyond what a program here writes: made by the writer of written.py."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace

import pytest

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.compound import open_compound
from mailguard.inspection.read.rc4 import rc4
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Visibility
from tests.inspection.read.test_xlsx import values
from tests.inspection.read.written import biff, bof, compound, label, letters, record

HIDDEN_FIRST = record(0x0208, struct.pack("<6HL", 0, 0, 1, 255, 0, 0, 0x20))
STRING = record(0x0207, letters("Ada"))
FILTERS = record(0x009B)


def read(data: bytes) -> list[Item]:
    return list(read_spreadsheet(data, Budget()))


def one(body: bytes, inside: bytes = b"") -> dict[str, Visibility]:
    return values(read(biff(("Data", 0, 0, body), inside=inside)))


def test_hidden_and_filtered_rows() -> None:
    rows = HIDDEN_FIRST + label(0, 0, "Ada") + label(1, 0, "Bran")
    assert one(rows) == {"Ada": Visibility.HIDDEN_ROW, "Bran": SEEN}
    assert one(FILTERS + rows) == {"Ada": Visibility.FILTERED_ROW, "Bran": SEEN}


def test_rows_that_are_hidden_unless_they_say_otherwise() -> None:
    said = record(0x0208, struct.pack("<6HL", 0, 0, 1, 255, 0, 0, 0))
    found = one(record(0x0225, struct.pack("<HH", 2, 255)) + said + label(0, 0, "Ada") + label(1, 0, "Bran"))
    assert found == {"Ada": SEEN, "Bran": Visibility.ZERO_SIZE}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (record(0x0203, struct.pack("<HHHd", 0, 0, 0, 9990010005.0)), "9990010005"),
        (record(0x027E, struct.pack("<HHHL", 0, 0, 0, 12 << 2 | 2)), "12"),
        (record(0x027E, struct.pack("<HHHL", 0, 0, 0, 0xFFFFFFFC & (-12 << 2) | 3)), "-0.12"),
        (record(0x00BD, struct.pack("<HHHLHLH", 0, 0, 0, 4 << 2 | 2, 0, 5 << 2 | 2, 1)), "5"),
        (record(0x0205, struct.pack("<HHHBB", 0, 0, 0, 1, 0)), "1"),
        (record(0x0006, struct.pack("<HHHdHLH", 0, 0, 0, 2.5, 0, 0, 0)), "2.5"),
        (
            record(0x0006, struct.pack("<HHH6sHHLH", 0, 0, 0, b"", 0xFFFF, 0, 0, 0)) + record(0x0207, letters("Ada")),
            "Ada",
        ),
    ],
)
def test_values_of_every_sort(body: bytes, value: str) -> None:
    assert one(body)[value] is SEEN


def test_shared_strings_over_the_borders_of_records() -> None:
    """The first string goes on in the next record, behind an octet of flags, and in single octets from there."""
    text = "Ada " * 20
    first = struct.pack("<LL", 1, 2) + struct.pack("<H", len(text)) + b"\x01" + text[:30].encode("utf-16-le")
    rest = b"\x00" + text[30:].encode("latin-1") + struct.pack("<HB", 4, 0) + b"Bran"
    inside = record(0x00FC, first) + record(0x003C, rest)
    cell = record(0x00FD, struct.pack("<HHHL", 0, 0, 0, 0)) + record(0x00FD, struct.pack("<HHHL", 0, 1, 0, 1))
    assert set(one(cell, inside)) == {text, "Bran"}
    with pytest.raises(Uninspectable, match="string which is not there"):
        one(record(0x00FD, struct.pack("<HHHL", 0, 0, 0, 2)), inside)
    with pytest.raises(Uninspectable, match="cut off"):
        one(cell, record(0x00FC, first))


def test_a_chart_keeps_what_a_hidden_sheet_has() -> None:
    drawn = bof(0x20) + record(0x0204, struct.pack("<HHH", 0, 0, 0) + letters("Ada")) + record(0x000A)
    assert one(drawn)["Ada"] is Visibility.CHART_CACHE
    assert one(label(0, 0, "Ada") + drawn)["Ada"] is SEEN


def test_macro_sheets_and_projects_are_flagged() -> None:
    items = read(biff(("Auto", 2, 1, label(0, 0, "=EXEC()")), inside=b""))
    assert Member("Auto", "macros", Visibility.MACRO) in items
    assert values(items)["=EXEC()"] is Visibility.VERY_HIDDEN_SHEET


def test_who_saved_it() -> None:
    assert Person("last saved by", "Dr Morrow") in read(
        biff(("Data", 0, 0, b""), inside=record(0x005C, letters("Dr Morrow").ljust(112)))
    )


def test_a_name_that_keeps_a_text() -> None:
    formula = b"\x17" + bytes([3, 0]) + b"Ada"
    body = struct.pack("<HBBHHH4s", 1, 0, 4, len(formula), 0, 0, b"") + b"\x00kept" + formula
    assert one(b"", record(0x0018, body))["Ada"] is Visibility.DEFINED_NAME


def test_the_cache_of_another_workbook() -> None:
    book = record(0x01AE, struct.pack("<H", 1) + letters("\x01other.xls") + letters("Staff"))
    cells = record(0x0059, struct.pack("<HH", 1, 0)) + record(
        0x005A, struct.pack("<BBH", 0, 0, 4) + b"\x02" + letters("Ada")
    )
    items = read(biff(("Data", 0, 0, b""), inside=book + cells))
    assert Table("cache of other.xls: sheet Staff", Visibility.LINK_CACHE) in items
    assert Row(5, ("Ada",), (1,)) in items


def test_a_window_that_is_hidden() -> None:
    assert one(label(0, 0, "Ada"), record(0x003D, struct.pack("<9H", 0, 0, 0, 0, 1, 0, 0, 1, 600)))["Ada"] is (
        Visibility.HIDDEN_SHEET
    )


def test_what_is_no_stream_of_a_workbook_is_handed_on() -> None:
    items = read(biff(("Data", 0, 0, b""), **{"Contents": b"x"}))
    (member,) = (item for item in items if isinstance(item, Member) and item.kind == "file")
    assert member.name == "Contents" and member.content is not None and member.content.startswith(b"x")


@pytest.mark.parametrize("stop", [600, 1_000, 2_000, 5_000])
def test_cut_off(stop: int) -> None:
    with pytest.raises(Uninspectable):
        read(biff(("Data", 0, 0, label(0, 0, "Ada")))[:stop])


def test_chains_that_go_round() -> None:
    data = bytearray(compound({"Workbook": bytes(6_000)}))
    table = data.index(struct.pack("<3L", 1, 2, 3))
    data[table + 8 : table + 12] = struct.pack("<L", 0)
    with pytest.raises(Uninspectable):
        read(bytes(data))


def test_a_tree_that_goes_round() -> None:
    data = bytearray(compound({"Workbook": bytes(6_000), "Other": bytes(5_000)}))
    entry = data.index("Other".encode("utf-16-le"))
    data[entry + 72 : entry + 76] = struct.pack("<L", 1)
    with pytest.raises(Uninspectable, match="circular"):
        read(bytes(data))


def test_xor_obfuscation_is_not_read() -> None:
    with pytest.raises(Uninspectable, match="encrypted"):
        one(b"", record(0x002F, struct.pack("<HHH", 0, 1, 2)))


def obfuscated(bits: int) -> bytes:
    """A workbook with one cell, "Ada", under RC4 of CryptoAPI with the password that Excel tries by itself
    (MS-OFFCRYPTO 2.3.5; MS-XLS 2.2.10 for what stays in the clear).
    """
    salt, verifier = bytes(range(16)), bytes(range(16, 32))
    base = hashlib.sha1(salt + "VelvetSweatshop".encode("utf-16-le"), usedforsecurity=False).digest()

    def key(block: int) -> bytes:
        made = hashlib.sha1(base + struct.pack("<L", block), usedforsecurity=False).digest()[: bits // 8]
        return made.ljust(16, b"\0") if bits == 40 else made

    proof = rc4(key(0), verifier + hashlib.sha1(verifier, usedforsecurity=False).digest())
    header = struct.pack("<8L", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0)
    body = struct.pack("<HHHLL", 1, 2, 2, 4, len(header)) + header
    body += struct.pack("<L16s16sL20s", 16, salt, proof[:16], 20, proof[16:])
    made = biff(("Data", 0, 0, label(0, 0, "Ada")), inside=record(0x002F, body))
    plain = open_compound(made, Budget()).read("Workbook")
    blocks = range(0, len(plain), 1_024)
    hidden = bytearray(b"".join(rc4(key(at // 1_024), plain[at : at + 1_024]) for at in blocks))
    at = 0
    while at + 4 <= len(plain):
        kind, size = struct.unpack_from("<HH", plain, at)
        clear = 4 + (size if kind in (0x0809, 0x002F) else 4 if kind == 0x0085 else 0)
        hidden[at : at + clear] = plain[at : at + clear]
        at += 4 + size
    return compound({"Workbook": bytes(hidden)})


@pytest.mark.parametrize("bits", [40, 48, 56, 72, 128])
def test_obfuscation_with_keys_of_every_length_is_opened(bits: int) -> None:
    """The library takes 40, 56 and 128 bits, and not 48 and 72, which the format has as well."""
    assert values(read(obfuscated(bits)))["Ada"] is SEEN


def test_a_key_that_the_library_does_not_take_costs_a_tag_for_each_octet() -> None:
    data = obfuscated(48)
    with pytest.raises(Uninspectable, match="tags"):
        list(read_spreadsheet(data, Budget(replace(Limits(), tags=200))))
    assert values(list(read_spreadsheet(obfuscated(56), Budget(replace(Limits(), tags=200)))))["Ada"] is SEEN


SOURCE = record(0x0051, bytes(6) + letters("\x02Data"))
GONE = record(0x0051, bytes(6) + letters("\x02Gone"))


@pytest.mark.parametrize(("source", "hidden"), [(SOURCE, {"Bran"}), (GONE, {"Ada", "Bran"}), (b"", {"Bran"})])
def test_a_pivot_cache_beyond_what_a_sheet_shows(source: bytes, hidden: set[str]) -> None:
    """By the sheet of its source, which may be gone; by any sheet, where the source goes by a name."""
    fields = record(0x00C7, struct.pack("<7H", 1, 0, 2, 0, 0, 2, 0) + letters("Name"))
    fields += record(0x00CD, letters("Ada")) + record(0x00CD, letters("Bran"))
    cache = fields + record(0x00C8, b"\x00") + record(0x00C8, b"\x01") + record(0x000A)
    inside = record(0x00D5, struct.pack("<H", 1)) + source
    data = biff(("Data", 0, 0, label(0, 0, "Ada")), inside=inside, **{"_SX_DB_CUR/0001": cache})
    found = [item for item in read(data) if isinstance(item, Row)][1:]
    assert {value for row in found for value in row.values} == hidden
