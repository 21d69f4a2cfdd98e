"""What OpenDocument spreadsheets carry beyond what a program here writes: flat documents by hand, from ODF 1.3."""

from __future__ import annotations

import base64
import zipfile
from io import BytesIO

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility
from tests.inspection.read.test_xlsx import values

NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def document(rows: str, *, styles: str = "", table: str = "", beside: str = "") -> str:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())
    return (
        f'<office:document {spaces} office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet>{beside}<table:table table:name="Data" {table}>{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document>"
    )


def read(xml: str) -> list[Item]:
    return list(read_spreadsheet(xml.encode(), Budget()))


def style(name: str, family: str, properties: str, more: str = "") -> str:
    return f'<style:style style:name="{name}" style:family="{family}" {more}>{properties}</style:style>'


def test_repeated_cells_and_rows_stand_as_often_as_they_say() -> None:
    twice = cell("Ada", 'table:number-columns-repeated="2"')
    items = read(document(row(twice, cell("Bran"), attributes='table:number-rows-repeated="3"')))
    rows = [item for item in items if isinstance(item, Row)]
    assert [item.number for item in rows] == [1, 2, 3]
    assert {item.values for item in rows} == {("Ada", "Ada", "Bran")} and rows[0].columns == (1, 2, 3)


def test_empty_repetitions_cost_nothing_and_what_follows_is_far() -> None:
    gap = row("<table:table-cell/>", attributes='table:number-rows-repeated="1048000"')
    items = read(document(row(cell("Ada")) + gap + row(cell("Bran"))))
    assert values(items) == {"Ada": SEEN, "Bran": Visibility.FAR_AWAY}


def test_a_style_takes_from_its_parent_and_from_the_column() -> None:
    pale = style("pale", "table-cell", '<style:text-properties fo:color="#ffffff"/>')
    child = style("child", "table-cell", "", 'style:parent-style-name="pale"')
    dark = style(
        "dark",
        "table-cell",
        '<style:table-cell-properties fo:background-color="#000000"/>',
        'style:parent-style-name="pale"',
    )
    column = '<table:table-column table:default-cell-style-name="child"/><table:table-column/>'
    rows = row(cell("Ada"), cell("Bran")) + row(cell("Cleo", 'table:style-name="dark"'))
    assert values(read(document(column + rows, styles=pale + child + dark))) == {
        "Ada": Visibility.SAME_COLOUR,
        "Bran": SEEN,
        "Cleo": SEEN,
    }


def test_a_style_that_is_its_own_parent() -> None:
    loop = style("a", "table-cell", "", 'style:parent-style-name="b"') + style(
        "b", "table-cell", "", 'style:parent-style-name="a"'
    )
    assert values(read(document(row(cell("Ada", 'table:style-name="a"')), styles=loop))) == {"Ada": SEEN}


def test_a_hidden_table_and_rows_without_height() -> None:
    hidden = style("h", "table", '<style:table-properties table:display="false"/>')
    assert values(read(document(row(cell("Ada")), styles=hidden, table='table:style-name="h"'))) == {
        "Ada": Visibility.HIDDEN_SHEET
    }
    low = style("l", "table-row", '<style:table-row-properties style:row-height="0cm"/>')
    assert values(read(document(row(cell("Ada"), attributes='table:style-name="l"'), styles=low))) == {
        "Ada": Visibility.ZERO_SIZE
    }


def test_a_cell_under_a_merged_one() -> None:
    covered = "<table:covered-table-cell><text:p>Bran</text:p></table:covered-table-cell>"
    assert values(read(document(row(cell("Ada"), covered))))["Bran"] is Visibility.COVERED


def test_a_table_that_is_the_cache_of_a_file() -> None:
    source = '<table:table-source xlink:href="other.ods"/>'
    assert values(read(document(source + row(cell("Ada"))))) == {"Ada": Visibility.LINK_CACHE}


def test_changes_names_and_lists_to_choose_from() -> None:
    beside = (
        "<table:tracked-changes><table:deletion><table:cell-content-deletion><table:change-track-table-cell>"
        "<text:p>Bran</text:p></table:change-track-table-cell></table:cell-content-deletion></table:deletion>"
        "</table:tracked-changes><table:content-validations>"
        '<table:content-validation table:condition="of:list(&quot;Cleo&quot;)"/></table:content-validations>'
        '<table:named-expressions><table:named-expression table:name="kept" table:expression="Dov"/>'
        "</table:named-expressions>"
    )
    found = values(read(document(row(cell("Ada")), beside=beside)))
    assert found == {
        "Ada": SEEN,
        "Bran": Visibility.DELETED_TEXT,
        'of:list("Cleo")': Visibility.MARKUP,
        "Dov": Visibility.DEFINED_NAME,
    }


def test_a_note_is_no_part_of_its_cell() -> None:
    note = "<office:annotation><dc:creator>Dr Morrow</dc:creator><text:p>born 1938</text:p></office:annotation>"
    items = read(document(row(f"<table:table-cell>{note}<text:p>Ada</text:p></table:table-cell>")))
    assert values(items) == {"Ada": SEEN, "born 1938": Visibility.COMMENT}
    assert Person("author of a comment", "Dr Morrow", where="sheet Data, row 1") in items


def test_an_object_that_is_written_out_in_base64() -> None:
    data = base64.b64encode(b"PK inside").decode()
    shape = (
        f"<draw:frame><draw:object-ole><office:binary-data>{data}</office:binary-data></draw:object-ole></draw:frame>"
    )
    items = read(document(row(f"<table:table-cell>{shape}<text:p>Ada</text:p></table:table-cell>")))
    (member,) = (item for item in items if isinstance(item, Member) and item.kind == "file")
    assert member.content == b"PK inside" and values(items)["Ada"] is SEEN


def test_a_table_in_a_table() -> None:
    inner = f'<table:table table:name="inner">{row(cell("Bran"))}</table:table>'
    items = read(document(row(f"<table:table-cell>{inner}</table:table-cell>") + row(cell("Ada"))))
    assert [item.where for item in items if isinstance(item, Table)] == ["sheet inner", "sheet Data"]
    assert set(values(items)) == {"Ada", "Bran"}


def test_macros_and_a_document_of_another_kind() -> None:
    def package(media_type: str) -> bytes:
        out = BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("mimetype", media_type)
            archive.writestr("content.xml", document(row(cell("Ada"))))
            archive.writestr("Basic/Standard/Module1.xml", "<a>Shell</a>")
        return out.getvalue()

    sheet = "application/vnd.oasis.opendocument.spreadsheet"
    items = list(read_spreadsheet(package(sheet), Budget()))
    assert Member("module1.xml", "macros", Visibility.MACRO) in items
    assert Text("Shell", "basic/standard/module1.xml", Visibility.MACRO) in items
    with pytest.raises(Uninspectable, match="no spreadsheet"):
        list(read_spreadsheet(package("application/vnd.oasis.opendocument.text"), Budget()))
