"""Candidates in running text."""

from __future__ import annotations

import pytest

from mailguard.inspection.find import spelled

LINES = [
    "NHS no. 943 476 5919, born 12/03/1984, QQ 12 34 56 C, M1 1AA, 07700 900123",
    "GB82 WEST 1234 5698 7654 32 and 4111 1111 1111 1111, 20-00-00 12345678, 078-05-1120, MORGA657054SM9IJ",
    "1XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "3 May 1984",
    "",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_without_an_address_has_the_same_candidates_as_with_the_whole_pattern(line: str) -> None:
    whole = [(each.lastgroup, each.span()) for each in spelled._CANDIDATE.finditer(line)]
    assert [(each.lastgroup, each.span()) for each in spelled.candidates(line)] == whole
    behind = [(each.lastgroup, each[0]) for each in spelled.candidates(f"{line}, ann@council.example")]
    assert behind == [(each.lastgroup, each[0]) for each in spelled.candidates(line)] + [
        ("email", "ann@council.example")
    ]
