"""Documents of Word 97 to 2003: what LibreOffice does not write, by a writer of our own from MS-DOC."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.read import text_document
from mailguard.inspection.read.compound import open_compound
from mailguard.inspection.stream import SEEN, Member, Person, Row, Table, Text, Visibility
from tests.inspection.read.documents import FOLDER, read_document
from tests.inspection.read.test_mutated import CHANGES, changed
from tests.inspection.read.written import biff, bof, compound, label, record
from tests.inspection.read.written_doc import (
    DELETED,
    DEPTH,
    IN_TABLE,
    INDEXED,
    INNER_CELL,
    INNER_ROW_END,
    INSERTED,
    ROW_END,
    SIZE,
    STYLE,
    VANISH,
    Chunk,
    P,
    cells,
    counted,
    document,
    drawings,
    plc,
    rgb,
    shape,
    sprm,
    strings,
    style,
)

WHITE = rgb(255, 255, 255)
NAVY = bytes((0x1F, 0x38, 0x64, 0))
AUTO = b"\0\0\0\xff"


def shaded(code: int, *colours: bytes) -> bytes:
    """Shading of as many cells, or of letters or a paragraph."""
    each = b"".join(AUTO + colour + b"\0\0" for colour in colours)
    return sprm(code, bytes((len(each),)) + each)


def texts(data: bytes) -> dict[str, Visibility]:
    return {item.text: item.visibility for item in read_document(data) if isinstance(item, Text)}


def rows(data: bytes) -> list[tuple[tuple[str, ...], tuple[tuple[int, Visibility], ...]]]:
    return [(item.values, item.unseen) for item in read_document(data) if isinstance(item, Row)]


def streams(data: bytes) -> dict[str, bytes]:
    opened = open_compound(data, Budget())
    return {path: opened.read(path) for path in opened.streams}


WORKBOOK = streams(biff(("Data", 0, 0, label(0, 0, "Ada Ashdown"))))["Workbook"]


def held(data: bytes) -> str:
    with pytest.raises(Uninspectable) as caught:
        list(read_document(data))
    return str(caught.value)


# letters


@pytest.mark.parametrize(
    ("letters", "why"),
    [
        (b"", SEEN),
        (sprm(VANISH), Visibility.HIDDEN_TEXT),
        (sprm(VANISH, 0), SEEN),
        (sprm(DELETED), Visibility.DELETED_TEXT),
        (sprm(INSERTED), Visibility.INSERTED_TEXT),
        (sprm(INSERTED) + sprm(VANISH), Visibility.HIDDEN_TEXT),
        (sprm(SIZE, 2), Visibility.TINY_TEXT),
        (sprm(SIZE, 12), SEEN),
        (sprm(0x4852, 5), Visibility.TINY_TEXT),
        (WHITE, Visibility.SAME_COLOUR),
        (rgb(250, 250, 250), Visibility.SAME_COLOUR),
        (sprm(INDEXED, 8), Visibility.SAME_COLOUR),
        (sprm(INDEXED, 8) + sprm(0x2A0C, 1), SEEN),
        (sprm(0x2A0C, 1), Visibility.SAME_COLOUR),
        (sprm(0x2A0C, 7), SEEN),
        (WHITE + shaded(0xCA71, NAVY), SEEN),
        (rgb(0x1F, 0x38, 0x64) + shaded(0xCA71, NAVY), Visibility.SAME_COLOUR),
        (WHITE + sprm(0x4866, 1 << 5), SEEN),
        (sprm(VANISH) + sprm(0x2A33), SEEN),
    ],
)
def test_letters_are_told_by_what_hides_them(letters: bytes, why: Visibility) -> None:
    data = document([P([("Ada ", b""), ("Ashdown", letters)])])
    assert texts(data) == ({"Ada Ashdown": SEEN} if why in (SEEN,) else {"Ada": SEEN, "Ashdown": why})


@pytest.mark.parametrize(
    ("paragraph", "character", "own", "why"),
    [
        (sprm(VANISH), b"", b"", Visibility.HIDDEN_TEXT),
        (sprm(VANISH), b"", sprm(VANISH, 0), SEEN),
        (sprm(VANISH), b"", sprm(VANISH, 0x81), SEEN),
        (b"", b"", sprm(VANISH, 0x81), Visibility.HIDDEN_TEXT),
        (b"", b"", sprm(VANISH, 0x80), SEEN),
        (b"", sprm(VANISH), b"", Visibility.HIDDEN_TEXT),
        (sprm(VANISH), sprm(VANISH), b"", SEEN),
        (WHITE, b"", b"", Visibility.SAME_COLOUR),
        (WHITE, rgb(0, 0, 0), b"", SEEN),
        (sprm(SIZE, 2), b"", b"", Visibility.TINY_TEXT),
    ],
)
def test_styles_hide_too(paragraph: bytes, character: bytes, own: bytes, why: Visibility) -> None:
    """Style 1 is based on style 2."""
    known = [style(1), style(1, base=2), style(1, paragraph), style(2, character)]
    data = document([P([("Ada", sprm(STYLE, 3) + own)], style=1)], styles=known)
    assert texts(data) == {"Ada": why}


def test_styles_that_are_based_on_each_other_end() -> None:
    known = [style(1, base=1), style(1, sprm(VANISH), base=0)]
    assert texts(document([P("Ada")], styles=known)) == {"Ada": Visibility.HIDDEN_TEXT}


# pieces


def test_pieces_of_one_octet_and_of_two() -> None:
    data = document([P("Zoë – Ashdown"), P("Łukasz")], chunks=[Chunk(14, wide=False), Chunk(7)])
    assert texts(data) == {"Zoë – Ashdown": SEEN, "Łukasz": SEEN}


def test_a_fast_save_leaves_pieces_in_another_order() -> None:
    text = [P([("Ada ", b""), ("Ashdown", sprm(VANISH)), (" is well", b"")]), P("Bran")]
    chunks = [Chunk(6), Chunk(7, wide=False), Chunk(12)]
    assert texts(document(text, chunks=chunks, backwards=True)) == {
        "Ada  is well": SEEN,
        "Ashdown": Visibility.HIDDEN_TEXT,
        "Bran": SEEN,
    }


@pytest.mark.parametrize(
    ("prm", "changes", "why"),
    [
        (0x5C << 1 | 1 << 8, (), Visibility.HIDDEN_TEXT),
        (0x41 << 1 | 1 << 8, (), Visibility.DELETED_TEXT),
        (0x62 << 1 | 8 << 8, (), Visibility.SAME_COLOUR),
        (0x55 << 1 | 1 << 8, (), SEEN),
        (1 << 1 | 1, (b"", sprm(VANISH)), Visibility.HIDDEN_TEXT),
    ],
)
def test_a_fast_save_changes_the_format_of_a_piece(prm: int, changes: tuple[bytes, ...], why: Visibility) -> None:
    data = document([P("Ada"), P("Bran")], chunks=[Chunk(4, prm=prm), Chunk(5)], changes=changes)
    assert texts(data) == {"Ada": why, "Bran": SEEN}


def test_what_a_fast_save_left_behind_is_deleted_and_still_there() -> None:
    left = "Cleo Ashdown, 999 000 0026".encode("utf-16-le") + b"\0\0" + b"Dov Ashdown, 999 000 0034"
    assert texts(document([P("Ada")], behind=left)) == {
        "Ada": SEEN,
        "Cleo Ashdown, 999 000 0026": Visibility.DELETED_TEXT,
        "Dov Ashdown, 999 000 0034": Visibility.DELETED_TEXT,
    }


# tables, fields


def test_a_row_is_a_row() -> None:
    data = document([P("Before"), *cells("Ada", "1"), *cells("Bran", "2"), P("After")])
    assert rows(data) == [(("Ada", "1"), ()), (("Bran", "2"), ())]
    assert texts(data) == {"Before": SEEN, "After": SEEN}


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (b"", Visibility.SAME_COLOUR),
        (shaded(0xD612, NAVY, NAVY), SEEN),
        (sprm(0xD609, b"\x04" + struct.pack("<HH", 9 << 5, 9 << 5)), SEEN),
        (shaded(0xD660, NAVY), SEEN),
        (sprm(0xD62D, b"\x0c\x00\x02" + AUTO + NAVY + b"\0\0"), SEEN),
        (sprm(0x646B, 0), SEEN),
    ],
)
def test_white_letters_on_a_dark_cell_are_seen(own: bytes, why: Visibility) -> None:
    """The last one has its properties in the Data stream."""
    elsewhere = shaded(0xD612, NAVY, NAVY)
    data = document(cells("Ada", "Bran", own=own, letters=WHITE), data=struct.pack("<H", len(elsewhere)) + elsewhere)
    ((values, unseen),) = rows(data)
    assert values == ("Ada", "Bran")
    assert unseen == (() if why is SEEN else ((0, why), (1, why)))


def test_only_the_cell_that_is_dark_is_dark() -> None:
    data = document(cells("Ada", "Bran", "Cleo", own=shaded(0xD612, AUTO, NAVY), letters=WHITE))
    assert rows(data) == [(("Ada", "Bran", "Cleo"), ((0, Visibility.SAME_COLOUR), (2, Visibility.SAME_COLOUR)))]


def test_a_table_in_a_table_comes_after_it() -> None:
    inside = sprm(IN_TABLE) + sprm(DEPTH, 2)
    inner = [
        P("Bran", inside + sprm(INNER_CELL)),
        P("2", inside + sprm(INNER_CELL)),
        P("", inside + sprm(INNER_ROW_END)),
    ]
    outer = [P("Ada", sprm(IN_TABLE), "\x07"), *inner, P("1", sprm(IN_TABLE), "\x07")]
    data = document([*outer, P("", sprm(IN_TABLE) + sprm(ROW_END), "\x07")])
    assert [values for values, _ in rows(data)] == [("Ada", "1"), ("Bran", "2")]
    assert sum(isinstance(item, Table) for item in read_document(data)) == 2


def test_what_a_field_does_is_markup_and_its_result_is_seen() -> None:
    data = document([P('See \x13 HYPERLINK "mailto:ada@ashdown.example" \x14Ada\x15 today')])
    assert texts(data) == {'HYPERLINK "mailto:ada@ashdown.example"': Visibility.MARKUP, "See Ada today": SEEN}


def test_an_instruction_that_does_not_end_is_read() -> None:
    assert texts(document([P("\x13 Ada"), P("Bran")])) == {"Ada\nBran": Visibility.MARKUP}


# other stories


def test_every_story_is_read() -> None:
    data = document(
        [P("Text")],
        stories={
            "footnotes": [P("Note")],
            "comments": [P("Comment")],
            "endnotes": [P("End")],
            "boxes": [P("Box")],
            "header boxes": [P("Crest")],
            "macros": [P("Macro")],
        },
        parts={36: counted(["Tessa Reviewer"])},
    )
    found = {item.text: (item.where, item.visibility) for item in read_document(data) if isinstance(item, Text)}
    assert found == {
        "Text": ("the text", SEEN),
        "Note": ("a footnote", SEEN),
        "Comment": ("a comment", Visibility.COMMENT),
        "End": ("an endnote", SEEN),
        "Box": ("a text box", SEEN),
        "Crest": ("a text box of a header", SEEN),
        "Macro": ("a macro", Visibility.MARKUP),
    }


@pytest.mark.parametrize("titled", [False, True])
def test_the_header_of_a_first_page_that_no_section_has_is_markup(titled: bool) -> None:
    """The sixth place of separators is the first section's: even, odd, even, odd, first, first."""
    headers = [P("Odd"), P("First")]
    places = [0, *[0] * 6, 0, 4, 4, 4, 10, 10]
    sections = plc([0, 5], [struct.pack("<HLHL", 0, 1_024 + 2 * 15, 0, 0)])
    section = sprm(0x300A, int(titled))
    data = document(
        [P("Text")],
        stories={"headers": headers},
        parts={11: plc(places), 6: sections},
        behind=struct.pack("<H", len(section)) + section,
    )
    why = SEEN if titled else Visibility.MARKUP
    assert texts(data) == {"Text": SEEN, "Odd": SEEN, "First": why}


