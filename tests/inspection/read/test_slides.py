"""Slides by a writer of our own: what no program here writes, and each way of hiding alone."""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.slides import begins, read_slides
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility, cells
from tests.inspection.read.written_slides import (
    INCH,
    STRICT,
    TRANSITIONAL,
    box,
    frame,
    group,
    names,
    packed,
    parts,
    presentation,
    relations,
    slide,
    solid,
)

A = TRANSITIONAL[1]


def read(data: bytes) -> list[Item]:
    return list(read_slides(data, Budget()))


def texts(data: bytes) -> dict[str, Visibility]:
    return {item.text: item.visibility for item in read(data) if isinstance(item, Text)}


def why(*shapes: str, more: str = "", own: str = "") -> Visibility:
    """What hides the text "Ada" among these shapes of one slide."""
    return texts(presentation(slide(*shapes, more=more, own=own)))["Ada"]


def table(*rows: str, widths: tuple[float, ...] = (2, 2), height: float = 1, top: float = 1, style: str = "") -> str:
    columns = "".join(f'<a:gridCol w="{round(width * INCH)}"/>' for width in widths)
    lines = "".join(f'<a:tr h="{round(height * INCH)}">{row}</a:tr>' for row in rows)
    size = (sum(widths), height * len(rows))
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="t"/></p:nvGraphicFramePr>'
        f"{frame(1, top, *size).replace('a:xfrm', 'p:xfrm')}<a:graphic><a:graphicData uri='x'>"
        f"<a:tbl><a:tblPr firstRow='1'>{style}</a:tblPr><a:tblGrid>{columns}</a:tblGrid>{lines}</a:tbl>"
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )


def cell(text: str, own: str = "", look: str = "", run: str = "") -> str:
    said = f"<a:p><a:r><a:rPr>{run}</a:rPr><a:t>{text}</a:t></a:r></a:p>"
    return f"<a:tc {own}><a:txBody><a:bodyPr/>{said}</a:txBody><a:tcPr>{look}</a:tcPr></a:tc>"


def of_table(*shapes: str) -> dict[str, Visibility]:
    found: dict[str, Visibility] = {}
    begun = Table("")
    for item in read(presentation(slide(*shapes))):
        if isinstance(item, Table):
            begun = item
        elif isinstance(item, Row):
            found |= {each.value: each.visibility for each in cells(begun, item)}
    return found


def test_strict_and_transitional_files_read_alike() -> None:
    for kind in (STRICT, TRANSITIONAL):
        shown = slide(box("Ada"), kind=kind)
        hidden = slide(box("Bran"), kind=kind, own='show="0"')
        found = texts(presentation(shown, hidden, kind=kind))
        assert found == {"Ada": SEEN, "Bran": Visibility.HIDDEN_SLIDE}


def test_a_package_with_slides_is_one_and_others_are_none() -> None:
    assert begins(presentation(slide()))
    assert not begins(packed({"xl/workbook.xml": "<a/>"})) and not begins(b"PK\x03\x04") and not begins(b"")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (box("Ada", frame(10.1, 1, 4, 1)), Visibility.OFF_PAGE),
        (box("Ada", frame(9, 1, 4, 1)), SEEN),
        (box("Ada", frame(9, 4, 4, 1, turn=90)), Visibility.OFF_PAGE),
        (box("Ada", frame(8, 4, 4, 1, turn=90)), SEEN),
        (group(11, 0, box("Ada")), Visibility.OFF_PAGE),
        (group(-20, 0, box("Ada", frame(21, 1, 4, 1))), SEEN),
        (group(5, 0, box("Ada", frame(20, 0, 4, 1)), scale=0.2), SEEN),
        (group(5, 0, group(5, 0, box("Ada"))), Visibility.OFF_PAGE),
        (group(0, 0, box("Ada", frame(1, 1, 1, 1)), turn=45), SEEN),
        (group(0, 0, box("Ada", frame(-2, -2, 1, 1)), turn=45), Visibility.OFF_PAGE),
        (group(0, 0, box("Ada"), named='hidden="1"'), Visibility.HIDDEN_TEXT),
        (box("Ada", named='hidden="true"'), Visibility.HIDDEN_TEXT),
    ],
)
def test_where_a_shape_lies(shape: str, expected: Visibility) -> None:
    assert why(shape) is expected


