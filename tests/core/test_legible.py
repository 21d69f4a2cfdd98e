"""Text from outside, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.legible import legible, legible_lines, without_addresses


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Flu clinic – new dates", "Flu clinic – new dates"),
        ("a\r\nBcc: x", "a␍␊Bcc: x"),
        ("bell\x07 escape\x1b[31m del\x7f", "bell␇ escape␛[31m del␡"),
        ("invoice\u202efdp.exe", "invoice[U+202E]fdp.exe"),
        ("zero\u200bwidth\ufeff", "zero[U+200B]width[U+FEFF]"),
        ("line\u2028separator\x85end", "line[U+2028]separator[U+0085]end"),
        ("tab\tand   spaces ", "tab and spaces"),
        ("lone \udcff surrogate", "lone \ufffd surrogate"),
        ("family 👨\u200d👩\u200d👧 می\u200cخواهم", "family 👨\u200d👩\u200d👧 می\u200cخواهم"),
        ("", ""),
        ("\r\n \t", ""),
    ],
)
def test_legible(text: str, shown: str) -> None:
    assert legible(text) == shown


def test_long_text_ends_in_an_ellipsis() -> None:
    assert legible("x" * 300) == "x" * 199 + "…"
    assert len(legible("\u202e" * 300)) == 200
    assert legible("x" * 200) == "x" * 200


@given(st.text(max_size=500))
def test_is_one_short_line_without_anything_that_hides_or_moves(text: str) -> None:
    shown = legible(text)
    assert len(shown) <= 200
    assert legible(shown) == shown
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in shown)
    assert all(each in "\u200c\u200d" for each in shown if unicodedata.category(each) == "Cf")


def test_lines_stay_lines() -> None:
    assert legible_lines("one\r\ntwo\n\n\x1bthree\rfour\x0bfive") == ("one", "two", "␛three", "four␋five")
    assert legible_lines(" \n ") == ()
    assert sum(map(len, legible_lines("y\n" * 9_000))) <= 4_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("288 people in Cc", "288 people in Cc"),
        ("sent to ann@outside.example and Bob <bob@o.example>.", "sent to (an address) and Bob (an address)"),
        ("ann＠outside.example", "(an address)"),
    ],
)
def test_without_addresses(text: str, shown: str) -> None:
    assert without_addresses(text) == shown


@given(st.text())
def test_without_addresses_leaves_no_at_sign(text: str) -> None:
    assert not set(without_addresses(text)) & set("@＠﹫")
