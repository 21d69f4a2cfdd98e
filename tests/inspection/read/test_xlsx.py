"""What Office Open XML workbooks carry beyond what a program here can write: made by the writer of written.py."""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.xlsx import sheet_states
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility, cells
from tests.inspection.read import written
from tests.inspection.read.fixtures import read_workbook
from tests.inspection.read.written import MAIN, RELATION, STRICT, TRANSITIONAL, packed, parts, sheet, text_row, workbook

ADA = text_row(1, "Ada", "1938-04-30")


def read(data: bytes) -> list[Item]:
    return list(read_workbook(data, Budget()))


def values(items: list[Item]) -> dict[str, Visibility]:
    """Of every cell and text."""
    found: dict[str, Visibility] = {}
    table = Table("")
    for item in items:
        if isinstance(item, Table):
            table = item
        elif isinstance(item, Row):
            found |= {cell.value: cell.visibility for cell in cells(table, item)}
        elif isinstance(item, Text):
            found[item.text] = item.visibility
    return found


@pytest.mark.parametrize("flavour", [TRANSITIONAL, STRICT])
@pytest.mark.parametrize(
    ("state", "visibility"),
    [("visible", SEEN), ("hidden", Visibility.HIDDEN_SHEET), ("veryHidden", Visibility.VERY_HIDDEN_SHEET)],
)
def test_strict_and_transitional(flavour: str, state: str, visibility: Visibility) -> None:
    made = packed(parts({"Data": (state, sheet(ADA, flavour=flavour))}, flavour=flavour))
    assert values(read(made)) == {"Ada": visibility, "1938-04-30": visibility}
    assert sheet_states(made, Budget()) == (("Data", visibility),)