@pytest.mark.parametrize(
    ("cover", "expected"),
    [
        (box("", frame(0.5, 0.5, 5, 2), solid("336699")), Visibility.COVERED),
        (box("", frame(0.5, 0.5, 5, 2), solid("336699"), geometry="ellipse"), SEEN),
        (box("", frame(-1, -2, 8, 7), solid("336699"), geometry="ellipse"), Visibility.COVERED),
        (box("", frame(0.5, 0.5, 5, 2), solid("336699"), geometry="star5"), SEEN),
        (box("", frame(0.5, 0.5, 2, 2), solid("336699")), SEEN),
        (box("", frame(0.5, 0.5, 5, 2), "<a:noFill/>"), SEEN),
        (box("", frame(0.5, 0.5, 5, 2), solid("336699").replace("/>", '><a:alpha val="50000"/></a:srgbClr>', 1)
             .replace("</a:srgbClr></a:solidFill>", "</a:srgbClr></a:solidFill>")), SEEN),
        (box("", frame(0.5, 0.5, 5, 2), solid("336699"), named='hidden="1"'), SEEN),
        (group(0, 0, box("", frame(0.5, 0.5, 5, 2), solid("336699"))), Visibility.COVERED),
    ],
)  # fmt: skip
def test_what_lies_over_a_text(cover: str, expected: Visibility) -> None:
    assert why(box("Ada"), cover) is expected
    assert why(cover, box("Ada")) is SEEN


BLACK, WHITE = solid("000000"), solid("FFFFFF")


@pytest.mark.parametrize(
    ("run", "more", "expected"),
    [
        (WHITE, "", Visibility.SAME_COLOUR),
        (solid("F4F4F4"), "", Visibility.SAME_COLOUR),
        (solid("D9D9D9"), "", SEEN),
        (WHITE, f"<p:bg><p:bgPr>{BLACK}</p:bgPr></p:bg>", SEEN),
        ("", f"<p:bg><p:bgPr>{BLACK}</p:bgPr></p:bg>", Visibility.SAME_COLOUR),
        (WHITE, "<p:bg><p:bgPr><a:blipFill/></p:bgPr></p:bg>", SEEN),
        (WHITE, '<p:bg><p:bgRef idx="1001"><a:schemeClr val="tx1"/></p:bgRef></p:bg>', SEEN),
        ('<a:solidFill><a:schemeClr val="bg1"><a:lumMod val="98000"/></a:schemeClr></a:solidFill>', "",
         Visibility.SAME_COLOUR),
        ('<a:solidFill><a:schemeClr val="bg1"><a:lumMod val="50000"/></a:schemeClr></a:solidFill>', "", SEEN),
        ("<a:noFill/>", "", Visibility.SAME_COLOUR),
        ('<a:solidFill><a:prstClr val="white"/></a:solidFill>', "", Visibility.SAME_COLOUR),
        ('<a:solidFill><a:prstClr val="nonesuch"/></a:solidFill>', "", SEEN),
        (f'{WHITE}<a:hlinkClick r:id="x"/>', "", SEEN),
    ],
)  # fmt: skip
def test_letters_on_their_ground(run: str, more: str, expected: Visibility) -> None:
    assert why(box("Ada", run=run or "<a:latin/>"), more=more) is expected


def test_a_shape_is_the_ground_of_its_own_text_and_of_what_lies_on_it() -> None:
    assert why(box("Ada", fill=WHITE, run=WHITE), more=f"<p:bg><p:bgPr>{BLACK}</p:bgPr></p:bg>") is (
        Visibility.SAME_COLOUR
    )
    assert why(box("", frame(0, 0, 10, 7), BLACK), box("Ada", run=WHITE)) is SEEN
    assert why(box("", frame(0, 0, 10, 7), WHITE), box("Ada", run=WHITE)) is Visibility.SAME_COLOUR
    assert why(box("", frame(8, 5, 1, 1), BLACK), box("Ada", run=WHITE)) is Visibility.SAME_COLOUR


