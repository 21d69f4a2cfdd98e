"""A cell of a table that goes into a spreadsheet (THREATS.md T65)."""

from __future__ import annotations

import pytest

from mailguard.console.table_file import cell


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("=1+1", "'=1+1"),
        (" @SUM(A1)", "'@SUM(A1)"),
        ("Hello;=1+cmd|' /C calc'!A0", "Hello;'=1+cmd|' /C calc'!A0"),
        ("Hello; -2|+3", "Hello; '-2|'+3"),
        ("a - b, c=d", "a - b, c=d"),
        ("\uff1d1+1;\uff201", "'\uff1d1+1;'\uff201"),
    ],
)
def test_no_cell_begins_like_a_formula(written: str, shown: str) -> None:
    assert cell(written) == shown