@pytest.mark.parametrize(
    ("properties", "letters", "why"),
    [
        ({}, b"", SEEN),
        ({959: 0x20002}, b"", Visibility.HIDDEN_TEXT),
        ({959: 0x20000}, b"", SEEN),
        ({}, WHITE, Visibility.SAME_COLOUR),
        ({385: 0x800000}, WHITE, SEEN),
        ({385: 0x800000, 447: 0x100000}, WHITE, Visibility.SAME_COLOUR),
        ({384: 4}, WHITE, SEEN),
    ],
)
def test_a_text_box_is_as_its_shape(properties: dict[int, int], letters: bytes, why: Visibility) -> None:
    boxes = plc([0, 4, 5], [struct.pack("<LLHLLL", 0, 0, 0, 0, 7, 0)[:22], bytes(22)])
    data = document(
        [P("Text")],
        stories={"boxes": [P([("Ada", letters)])]},
        parts={56: boxes, 50: drawings(shape(1, {}), shape(7, properties))},
    )
    assert texts(data) == {"Text": SEEN, "Ada": why}


def test_building_blocks_are_markup() -> None:
    found = [item for item in read_document(document([P("Ada")], blocks=True)) if isinstance(item, Text)]
    assert [(item.text, item.visibility) for item in found] == [("Ada", SEEN), ("Ada", Visibility.MARKUP)]


