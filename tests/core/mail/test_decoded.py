# ruff: noqa: E501
"""Long bodies come in windows: nobody is lost or made at a cut, and nothing is held that could be read in pieces."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.mail import decoded
from mailguard.core.mail.decoded import TooLong, decoded_octets, decoded_texts
from mailguard.core.mail.mentions import mentions
from mailguard.core.mail.message import Message
from mailguard.core.mail.parse import parse

PEOPLE = [f"{'person' * (number % 3)}x{number}@dom{number % 7}{'y' * (number % 5)}.example" for number in range(3_000)]


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "WINDOW_OCTETS", 2_000)
    monkeypatch.setattr(decoded, "OVERLAP_OCTETS", 300)
    monkeypatch.setattr(decoded, "MAX_WIDE_OCTETS", 200_000)


def message(body: bytes, encoding: str, charset: str = "utf-8") -> Message:
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    head = f"To: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return parse(head.encode() + body)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("separator", ["\r\n", "\n", " ", ", ", ",", ";", "><"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
def test_everybody_is_found_once(encoding: str, separator: str, charset: str) -> None:
    if encoding == "8bit":
        charset = "utf-8"
    raw = message(separator.join(PEOPLE).encode(charset), encoding, charset)
    texts = list(decoded_texts(raw, raw.root))
    assert len(texts) > 10 or charset == "utf-16"
    assert all(len(text) <= 5_000 for text in texts) or charset == "utf-16"
    assert {address for text in texts for address in mentions(text)} == set(PEOPLE)


@pytest.mark.usefixtures("small_windows")
def test_a_wide_text_is_too_long_at_once() -> None:
    raw = message("\r\n".join(PEOPLE * 5).encode("utf-16"), "base64", "utf-16")
    with pytest.raises(TooLong):
        list(decoded_texts(raw, raw.root))


@settings(max_examples=50)
@given(st.binary(min_size=3_000, max_size=9_000), st.sampled_from(["8bit", "base64", "quoted-printable"]))
def test_pieces_are_the_whole(octets: bytes, encoding: str) -> None:
    raw = message(octets.replace(b"\r", b"x"), encoding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoded, "WINDOW_OCTETS", 1_000)
        assert b"".join(decoded._pieces(raw, raw.root)) == decoded_octets(raw, raw.root)
        list(decoded_texts(raw, raw.root))
