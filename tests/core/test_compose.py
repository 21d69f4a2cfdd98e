"""Fields and parts as bytes: what is written is read back, and stays one field."""

from __future__ import annotations

import email.header
import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.compose import (
    Part,
    mailbox,
    multipart,
    plain_field,
    quoted_printable,
    serialise,
    text_field,
    whole_field,
)


def decoded(field: bytes) -> str:
    value = field.decode("ascii").partition(": ")[2].replace("\r\n", "")
    pieces = email.header.decode_header(value)
    return "".join(piece.decode(charset or "ascii") if isinstance(piece, bytes) else piece for piece, charset in pieces)


@pytest.mark.parametrize("value", ["Plain words", "=?utf-8?q?not_decoded?=", "Grüße 👋", "x" * 500, ""])
def test_text_field(value: str) -> None:
    field = text_field("Subject", value)
    assert decoded(field) == value
    assert all(len(line) <= 78 for line in field.split(b"\r\n"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_text_field_holds_any_text(value: str) -> None:
    field = text_field("Subject", value)
    assert field.isascii()
    assert re.search(rb"\r\n(?!$|[ ])", field) is None
    assert all(len(line) <= 78 for line in field.split(b"\r\n"))
    if value.strip():
        assert decoded(field) == value


def test_a_plain_field_folds_between_words_and_swallows_line_ends() -> None:
    field = plain_field("Diagnostic-Code", "smtp; 550 " + "word " * 40 + "\r\nBcc: x")
    assert re.search(rb"\r\n(?!$| )", field) is None
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert b"Bcc:" in field


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\0b", "\x1b"])
def test_a_whole_field_refuses_what_is_no_line(value: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        whole_field("To", value)


def test_mailbox_quotes_or_encodes_the_name() -> None:
    assert mailbox('The "Elm" Road\\', "a@b.example") == '"The \\"Elm\\" Road\\\\" <a@b.example>'
    assert mailbox("Ärzte", "a@b.example") == "=?utf-8?b?w4RyenRl?= <a@b.example>"


@given(st.binary(max_size=300))
def test_quoted_printable_is_read_back_with_canonical_line_ends(octets: bytes) -> None:
    encoded = quoted_printable(octets)
    assert encoded.isascii()
    assert encoded.endswith(b"\r\n")
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    assert re.search(rb"(?m)^\.\r$|[ \t]\r$", encoded) is None
    plain = b"\r\n".join(re.split(rb"\r\n|\r|\n", octets))
    assert quopri.decodestring(encoded) == (plain if plain.endswith(b"\r\n") else plain + b"\r\n")


def test_a_multipart_refuses_a_body_that_holds_its_boundary() -> None:
    with pytest.raises(ValueError, match="boundary"):
        multipart("mixed", "b", (Part((), b"--b\r\n"),))


def test_serialise() -> None:
    whole = multipart("mixed", "b", (Part((("Content-Type", "text/plain"),), b"one\r\n"), Part((), b"two\r\n")))
    assert serialise(whole) == (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\none\r\n\r\n--b\r\n\r\ntwo\r\n\r\n--b--\r\n"
    )