def test_a_style_colours_the_letters_of_a_shape() -> None:
    ground = '<a:fillRef idx="{0}"><a:srgbClr val="336699"/></a:fillRef>'
    style = f'<p:style>{ground}<a:fontRef idx="minor"><a:schemeClr val="lt1"/></a:fontRef></p:style>'
    shape = box("Ada", run="<a:latin/>")
    assert why(shape.replace("</p:spPr>", f"</p:spPr>{style.format(1)}")) is SEEN
    assert why(shape.replace("</p:spPr>", f"</p:spPr>{style.format(0)}")) is Visibility.SAME_COLOUR


@pytest.mark.parametrize(
    ("size", "fit", "expected"),
    [
        ("300", "", Visibility.TINY_TEXT),
        ("500", "", SEEN),
        ("1000", '<a:normAutofit fontScale="25000"/>', Visibility.TINY_TEXT),
        ("1000", '<a:normAutofit fontScale="62.5%"/>', SEEN),
    ],
)
def test_how_large_letters_are(size: str, fit: str, expected: Visibility) -> None:
    shape = box("Ada", run=f'sz="{size}"').replace("<a:bodyPr/>", f"<a:bodyPr>{fit}</a:bodyPr>")
    assert why(shape) is expected


def test_a_paragraph_is_split_where_its_letters_hide() -> None:
    runs = f"<a:r><a:t>Total </a:t></a:r><a:r><a:rPr>{WHITE}</a:rPr><a:t>Ada</a:t></a:r><a:r><a:t> 5</a:t></a:r>"
    shape = box("x").replace("<a:r><a:rPr /><a:t>x</a:t></a:r>", runs)
    found = texts(presentation(slide(shape)))
    assert found == {"Total": SEEN, "Ada": Visibility.SAME_COLOUR, "5": SEEN}


def test_rows_of_a_table_below_the_slide_and_under_a_bar() -> None:
    rows = [cell(f"r{number}") + cell("x") for number in range(9)]
    bar = box("", frame(0.5, 1.9, 6, 1.2), BLACK)
    found = of_table(table(*rows), bar)
    assert found["r0"] is SEEN and found["r1"] is Visibility.COVERED
    assert found["r6"] is SEEN and found["r7"] is Visibility.OFF_PAGE
    beside = of_table(table(cell("a") + cell("b"), widths=(9.5, 2)))
    assert beside == {"a": SEEN, "b": Visibility.OFF_PAGE}


def test_cells_that_are_merged_away_or_pale() -> None:
    found = of_table(
        table(
            cell("a", 'gridSpan="2"') + cell("b", 'hMerge="1"'),
            cell("c", run=WHITE) + cell("d", look=BLACK, run=WHITE),
            cell("e", 'vMerge="1"') + cell("f"),
        )
    )
    assert found == {"a": SEEN, "b": Visibility.COVERED, "c": Visibility.SAME_COLOUR, "d": SEEN} | {
        "e": Visibility.COVERED,
        "f": SEEN,
    }


def test_the_heading_that_a_style_paints_is_seen() -> None:
    styled = table(cell("a", run=WHITE), cell("b", run=WHITE), style="<a:tableStyleId>{x}</a:tableStyleId>")
    assert of_table(styled) == {"a": SEEN, "b": Visibility.SAME_COLOUR}


def with_layout(slide_shape: str, layout_shape: str, own: str = "", master: str = "") -> bytes:
    members = parts(slide(slide_shape, own=own))
    members["ppt/slides/_rels/slide1.xml.rels"] = relations(("l", "slideLayout", "../slideLayouts/l1.xml"))
    members["ppt/slideLayouts/l1.xml"] = slide(layout_shape, root="sldLayout")
    members["ppt/slideLayouts/_rels/l1.xml.rels"] = relations(("m", "slideMaster", "../slideMasters/m1.xml"))
    members["ppt/slideMasters/m1.xml"] = slide(box("Master"), root="sldMaster").replace(
        "</p:sldMaster>", f"{master}</p:sldMaster>"
    )
    members["ppt/slideMasters/_rels/m1.xml.rels"] = relations(("l", "slideLayout", "../slideLayouts/l1.xml"))
    return packed(members)


