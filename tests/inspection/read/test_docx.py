"""Documents of Word: what the fixtures, which python-docx and LibreOffice made, do not have."""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.read import text_document
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility
from tests.inspection.read.documents import read_document
from tests.inspection.read.test_ole_object import native
from tests.inspection.read.written import STRICT, TRANSITIONAL, compound, packed, text_row, workbook
from tests.inspection.read.written_word import content_types, document, grid, paragraph, part, parts, run
from tests.inspection.test_examine import Words

HIDDEN, PALE = Visibility.HIDDEN_TEXT, Visibility.SAME_COLOUR
BLACK = '<w:shd w:val="clear" w:fill="000000"/>'
WHITE = '<w:color w:val="FFFFFF"/>'


def items(data: bytes) -> list[Item]:
    return list(read_document(data))


def texts(data: bytes) -> dict[str, Visibility]:
    return {item.text: item.visibility for item in items(data) if isinstance(item, Text)}


@pytest.mark.parametrize("flavour", [TRANSITIONAL, STRICT])
def test_text_tables_and_what_hides(flavour: str) -> None:
    body = paragraph(run("Shown "), run("hidden", "<w:vanish/>"), run("on")) + grid(("Ada", "7"), ("Bran", "8"))
    found = items(document(body, flavour=flavour))
    assert found == [
        Text("Shown on", "the text"),
        Text("hidden", "the text", HIDDEN),
        Table("table 1 of the text"),
        Row(1, ("Ada", "7"), (1, 2)),
        Row(2, ("Bran", "8"), (1, 2)),
    ]


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ('<w:vanish w:val="0"/>', SEEN),
        ("<w:webHidden/>", SEEN),
        ('<w:vanish w:val="true"/>', HIDDEN),
        ('<w:sz w:val="6"/>', Visibility.TINY_TEXT),
        ('<w:sz w:val="7"/>', SEEN),
        ('<w:w w:val="1"/>', Visibility.TINY_TEXT),
        (WHITE, PALE),
        (f"{WHITE}{BLACK}", SEEN),
        (f'<w:color w:val="000000"/>{BLACK}', PALE),
        (BLACK, SEEN),
        ('<w:highlight w:val="black"/>', PALE),
        ('<w:highlight w:val="none"/>', SEEN),
        (f'{WHITE}<w:highlight w:val="red"/>', SEEN),
        ('<w:color w:val="auto"/><w:highlight w:val="yellow"/>', SEEN),
        ('<w:color w:val="000000" w:themeColor="background1"/>', PALE),
        ('<w:color w:val="FFFFFF" w:themeColor="background1" w:themeShade="80"/>', SEEN),
        ("<w14:textFill><w14:noFill/></w14:textFill>", PALE),
        ("<w14:textOutline><w14:noFill/></w14:textOutline>", SEEN),
        ("<w:rPrChange w:author='Ada'><w:rPr><w:vanish/></w:rPr></w:rPrChange>", SEEN),
    ],
)
def test_what_hides_a_run(properties: str, why: Visibility) -> None:
    assert texts(document(paragraph(run("Bran", properties)))) == {"Bran": why}


STYLES = part(
    "styles",
    '<w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:styleId="P"><w:basedOn w:val="Q"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Q"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="C"><w:basedOn w:val="D"/><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="D"><w:basedOn w:val="C"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Dark"><w:pPr><w:shd w:val="clear" w:fill="222222"/></w:pPr>'
    '<w:rPr><w:color w:val="222222"/></w:rPr></w:style>'
    '<w:style w:type="table" w:styleId="T"><w:tblStylePr w:type="firstRow"><w:rPr><w:color w:val="FFFFFF"/></w:rPr>'
    '<w:tcPr><w:shd w:val="clear" w:fill="1F3864"/></w:tcPr></w:tblStylePr></w:style>',
)


