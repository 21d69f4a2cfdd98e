"""Rich text as a file: what the fixtures, which LibreOffice made, do not have."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.rtf_document import begins, read_rtf
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility
from tests.inspection.read.test_ole_object import native

COLOURS = rb"{\colortbl;\red255\green255\blue255;\red0\green0\blue0;\red0\green0\blue128;}"
MARKUP = Visibility.MARKUP


def items(body: bytes) -> list[Item]:
    return list(read_rtf(rb"{\rtf1\ansi" + COLOURS + body + b"}", Budget()))


def texts(body: bytes) -> dict[str, Visibility]:
    return {item.text: item.visibility for item in items(body) if isinstance(item, Text)}


@pytest.mark.parametrize(
    ("body", "text", "why"),
    [
        (rb"{\v Ada}", "Ada", Visibility.HIDDEN_TEXT),
        (rb"\v\v0 Ada", "Ada", SEEN),
        (rb"{\v x}\plain Ada", "Ada", SEEN),
        (rb"{\webhidden Ada}", "Ada", SEEN),
        (rb"{\deleted Ada}", "Ada", Visibility.DELETED_TEXT),
        (rb"{\revised Ada}", "Ada", Visibility.INSERTED_TEXT),
        (rb"{\fs6 Ada}", "Ada", Visibility.TINY_TEXT),
        (rb"{\fs7 Ada}", "Ada", SEEN),
        (rb"{\cf1 Ada}", "Ada", Visibility.SAME_COLOUR),
        (rb"{\cf1\chcbpat3 Ada}", "Ada", SEEN),
        (rb"{\cf1\highlight2 Ada}", "Ada", SEEN),
        (rb"{\highlight2 Ada}", "Ada", Visibility.SAME_COLOUR),
        (rb"{\cf2\chcbpat2 Ada}", "Ada", Visibility.SAME_COLOUR),
        (rb"\pard\cbpat3{\cf1 Ada}", "Ada", SEEN),
        (rb"\u1040?nna \'e4\u-10179?\u-8704?", "\u0410nna ä\U0001f600", SEEN),
        (rb"{\uc2\u1040 xyz}", "\u0410z", SEEN),
        (rb"\emdash\~\_\{\}\\", "—\u00a0-{}\\", SEEN),
        (rb"{\*\unknown Ada}", "Ada", MARKUP),
        (rb"{\xe Ada}", "Ada", MARKUP),
        (rb"{\field{\*\fldinst MERGEFIELD a}{\fldrslt b}}", "MERGEFIELD a", MARKUP),
        (rb"{\*\docvar{a}{Ada}}", "aAda", MARKUP),
        (rb"{\footnote\pard\plain Ada}", "Ada", SEEN),
        (rb"{\*\annotation\pard\plain Ada}", "Ada", Visibility.COMMENT),
        (rb"{\info{\title Ada}}", "Ada", Visibility.PROPERTY),
        (rb"{\*\mailmerge{\mmquery SELECT a}}", "SELECT a", Visibility.CONNECTION),
    ],
)
def test_what_hides_letters(body: bytes, text: str, why: Visibility) -> None:
    assert texts(body)[text] is why


def test_tables_also_within_each_other() -> None:
    found = items(
        rb"before\par\trowd\cellx100\cellx200\pard\intbl Ada\cell 7\cell\row"
        rb"\trowd\cellx100\cellx200\pard\intbl\itap2 in\nestcell{\*\nesttableprops\trowd\cellx50\nestrow}"
        rb"\pard\intbl Bran\cell 8\cell\row\pard after\par"
    )
    assert found == [
        Text("before", "the text"),
        Table("table 1 of the text"),
        Row(1, ("Ada", "7"), (1, 2)),
        Row(2, ("Bran", "8"), (1, 2)),
        Table("table 2 of the text"),
        Row(1, ("in",), (1,)),
        Text("after", "the text"),
    ]


def test_a_cell_has_a_ground() -> None:
    (_, row) = items(rb"\trowd\clcbpat3\cellx100\cellx200\pard\intbl{\cf1 a}\cell{\cf1 b}\cell\row")
    assert isinstance(row, Row) and row.unseen == ((1, Visibility.SAME_COLOUR),)


def test_people() -> None:
    found = items(rb"{\*\revtbl{Unknown;}{Ada;}}{\info{\author Bran}{\operator Cleo}}{\*\atnauthor Dov}")
    assert [(each.role, each.name) for each in found if isinstance(each, Person)] == [
        ("author of a change", "Ada"),
        ("author", "Bran"),
        ("last saved by", "Cleo"),
        ("author of a comment", "Dov"),
    ]


def test_a_codepage_of_its_own_for_each_font() -> None:
    fonts = rb"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}"
    assert texts(fonts + rb"{\f1 \'e0\'e1}") == {"аб": SEEN}
    assert texts(rb"\ansicpg1253 \'e1") == {"α": SEEN}


def ole(name: bytes, content: bytes, kind: int = 2) -> bytes:
    counted = b"".join(struct.pack("<L", len(each) + 1) + each + b"\0" for each in (name, b"C:\\a.xlsx", b""))
    return struct.pack("<LL", 0x501, kind) + counted + struct.pack("<L", len(content)) + content


def test_objects_are_handed_on() -> None:
    package = ole(b"Package", native(b"hello", b"a.txt")[4:])
    found = items(rb"{\object{\*\objdata " + package.hex().encode() + rb"}{\result shown}}")
    assert [(each.name, each.content) for each in found if isinstance(each, Member)] == [("a.txt", b"hello")]
    (member,) = items(rb"{\object{\*\objdata " + ole(b"Excel.Sheet.12", b"octets").hex().encode() + rb"}}")
    assert isinstance(member, Member) and (member.content, member.visibility) == (b"octets", Visibility.EMBEDDED)
    assert texts(rb"{\*\objdata " + ole(b"Excel", b"", 1).hex().encode() + rb"}") == {"C:\\a.xlsx": MARKUP}
    with pytest.raises(Uninspectable, match="cut off"):
        items(rb"{\*\objdata " + package.hex().encode()[:-8] + rb"}")


def test_shapes() -> None:
    shape = rb"{\*\shpinst{\sp{\sn fillColor}{\sv 8388608}}{\shptxt\pard{\cf1 Ada}\par}}"
    assert texts(rb"{\shp" + shape + rb"{\shprslt{\*\do{\dptxbxtext Ada}}}}") == {"Ada": SEEN}
    assert texts(rb"{\shp{\*\shpinst{\shptxt\pard Ada\par}}{\shprslt{\*\do{\dptxbxtext Bran}}}}") == {
        "Ada": SEEN,
        "Bran": MARKUP,
    }


def test_what_comes_after_the_end_and_what_has_none() -> None:
    (text,) = list(read_rtf(rb"{\rtf1}Ada", Budget()))
    assert isinstance(text, Text) and text.visibility is MARKUP
    assert list(read_rtf(b"{\\rtf1}\r\n\0", Budget())) == []
    with pytest.raises(Uninspectable, match="cut off"):
        list(read_rtf(rb"{\rtf1 Ada", Budget()))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"{",
                b"}",
                b"\\*",
                b"\\cell ",
                b"\\row ",
                b"\\intbl",
                b"\\itap3 ",
                b"\\pard ",
                b"\\par ",
                b"\\trowd",
                b"a",
                b"\\cellx9",
                b"\\nestcell ",
                b"\\nestrow ",
                b"\\footnote ",
                b"\\shptxt ",
                b"\\bin9 ",
                b"\\u9?",
                b"\\'e4",
                b"\\",
                b"\\objdata 00",
                b"\\fldinst ",
                b"\\colortbl;",
                b"\\fonttbl",
                b"\\f1",
                b"\\sn",
                b"\\sv 1",
                b"\\shprslt",
            ]
        )
    )
)
def test_total(pieces: list[bytes]) -> None:
    try:
        list(read_rtf(b"{\\rtf1 " + b"".join(pieces) + b"}", Budget()))
    except Uninspectable as error:
        assert str(error)


def test_begins() -> None:
    assert begins(b"{\\rtf1") and begins(b"\xef\xbb\xbf {\\rtf") and not begins(b"{\\rt") and not begins(b"")