def test_prefixed_names_and_utf_16() -> None:
    xml = (
        f'<?xml version="1.0" encoding="UTF-16"?><x:worksheet xmlns:x="{MAIN[TRANSITIONAL]}"><x:sheetData>'
        '<x:row r="1" hidden="true"><x:c r="A1" t="str"><x:v>Ada</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", "")}))
    members["xl/worksheets/sheet1.xml"] = xml.encode("utf-16")
    assert values(read(packed(members))) == {"Ada": Visibility.HIDDEN_ROW}


def test_a_workbook_whose_window_is_hidden() -> None:
    inside = '<bookViews><workbookView visibility="hidden"/></bookViews>'
    made = packed(parts({"Data": ("visible", sheet(ADA))}, inside=inside))
    assert values(read(made))["Ada"] is Visibility.HIDDEN_SHEET


def test_unused_rows_are_hidden_and_written_ones_show() -> None:
    """As XlsxWriter's set_default_row(hide_unused_rows=True) writes a sheet, and as Excel shows it."""
    rows = text_row(1, "Ada") + text_row(2, "Bran", attributes='hidden="0"')
    found = values(read(workbook(rows, before='<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>')))
    assert found == {"Ada": SEEN, "Bran": SEEN}
    hidden = text_row(1, "Ada", attributes='hidden="1"') + text_row(2, "Bran")
    found = values(read(workbook(hidden, before='<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>')))
    assert found == {"Ada": Visibility.HIDDEN_ROW, "Bran": SEEN}
    found = values(read(workbook(rows, before='<sheetFormatPr defaultRowHeight="0"/>')))
    assert found == {"Ada": Visibility.ZERO_SIZE, "Bran": SEEN}


def test_a_sheet_that_the_workbook_does_not_list() -> None:
    items = read(workbook(ADA, xl__worksheets__sheet9=sheet(text_row(1, "Bran"))))
    assert values(items) == {"Ada": SEEN, "1938-04-30": SEEN, "Bran": Visibility.HIDDEN_SHEET}
    assert Member("xl/worksheets/sheet9.xml", "sheet", Visibility.HIDDEN_SHEET) in items


@pytest.mark.parametrize("root", ["table", "styleSheet", "theme", "comments", "headers", "Relationships", "chartsheet"])
@pytest.mark.parametrize("space", ["", ' xmlns="urn:people.example"', ' xmlns="http://people.example/2026/main"'])
def test_custom_xml_is_custom_xml_whatever_its_outermost_element_is_called(root: str, space: str) -> None:
    """A name of Office means what it means there in a namespace of Office only."""
    people = "<p><n>Bran</n><b>1940</b></p><p><n>Cleo</n><b>1941</b></p>"
    found = read(workbook(ADA, customXml__item1=f"<{root}{space}>{people}</{root}>"))
    assert Table("customxml/item1.xml", Visibility.CUSTOM_XML, headings=("n", "b")) in found
    assert {("Bran", "1940"), ("Cleo", "1941")} <= {item.values for item in found if isinstance(item, Row)}


def test_custom_xml_has_records() -> None:
    items = read(
        workbook(ADA, customXml__item1="<list><p><n>Bran</n><b>1940</b></p><p><n>Cleo</n><b>1941</b></p></list>")
    )
    table = next(item for item in items if isinstance(item, Table) and item.headings)
    assert table == Table("customxml/item1.xml", Visibility.CUSTOM_XML, headings=("n", "b"))
    assert values(items)["Cleo"] is Visibility.CUSTOM_XML


def test_connections_and_queries() -> None:
    inside = '<connection id="1"><dbPr connection="DSN=people"/></connection>'
    xml = f'<connections xmlns="{MAIN[TRANSITIONAL]}">{inside}</connections>'
    assert values(read(workbook(ADA, xl__connections=xml)))["DSN=people"] is Visibility.CONNECTION


def test_threaded_comments_and_their_people() -> None:
    threaded = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", sheet(ADA))}))
    members["xl/worksheets/_rels/sheet1.xml.rels"] = written.relationships(
        ("r1", "threadedComment", "../threadedComments/threadedComment1.xml"),
        ("r2", "hyperlink", "mailto://ada@a.example"),
    )
    members["xl/threadedComments/threadedComment1.xml"] = (
        f'<ThreadedComments xmlns="{threaded}"><threadedComment ref="B7"><text>Bran, born 1940</text>'
        "</threadedComment></ThreadedComments>"
    )
    members["xl/persons/person.xml"] = (
        f'<personList xmlns="{threaded}">'
        '<person displayName="Dr Morrow" userId="S::morrow@clinic.example::1-2"/></personList>'
    )
    items = read(packed(members))
    assert Text("Bran, born 1940", "comment on Data!B7", Visibility.COMMENT) in items
    assert Person("author of a comment", "Dr Morrow", "morrow@clinic.example") in items
    assert Text("mailto://ada@a.example", "link in sheet Data", Visibility.MARKUP) in items


def test_what_was_there_before_in_a_shared_workbook() -> None:
    xml = f'<revisions xmlns="{MAIN[TRANSITIONAL]}"><rcc><oc r="A1" t="s"><is><t>Bran</t></is></oc></rcc></revisions>'
    assert values(read(workbook(ADA, xl__revisions__revisionLog1=xml)))["Bran"] is Visibility.EARLIER_REVISION


def test_scenarios_and_lists_to_choose_from() -> None:
    after = (
        '<scenarios><scenario name="before" user="Dr Morrow"><inputCells r="A1" val="Bran"/></scenario></scenarios>'
        '<dataValidations><dataValidation><formula1>"Cleo,Dov"</formula1></dataValidation></dataValidations>'
        "<headerFooter><oddHeader>Edda</oddHeader></headerFooter>"
    )
    found = values(read(workbook(ADA, after=after)))
    assert found["Bran"] is Visibility.MARKUP and found['"Cleo,Dov"'] is Visibility.MARKUP and found["Edda"] is SEEN


def test_files_inside_and_macros_are_handed_on() -> None:
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", sheet(ADA))}))
    members |= {"xl/embeddings/book.xlsx": b"PK inside", "xl/vbaProject.bin": b"\xd0\xcf", "xl/media/a.png": b"\x89PNG"}
    found = {
        (item.name, item.kind, item.visibility, item.content)
        for item in read(packed(members))
        if isinstance(item, Member)
    }
    assert ("book.xlsx", "file", Visibility.EMBEDDED, b"PK inside") in found
    assert ("vbaproject.bin", "macros", Visibility.MACRO, b"\xd0\xcf") in found
    assert ("a.png", "picture", SEEN, b"\x89PNG") in found


def test_cells_out_of_order_and_without_references() -> None:
    rows = (
        '<row r="9"><c r="C9" t="str"><v>c</v></c><c r="A9" t="str"><v>a</v></c></row>'
        '<row r="3"><c t="str"><v>first</v></c><c t="str"><v>second</v></c><c r="??" t="str"><v>odd</v></c></row>'
        '<row><c r="A4" t="str"><v>no number</v></c></row>'
    )
    found = [item for item in read(workbook(rows)) if isinstance(item, Row)]
    assert [(row.number, row.values) for row in found] == [
        *((9, ("c", "a")), (3, ("first", "second", "odd")), (4, ("no number",)))
    ]


def test_a_pivot_cache_of_another_source() -> None:
    cache = (
        f'<pivotCacheDefinition xmlns="{MAIN[TRANSITIONAL]}" xmlns:r="{RELATION[TRANSITIONAL]}">'
        '<cacheSource type="external"/><cacheFields><cacheField name="Name"><sharedItems><s v="Bran"/><s v="Cleo"/>'
        '</sharedItems></cacheField><cacheField name="Born"><sharedItems/></cacheField></cacheFields>'
        "</pivotCacheDefinition>"
    )
    record = '<r><x v="0"/><d v="1940-01-02T00:00:00"/></r>'
    records = f'<pivotCacheRecords xmlns="{MAIN[TRANSITIONAL]}">{record}</pivotCacheRecords>'
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", sheet(ADA))}))
    members["xl/pivotCache/pivotCacheDefinition1.xml"] = cache
    members["xl/pivotCache/pivotCacheRecords1.xml"] = records
    members["xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels"] = written.relationships(
        ("r1", "pivotCacheRecords", "pivotCacheRecords1.xml")
    )
    items = read(packed(members))
    tables = [item for item in items if isinstance(item, Table) and item.visibility is Visibility.PIVOT_CACHE]
    assert [table.headings for table in tables] == [("Name", "Born")] * 2
    assert values(items)["1940-01-02"] is Visibility.PIVOT_CACHE
    assert values(items)["Cleo"] is Visibility.PIVOT_CACHE, "an item that no record uses"


def test_standard_encryption() -> None:
    made = workbook(ADA)
    assert values(read(written.standard_encrypted(made, "VelvetSweatshop")))["Ada"] is SEEN
    with pytest.raises(Uninspectable, match=r"^encrypted$"):
        read(written.standard_encrypted(made, "another"))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        (
            {
                "_rels/.rels": written.relationships(("r1", "officeDocument", "xl/workbook.bin")),
                "xl/workbook.bin": b"1",
            },
            "cut off",
        ),
        ({"a.txt": b"1"}, "which part is the workbook"),
        ({"_rels/.rels": written.relationships(("r1", "officeDocument", "a.xml")), "a.xml": b"<a/>"}, "no workbook"),
    ],
)
def test_what_is_not_read_says_why(members: dict[str, str | bytes], reason: str) -> None:
    with pytest.raises(Uninspectable, match=reason):
        read(packed(members))


