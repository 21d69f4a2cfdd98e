"""What is looked for first, because it is fast, never hides what the patterns would find."""

from __future__ import annotations

import pytest

from mailguard.core.earlier import recall, words

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