def placed(text: str, place: str) -> str:
    shape = box(text, place).replace("<p:nvPr/>", '<p:nvPr><p:ph type="body" idx="7"/></p:nvPr>')
    return shape.replace(frame(1, 1, 4, 1), "") if not place else shape


def test_a_placeholder_lies_where_its_layout_says() -> None:
    found = texts(with_layout(placed("Ada", " "), placed("Prompt", frame(12, 1, 3, 1))))
    assert found["Ada"] is Visibility.OFF_PAGE and found["Prompt"] is not SEEN
    assert texts(with_layout(placed("Ada", " "), placed("Prompt", frame(1, 1, 3, 1))))["Ada"] is SEEN


def test_a_placeholder_has_the_letters_of_its_master() -> None:
    level = f'<a:lvl1pPr><a:defRPr sz="1800">{WHITE}</a:defRPr></a:lvl1pPr>'
    pale = f"<p:txStyles><p:bodyStyle>{level}</p:bodyStyle></p:txStyles>"
    found = texts(with_layout(placed("Ada", " "), placed("Prompt", frame(1, 1, 3, 1)), master=pale))
    assert found["Ada"] is Visibility.SAME_COLOUR
    dark = pale.replace("FFFFFF", "112233")
    assert texts(with_layout(placed("Ada", " "), placed("P", frame(1, 1, 3, 1)), master=dark))["Ada"] is SEEN


def test_what_stands_on_a_layout_shows_where_a_slide_has_it() -> None:
    shape = box("Confidential", frame(1, 6, 3, 1))
    found = texts(with_layout(box("Ada"), shape))
    assert found["Confidential"] is SEEN and found["Master"] is SEEN
    alone = texts(with_layout(box("Ada"), shape, own='showMasterSp="0"'))
    assert alone["Ada"] is SEEN
    hidden = texts(with_layout(box("Ada"), shape, own='show="0"'))
    assert hidden["Confidential"] is Visibility.MARKUP and hidden["Master"] is Visibility.MARKUP


def test_a_dark_shape_of_the_layout_is_the_ground_of_white_letters() -> None:
    dark = box("", frame(0, 0, 10, 7.5), BLACK)
    assert texts(with_layout(box("Ada", run=WHITE), dark))["Ada"] is SEEN
    assert texts(with_layout(box("Ada", run=WHITE), dark, own='showMasterSp="0"'))["Ada"] is Visibility.SAME_COLOUR


def test_texts_for_programs_that_know_less_are_said_once() -> None:
    choice = "<mc:Choice Requires='x'>{}</mc:Choice><mc:Fallback>{}</mc:Fallback>"
    same = choice.format(box("Ada"), box("Ada") + box("Bran"))
    wrapped = f'<mc:AlternateContent xmlns:mc="urn:mc">{same}</mc:AlternateContent>'
    found = [(item.text, item.visibility) for item in read(presentation(slide(wrapped))) if isinstance(item, Text)]
    assert found == [("Ada", SEEN), ("Bran", Visibility.MARKUP)]


def test_markup_tips_links_sections_and_alternative_text() -> None:
    run = '<a:hlinkClick r:id="l" tooltip="call Ada"/>'
    named = '<p14:sectionLst xmlns:p14="urn:x"><p14:section name="For Ada"/></p14:sectionLst>'
    shape = box("x", run=run, named='descr="Ada at work" title="Ada"')
    members = parts(slide(shape), more=f"<p:extLst><p:ext>{named}</p:ext></p:extLst>")
    members["ppt/slides/_rels/slide1.xml.rels"] = relations(("l", "hyperlink", "mailto:ada@clinic.example"))
    found = texts(packed(members))
    said = {"call Ada", "Ada at work", "Ada", "For Ada", "mailto:ada@clinic.example"}
    assert {text for text, visibility in found.items() if visibility is Visibility.MARKUP} == said


