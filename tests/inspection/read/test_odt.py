"""OpenDocument texts: what the fixtures, which LibreOffice made, do not have."""

from __future__ import annotations

import io
import zipfile

import pytest

from mailguard.inspection.budget import Uninspectable
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility
from tests.inspection.read.documents import read_document

_SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        *(("office", "office"), ("text", "text"), ("style", "style"), ("table", "table"), ("draw", "drawing")),
        *(("fo", "xsl-fo-compatible"), ("svg", "svg-compatible"), ("config", "config"), ("meta", "meta")),
    )
)
TYPE = "application/vnd.oasis.opendocument.text"
HIDDEN, MARKUP = Visibility.HIDDEN_TEXT, Visibility.MARKUP


def flat(body: str, styles: str = "", before: str = "") -> bytes:
    return (
        f'<office:document {_SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/" office:mimetype="{TYPE}">{before}'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document>"
    ).encode()


def packed(**members: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", TYPE)
        archive.writestr("content.xml", flat("<text:p>Shown</text:p>"))
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def items(data: bytes) -> list[Item]:
    return list(read_document(data))


def texts(data: bytes) -> dict[str, Visibility]:
    return {item.text: item.visibility for item in items(data) if isinstance(item, Text)}


def style(family: str, name: str, inside: str, parent: str = "") -> str:
    named = f'style:name="{name}" style:family="{family}" style:parent-style-name="{parent}"'
    return f"<style:style {named}>{inside}</style:style>"


def letters(attributes: str) -> str:
    return f"<style:text-properties {attributes}/>"


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ('text:display="none"', HIDDEN),
        ('text:display="true"', SEEN),
        ('fo:color="#ffffff"', Visibility.SAME_COLOUR),
        ('fo:color="#ffffff" fo:background-color="#000080"', SEEN),
        ('fo:color="#101010" fo:background-color="#000000"', Visibility.SAME_COLOUR),
        ('style:use-window-font-color="true" fo:background-color="#000000"', SEEN),
        ('fo:color="#ff0000" fo:opacity="0%"', Visibility.SAME_COLOUR),
        ('fo:font-size="2pt"', Visibility.TINY_TEXT),
        ('fo:font-size="50%"', SEEN),
    ],
)
def test_what_hides_letters(attributes: str, why: Visibility) -> None:
    span = '<text:p>a<text:span text:style-name="T">Ada</text:span></text:p>'
    assert texts(flat(span, style("text", "T", letters(attributes)))).get("Ada", SEEN) is why
    whole = '<text:p text:style-name="P">Ada</text:p>'
    assert texts(flat(whole, style("paragraph", "P", letters(attributes))))["Ada"] is why


def test_a_style_takes_back_what_its_parent_hides() -> None:
    styles = style("paragraph", "A", letters('text:display="none"')) + style(
        "paragraph", "B", letters('text:display="true"'), "A"
    )
    body = '<text:p text:style-name="A">one</text:p><text:p text:style-name="B">two</text:p>'
    assert texts(flat(body, styles)) == {"one": HIDDEN, "two": SEEN}


def test_cells_have_a_ground() -> None:
    dark = style("table-cell", "C", '<style:table-cell-properties fo:background-color="#000080"/>')
    styles = dark + style("paragraph", "P", letters('fo:color="#ffffff"'))
    cell = '<table:table-cell{0}><text:p text:style-name="P">x</text:p></table:table-cell>'
    both = cell.format(" table:style-name='C'") + cell.format("")
    row = f"<table:table-row>{both}</table:table-row>"
    found = items(flat(f"<table:table>{row}</table:table><text:p text:style-name='P'>y</text:p>", styles))
    assert found[:2] == [
        Table("table 1 of the text"),
        Row(1, ("x", "x"), (1, 2), SEEN, ((1, Visibility.SAME_COLOUR),)),
    ]


