"""What a PDF carries beside what its pages show, and what lies on them unseen, where no program here writes it."""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.pdf import begins, read
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility
from tests.inspection.read.written_pdf import document, page, said, stream, updated

FORM = "/Type/XObject/Subtype/Form/BBox[0 0 600 850]/Resources<</Font<</F1 5 0 R>>>>"
WITH_FORM = "/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>"
BOX = b"0 g 40 690 300 30 re f\n"


def items_of(data: bytes) -> list[Item]:
    return list(read(data, Budget()))


def texts_of(data: bytes) -> dict[Visibility, str]:
    found: dict[Visibility, str] = {}
    for item in items_of(data):
        if isinstance(item, Text):
            found[item.visibility] = f"{found.get(item.visibility, '')}\n{item.text}".strip()
    return found


def paint(content: bytes, entries: str = "", more: dict[int, bytes | str] | None = None) -> dict[Visibility, str]:
    return texts_of(document(page(content, entries=entries, more=more)))


def test_what_is_no_pdf() -> None:
    assert not begins(b"PK\x03\x04") and begins(b"junk\r\n%PDF-1.4")
    with pytest.raises(Uninspectable):
        items_of(b"%PDF-1.7\nnothing")


def test_a_page_has_its_number() -> None:
    assert items_of(document(page(said("Ada Ashdown"))))[0] == Text("Ada Ashdown", "page 1")


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (BOX, Visibility.COVERED),
        (b"0 g 40 690 m 340 690 l 340 720 l 40 720 l h f\n", Visibility.COVERED),
        (b"0 g 40 700 m 45 730 335 730 340 700 c 335 680 45 680 40 700 c f\n", Visibility.COVERED),
        (b"20 w 40 703 m 340 703 l S\n", Visibility.COVERED),
        (b"0 g 0 0 595 842 re 30 680 320 60 re f*\n", SEEN),
        (b"0 g 40 690 300 30 re S\n", SEEN),
        (b"1 w 40 703 m 340 703 l S\n", SEEN),
        (b"/G gs 1 1 0 rg 40 690 300 30 re f\n", SEEN),
        (b"q 0 0 10 10 re W n 0 g 40 690 300 30 re f Q\n", SEEN),
    ],
)
def test_shapes_over_a_text(after: bytes, why: Visibility) -> None:
    """A box, a polygon, an oval, a bar; a frame, an outline, a line, a highlighter's colour, a box that is cut off."""
    entries = "/Resources<</Font<</F1 5 0 R>>/ExtGState<</G<</BM/Multiply/ca 0.4>>>>>>"
    assert paint(said("Ada Ashdown") + after, entries) == {why: "Ada Ashdown"}


def test_a_box_over_a_part_of_a_text() -> None:
    found = paint(said("Ada Ashdown 9990000018") + b"0 g 110 690 100 30 re f\n")
    assert found[SEEN].startswith("Ada Ashdown") and found[Visibility.COVERED].endswith("18")


def test_a_box_beneath_a_text_hides_nothing() -> None:
    assert paint(b"0.8 g 40 690 300 30 re f 0 g\n" + said("Ada")) == {SEEN: "Ada"}
    assert paint(BOX + b"1 g\n" + said("Ada")) == {SEEN: "Ada"}


def test_a_box_in_a_form_over_a_text() -> None:
    assert paint(said("Ada") + b"/X Do", WITH_FORM, {6: stream(BOX, FORM)}) == {Visibility.COVERED: "Ada"}


def test_text_in_a_form_that_is_moved_off_the_page() -> None:
    content = b"q 1 0 0 1 900 0 cm /X Do Q"
    assert paint(content, WITH_FORM, {6: stream(said("Ada"), FORM)}) == {Visibility.OFF_PAGE: "Ada"}