def test_binary_workbooks_of_before_excel_5() -> None:
    with pytest.raises(Uninspectable, match="before Excel 5"):
        read(written.compound({"Book": b"\x09\x08"}))
    with pytest.raises(Uninspectable, match="before Excel 5"):
        read(written.compound({"Workbook": b"\x09\x04\x06\x00\x00\x04\x10\x00"}))


def test_pale_letters_in_a_cell_that_has_its_text_with_it() -> None:
    run = '<r><t>case </t></r><r><rPr><color rgb="FFFFFFFF"/></rPr><t>Bran</t></r>'
    found = values(read(workbook(f'<row r="1"><c r="A1" t="inlineStr"><is>{run}</is></c><c r="B1"><v>7</v></c></row>')))
    assert found == {"case Bran": Visibility.SAME_COLOUR, "7": SEEN}


def test_a_shape_that_is_hidden() -> None:
    a, xdr = (f"{TRANSITIONAL}/drawingml/2006/{name}" for name in ("main", "spreadsheetDrawing"))
    shapes = "".join(
        f'<x:sp><x:cNvPr id="1" name="b" hidden="{hidden}"/><a:t>{text}</a:t></x:sp>'
        for hidden, text in (("1", "Bran"), ("0", "Cleo"))
    )
    drawing = f'<x:wsDr xmlns:x="{xdr}" xmlns:a="{a}">{shapes}</x:wsDr>'
    found = values(read(workbook(ADA, xl__drawings__drawing1=drawing)))
    assert found["Bran"] is Visibility.HIDDEN_TEXT and found["Cleo"] is SEEN