# beside the text


def test_people_are_named() -> None:
    associated = [
        "",
        "",
        "A title",
        "",
        "",
        "",
        "Ada Author",
        "Liv Last",
        "C:\\people.mdb",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
    ]
    data = document(
        [P("Text")],
        parts={
            31: bytes(4),
            32: strings(associated),
            36: counted(["Tessa Reviewer"]),
            51: strings(["Unknown", "Rolf Reviewer"]),
            71: strings(["Sam Saver", "C:\\Referrals\\old.doc"]),
        },
    )
    people = [(item.role, item.name) for item in read_document(data) if isinstance(item, Person)]
    assert sorted(people) == [
        ("author", "Ada Author"),
        ("author of a change", "Rolf Reviewer"),
        ("author of a comment", "Tessa Reviewer"),
        ("last saved by", "Liv Last"),
        ("saved by", "Sam Saver"),
    ]
    assert texts(data) == {
        "Text": SEEN,
        "A title": Visibility.PROPERTY,
        "C:\\people.mdb": Visibility.CONNECTION,
        "C:\\Referrals\\old.doc": Visibility.PROPERTY,
    }


def test_variables_of_the_document_are_markup() -> None:
    data = document([P("Text")], parts={60: strings(["name"]) + counted(["Ada Ashdown"])})
    found = texts(data)
    assert any("Ada Ashdown" in text and why is Visibility.MARKUP for text, why in found.items())


