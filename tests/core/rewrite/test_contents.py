# ruff: noqa: E501
"""A message whose text names somebody hidden is not rewritten: a header without them would be no use."""

from __future__ import annotations

import base64

import pytest

from mailguard.core.errors import CannotRewrite
from mailguard.core.rewrite import contents, sentences

from .submission import BODY, hide_bcc, hide_separate, letter

LEAK, OTHER, NURSE = "leak@o.example", "other@p.example", "nurse@elmroad.example"
TO = b"To: other@p.example, leak@o.example, nurse@elmroad.example"


def typed(kind: bytes, body: bytes, encoding: bytes = b"8bit") -> bytes:
    fields = (b"MIME-Version: 1.0", b"Content-Type: " + kind, b"Content-Transfer-Encoding: " + encoding)
    return letter(TO, *fields, body=body)


def parts(*bodies: bytes) -> bytes:
    inner = b"".join(b"--b\r\n" + body + b"\r\n" for body in bodies)
    return typed(b"multipart/mixed; boundary=b", inner + b"--b--\r\n")


HTML = b"text/html; charset=utf-8"
PLACES = {
    "text": letter(TO, body=b"Hello,\r\nask leak@o.example.\r\n"),
    "capitals": letter(TO, body=b"LEAK@O.Example\r\n"),
    "quoted header": letter(TO, body=b"> From: a@elmroad.example\r\n> To: Leak <leak@o.example>\r\n"),
    "attribution": letter(TO, body=b"On Monday, Leak <leak@o.example> wrote:\r\n"),
    "signature": letter(TO, body=b"-- \r\nLeak\r\n<mailto:leak@o.example>\r\n"),
    "bounce address": letter(TO, body=b"bounce-leak=o.example@lists.example\r\n"),
    "base64": typed(b"text/plain", base64.encodebytes(b"leak@o.example"), b"base64"),
    "quoted-printable": typed(b"text/plain", b"le=\r\nak=40o.example\r\n", b"quoted-printable"),
    "utf-16": typed(b"text/plain; charset=utf-16", base64.encodebytes("leak@o.example".encode("utf-16")), b"base64"),
    "html": typed(HTML, b"<p>leak@o.example</p>\r\n"),
    "entities": typed(HTML, b"<p>leak&#64;o&period;example</p>\r\n"),
    "hidden html": typed(HTML, b"<p style='display:none'>leak@o.example</p>\r\n"),
    "comment": typed(HTML, b"<!-- leak@o.example -->\r\n"),
    "link": typed(HTML, b'<a href="mailto:leak%40o.example">write</a>\r\n'),
    "title": typed(HTML, b'<b title="leak@o.example">Leak</b>\r\n'),
    "divided": typed(HTML, b"<p>leak<wbr>@<b>o.example</b></p>\r\n"),
    "second part": parts(b"\r\nHello", b"Content-Type: text/plain; name=a.txt\r\n\r\nleak@o.example"),
    "contact list": parts(b"\r\nHello", b"Content-Type: text/csv\r\n\r\nLeak,leak@o.example"),
    "vcard": parts(b"\r\nHello", b"Content-Type: text/vcard\r\n\r\nBEGIN:VCARD\r\nEMAIL:leak@o.exam\r\n ple\r\nEND:VCARD"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("rewrite", [hide_bcc, hide_separate], ids=["bcc", "separate"])
def test_not_rewritten_while_the_text_shows_them(place: str, rewrite: type) -> None:
    with pytest.raises(CannotRewrite) as caught:
        rewrite(PLACES[place], OTHER, LEAK, NURSE)
    assert str(caught.value) == sentences.IN_TEXT


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        b"Hello, ask nurse@elmroad.example or clinic@elmroad.example.\r\n",
        b"Hello, ask stranger@o.example, or j.leak@o.example.\r\n",
    ],
)
def test_others_may_be_named(body: bytes) -> None:
    hide_bcc(letter(TO, body=body), OTHER, LEAK, NURSE)
    hide_separate(letter(TO, body=body), OTHER, LEAK, NURSE)


def test_whoever_is_alone_outside_may_read_their_own_address() -> None:
    raw = letter(b"Cc: leak@o.example, nurse@elmroad.example", body=b"You are leak@o.example.\r\n")
    hide_separate(raw, LEAK, NURSE)
    hide_bcc(raw, LEAK, NURSE)


def test_hidden_staff_may_be_named_in_the_text() -> None:
    raw = letter(TO, body=b"Ask nurse@elmroad.example.\r\n")
    hide_separate(raw, OTHER, LEAK, NURSE, above=0)


def test_a_long_text_is_searched_to_its_end() -> None:
    raw = letter(TO, body=b"word " * contents._SEARCHED_CHARACTERS + b"\r\nleak@o.example\r\n")
    with pytest.raises(CannotRewrite):
        hide_separate(raw, OTHER, LEAK)
