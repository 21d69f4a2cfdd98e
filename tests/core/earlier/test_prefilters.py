"""What is looked for first, because it is fast, never hides what the patterns would find."""

from __future__ import annotations

import hashlib
import itertools
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.earlier import recall, similarity, words

RECALLS = [
    "Jo would like to recall the message, plan.",
    "JO WOULD LIKE TO RECALL THE MESSAGE",
    "möchte die Nachricht vom Montag zurückrufen",
    "MÖCHTE DIE NACHRICHT ZURÜCKRUFEN",
    "souhaite rappeler le message",
    "desea recuperar el mensaje",
    "desidera richiamare il messaggio",
    "wil het bericht van vandaag intrekken",
    # Letters that a pattern takes for s, i and k.
    "would lıke to recall the meſſage",
    "wil het bericht intre\u212a\u212aen",
]

LAWYERS = [
    "this is confidential and may be privileged",
    "confidential, confidential",
    "received this in error or received it by fax in error",
    "a vıruſ, unſubſcribe",
    "if you are not the intended recipient: disclaimer",
    "vertraulich und irrtümlich",
    "we monitored the weather",
    "",
]

QUOTES = [
    "On Monday Ann wrote:",
    "Am Montag schrieb Ann Lee folgendes:",
    "Ann skrev：",
    "-----Original Message-----",
    "____________________",
    "From: Ann [mailto:ann]",
    "*Von:* Ann <ann>",
    "From: ann@council.example",
    "We wrote to them",
    "",
]


@pytest.mark.parametrize("text", RECALLS)
def test_no_recall_is_missed(text: str) -> None:
    assert recall._RECALL_TEXT.search(text), "the pattern is what is to be found"
    assert recall.is_recall("", text)


@pytest.mark.parametrize("text", [*LAWYERS, *(each.upper().lower() for each in LAWYERS)])
def test_a_paragraph_of_lawyers_is_one_by_the_pattern(text: str) -> None:
    assert words._of_lawyers(text) is (len(set(words._LAWYERS.findall(text))) >= 2)


@pytest.mark.parametrize("line", QUOTES)
def test_a_line_above_a_quote_is_one_by_the_pattern(line: str) -> None:
    assert words._begins_quote(line) is (words._QUOTE.fullmatch(line) is not None)


CORRECTS = [
    "Correction: the date",
    "CORRIGENDUM!",
    "a corrected invitation",
    "Please ignore my previous email",
    "delete the below message",
    "the email went out in error",
    "die Nachricht kam irrtümlich",
    "Sorry about that message",
    "ſorry for the mix-up",
    "Entschuldigung für die Nachricht",
    "ENTSCHULDİGUNG für die Nachricht",
    "je suis désolée pour la confusion",
    "your addresses were visible",
    "my last email was incorrect",
    "the first message had a wrong date",
    "Richtigstellung – der Termin",
]


@pytest.mark.parametrize("text", CORRECTS)
def test_no_correction_is_missed(text: str) -> None:
    assert recall._CORRECTS.search(text), "the pattern is what is to be found"
    assert recall.may_correct(text)
    assert recall.takes_back("", text)


PIECES = st.sampled_from(
    [
        "word",
        "Word.",
        "(word)",
        "www.",
        "www",
        "www.x",
        "a",
        "'s",
        "it's",
        "x@y",
        "a://b",
        "://",
        "a1",
        "ſ",
        "straße",
        "語語語",
    ]
)


@given(st.lists(PIECES | st.text("ab.w:/@1_'\"ß\u0e01\u0130 ", max_size=6), max_size=30))
def test_words_are_those_that_the_patterns_find(chunks: list[str]) -> None:
    expected: list[str] = []
    for chunk in " ".join(chunks).casefold().split():
        if "@" in chunk or "://" in chunk or chunk.startswith("www.") or words._FIGURE.search(chunk):
            continue
        for word in words._WORD.findall(chunk):
            expected.extend(words._pairs(word) if words._UNSPACED.search(word) else (word,))
    assert words.plain_words(" ".join(chunks)) == tuple(expected)


BIN = st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]) | st.integers(0, 0xFFFF)


@given(st.lists(st.tuples(BIN, BIN) | BIN.map(lambda each: (each, each)), min_size=128, max_size=128))
def test_bins_are_compared_one_by_one(bins: list[tuple[int, int]]) -> None:
    one, other = (array("H", each).tobytes() for each in zip(*bins, strict=True))
    empty = sum(x == y == 0xFFFF for x, y in bins)
    same = sum(x == y for x, y in bins) - empty
    assert similarity.resemblance(one, other) == (same / (128 - empty) if empty < 128 else 0.0)


@given(st.lists(st.text("abcdef", min_size=2, max_size=5), min_size=5, max_size=80), st.binary(max_size=64))
def test_each_pair_is_hashed_under_the_key(found: list[str], key: bytes) -> None:
    smallest = [1 << 64] * 128
    for first, second in itertools.pairwise(found):
        hashed = hashlib.blake2b(f"{first} {second}".encode(), digest_size=8, key=key, person=b"mailguard text")
        number = int.from_bytes(hashed.digest())
        smallest[number % 128] = min(smallest[number % 128], number // 128)
    bins = [0xFFFF if each == 1 << 64 else min(each & 0xFFFF, 0xFFFE) for each in smallest]
    assert similarity.fingerprint(found, key) == array("H", bins).tobytes()