def test_a_slide_that_is_not_listed_is_hidden_and_one_that_is_not_there_is_not_read() -> None:
    members = parts(slide(box("Ada"))) | {"ppt/slides/slide7.xml": slide(box("Bran"))}
    assert texts(packed(members)) == {"Ada": SEEN, "Bran": Visibility.HIDDEN_SLIDE}
    del members["ppt/slides/slide1.xml"]
    with pytest.raises(Uninspectable, match="not there"):
        read(packed(members))


def test_threaded_comments_with_their_authors() -> None:
    p188 = "http://schemas.microsoft.com/office/powerpoint/2018/8/main"
    members = parts(slide(box("x")))
    said = f'<a:p xmlns:a="{A}"><a:r><a:t>see Ada</a:t></a:r></a:p>'
    members["ppt/slides/_rels/slide1.xml.rels"] = relations(("c", "comments", "../comments/modernComment_1.xml"))
    reply = f"<p188:reply id='2'><p188:txBody>{said.replace('see', 'ask')}</p188:txBody></p188:reply>"
    comment = f"<p188:cm id='1'><p188:replyLst>{reply}</p188:replyLst><p188:txBody>{said}</p188:txBody></p188:cm>"
    members["ppt/comments/modernComment_1.xml"] = f'<p188:cmLst xmlns:p188="{p188}">{comment}</p188:cmLst>'
    author = '<p188:author name="Ed" userId="S::ed@clinic.example::1"/>'
    members["ppt/authors.xml"] = f'<p188:authorLst xmlns:p188="{p188}">{author}</p188:authorLst>'
    items = read(packed(members))
    comments = [(item.text, item.where) for item in items if isinstance(item, Text) and item.text != "x"]
    assert comments == [("ask Ada", "comment on slide 1"), ("see Ada", "comment on slide 1")]
    assert [(each.name, each.address) for each in items if isinstance(each, Person)] == [("Ed", "ed@clinic.example")]


def diagram(drawn: tuple[str, ...], own: str = "") -> bytes:
    d, said = "http://schemas.openxmlformats.org/drawingml/2006/diagram", "<a:p><a:r><a:t>{}</a:t></a:r></a:p>"
    shape = f'<p:graphicFrame><a:graphicData><d:relIds xmlns:d="{d}" r:dm="d"/></a:graphicData></p:graphicFrame>'
    members = parts(slide(shape, own=own))
    members["ppt/slides/_rels/slide1.xml.rels"] = relations(
        ("d", "diagramData", "../diagrams/data1.xml"), ("w", "diagramDrawing", "../diagrams/drawing1.xml")
    )
    points = "".join(
        f'<d:pt type="{kind}"><d:t>{said.format(text)}</d:t></d:pt>'
        for kind, text in (("node", "Ada"), ("node", "Bran"), ("sibTrans", "Cleo"))
    )
    members["ppt/diagrams/data1.xml"] = (
        f'<d:dataModel xmlns:d="{d}" xmlns:a="{A}"><d:ptLst>{points}</d:ptLst></d:dataModel>'
    )
    members["ppt/diagrams/drawing1.xml"] = (
        f'<s:drawing xmlns:s="urn:s" xmlns:a="{A}">{"".join(said.format(each) for each in drawn)}</s:drawing>'
    )
    return packed(members)


def test_points_of_a_diagram_that_it_does_not_draw_are_markup() -> None:
    assert texts(diagram(("Ada",))) == {"Ada": SEEN, "Bran": Visibility.MARKUP, "Cleo": Visibility.MARKUP}
    hidden = texts(diagram(("Ada", "Bran"), own='show="0"'))
    assert set(hidden.values()) == {Visibility.HIDDEN_SLIDE}


C = "http://schemas.openxmlformats.org/drawingml/2006/chart"


def charted(inner: str, axis: str = '<c:catAx><c:delete val="0"/></c:catAx>', own: str = "") -> list[Item]:
    shape = (
        f"<p:graphicFrame>{frame(1, 1, 4, 4).replace('a:xfrm', 'p:xfrm')}<a:graphic><a:graphicData>"
        f'<c:chart xmlns:c="{C}" r:id="c"/></a:graphicData></a:graphic></p:graphicFrame>'
    )
    members = parts(slide(shape, own=own))
    members["ppt/slides/_rels/slide1.xml.rels"] = relations(("c", "chart", "../charts/chart1.xml"))
    members["ppt/charts/chart1.xml"] = (
        f'<c:chartSpace xmlns:c="{C}" xmlns:c15="urn:c15"><c:chart><c:barChart>{inner}</c:barChart>{axis}</c:chart>'
        "</c:chartSpace>"
    )
    return read(packed(members))


