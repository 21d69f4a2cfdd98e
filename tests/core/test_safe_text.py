"""What a held message says, as text: a few fields, its text, what else it carries; of any bytes whatever."""

from __future__ import annotations

import time
from base64 import encodebytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.safe_text import LIMIT, OtherPart, SafeText, safe_text, without_tags

HEAD = (
    b"Received: from pc\r\nFrom: Jo <jo@elmroad.example>\r\nTo: ann@outside.example,\r\n bob@outside.example\r\n"
    b"Cc: =?utf-8?q?J=C3=B6rg?= <j@outside.example>\r\nSubject: =?utf-8?q?Flu_clinic_=E2=80=93_new?=\r\n"
    b"Date: Fri, 20 Nov 2026 14:00:00 +0000\r\nMIME-Version: 1.0\r\n"
)


def read(rest: bytes, limit: int = LIMIT) -> SafeText:
    return safe_text(parse(HEAD + rest), limit)


def parts(*each: bytes, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in each)
    return b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + body + b"--b--\r\n"


PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\nDear all"
HTML = b"Content-Type: text/html\r\n\r\n<style>p {}</style><p>Dear&nbsp;<b>all</b></p><p>Jo"
SHEET = (
    b'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="list.xlsx"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(b"x" * 57_000).replace(b"\n", b"\r\n").strip()
)
NOTE = b'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nnot the text'


def test_the_fields_are_decoded_and_others_left_out() -> None:
    assert read(b"\r\nHello\r\n").fields == (
        ("From", "Jo <jo@elmroad.example>"),
        ("To", "ann@outside.example, bob@outside.example"),
        ("Cc", "Jörg <j@outside.example>"),
        ("Subject", "Flu clinic – new"),
        ("Date", "Fri, 20 Nov 2026 14:00:00 +0000"),
    )


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        (b"\r\nDear all\r\n\r\nJo\r\n", "Dear all\n\nJo"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nJ\xf6rg\r\n", "Jörg"),
        (b"Content-Transfer-Encoding: quoted-printable\r\n\r\nJ=C3=B6=\r\nrg\r\n", "Jörg"),
        (b"Content-Transfer-Encoding: base64\r\n\r\nSsO2cmc=\r\n", "Jörg"),
        (parts(NOTE, PLAIN, SHEET), "Dear all"),
        (parts(PLAIN, HTML, kind=b"alternative"), "Dear all"),
    ],
)
def test_the_text_is_the_first_that_a_reader_shows(rest: bytes, text: str) -> None:
    found = read(rest)
    assert (found.text, found.text_from, found.shortened) == (text, "text/plain", False)


def test_html_alone_is_stripped_and_said_so() -> None:
    found = read(HTML)
    assert (found.text, found.text_from) == ("Dear\xa0all\n\nJo", "text/html")
    assert without_tags("a<br>b<script>alert('<p>')</script> <td>1<td>2 &lt;p&gt; 3 < 4") == "a\nb 1 2 <p> 3 < 4"


def test_what_is_hidden_in_a_style_that_never_ends_is_not_shown() -> None:
    assert without_tags("seen<style>x<p>unseen") == "seen"


def test_names_types_and_sizes_of_the_rest() -> None:
    sheet, html = read(parts(PLAIN, SHEET, HTML)).others
    assert (sheet.names, sheet.media_type) == (("list.xlsx",), "application/octet-stream")
    assert 56_000 < sheet.octets < 58_000
    assert html == OtherPart((), "text/html", len(HTML.partition(b"\r\n\r\n")[2]), "3")


def test_without_a_text_there_is_none() -> None:
    found = read(parts(SHEET, NOTE))
    assert (found.text, found.text_from, len(found.others)) == ("", None, 2)


def test_long_text_and_long_fields_are_cut() -> None:
    found = read(b"\r\n" + b"word " * 10_000)
    assert (len(found.text), found.shortened) == (LIMIT, True)
    many = safe_text(parse(b"To: " + b"ann@outside.example, " * 5_000 + b"\r\n\r\nx\r\n"))
    assert [len(value) for _, value in many.fields] == [LIMIT]


@pytest.mark.parametrize("piece", ["<", "<style>", "<!--", "<p", "</", "&#", " <p> ", "\n<br>"])
def test_html_is_stripped_in_linear_time(piece: str) -> None:
    before = time.process_time()
    without_tags(piece * 60_000)
    assert time.process_time() - before < 3


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_have_some_text(octets: bytes) -> None:
    for raw in (octets, HEAD + octets, HEAD + parts(octets, octets)):
        found = safe_text(parse(raw), 100)
        assert len(found.text) <= 100 and all(len(value) <= 100 for _, value in found.fields)
