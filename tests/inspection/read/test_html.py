"""HTML as a file, and what its styles hide and its attributes carry."""

from __future__ import annotations

import base64

import pytest

from mailguard.core.verdict import Finding
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from mailguard.inspection.html_styles import styles_of
from mailguard.inspection.html_tables import html_items
from mailguard.inspection.readers import CONTRADICTS, NOBODY_READS
from mailguard.inspection.stream import SEEN, Member, Person, Row, Text, Visibility
from tests.inspection.texts.listing import LISTINGS, PEOPLE

PAGE = LISTINGS["Excel's HTML"].text


def read(text: str | bytes, name: str = "list.html", media_type: str = "application/octet-stream") -> Examined:
    return examine(Enclosed(text if isinstance(text, bytes) else text.encode(), media_type, (name,)))


def people(findings: tuple[Finding, ...], hidden: bool = False) -> int:
    return sum(each.count for each in findings if each.kind == "people_rows" and each.hidden is hidden)


def rows(row: str = "<tr>", cell: str = "<td>") -> str:
    return "".join(row + "".join(f"{cell}{value}" for value in each) for each in PEOPLE)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("list.html", "application/octet-stream"),
        ("LIST.HTM", "text/plain"),
        ("list.xhtml", "application/xhtml+xml"),
        ("", "text/html"),
        ("", "application/octet-stream"),
    ],
)
def test_a_page_is_read_by_type_by_name_or_by_its_beginning(name: str, media_type: str) -> None:
    found = read(PAGE, name, media_type)
    assert found.unread is None and people(found.findings) == len(PEOPLE)
    assert found.findings[0].where.startswith("page, table 1")


def test_a_page_that_calls_itself_a_workbook_is_not_read() -> None:
    """Excel asks before it opens one (docs/decisions/people-in-rows.md)."""
    assert read(PAGE, "report.xls", "application/vnd.ms-excel").unread == CONTRADICTS
    assert read(PAGE, "report.xlsx").unread == CONTRADICTS
    assert read(b"\x00\x01\x02\x03", "").unread == NOBODY_READS


@pytest.mark.parametrize("mark", ["utf-8", "utf-16", "windows-1252", "meta", "type"])
def test_a_page_in_any_charset(mark: str) -> None:
    if mark == "meta":
        octets = b"<html><meta http-equiv=Content-Type content='text/html; charset=utf-7'>" + PAGE.encode("utf-7")
        assert people(read(octets).findings) == len(PEOPLE)
    elif mark == "type":
        found = read(PAGE.encode("cp037"), "list.html", "text/html; charset=cp037")
        assert people(found.findings) == len(PEOPLE)
    else:
        assert people(read(PAGE.encode(mark)).findings) == len(PEOPLE)


@pytest.mark.parametrize(
    ("style", "row", "cell", "hidden"),
    [
        (".x{display:none}", "<tr class=x>", "<td>", True),
        (".X { color: red; display : none !important }", '<tr class="a x">', "<td>", True),
        ("#t{visibility:hidden}", "<tr id=t>", "<td>", True),
        ("tr.x,td.y{font-size:0}", "<tr class=x>", "<td>", True),
        ("td{color:#fff}", "<tr>", "<td>", True),
        ("tr:nth-child(n+1){display:none}", "<tr>", "<td>", True),
        ("<!-- .x{mso-hide:all} -->", "<tr class=x>", "<td>", True),
        ("/* .x{} */ @import url(a.css); .x{display:none}", "<tr class=x>", "<td>", True),
        (".x{display:none}", "<tr class=xx>", "<td>", False),
        (".x{display:none}", '<tr class=x style="display:table-row">', "<td>", False),
        ("@media (max-width:600px){.x{display:none}}", "<tr class=x>", "<td>", False),
        ("/* .x{display:none} */", "<tr class=x>", "<td>", False),
        ("div .x{display:none}", "<tr class=x>", "<td>", False),
        (".x:hover{display:none}", "<tr class=x>", "<td>", False),
        ("tr.y{display:none}", "<tr class=x>", "<td>", False),
        (".x{line-height:1.2}", "<tr class=x>", "<td>", False),
    ],
)
def test_what_style_blocks_hide(style: str, row: str, cell: str, hidden: bool) -> None:
    found = read(f"<html><head><style>{style}</style></head><body><table>{rows(row, cell)}</table></body></html>")
    assert (people(found.findings), people(found.findings, hidden=True)) == (
        (0, len(PEOPLE)) if hidden else (len(PEOPLE), 0)
    )


@pytest.mark.parametrize(
    ("nth", "hidden"),
    [
        ("3", {3}),
        ("odd", {1, 3, 5}),
        ("even", {2, 4, 6}),
        ("n+5", {5, 6}),
        ("-n+2", {1, 2}),
        ("3n", {3, 6}),
        ("x", set()),
    ],
)
def test_columns_that_nth_child_hides(nth: str, hidden: set[int]) -> None:
    source = f"<style>td:nth-child({nth}){{display:none}}</style><table>" + "<tr><td>1<td>2<td>3<td>4<td>5<td>6" * 2
    for row in html_items(source, "page"):
        if isinstance(row, Row):
            assert {index + 1 for index, _ in row.unseen} == hidden