def test_texts_of_cells_that_are_gone() -> None:
    listed = "".join(f"<si><t>{name}</t></si>" for name in ("Ada", "Bran", "Cleo"))
    strings = f'<sst xmlns="{MAIN[TRANSITIONAL]}">{listed}</sst>'
    link = f'<Relationship Id="x" Type="{RELATION[TRANSITIONAL]}/sharedStrings" Target="sharedStrings.xml"/>'
    used = sheet('<row r="1"><c r="A1" t="s"><v>1</v></c></row>')
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", used)}, links=link))
    members["xl/sharedStrings.xml"] = strings
    assert values(read(packed(members))) == {
        "Ada": Visibility.DELETED_TEXT,
        "Bran": SEEN,
        "Cleo": Visibility.DELETED_TEXT,
    }
    alone = values(read(workbook(ADA, xl__sharedStrings=strings)))
    assert alone["Bran"] is Visibility.MARKUP, "strings that the workbook does not lead to"


def test_records_that_no_cache_leads_to() -> None:
    def of(record: str) -> dict[str, Visibility]:
        xml = f'<pivotCacheRecords xmlns="{MAIN[TRANSITIONAL]}"><r>{record}</r></pivotCacheRecords>'
        return values(read(workbook(ADA, xl__pivotCache__pivotCacheRecords1=xml)))

    assert of('<s v="Bran"/>')["Bran"] is Visibility.PIVOT_CACHE
    with pytest.raises(Uninspectable, match="item that is not there"):
        of('<x v="0"/>')


def test_a_name_of_a_chart_far_beyond_its_points() -> None:
    """A point with a high number costs one row, and a column without points costs nothing."""
    chart = f'<c:chartSpace xmlns:c="{TRANSITIONAL}/drawingml/2006/chart">' + "<c:numCache/>" * 1_000
    chart += '<c:strCache><c:pt idx="999999"><c:v>Bran</c:v></c:pt></c:strCache></c:chartSpace>'
    items = read(workbook(ADA, xl__charts__chart1=chart))
    assert Row(1_000_000, ("Bran",), (1_001,)) in items


def test_areas_of_hidden_columns_are_limited() -> None:
    spans = "".join(f'<col min="{n}" max="{n}" hidden="1"/>' for n in range(1, 1_100))
    with pytest.raises(Uninspectable, match="1000 areas"):
        read(workbook(ADA, before=f"<cols>{spans}</cols>"))


def test_who_reserved_it_and_where_it_was_saved() -> None:
    space = 'xmlns:q="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac"'
    path = f'<q:absPath {space} url="C:\\Users\\d.morrow\\"/>'
    made = packed(parts({"Data": ("visible", sheet(ADA))}, inside=f'<fileSharing userName="Dr Morrow"/>{path}'))
    items = read(made)
    assert Person("reserved by", "Dr Morrow") in items
    assert Text("C:\\Users\\d.morrow\\", "folder of the file", Visibility.PROPERTY) in items


@pytest.mark.parametrize(
    "source", ['sheet="Data" ref="A1:B1"', 'name="people"', 'name="People_Table"', 'name="elsewhere"']
)
def test_a_pivot_cache_of_what_a_sheet_shows(source: str) -> None:
    """Its source is an area, the name of one, or a table; what nobody finds is told as hidden."""
    main = MAIN[TRANSITIONAL]
    items = '<s v="Ada"/><s v="Bran"/>'
    inside = "<definedNames><definedName name='People'>'Data'!$A$1:$B$9</definedName></definedNames>"
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", sheet(ADA))}, inside=inside))
    members["xl/pivotCache/pivotCacheDefinition1.xml"] = (
        f'<pivotCacheDefinition xmlns="{main}"><cacheSource type="worksheet"><worksheetSource {source}/></cacheSource>'
        f'<cacheFields><cacheField name="Name"><sharedItems>{items}</sharedItems></cacheField></cacheFields>'
        "</pivotCacheDefinition>"
    )
    members["xl/tables/table1.xml"] = f'<table xmlns="{main}" displayName="People_Table" ref="A1:B1"/>'
    members["xl/worksheets/_rels/sheet1.xml.rels"] = written.relationships(("t", "table", "../tables/table1.xml"))
    found = [item for item in read(packed(members)) if isinstance(item, Row)]
    assert [row.values for row in found[1:]] == ([("Ada",), ("Bran",)] if "elsewhere" in source else [("Bran",)])
