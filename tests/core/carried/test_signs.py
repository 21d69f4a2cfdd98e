"""What is looked for in every text is found wherever the plainer pattern, tried at every character, finds it."""

from __future__ import annotations

import re
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.carried import walk
from mailguard.core.mail import mentions as module
from mailguard.core.mail.mentions import mentions

PGP = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE | re.IGNORECASE)
ENCODED_FILE = re.compile(
    r"^(?:begin(?:-base64)? [0-7]{3,4} [^\n]{1,255}\n[ -~]{2,78}\n"
    r"|=ybegin line="
    r"|\(this file must be converted with binhex)",
    re.MULTILINE | re.IGNORECASE,
)
TEXTS = st.lists(
    st.sampled_from(
        [
            *(
                "begin 644 list.csv\n#86)C\n",
                "BEGIN 0644 x",
                "\n",
                " ",
                "begin",
                "-base64 644 y\nAAAA\n",
                "b\u0131gin 644 z",
            ),
            *(
                "b\u0131gin 644 z",
                "BEG\u0130N 644 x\n#8\n",
                "=ybegin line=",
                "=YBEGIN LINE=128",
                "\u017f",
                "=",
                "(",
                "#86)C\n\u212a\n",
            ),
            *(
                "(This file must be converted with BinHex",
                "(thi\u017f file mu\u017ft be converted with b\u0131nhex 4.0)",
            ),
            *("-----BEGIN PGP MESSAGE-----", "-----begin pgp message-----\t", "------", "-----", "x", "\r", "\u2028"),
        ]
    ),
    max_size=6,
).map("".join)
SPELLED = st.lists(
    st.sampled_from(
        [
            *("anna", "x.example", "@", "[at]", "(AT)", "{at}", " (at) ", "[dot]", "(dot)", "%40", "%2540", "%28at%29"),
            *(
                "&#64;",
                "&commat;",
                "\\u0040",
                "\\'40",
                "\uff20",
                "\ufe6b",
                "a\u200bt)",
                "(a\u00adt)",
                "\u00e4t]",
                "(",
                ")",
            ),
            *("at", "[", "]", " ", "\n", ".", "-", "%", "&", "\\", "Jo", "\u0130", "references:"),
        ]
    ),
    max_size=9,
).map("".join)


@given(TEXTS)
def test_a_file_within_a_text_and_what_is_sealed_are_found_alike(text: str) -> None:
    for quick, plain in ((walk._PGP, PGP), (walk._ENCODED_FILE, ENCODED_FILE)):
        found, expected = quick.search(text), plain.search(text)
        assert (found and found.span()) == (expected and expected.span())


@given(st.one_of(SPELLED, st.text(max_size=40)))
def test_a_text_that_may_hold_no_at_sign_mentions_nobody(text: str) -> None:
    if not module._may_hold_at_sign(text):
        assert "@" not in _read_in_full(text)


@given(SPELLED)
def test_mentions_are_those_of_a_text_with_an_at_sign_elsewhere(text: str) -> None:
    """An at sign of nobody's has the whole text read."""
    assert mentions(text) == mentions(f"{text}\n@")


def test_texts_that_mention_nobody_are_not_read() -> None:
    for text in ("Dear all,\nsee you (perhaps) on Thursday.", "a [b] {c}", "", "na\u00efve \u2019s"):
        assert not module._may_hold_at_sign(text)


def _read_in_full(text: str) -> str:
    with mock.patch.object(module, "_may_hold_at_sign", lambda _: True):
        return module._plain(text)
