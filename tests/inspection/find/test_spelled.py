"""Candidates in running text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.find import spelled
from mailguard.inspection.find.free_text import may_hold
from mailguard.inspection.find.lines import has_reference

WHOLE = re.compile(f"{spelled._ADDRESS}|{spelled._NUMBERED}")
LINES = [
    "NHS no. 943 476 5919, born 12/03/1984, QQ 12 34 56 C, M1 1AA, 07700 900123",
    "GB82 WEST 1234 5698 7654 32 and 4111 1111 1111 1111, 20-00-00 12345678, 078-05-1120, MORGA657054SM9IJ",
    "1XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "3 May 1984",
    "",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_without_an_address_has_the_same_candidates_as_with_the_whole_pattern(line: str) -> None:
    whole = [(each.lastgroup, each.span()) for each in WHOLE.finditer(line)]
    assert [(each.lastgroup, each.span()) for each in spelled.candidates(line)] == whole
    behind = [(each.lastgroup, each[0]) for each in spelled.candidates(f"{line}, ann@council.example")]
    assert behind == [(each.lastgroup, each[0]) for each in spelled.candidates(line)] + [
        ("email", "ann@council.example")
    ]


@given(st.lists(st.sampled_from([*"ABKQMxyz .,-/()+:", "CR", "M1", " ", "9", "SW"]), max_size=40).map("".join))
def test_in_ascii_an_identifier_has_an_at_sign_or_two_digits_and_a_reference_three(line: str) -> None:
    if may_hold(line) is None:
        assert not list(spelled.candidates(line)) and not has_reference(line)


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_whatever_ascii_it_is(line: str) -> None:
    if may_hold(line) is None:
        assert not list(spelled.candidates(line)) and not has_reference(line)


def test_the_shortest_identifiers_may_be_held() -> None:
    assert all(may_hold(each) for each in ("M1 1AA", "a@b.example", "1/2/98", "AB/123"))
    assert not any(map(may_hold, ("Ward 7", "", "at 9, please", "7XXXXXXXX")))


ADDRESSED = st.lists(
    st.sampled_from(
        [
            *(
                "@",
                "a@b.example",
                "jo.smith+x@",
                "else.example",
                ".",
                "-",
                " ",
                "x",
                "9" * 70,
                "w" * 64,
                "%'",
                "\u00e9",
            ),
            *("12/03/1984", "0770 090 0123", "M1 1AA", "943 476 5919", "AB 12 34 56 C", "@1.2", "+", "(0", "\u00e9"),
        ]
    ),
    max_size=8,
).map("".join)


@given(st.one_of(ADDRESSED, st.text(st.sampled_from("a@.9 -0/"), max_size=30)))
def test_addresses_are_found_where_one_pattern_for_all_finds_them(line: str) -> None:
    whole = [(each.lastgroup, each.span(), each.string) for each in WHOLE.finditer(line)]
    assert [(each.lastgroup, each.span(), each.string) for each in spelled.candidates(line)] == whole