def in_chart(items: list[Item]) -> dict[str, Visibility]:
    begun = next(item for item in items if isinstance(item, Table))
    return {each.value: each.visibility for item in items if isinstance(item, Row) for each in cells(begun, item)}


SERIES = (
    '<c:ser><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>Ada</c:v></c:pt></c:strCache></c:strRef></c:cat>'
    '<c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>7</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser>'
)  # fmt: skip


def test_a_chart_shows_what_it_draws() -> None:
    assert in_chart(charted(SERIES)) == {"Ada": SEEN, "7": SEEN}
    gone = '<c:catAx><c:delete val="1"/></c:catAx>'
    assert in_chart(charted(SERIES, gone)) == {"Ada": Visibility.CHART_CACHE, "7": SEEN}
    assert in_chart(charted(SERIES + '<c:showCatName val="1"/>', gone))["Ada"] is SEEN
    assert set(in_chart(charted(SERIES, own='show="0"')).values()) == {Visibility.HIDDEN_SLIDE}


def test_a_series_that_a_filter_takes_out_and_labels_from_cells_are_behind_the_chart() -> None:
    more = SERIES.replace("Ada", "Bran").replace(">7<", ">8<")
    labels = '<c15:dlblRangeCache><c:pt idx="0"><c:v>Cleo</c:v></c:pt></c15:dlblRangeCache>'
    found = in_chart(charted(f"{SERIES}<c15:filteredBarSeries>{more}</c15:filteredBarSeries>{labels}"))
    hidden = dict.fromkeys(("Bran", "8", "Cleo"), Visibility.CHART_CACHE)
    assert found == {"Ada": SEEN, "7": SEEN} | hidden


def test_what_is_no_slide() -> None:
    members = parts(slide(box("x")))
    members |= {
        "ppt/vbaProject.bin": b"\xd0\xcf",
        "ppt/media/video1.mp4": b"\0\0",
        "ppt/charts/chart9.xml": f'<c:chartSpace xmlns:c="{C}">{SERIES}</c:chartSpace>',
        "ppt/changesInfos/changesInfo1.xml": '<pc:chgInfo xmlns:pc="urn:pc"><pc:u name="Ed" userId="e"/></pc:chgInfo>',
        "ppt/embeddings/book.xlsx": b"PK\x03\x04",
        "ppt/handoutMasters/h1.xml": slide(box("Handout"), root="handoutMaster"),
        "ppt/unknown.xml": "<a><b>Ada</b></a>",
    }
    items = read(packed(members))
    found = {(each.kind, each.visibility) for each in items if isinstance(each, Member)}
    assert found == {("slide", SEEN), ("macros", Visibility.MACRO), ("picture", SEEN), ("file", Visibility.EMBEDDED)}
    tables = {each.where: each.visibility for each in items if isinstance(each, Table)}
    assert tables["chart ppt/charts/chart9.xml, chart"] is Visibility.CHART_CACHE
    assert tables["ppt/changesinfos/changesinfo1.xml"] is Visibility.EARLIER_REVISION
    said = {each.text: each.visibility for each in items if isinstance(each, Text)}
    assert said == {"x": SEEN, "Handout": Visibility.MARKUP, "Ada": Visibility.MARKUP}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("_rels/.rels", relations(), "which part is the presentation"),
        ("ppt/presentation.xml", "<a/>", "no presentation"),
        ("ppt/slides/slide1.xml", slide(root="sldLayout"), "as a slide that is none"),
        ("ppt/slides/slide1.xml", f"<p:sld {names()}>", "well-formed"),
        ("ppt/slides/slide1.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "document type"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, content: str, reason: str) -> None:
    with pytest.raises(Uninspectable, match=reason):
        read(packed(parts(slide(box("x"))) | {name: content}))