def styled(body: str) -> dict[str, Visibility]:
    return texts(document(body, ("s", "styles", "styles.xml"), word__styles=STYLES))


def test_a_style_hides_and_two_toggle() -> None:
    found = styled(
        paragraph(run("one"), properties='<w:pStyle w:val="P"/>')
        + paragraph(run("two", '<w:rStyle w:val="C"/>'))
        + paragraph(run("three", '<w:rStyle w:val="D"/>'), properties='<w:pStyle w:val="P"/>')
        + paragraph(run("four", '<w:vanish w:val="0"/>'), properties='<w:pStyle w:val="P"/>')
        + paragraph(run("five"), properties='<w:pStyle w:val="Dark"/>')
        + paragraph(run("six", WHITE), properties='<w:pStyle w:val="Dark"/>')
    )
    assert found == {"one": HIDDEN, "two": HIDDEN, "three": SEEN, "four": SEEN, "five": PALE, "six": SEEN}


def test_a_table_style_paints_the_header() -> None:
    look = '<w:tblStyle w:val="T"/><w:tblLook w:val="0020"/>'
    rows = grid(("Name", "Born"), ("Ada", "1940"), properties=look)
    white = grid(("Name", "Born"), ("Ada", "1940"), properties=look, letters=WHITE)
    data = document(rows + white, ("s", "styles", "styles.xml"), word__styles=STYLES)
    assert [item.unseen for item in items(data) if isinstance(item, Row)] == [(), (), (), ((0, PALE), (1, PALE))]


def test_a_cell_that_was_changed_gives_a_row_for_each_layer() -> None:
    changed = (
        f"<w:tc><w:p><w:del w:author='Ada'>{run('old')}</w:del><w:ins w:author='Ada'>{run('new')}</w:ins></w:p></w:tc>"
    )
    row = f"<w:tr><w:tc>{paragraph(run('Bran'))}</w:tc>{changed}</w:tr>"
    found = [item for item in items(document(f"<w:tbl>{row}</w:tbl>")) if isinstance(item, Row)]
    assert [(item.number, item.values, item.unseen) for item in found] == [
        (1, ("Bran", "old"), ((1, Visibility.DELETED_TEXT),)),
        (1, ("Bran", "new"), ((1, Visibility.INSERTED_TEXT),)),
    ]


def test_rows_and_cells_are_deleted_and_hidden() -> None:
    rows = "".join(
        f"<w:tr><w:trPr>{mark}</w:trPr><w:tc><w:tcPr>{cell}</w:tcPr>{paragraph(run('x'))}</w:tc></w:tr>"
        for mark, cell in (("<w:del/>", ""), ("<w:hidden/>", ""), ("", "<w:cellDel/>"), ("<w:ins/>", ""), ("", ""))
    )
    found = [item for item in items(document(f"<w:tbl>{rows}</w:tbl>")) if isinstance(item, Row)]
    assert [(item.visibility, item.unseen) for item in found] == [
        (Visibility.DELETED_TEXT, ()),
        (Visibility.HIDDEN_ROW, ()),
        (SEEN, ((0, Visibility.DELETED_TEXT),)),
        (Visibility.INSERTED_TEXT, ()),
        (SEEN, ()),
    ]


def test_a_table_in_a_table_comes_after_it() -> None:
    inner = grid(("in",), ("in",))
    row = f"<w:tr><w:tc>{paragraph(run('out'))}{inner}</w:tc><w:tc>{paragraph(run('2'))}</w:tc></w:tr>"
    found = [
        (type(item), item.values if isinstance(item, Row) else ()) for item in items(document(f"<w:tbl>{row}</w:tbl>"))
    ]
    assert found == [(Table, ()), (Row, ("out", "2")), (Table, ()), (Row, ("in",)), (Row, ("in",))]


def test_what_frames_paragraphs_is_no_table() -> None:
    body = f"<w:tbl><w:tr><w:tc>{paragraph(run('one'))}{paragraph(run('two'))}</w:tc></w:tr></w:tbl>"
    assert [item for item in items(document(body)) if not isinstance(item, Text)] == []