def test_sections_fields_notes_and_comments() -> None:
    body = (
        "<text:p>Shown<office:annotation><dc:creator>Ada</dc:creator><dc:date>2026-01-01</dc:date><text:p>said</text:p>"
        "</office:annotation> on<text:s text:c='2'/>and <text:title>Title</text:title></text:p>"
        '<text:section text:display="condition" text:is-hidden="true"><text:p>hidden</text:p></text:section>'
        '<text:section text:display="condition" text:is-hidden="false"><text:p>not hidden</text:p></text:section>'
        '<text:p><text:hidden-text text:string-value="secret" text:is-hidden="true"/>around</text:p>'
        '<text:p>gone<text:hidden-paragraph text:is-hidden="true"/></text:p>'
        '<text:p>noted<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>note</text:p></text:note-body></text:note></text:p>"
        '<text:p><text:conditional-text text:string-value-if-true="yes" text:string-value-if-false="no">yes'
        "</text:conditional-text></text:p>"
        "<text:p><text:a xmlns:x='u' x:href='https://a.example'>link</text:a></text:p>"
    )
    found = items(flat(body))
    assert Person("author of a comment", "Ada", "", "a comment") in found
    said = {item.text: (item.visibility, item.where) for item in found if isinstance(item, Text)}
    assert said["said"] == (Visibility.COMMENT, "a comment") and said["note"] == (SEEN, "a footnote")
    assert said["Shown on  and Title"][0] is SEEN and said["around"][0] is SEEN
    assert {key for key, value in said.items() if value[0] is HIDDEN} == {"hidden", "secret", "gone"}
    assert {key for key, value in said.items() if value[0] is MARKUP} == {"yes", "no", "https://a.example"} - {"yes"}
    assert said["not hidden"][0] is SEEN


def test_changes() -> None:
    info = "<office:change-info><dc:creator>Ada</dc:creator></office:change-info>"
    body = (
        f'<text:tracked-changes><text:changed-region text:id="a"><text:insertion>{info}</text:insertion>'
        f'</text:changed-region><text:changed-region text:id="b"><text:deletion>{info}<text:p>old</text:p>'
        "</text:deletion></text:changed-region></text:tracked-changes><text:p>was <text:change-start "
        'text:change-id="a"/>new<text:change-end text:change-id="a"/> here</text:p>'
    )
    found = items(flat(body))
    assert Person("author of a change", "Ada", "", "changes") in found
    assert texts(flat(body)) == {
        "old": Visibility.DELETED_TEXT,
        "was  here": SEEN,
        "new": Visibility.INSERTED_TEXT,
    }


def test_what_lies_beside_the_text() -> None:
    settings = (
        f'<office:settings {_SPACES}><config:config-item config:name="CurrentDatabaseDataSource">Patients'
        "</config:config-item></office:settings>"
    )
    versions: dict[str, str | bytes] = {
        "Versions/Version1": b"PK",
        "settings.xml": settings,
        "Thumbnails/thumbnail.png": b"\x89PNG",
    }
    found = items(packed(**versions))
    assert Text("Patients", "source of data", Visibility.CONNECTION) in found
    members = {item.name: (item.kind, item.visibility) for item in found if isinstance(item, Member)}
    assert members == {"version1": ("file", Visibility.EARLIER_REVISION), "thumbnail.png": ("picture", SEEN)}


def test_a_flat_document_has_its_properties_and_objects_within() -> None:
    meta = "<office:meta><dc:creator>Ada</dc:creator><dc:title>Plan</dc:title></office:meta>"
    found = items(
        flat(
            "<text:p>x<draw:object-ole><office:binary-data>aGVsbG8=</office:binary-data></draw:object-ole></text:p>",
            "",
            meta,
        )
    )
    assert Person("author", "Ada") in found and Text("Plan", "property title", Visibility.PROPERTY) in found
    assert [item.content for item in found if isinstance(item, Member)] == [b"hello"]


def test_encrypted() -> None:
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry><m:encryption-data/>'
        "</m:file-entry></m:manifest>"
    )
    with pytest.raises(Uninspectable, match=r"^encrypted$"):
        items(packed(**{"META-INF/manifest.xml": manifest}))
