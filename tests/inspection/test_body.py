"""Bodies and the tables that are pasted into them, as the stream that the detectors read."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.bodies import is_attachment
from mailguard.core.mail.decoded import decoded_octets
from mailguard.core.mail.message import Message
from mailguard.core.mail.parse import parse
from mailguard.inspection.body import Written, body_items, text_items
from mailguard.inspection.budget import Budget
from mailguard.inspection.enclosed import Found
from mailguard.inspection.find.finding import find
from mailguard.inspection.html_tables import html_items
from mailguard.inspection.stream import SEEN, Row, Table, Text, Visibility
from tests.inspection.find import invented

RNG = random.Random(11)
PATIENTS = [(invented.full_name(RNG), invented.nhs_number(RNG), invented.birth(RNG)) for _ in range(20)]
HEADINGS = ("Patient", "NHS number", "DOB")


def people(items: object, hidden: bool = False) -> int:
    found = find(items)  # type: ignore[arg-type]
    return sum(each.count for each in found if each.kind == "people_rows" and each.hidden is hidden)


def body_stream(message: Message) -> Iterator[Found | None]:
    """The texts of a message, one after the other."""
    for part in message.root.walk():
        if not part.children and not is_attachment(part):
            written = Written(part.media_type == "text/html", part.parameters.get("charset", ""))
            yield from body_items(decoded_octets(message, part), written, Budget())


def html_table(rows: list[tuple[str, ...]], attributes: str = "") -> str:
    cells = "".join(f"<tr{attributes}>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><body><p>Dear all,<br>see below</p><table>{cells}</table><p>Regards</p></body></html>"


def message(body: str, media_type: str = "text/plain", more: str = "") -> bytes:
    return (
        f"From: a@elmroad.example\r\nTo: b@else.example\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: {media_type}; charset=utf-8\r\n{more}\r\n{body}"
    ).encode()


@pytest.mark.parametrize("separator", ["\t", ";", ", ", " | ", "     "])
def test_lines_that_a_separator_cuts_are_a_table(separator: str):
    text = "Dear all,\nplease find them below.\n\n" + "\n".join(map(separator.join, [HEADINGS, *PATIENTS]))
    items = list(text_items(text + "\n\nKind regards\nMary", "the message text"))
    assert sum(isinstance(each, Row) for each in items) == 21
    assert people(items) == 20
    assert [each.text for each in items if isinstance(each, Text)][:1] == ["Dear all,"]


def test_a_table_that_was_quoted():
    lines = ["> " + "\t".join(row) for row in [HEADINGS, *PATIENTS]]
    assert people(text_items("\n".join(lines), "the message text")) == 20


def test_prose_with_commas_is_no_table():
    prose = "Dear Mary, thank you for the long letter that you wrote to us last week, which we read with interest.\n"
    items = list(text_items(prose * 5 + "As I said, no, and again, no.\n", "the message text"))
    assert all(isinstance(each, Text) for each in items)


def test_an_html_table():
    items = list(html_items(html_table([HEADINGS, *PATIENTS]), "the message text"))
    assert people(items) == 20
    assert [each.text for each in items if isinstance(each, Text)] == ["Dear all,", "see below", "Regards"]


def test_tables_within_tables_that_lay_out_the_page():
    inner = html_table([HEADINGS, *PATIENTS])
    items = list(html_items(f"<table><tr><td>Logo</td><td>{inner}</td></tr><tr><td>Foot</td></tr></table>", "text"))
    rows = [each for each in items if isinstance(each, Row)]
    assert rows[0].values == HEADINGS
    assert people(items) == 20


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        (' style="display:none"', Visibility.HIDDEN_TEXT),
        (" style='visibility: hidden'", Visibility.HIDDEN_TEXT),
        (" hidden", Visibility.HIDDEN_TEXT),
        (' style="font-size:0px"', Visibility.TINY_TEXT),
        (' style="color:#ffffff"', Visibility.SAME_COLOUR),
        (' style="color:#ffffff;background:#003366"', SEEN),
        (' style="line-height:0.9"', SEEN),
    ],
)
def test_what_a_style_hides(attributes: str, why: Visibility):
    items = list(html_items(html_table(PATIENTS, attributes), "text"))
    rows = [each for each in items if isinstance(each, Row)]
    assert {reason for row in rows for _, reason in row.unseen} == (set() if why is SEEN else {why})
    assert people(items, hidden=why is not SEEN) == 20


def test_a_hidden_element_around_a_table_hides_it_and_nothing_after_it():
    source = f'<div style="display:none">secret{html_table(PATIENTS)}</div><p>shown</p>'
    items = list(html_items(source, "text"))
    assert [(each.text, each.visibility) for each in items if isinstance(each, Text)][-1] == ("shown", SEEN)
    assert people(items, hidden=True) == 20


def test_spans_entities_and_breaks_in_cells():
    source = "<table><tr><td colspan=2>A&amp;B</td><td>C<br>D</td></tr><tr><td>1<td>2<td>3</table>"
    rows = [each for each in html_items(source, "text") if isinstance(each, Row)]
    assert [row.values for row in rows] == [("A&B", "", "C D"), ("1", "2", "3")]


def test_comments_and_scripts_are_markup():
    items = list(html_items("a<!-- b --><script>c</script><style>d{}</style>e", "text"))
    assert [(each.text, each.visibility) for each in items if isinstance(each, Text)] == [
        ("b", Visibility.MARKUP),
        ("c", Visibility.MARKUP),
        ("d{}", Visibility.MARKUP),
        ("ae", SEEN),
    ]


def test_bodies_of_a_message_and_no_attachment():
    lines = "\r\n".join("\t".join(row) for row in [HEADINGS, *PATIENTS])
    assert people(body_stream(parse(message(lines)))) == 20
    assert people(body_stream(parse(message(html_table([HEADINGS, *PATIENTS]), "text/html")))) == 20
    attached = "Content-Disposition: attachment; filename=a.txt\r\n"
    assert people(body_stream(parse(message(lines, more=attached)))) == 0


def test_two_alternatives_are_the_same_people():
    text = "\r\n".join("\t".join(row) for row in [HEADINGS, *PATIENTS])
    body = (
        f"--x\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
        f"--x\r\nContent-Type: text/html\r\n\r\n{html_table([HEADINGS, *PATIENTS])}\r\n--x--\r\n"
    )
    raw = message(body, "multipart/alternative; boundary=x")
    assert people(body_stream(parse(raw))) == 20


@given(st.text(alphabet="<>/ab!-tdr=\"' &;#:\n\t,|1", max_size=300))
def test_any_text_gives_a_stream(text: str):
    for items in (list(html_items(text, "text")), list(text_items(text, "text"))):
        table: Table | None = None
        for item in items:
            table = item if isinstance(item, Table) else table
            assert not isinstance(item, Row) or table is not None
        find(items)


@given(st.text(alphabet="ab 1,;\t|\n", max_size=300))
def test_no_word_of_a_plain_text_is_lost(text: str):
    items = list(text_items(text, "text"))
    texts = [each.text for each in items if isinstance(each, Text)]
    read = " ".join([*texts, *(value for each in items if isinstance(each, Row) for value in each.values)])
    for letter in "ab1":
        assert read.count(letter) == text.count(letter)