def test_fields_controls_and_links() -> None:
    field = "".join(
        f"<w:r>{each}</w:r>"
        for each in (
            '<w:fldChar w:fldCharType="begin"/>',
            "<w:instrText>MERGEFIELD Name</w:instrText>",
            "<w:t>not shown</w:t>",
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>Ada</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    control = (
        '<w:sdt><w:sdtPr><w:alias w:val="Patient"/><w:dropDownList><w:listItem w:displayText="Bran" w:value="1"/>'
        f"</w:dropDownList></w:sdtPr><w:sdtContent>{paragraph(run('Cleo'))}</w:sdtContent></w:sdt>"
    )
    data = document(paragraph(field) + control, ("h", "hyperlink", "https://a.example/b"))
    found = texts(data)
    assert found["Ada"] is SEEN and found["Cleo"] is SEEN
    for hidden in ("MERGEFIELD Name", "not shown", "Patient", "Bran", "https://a.example/b"):
        assert found[hidden] is Visibility.MARKUP


def test_a_custom_part_whose_text_is_shown_hides_nothing() -> None:
    shown = f"<w:sdtContent>{paragraph(run('Ada'))}</w:sdtContent>"
    bound = f'<w:sdt><w:sdtPr><w:dataBinding w:xpath="/a"/></w:sdtPr>{shown}</w:sdt>'
    found = texts(document(bound, customXml__item1="<a>Ada</a>", customXml__item2="<a>Bran</a>"))
    assert found == {"Ada": SEEN, "Bran": Visibility.CUSTOM_XML}


def test_boxes_say_what_lies_behind_their_text() -> None:
    def box(fill: str, text: str) -> str:
        return (
            f"<w:r><w:drawing><wp:inline><wp:docPr id='1' name='x' descr='about {text}'/><wps:wsp><wps:spPr>{fill}"
            f"<a:ln><a:solidFill><a:srgbClr val='FFFFFF'/></a:solidFill></a:ln></wps:spPr><wps:txbx><w:txbxContent>"
            f"{paragraph(run(text, WHITE))}</w:txbxContent></wps:txbx></wps:wsp></wp:inline></w:drawing></w:r>"
        )

    dark = '<a:solidFill><a:schemeClr val="tx1"><a:lumMod val="50000"/></a:schemeClr></a:solidFill>'
    found = texts(
        document(
            paragraph(box(dark, "on dark"), box("<a:noFill/>", "on white"), box("<a:blipFill/>", "on a picture"))
            + paragraph(run("plain"))
        )
    )
    assert found["on dark"] is SEEN and found["on a picture"] is SEEN and found["plain"] is SEEN
    assert found["on white"] is PALE and found["about on dark"] is Visibility.MARKUP


def test_a_fallback_that_repeats_is_not_read_twice_and_another_is_markup() -> None:
    def box(text: str) -> str:
        return f"<w:pict><v:shape><w:txbxContent>{paragraph(run(text))}</w:txbxContent></v:shape></w:pict>"

    def either(one: str, other: str) -> str:
        both = f"<mc:Choice>{one}</mc:Choice><mc:Fallback>{other}</mc:Fallback>"
        return f"<w:r><mc:AlternateContent>{both}</mc:AlternateContent></w:r>"

    found = items(document(paragraph(either(box("Ada"), box("Ada")), either(box("Bran"), box("Cleo")))))
    assert [(item.text, item.visibility) for item in found if isinstance(item, Text)] == [
        *(("Ada", SEEN), ("Bran", SEEN), ("Cleo", Visibility.MARKUP)),
    ]


def test_notes_that_nothing_calls_and_parts_that_nothing_leads_to() -> None:
    notes = "".join(f'<w:footnote w:id="{n}">{paragraph(run(f"note {n}"))}</w:footnote>' for n in (1, 2))
    body = paragraph("<w:r><w:footnoteReference w:id='1'/></w:r>", run("Text"))
    data = document(
        body,
        word__footnotes=part("footnotes", notes),
        word__header9=part("hdr", paragraph(run("a header of no page"))),
        word__old=part("document", f"<w:body>{paragraph(run('an old text'))}</w:body>"),
        word__unknown="<styles><a>said by no program</a></styles>",
        word__fontTable=part("fonts", "strayed"),
    )
    assert texts(data) == {
        "Text": SEEN,
        "note 1": SEEN,
        **dict.fromkeys(("note 2", "a header of no page", "an old text"), Visibility.MARKUP),
        **dict.fromkeys(("said by no program", "strayed"), Visibility.MARKUP),
    }


def test_the_source_of_a_mail_merge() -> None:
    settings = part(
        "settings",
        '<w:mailMerge><w:query w:val="SELECT * FROM Patients"/><w:odso><w:fieldMapData><w:name w:val="NHS number"/>'
        "</w:fieldMapData></w:odso></w:mailMerge>",
    )
    found = texts(document("", ("s", "settings", "settings.xml"), word__settings=settings))
    assert found == dict.fromkeys(("SELECT * FROM Patients", "NHS number"), Visibility.CONNECTION)


def test_people_who_made_changes_and_comments() -> None:
    people = (
        '<w15:people xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"><w15:person w15:author="Ada">'
        '<w15:presenceInfo w15:userId="S::ada@x.example::1"/></w15:person></w15:people>'
    )
    body = f"<w:p><w:ins w:author='Bran'>{run('x')}</w:ins><w:del w:author='Bran'>{run('y')}</w:del></w:p>"
    comments = part("comments", f"<w:comment w:id='1' w:author='Cleo'>{paragraph(run('z'))}</w:comment>")
    found = [
        item for item in items(document(body, word__people=people, word__comments=comments)) if isinstance(item, Person)
    ]
    assert [(each.name, each.address) for each in found] == [("Bran", ""), ("Ada", "ada@x.example"), ("Cleo", "")]


def test_files_inside_are_read_on() -> None:
    book = workbook(text_row(1, "Ada"), docProps__a="<note>from the sheet</note>")
    wrapped = compound(
        {"\x01CompObj": b"x", "\x01Ole10Native": native(document(paragraph(run("from the object"))), b"a.docx")}
    )
    made = parts(paragraph(run("outside")), ("a", "aFChunk", "chunk.dat"))
    made |= {"word/embeddings/a.xlsx": book, "word/embeddings/b.bin": wrapped, "word/chunk.dat": b"from the chunk"}
    made["[Content_Types].xml"] = content_types(dat="text/plain")
    found = examine(Enclosed(packed(made), names=("a.docx",)), detectors=[Words])
    assert found.unread is None and found.error is None
    (finding,) = found.findings
    for each in ("outside", "from the sheet", "from the object", "from the chunk"):
        assert each in finding.summary


def test_macros_and_pictures_are_named() -> None:
    made = parts("")
    made |= {"word/vbaProject.bin": b"\xd0", "word/media/a.png": b"\x89PNG"}
    found = [item for item in items(packed(made)) if isinstance(item, Member)]
    assert [(each.kind, each.visibility) for each in found] == [("macros", Visibility.MACRO), ("picture", SEEN)]


@pytest.mark.parametrize(
    "members",
    [
        {"word/a.xml": "<a/>"},
        {**parts(""), "word/document.xml": "<a/>"},
        {**parts(""), "word/document.xml": "<w:document"},
        {**parts(""), "word/document.xml": "<!DOCTYPE a><a/>"},
    ],
)
def test_what_is_no_document(members: dict[str, str | bytes]) -> None:
    with pytest.raises(Uninspectable):
        list(text_document.read(packed(members), Budget()))