@pytest.mark.parametrize("number", ["1e38", "340282346638528859811704183484516925440", "-9e30", "0"])
def test_places_that_no_page_has(number: str) -> None:
    """Forms in forms whose scales multiply beyond any number, and boxes without end."""
    more: dict[int, bytes | str] = {}
    matrix = f"/Matrix[{number} 0 0 {number} {number} 0]"
    for at in range(6, 14):
        resources = f"/Resources<</Font<</F1 5 0 R>>/XObject<</X {at + 1} 0 R>>>>"
        content = b"/X Do " + said("Ada") + f"0 0 m {number} {number} l 9 9 l f\n".encode()
        more[at] = stream(content, f"/Type/XObject/Subtype/Form/BBox[-9 -9 {number} {number}]{matrix}{resources}")
    for entries in (WITH_FORM, f"{WITH_FORM}/MediaBox[0 0 {number} {number}]"):
        found = paint(b"/X Do " + said("Bran"), entries, more)
        assert "Bran" in "".join(found.values())


@pytest.mark.parametrize("size", [0.001, 0.5, 2.9])
def test_letters_of_hardly_any_size(size: float) -> None:
    assert paint(said("Ada", size=size)) == {Visibility.TINY_TEXT: "Ada"}


def test_letters_of_no_size_cannot_be_read() -> None:
    """PDFium tells nothing of them; a few are an accident of some program."""
    assert paint(said("Ada", size=0)) == {}
    with pytest.raises(Uninspectable, match="letters cannot be told"):
        paint(said("Ada", size=0) * 40)


def test_words_in_place_of_letters_hide_no_letters() -> None:
    """/ActualText says other words to those who copy the text; the letters are what is seen."""
    found = paint(b"/Span <</ActualText (nobody)>> BDC\n" + said("Ada 9990000018") + b"EMC\n")
    assert found == {SEEN: "Ada 9990000018", Visibility.MARKUP: "nobody"}


def test_words_for_those_who_do_not_see() -> None:
    assert (
        paint(said("x"), more={6: "<</Type/StructElem/S/Figure/Alt(Ada Ashdown)>>"})[Visibility.MARKUP] == "Ada Ashdown"
    )


@pytest.mark.parametrize(
    ("membership", "why"),
    [
        ("/OCGs[6 0 R]/P/AllOn", Visibility.HIDDEN_TEXT),
        ("/OCGs[6 0 R 7 0 R]/P/AllOn", Visibility.HIDDEN_TEXT),
        ("/OCGs[6 0 R 7 0 R]/P/AnyOn", SEEN),
        ("/OCGs 6 0 R", Visibility.HIDDEN_TEXT),
        ("/OCGs 7 0 R", SEEN),
    ],
)
def test_a_membership_in_layers(membership: str, why: Visibility) -> None:
    more: dict[int, bytes | str] = {
        6: "<</Type/OCG/Name(off)>>", 7: "<</Type/OCG/Name(on)>>", 8: f"<</Type/OCMD{membership}>>"
    }  # fmt: skip
    catalog = "/OCProperties<</OCGs[6 0 R 7 0 R]/D<</OFF[6 0 R]>>>>"
    entries = "/Resources<</Font<</F1 5 0 R>>/Properties<</M 8 0 R>>>>"
    data = document(page(b"/OC /M BDC\n" + said("Ada") + b"EMC\n", catalog=catalog, entries=entries, more=more))
    assert texts_of(data) == {why: "Ada"}


def test_a_script_and_a_command() -> None:
    catalog = "/OpenAction<</S/JavaScript/JS(app.alert\\('Ada'\\))>>/AA<</WC<</S/Launch/F(a.exe)>>>>"
    found = items_of(document(page(said("x"), catalog=catalog)))
    assert [each.name for each in found if isinstance(each, Member)] == ["script", "command that is started"] or [
        each.name for each in found if isinstance(each, Member)
    ] == ["command that is started", "script"]
    assert Text("app.alert('Ada')", "script", Visibility.MACRO) in found


def test_a_form_in_xml() -> None:
    xml = b"<data><person><name>Ada Ashdown</name><nhs>9990000018</nhs></person></data>"
    catalog = "/AcroForm<</Fields[]/XFA[(datasets) 6 0 R]>>"
    found = items_of(document(page(said("Please wait"), catalog=catalog, more={6: stream(xml, packed=True)})))
    assert Table("form in XML", Visibility.FORM_VALUE, headings=("name", "nhs")) in found
    assert any(isinstance(each, Row) and "9990000018" in each.values for each in found)


