"""Which words of a message are compared."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.earlier.words import MOST_WORDS, own_text, own_words, plain_words
from mailguard.core.mail.parse import parse
from tests.core.earlier.texts import LAWYER, LETTERS, SIGNATURE

TEXT = LETTERS[0]


def message(body: str, *fields: str) -> bytes:
    head = ["From: jo@elmroad.example", "Subject: The clinic moves", *fields, ""]
    return "\r\n".join([*head, body]).encode()


def words_of(raw: bytes) -> tuple[str, ...]:
    return own_words(parse(raw), "The clinic moves")


PLAIN = words_of(message(TEXT))


def test_words_without_links_addresses_and_figures() -> None:
    text = "Ring 01632 960001 or write to jo@x.example, see https://x.example/?a=b and www.x.example. Grüße, Ärzte!"
    assert plain_words(text) == ("ring", "or", "write", "to", "see", "and", "grüße".casefold(), "ärzte")


@pytest.mark.parametrize(
    "around",
    [
        "{}" + SIGNATURE,
        "{}" + LAWYER,
        "{}" + SIGNATURE + LAWYER,
        "{}\n\n-- \nJo Marsh\nElm Road",
        "{}\n\n> an older text that somebody wrote\n> and that goes on",
        "{}\n\nOn Monday, 9 March 2026, Anna Cole wrote:\n\nan older text without marks",
        "{}\n\nAm 09.03.2026 um 10:00 schrieb Anna:\n> ein älterer Text",
        "{}\n\n-----Original Message-----\nFrom: Anna\nan older text",
        "{}\n\n________________________________\nFrom: Anna <anna@x.example>\nSent: Monday\nan older text",
        "{}\n\nVon: Anna Cole <anna@x.example>\nGesendet: Montag\nein älterer Text",
    ],
)
def test_quotes_signatures_and_lawyers_are_left_out(around: str) -> None:
    assert words_of(message(around.format(TEXT))) == PLAIN


def test_html_says_the_same_as_plain_text() -> None:
    head = "<head><style>p {color: red}</style><title>x</title></head>"
    html = f"<html>{head}<body><p>{TEXT}</p><!-- no --></body></html>"
    assert words_of(message(html, "Content-Type: text/html")) == PLAIN


def test_encodings_make_no_difference() -> None:
    encoded = base64.encodebytes(TEXT.encode()).decode().replace("\n", "\r\n")
    fields = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64")
    assert words_of(message(encoded, *fields)) == PLAIN


def test_a_short_text_is_told_with_its_subject() -> None:
    assert words_of(message("See attached.")) == ("the", "clinic", "moves", "see", "attached")


def test_who_only_passes_on_is_known_by_what_he_passes_on() -> None:
    forwarded = f"FYI\n\n-----Original Message-----\nFrom: Anna\n{TEXT}"
    assert set(PLAIN) <= set(words_of(message(forwarded)))


def test_scripts_without_spaces_are_compared_by_pairs() -> None:
    assert plain_words("説明会を開催") == ("説明", "明会", "会を", "を開", "開催")


@given(st.text(max_size=2_000))
def test_it_is_total_and_bounded(text: str) -> None:
    assert len(plain_words(text)) <= MOST_WORDS
    own_text(text)
    words_of(message(text.replace("\n", " ")))


def test_long_texts_stay_linear() -> None:
    for text in ("a" * 200_000, "<style>" * 30_000, "-" * 200_000, "wrote " * 40_000, "From: " * 40_000):
        words_of(message(text))
        words_of(message(text, "Content-Type: text/html"))