def test_objects_are_read_as_embedded() -> None:
    data = document([P("Text")], more={"ObjectPool/_1/Workbook": WORKBOOK})
    found = [item for item in read_document(data) if isinstance(item, Table | Row)]
    assert isinstance(found[0], Table) and found[0].visibility is Visibility.EMBEDDED
    assert isinstance(found[1], Row) and found[1].values == ("Ada Ashdown",)


def test_a_packed_file_is_handed_on() -> None:
    body = b"\2\0people.csv\0C:\\people.csv\0\0\0\3\0\5\0\0\0temp\0" + struct.pack("<L", 5) + b"a,b,c"
    data = document([P("Text")], more={"ObjectPool/_1/\x01Ole10Native": struct.pack("<L", len(body)) + body})
    (member,) = [item for item in read_document(data) if isinstance(item, Member)]
    assert (member.name, member.visibility, member.content) == ("people.csv", Visibility.EMBEDDED, b"a,b,c")


def test_an_object_that_nobody_knows_is_held() -> None:
    assert (
        held(document([P("Text")], more={"ObjectPool/_1/Secret": b"x"})) == "holds an object of a kind that is not read"
    )


def test_a_document_in_a_document_is_read_and_counts_as_a_level() -> None:
    inner = {f"ObjectPool/_1/{path}": octets for path, octets in streams(document([P("Ada")])).items()}
    data = document([P("Text")], more=inner)
    assert texts(data) == {"Text": SEEN, "Ada": Visibility.EMBEDDED}
    with pytest.raises(Uninspectable, match="nested more than 0 deep"):
        list(read_document(data, Budget(Limits(depth=0))))