def test_what_is_hidden_ends_where_the_next_row_or_item_begins_though_no_tag_says_so() -> None:
    source = "<table><tr style='display:none'><td>a<td>b<tr><td>c<td hidden>d<td>e</table><ul><li hidden>f<li>g</ul>"
    items = list(html_items(source, "page"))
    assert [[index for index, _ in each.unseen] for each in items if isinstance(each, Row)] == [[0, 1], [1]]
    assert [each.visibility is SEEN for each in items if isinstance(each, Text)] == [False, True]


def test_a_cell_of_which_all_is_hidden_is_hidden_and_one_of_which_some_is_seen_is_not() -> None:
    cells = ('<span style="display:none">a</span>', "<b hidden>b</b>c", " <i hidden>d</i> ")
    source = "<table><tr>" + "".join(f"<td>{each}</td>" for each in cells) + "</table>"
    (row,) = [each for each in html_items(source, "page") if isinstance(each, Row)]
    assert row.values == ("a", "bc", "d") and [index for index, _ in row.unseen] == [0, 2]


def test_what_attributes_carry() -> None:
    source = (
        '<meta name="author" content="Jo Marsh"><meta name=keywords content="a b">'
        '<p title="t1">x<img alt="a1" src="data:image/png;base64,AAAA"><input type=hidden value="v1">'
        '<input name=n value=v2><span data-nhs="999 339 5633">y</span><a href="mailto:anna@else.example">z</a>'
        "<!--[if gte mso 9]><xml><o:Author>Ben Smith</o:Author>"
        "<o:LastAuthor>Mary Jones</o:LastAuthor></xml><![endif]-->"
    )
    items = list(html_items(source, "page"))
    assert [(each.role, each.name) for each in items if isinstance(each, Person)] == [
        ("author", "Jo Marsh"),
        ("author", "Ben Smith"),
        ("last saved by", "Mary Jones"),
    ]
    by_cover = {why: [] for why in (Visibility.MARKUP, Visibility.FORM_VALUE, SEEN)}  # type: dict[Visibility, list[str]]
    for each in items:
        if isinstance(each, Text):
            by_cover[each.visibility].append(each.text)
    assert by_cover[Visibility.FORM_VALUE] == ["v1", "v2"]
    assert {"a b", "t1", "a1", "999 339 5633"} <= set(by_cover[Visibility.MARKUP])
    assert not any("anna@" in text for texts in by_cover.values() for text in texts)
    assert [each.kind for each in items if isinstance(each, Member)] == ["picture"]


def test_people_in_the_data_of_a_program_are_hidden_people() -> None:
    objects = ",".join(f'{{"name":"{name}","dob":"{born}","nhs":"{number}"}}' for name, born, number, _ in PEOPLE)
    found = read(f"<html><body><p>A map</p><script>var rows=[{objects}];</script></body></html>")
    assert people(found.findings, hidden=True) == len(PEOPLE) and people(found.findings) == 0


def test_people_in_hidden_fields_of_a_form() -> None:
    fields = "".join(f'<input type="hidden" value="{name} {number}">' for name, _, number, _ in PEOPLE)
    assert people(read(f"<html><form>{fields}</form></html>").findings, hidden=True) == len(PEOPLE)


@pytest.mark.parametrize("url", ["data:text/csv;base64,{base64}", "data:text/csv;charset=utf-8,{percent}"])
def test_a_file_in_a_data_url_is_read(url: str) -> None:
    csv = "\n".join(",".join(each) for each in PEOPLE)
    percent = csv.replace("\n", "%0A").replace(" ", "%20")
    link = url.format(base64=base64.b64encode(csv.encode()).decode(), percent=percent)
    assert people(read(f'<html><a href="{link}">x</a></html>').findings) == len(PEOPLE)
    broken = read('<html><a download=x.pdf href="data:application/pdf;base64,JVBERi0=">x</a></html>')
    assert broken.unread is not None or broken.findings == ()


def test_a_page_within_a_page() -> None:
    inner = PAGE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert people(read(f'<html><iframe srcdoc="{inner}"></iframe></html>').findings) == len(PEOPLE)


@pytest.mark.parametrize(
    "piece",
    [
        "<a title=",
        "a=",
        'a="',
        "<style>.x{",
        ".a.b:nth-child(2){display:none}",
        "<td>",
        "<tr><td>1",
        "&#",
        "<!--",
        "data:,",
        "<p data-x='",
    ],
)
def test_time_grows_with_the_length_and_not_faster(piece: str) -> None:
    import time

    def seconds(number: int) -> float:
        began = time.process_time()
        read(f"<html><style>.a{{display:none}}</style><p {piece * number}")
        return time.process_time() - began

    short, long = max(min(seconds(2_000) for _ in range(2)), 0.002), seconds(16_000)
    assert long < short * 8 * 4 + 0.2


def test_selectors_beyond_a_number_count_as_not_there() -> None:
    code = "".join(f"tr.a{n}.b{n}{{display:none}}" for n in range(100))
    assert len(styles_of(f"<style>{code}</style>").compound) == 16