def test_properties_and_xmp() -> None:
    xmp = (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r='
        b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description xmlns:dc="http://purl.org/dc/elements/1.1/">'
        b"<dc:creator><r:Seq><r:li>Bran Birkett</r:li></r:Seq></dc:creator><dc:description><r:Alt><r:li>for Ada</r:li>"
        b'</r:Alt></dc:description></r:Description></r:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
    more: dict[int, bytes | str] = {
        6: stream(xmp, "/Type/Metadata/Subtype/XML"), 7: "<</Author(\xfe\xff\0A\0d\0a)/Producer(p)>>".encode("latin-1")
    }  # fmt: skip
    made = page(said("x"), catalog="/Metadata 6 0 R", more=more)
    found = items_of(document(made, "/Info 7 0 R"))
    assert [(each.role, each.name) for each in found if isinstance(each, Person)] == [
        ("author", "Ada"), ("author", "Bran Birkett")
    ]  # fmt: skip
    assert Text("for Ada", "property description", Visibility.PROPERTY) in found


def test_xmp_that_is_broken_is_read_all_the_same() -> None:
    data = document(page(said("x"), more={6: stream(b"<a><b>Ada</a>", "/Type/Metadata/Subtype/XML")}))
    assert "Ada" in texts_of(data)[Visibility.PROPERTY]


def test_a_value_that_the_form_draws_later_is_seen() -> None:
    field = "<</FT/Tx/T(name)/V(Ada)/Subtype/Widget/Rect[0 0 90 20]/F 4>>"
    for catalog, why in (("/NeedAppearances true", SEEN), ("", Visibility.FORM_VALUE)):
        data = document(page(said("x"), catalog=f"/AcroForm<</Fields[6 0 R]{catalog}>>", more={6: field}))
        found = [each for each in items_of(data) if isinstance(each, Text) and each.text == "Ada"]
        assert [each.visibility for each in found] == [why]


def test_what_a_field_may_be_set_to() -> None:
    field = "<</FT/Ch/T(who)/Opt[(Ada)[(1)(Bran)]]/Subtype/Widget/Rect[0 0 90 20]>>"
    data = document(page(said("x"), catalog="/AcroForm<</Fields[6 0 R]>>", more={6: field}))
    assert texts_of(data)[Visibility.FORM_VALUE] == "Ada\n1\nBran"


def test_a_link_says_where_it_leads() -> None:
    link = "/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(mailto:ada@elm.example)>>>>]"
    assert paint(said("write to us"), link)[Visibility.MARKUP] == "mailto:ada@elm.example"
    assert Visibility.MARKUP not in paint(said("write to ada@elm.example"), link)


@pytest.mark.parametrize(
    "colour", ["/Subtype/Square/IC[0 0 0]", "/Subtype/Circle/IC[1 1 1]", "/Subtype/Highlight/C[0 0 0]"]
)
def test_a_drawing_over_a_text_that_the_viewer_paints_by_itself(colour: str) -> None:
    quads = "/QuadPoints[40 730 340 730 40 680 340 680]"
    over = f"/Annots[<</Type/Annot{colour}/Rect[40 680 340 730]/F 4{quads}>>]"
    assert paint(said("Ada"), over) == {Visibility.COVERED: "Ada"}


def test_a_yellow_highlight_covers_nothing() -> None:
    over = "/Annots[<</Type/Annot/Subtype/Highlight/C[1 1 0]/Rect[40 680 340 730]/F 4>>]"
    assert paint(said("Ada"), over) == {SEEN: "Ada"}


def test_a_file_that_nothing_leads_to_any_more() -> None:
    (member,) = [
        each
        for each in items_of(document(page(said("x"), more={9: stream(b"Ada", "/Type/EmbeddedFile", packed=True)})))
        if isinstance(each, Member)
    ]
    assert (member.kind, member.content, member.visibility) == ("file", b"Ada", Visibility.EMBEDDED)


@pytest.mark.parametrize("kind", ["/Type/XObject/Subtype/Image", "/Type/Font", "/Subtype/Form"])
def test_a_file_that_calls_itself_a_picture_or_a_font_is_not_passed_over(kind: str) -> None:
    leads = "<</Type/Filespec/F(a.txt)/EF<</F 9 0 R>>>>"
    with pytest.raises(Uninspectable, match="attached file"):
        items_of(document(page(said("x"), more={8: leads, 9: stream(b"Ada", kind)})))


def test_what_stands_behind_the_end_is_a_file() -> None:
    data = document(page(said("x"))) + b"\nPK\x03\x04 and more of an archive"
    assert [each.content for each in items_of(data) if isinstance(each, Member)] == [
        b"PK\x03\x04 and more of an archive"
    ]
    assert not [each for each in items_of(document(page(said("x"))) + b"\0\r\n" * 90) if isinstance(each, Member)]


def test_a_page_before_it_was_changed() -> None:
    data = updated(document(page(said("Ada Ashdown 9990000018"))), {4: stream(said("redacted"))})
    data = updated(data, {4: stream(said("redacted twice"))})
    assert texts_of(data) == {SEEN: "redacted twice", Visibility.EARLIER_REVISION: "Ada Ashdown 9990000018"}


def test_a_note_and_a_value_before_they_were_changed() -> None:
    made = page(said("x"), entries="/Annots[6 0 R 7 0 R]", catalog="/AcroForm<</Fields[7 0 R]>>")
    made |= {6: "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(Ada)>>"}
    made |= {7: "<</FT/Tx/T(a)/V(Bran)/Subtype/Widget/Rect[0 0 90 20]>>"}
    data = updated(document(made), {6: "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]>>", 7: "<</FT/Tx/T(a)/V()>>"})
    assert texts_of(data)[Visibility.EARLIER_REVISION] == "Ada\nBran"


def test_a_revision_that_only_adds_takes_nothing_away() -> None:
    data = updated(document(page(said("Ada"))), {4: stream(said("signed") + said("Ada", y=600))})
    assert texts_of(data) == {SEEN: "signed\nAda"}


def test_lines_with_gaps_are_a_table_also_where_it_is_turned() -> None:
    upright = b"".join(
        said(text, x, 700 - 20 * row)
        for row, line in enumerate((("Name", "Born"), ("Ada", "1950"), ("Bran", "1960"), ("Cleo", "1970")))
        for x, text in zip((50, 200), line, strict=True)
    )
    turned = b"q 0 1 -1 0 595 0 cm " + upright + b" Q"
    for content in (upright, turned):
        found = items_of(document(page(content)))
        assert [each.values for each in found if isinstance(each, Row)] == [
            ("Name", "Born"), ("Ada", "1950"), ("Bran", "1960"), ("Cleo", "1970")
        ]  # fmt: skip


def test_letters_that_no_font_explains_are_not_read() -> None:
    font = (
        "<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2"
        "/BaseFont/A/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor<</Type"
        "/FontDescriptor/FontName/A/Flags 4>>>>]>>"
    )
    codes = "".join(f"{code:04x}" for code in range(16, 28)) * 10
    content = f"BT /F1 9 Tf 20 700 Td <{codes}> Tj ET".encode()
    with pytest.raises(Uninspectable, match="letters cannot be told"):
        items_of(document(page(content) | {5: font}))


@pytest.mark.parametrize(
    "limits", [{"members": 1}, {"cells": 5}, {"tags": 20}, {"kept_bytes": 500}, {"total_bytes": 100}]
)
def test_every_limit_ends_the_reading(limits: dict[str, int]) -> None:
    made = page(b"".join(said(f"Ada {n}", y=n) for n in range(9)), packed=True)
    made[2] = "<</Type/Pages/Kids[3 0 R 3 0 R 3 0 R]/Count 3>>"
    with pytest.raises(Uninspectable, match="more than"):
        list(read(document(made), Budget(Limits(**limits))))
