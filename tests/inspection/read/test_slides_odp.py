"""Flat OpenDocument presentations, written by hand: each way of hiding alone."""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.slides import begins, read_slides
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Table, Text, Visibility, cells

NAMES = ["office", "draw", "text", "style", "presentation", "svg", "fo", "table", "meta", "loext"]
SPACES = " ".join(
    f'xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"' for each in NAMES
) + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip
PAGE = '<style:page-layout style:name="P"><style:page-layout-properties fo:page-width="28cm" fo:page-height="21cm"/></style:page-layout>'  # noqa: E501


def style(name: str, family: str, inner: str, parent: str = "") -> str:
    own = f'style:name="{name}" style:family="{family}" style:parent-style-name="{parent}"'
    return f"<style:style {own}>{inner}</style:style>"


def letters(name: str, **keys: str) -> str:
    said = " ".join(f'{key.replace("_", ":", 1).replace("_", "-")}="{value}"' for key, value in keys.items())
    return style(name, "text", f"<style:text-properties {said}/>")


def filled(name: str, colour: str, family: str = "graphic", more: str = "") -> str:
    kind = {"graphic": "graphic", "drawing-page": "drawing-page", "table-cell": "graphic"}[family]
    return style(name, family, f'<style:{kind}-properties draw:fill="solid" draw:fill-color="{colour}" {more}/>')


def document(*pages: str, styles: str = "", masters: str = "") -> bytes:
    master = masters or '<style:master-page style:name="M" style:page-layout-name="P"/>'
    return (
        f'<office:document {SPACES} office:mimetype="application/vnd.oasis.opendocument.presentation">'
        "<office:meta><meta:initial-creator>Ed</meta:initial-creator></office:meta>"
        f"<office:automatic-styles>{PAGE}{styles}</office:automatic-styles>"
        f"<office:master-styles>{master}</office:master-styles>"
        f"<office:body><office:presentation>{''.join(pages)}</office:presentation></office:body></office:document>"
    ).encode()


def page(*shapes: str, own: str = "") -> str:
    return f'<draw:page draw:name="n" draw:master-page-name="M" {own}>{"".join(shapes)}</draw:page>'


def box(text: str, place: str = "", look: str = "", run: str = "", more: str = "") -> str:
    place = place or 'svg:x="1cm" svg:y="1cm" svg:width="8cm" svg:height="2cm"'
    said = f'<text:p><text:span text:style-name="{run}">{text}</text:span></text:p>' if text else ""
    return f'<draw:rect draw:style-name="{look}" {place} {more}>{said}</draw:rect>'


def read(data: bytes) -> list[Item]:
    return list(read_slides(data, Budget()))


def why(*shapes: str, styles: str = "", own: str = "", masters: str = "") -> Visibility:
    items = read(document(page(*shapes, own=own), styles=styles, masters=masters))
    return next(item.visibility for item in items if isinstance(item, Text) and item.text == "Ada")


FAR = 'svg:x="29cm" svg:y="1cm" svg:width="8cm" svg:height="2cm"'


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (box("Ada"), SEEN),
        (box("Ada", FAR), Visibility.OFF_PAGE),
        (box("Ada", 'svg:width="8cm" svg:height="2cm" draw:transform="translate (29cm 1cm)"'), Visibility.OFF_PAGE),
        (box("Ada", 'svg:width="8cm" svg:height="2cm" draw:transform="rotate (-1.5708) translate (29cm 1cm)"'), SEEN),
        (box("Ada", 'svg:width="8cm" svg:height="2cm" draw:transform="rotate (1.5708) translate (29cm 9cm)"'),
         Visibility.OFF_PAGE),
        (box("Ada", more='draw:display="none"'), Visibility.HIDDEN_TEXT),
        (f'<draw:g draw:display="none">{box("Ada")}</draw:g>', Visibility.HIDDEN_TEXT),
    ],
)  # fmt: skip
def test_where_a_shape_lies(shape: str, expected: Visibility) -> None:
    assert why(shape) is expected


LOOKS = (
    filled("white", "#ffffff") + filled("dark", "#102030") + filled("night", "#102030", "drawing-page")
    + filled("glass", "#102030", more='draw:opacity="40%"')
    + style("open", "graphic", '<style:graphic-properties draw:fill="none"/>')
    + style("gone", "drawing-page", '<style:drawing-page-properties presentation:visibility="hidden"/>')
    + letters("pale", fo_color="#ffffff") + letters("black", fo_color="#000000")
    + letters("ghost", fo_color="#000000", loext_opacity="0%")
    + letters("auto", style_use_window_font_color="true", loext_opacity="0%")
    + letters("tiny", fo_font_size="2pt") + letters("none", text_display="none")
)  # fmt: skip


@pytest.mark.parametrize(
    ("run", "look", "own", "expected"),
    [
        ("pale", "open", "", Visibility.SAME_COLOUR),
        ("black", "open", "", SEEN),
        ("pale", "open", 'draw:style-name="night"', SEEN),
        ("pale", "dark", "", SEEN),
        ("pale", "white", 'draw:style-name="night"', Visibility.SAME_COLOUR),
        ("ghost", "open", "", Visibility.SAME_COLOUR),
        ("auto", "open", 'draw:style-name="night"', SEEN),
        ("tiny", "open", "", Visibility.TINY_TEXT),
        ("none", "open", "", Visibility.HIDDEN_TEXT),
        ("black", "open", 'draw:style-name="gone"', Visibility.HIDDEN_SLIDE),
    ],
)
def test_letters_on_their_ground(run: str, look: str, own: str, expected: Visibility) -> None:
    assert why(box("Ada", look=look, run=run), styles=LOOKS, own=own) is expected


