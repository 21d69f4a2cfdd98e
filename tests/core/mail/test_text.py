"""Decoding of header text, the way back to the raw octets, and its totality."""

from __future__ import annotations

import email.header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailguard.core.mail.text import (
    comment_end,
    decode_base64,
    decode_charset,
    decode_percent,
    decode_text,
    decode_words,
    without_comments,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b" Plain words\r\n", "Plain words"),
        (b" one\r\n two", "one two"),
        (b"=?utf-8?q?J=C3=B6rg_M?=", "Jörg M"),
        (b"=?utf-8?B?SsO2cmc=?=", "Jörg"),
        (b"=?utf-8?B?SsO2cmc?=", "Jörg"),
        (b"=?utf-8?q?J=C3?= =?utf-8?q?=B6rg?=", "Jörg"),
        (b"=?utf-8?q?a?=\r\n =?iso-8859-1?q?=E4?= b", "aä b"),
        (b"=?windows-1252?q?=80?=", "€"),
        (b"=?CP1252?q?=80?=", "€"),
        (b"=?gb2312?b?xOO6ww==?=", "你好"),
        (b"=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=", "山田"),
        (b"=?utf-8*en?q?x?=", "x"),
        (b"=?nonesuch?q?=C3=B6?=", "ö"),
        (b"=?nonesuch?q?=F6?=", "ö"),
        (b"=?unicode_escape?q?x=5Cq?=", "x\\q"),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"=?utf-8?q?open", "=?utf-8?q?open"),
        ("Grüße".encode(), "Grüße"),
        (b"Gr\xfc\xdfe", "Grüße"),
        (b"", ""),
    ],
)
def test_text_as_a_person_reads_it(value: bytes, text: str) -> None:
    assert decode_text(value) == text


@pytest.mark.parametrize("charset", ["idna", "punycode", "rot13", "undefined", "mbcs", "zlib", "../../x", "", "é"])
def test_a_name_in_a_message_never_chooses_another_codec(charset: str) -> None:
    assert decode_charset(b"abc", charset) == "abc"


@pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
def test_an_address_split_over_words_with_byte_order_marks_is_one(charset: str) -> None:
    address = "somebody.with.a.rather.long.name@patients.example"
    encoded = email.header.Header(address.encode(charset), charset).encode(linesep="\r\n", maxlinelen=70)
    assert encoded.count("=?") > 1 and decode_text(encoded.encode("ascii")) == address


@given(st.text(max_size=40), st.sampled_from(["utf-8", "utf-16", "iso-8859-1", "koi8-r"]))
@example("0" * 40, "utf-16")
def test_what_the_standard_library_encodes_is_decoded(text: str, charset: str) -> None:
    try:
        octets = text.encode(charset)
    except UnicodeEncodeError:
        return
    if not text.isprintable() or text != text.strip() or not octets:
        return
    encoded = email.header.Header(octets, charset).encode(linesep="\r\n", maxlinelen=70)
    if "=?" in encoded:
        assert decode_text(encoded.encode("ascii")) == text


def test_spans_of_readings() -> None:
    value = b"ab =?utf-8?q?x=40y?= cd"
    reading = decode_words(value)
    assert reading.text == b"ab x@y cd"
    assert reading.decoded() == b"x@y"
    assert reading.span(0, 2) == (0, 2)
    assert value[slice(*reading.span(3, 6))] == b"=?utf-8?q?x=40y?="
    assert value[slice(*reading.span(7, 9))] == b"cd"
    assert value[slice(*reading.span(1, 8))] == b"b =?utf-8?q?x=40y?= c"
    assert decode_words(b"").span(0, 0) == (0, 0)


@given(st.binary(max_size=200))
def test_readings_are_total_and_their_spans_lie_in_the_value(value: bytes) -> None:
    decode_text(value)
    decode_base64(value)
    for reading in (decode_words(value), decode_percent(value), without_comments(value)):
        for start in range(len(reading.text)):
            begin, end = reading.span(start, start + 1)
            assert 0 <= begin < end <= len(value)


def test_percent_forms() -> None:
    assert decode_percent(b"a%40b%zz%4").text == b"a@b%zz%4"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"a (b) c", b"a  c"),
        (b"a (b (c) d) e", b"a  e"),
        (b"a (b \\) c) d", b"a  d"),
        (b'"a (b)" c', b'"a (b)" c'),
        (b"a (b", b"a (b"),
        (b"a ) b", b"a ) b"),
    ],
)
def test_comments_are_taken_out(value: bytes, text: bytes) -> None:
    assert without_comments(value).text == text


def test_where_a_comment_ends() -> None:
    assert comment_end(b"(a(b)c)d", 0, 8) == 7
    assert comment_end(b"((a)", 0, 4) is None