def test_macros_are_flagged_once() -> None:
    data = document([P("Text")], more={"Macros/VBA/dir": b"x", "Macros/VBA/Module1": b"y"})
    assert [item for item in read_document(data) if isinstance(item, Member)] == [
        Member("macros", "macros", Visibility.MACRO)
    ]


def test_an_unknown_stream_beside_it_is_handed_on() -> None:
    examined = examine(Enclosed(document([P("Text")], more={"Extra": b"\x01\x02\x03"}), names=("a.doc",)))
    assert examined.unread


# what is not read


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (document([P("Ada")], flags=0x0100), "encrypted"),
        (document([P("Ada")], flags=0x8100), "encrypted"),
        (document([P("Ada")], magic=0xA5DC), "a document of before Word 97, which is not read"),
        (document([P("Ada")], flags=0x0200), "its document is cut off"),
        (document([P([("Ada", b"\x3c")])], gap=True), "holds letters without a format"),
        (document([P([("Ada", b"\x3c\x08")])]), "holds a change of format that is cut off"),
        (document([P([("Ada", sprm(0xCA47, b"\0"))])]), "changes a format in a way that is not read"),
        (document([P("Ada", sprm(0xC601, b"\0"))]), "changes a format in a way that is not read"),
        (document([P("Ada")], chunks=[Chunk(4, prm=3)]), "names a change of format that is not there"),
        (document([P("Ada")], parts={33: b"\x02\x04\0\0\0\0\0\0\0"}), "has less text than it says"),
        (
            document([P("Ada")], parts={33: b"\x02\x10\0\0\0" + plc([0, 4], [struct.pack("<HLH", 0, 9_999, 0)])}),
            "its document is cut off",
        ),
        (document([P("Ada")], parts={51: b"\x01\0\x01\0\0\0"}), "lists names in a way that is not read"),
        (document([P("Ada", sprm(DEPTH, 1_000))]), "holds tables nested more than 64 deep"),
        (document([P("Ada", sprm(0x6646, 99_999))]), "names a format that is not there"),
        (compound({"WordDocument": b""}), "a document of before Word 97, which is not read"),
    ],
)
def test_what_is_not_understood_is_held(data: bytes, reason: str) -> None:
    assert held(data) == reason


def test_a_word_document_goes_by_its_octets() -> None:
    data = document([P("Ada")])
    assert text_document.begins(data) and not text_document.begins(compound({"Workbook": bof() + record(10, b"")}))


SMALL = Limits(total_bytes=20_000_000, kept_bytes=20_000_000, cells=200_000, members=2_000)
MIXED = document(
    [P([("Ada", WHITE), ("Bran", sprm(VANISH))]), *cells("1", "2", own=shaded(0xD612, NAVY)), P("\x13 X \x14Y\x15")],
    stories={"headers": [P("H")], "comments": [P("C")], "boxes": [P("B")]},
    parts={11: plc([0, 0, 0, 0, 0, 0, 0, 2, 2]), 56: plc([0, 2], [bytes(22)]), 50: drawings(shape(7, {385: 1}))},
    chunks=[Chunk(10), Chunk(12, wide=False), Chunk(5, prm=0x5C << 1 | 1 << 8)],
    more={"ObjectPool/_1/Workbook": WORKBOOK},
)


@pytest.mark.parametrize("file", ["", "lo-commented.doc", "lo-pale-table.doc", "lo-hidden-by-style.doc"])
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_whatever_is_done_to_it_it_gives_a_stream_or_uninspectable(
    file: str, changes: list[tuple[float, bytes]]
) -> None:
    data = (FOLDER / file).read_bytes() if file else MIXED
    try:
        for _ in text_document.read(changed(data, changes), Budget(SMALL)):
            pass
    except Uninspectable as error:
        assert str(error)