def test_what_lies_over_a_text() -> None:
    over = 'svg:x="0cm" svg:y="0cm" svg:width="10cm" svg:height="5cm"'
    assert why(box("Ada"), box("", over, "dark"), styles=LOOKS) is Visibility.COVERED
    assert why(box("Ada"), box("", over, "glass"), styles=LOOKS) is SEEN
    assert why(box("Ada"), box("", over, "open"), styles=LOOKS) is SEEN
    assert why(box("", over, "dark"), box("Ada", look="open", run="pale"), styles=LOOKS) is SEEN


def test_a_dark_master_is_the_ground_and_what_stands_on_it_shows() -> None:
    dark = box("", 'svg:x="0cm" svg:y="0cm" svg:width="28cm" svg:height="21cm"', "dark")
    prompt = box("Click here", more='presentation:class="title"')
    master = '<style:master-page style:name="M" style:page-layout-name="P">{}</style:master-page>'
    shapes = master.format(dark + box("Confidential", look="open", run="pale") + prompt)
    assert why(box("Ada", look="open", run="pale"), styles=LOOKS, masters=shapes) is SEEN
    items = read(document(page(), styles=LOOKS, masters=shapes))
    said = {item.text: item.visibility for item in items if isinstance(item, Text)}
    assert said == {"Confidential": SEEN, "Click here": Visibility.MARKUP}
    unused = read(document(styles=LOOKS, masters=shapes))
    assert {item.visibility for item in unused if isinstance(item, Text)} == {Visibility.MARKUP}


def test_notes_comments_titles_links_and_authors() -> None:
    notes = f"<presentation:notes>{box('Bran')}</presentation:notes>"
    author = "<dc:creator>Flo</dc:creator><dc:date>2026-01-01</dc:date>"
    comment = f"<office:annotation>{author}<text:p>Cleo</text:p></office:annotation>"
    shape = box("Ada").replace("<text:p>", "<svg:title>Dov</svg:title><text:p>")
    link = '<draw:rect><text:p><text:a xlink:href="mailto:a@b.example">Edda</text:a></text:p></draw:rect>'
    items = read(document(page(shape, link, notes, comment)))
    said = {item.text: item.visibility for item in items if isinstance(item, Text)}
    assert said == {"Ada": SEEN, "Edda": SEEN, "Bran": Visibility.NOTES, "Cleo": Visibility.COMMENT} | dict.fromkeys(
        ("Dov", "mailto:a@b.example"), Visibility.MARKUP
    )
    assert {(each.role, each.name) for each in items if isinstance(each, Person)} == {
        ("author", "Ed"),
        ("author of a comment", "Flo"),
    }


def test_cells_with_what_hides_them() -> None:
    styles = LOOKS + filled("cell", "#102030", "table-cell") + style(
        "row", "table-row", '<style:table-row-properties style:row-height="8cm"/>'
    ) + style("col", "table-column", '<style:table-column-properties style:column-width="4cm"/>')  # fmt: skip
    inner = '<text:p><text:span text:style-name="{}">{}</text:span></text:p></table:table-cell>'
    said = f'<table:table-cell table:style-name="{{}}">{inner}'
    row = '<table:table-row table:style-name="row">{}</table:table-row>'
    covered = said.format("", "black", "d").replace("table:table-cell", "table:covered-table-cell")
    rows = [said.format("", "pale", "a") + said.format("cell", "pale", "b"), said.format("", "black", "c"), covered]
    rows += [said.format("", "black", "e")]
    column = '<table:table-column table:style-name="col" table:number-columns-repeated="2"/>'
    frame = 'svg:x="1cm" svg:y="1cm" svg:width="8cm" svg:height="2cm"'
    table = f"<draw:frame {frame}><table:table>{column}{''.join(map(row.format, rows))}</table:table></draw:frame>"
    found: dict[str, Visibility] = {}
    begun = Table("")
    for item in read(document(page(table), styles=styles)):
        begun = item if isinstance(item, Table) else begun
        if isinstance(item, Row):
            found |= {cell.value: cell.visibility for cell in cells(begun, item)}
    assert found == {"a": Visibility.SAME_COLOUR, "b": SEEN, "c": SEEN, "d": Visibility.COVERED} | {
        "e": Visibility.OFF_PAGE
    }


def test_an_object_in_a_flat_document_is_handed_on() -> None:
    octets = "<draw:object-ole><office:binary-data>UEsDBA==</office:binary-data></draw:object-ole>"
    items = read(document(page(f"<draw:frame>{octets}</draw:frame>")))
    (member,) = [item for item in items if isinstance(item, Member) and item.kind == "file"]
    assert member.content == b"PK\x03\x04" and member.visibility is Visibility.EMBEDDED


def test_it_is_told_by_what_it_says() -> None:
    assert begins(document()) and not begins(document().replace(b"opendocument.presentation", b"opendocument.text"))
    with pytest.raises(Uninspectable, match="no presentation"):
        read(b"<a/>")


def test_rows_without_end_are_not_made() -> None:
    row = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
    with pytest.raises(Uninspectable, match="without end"):
        read(document(page(f"<draw:frame><table:table>{row}</table:table></draw:frame>")))
