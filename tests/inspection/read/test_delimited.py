"""Tables in plain text, in the encodings and with the delimiters that programs write."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.delimited import find_delimiter, read_delimited
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from mailguard.inspection.stream import SEEN, Row, Visibility

ROWS = [["Name", "Born", "Town"], ["Zoë Ashdown", "1938-04-30", "Köln, Süd"], ["Bran; Birkett", "1940-01-02", "Ely"]]


def rows(data: bytes) -> list[list[str]]:
    return [list(item.values) for item in read_delimited(data, Budget()) if isinstance(item, Row)]


def written(delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(ROWS)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_and_delimiters(delimiter: str, codec: str) -> None:
    assert rows(written(delimiter).encode(codec)) == ROWS


def test_excels_own_hint() -> None:
    assert rows(b"sep=;\r\na,1;b,2\r\n") == [["a,1", "b,2"]]
    assert find_delimiter("sep=;") == (";", 5)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_ends_of_lines(ends: str) -> None:
    assert rows(f"a,b{ends}c,d{ends}".encode()) == [["a", "b"], ["c", "d"]]


def test_a_quote_that_nobody_closes_hides_nothing() -> None:
    lines = ["name,number", '"Ada,1', *(f"Person {n},{n}" for n in range(20_000))]
    found = rows("\n".join(lines).encode())
    assert found[0] == ["name", "number"] and ["Person 19999", "19999"] in found


def test_empty_lines_count_but_are_no_rows() -> None:
    items = [item for item in read_delimited(b"a,b\n\n,\nc,d\n", Budget()) if isinstance(item, Row)]
    assert [item.number for item in items] == [1, 4]


def test_the_name_decides_for_plain_text() -> None:
    assert [item for item in read_spreadsheet(b"a,b\n", Budget(), "List.CSV") if isinstance(item, Row)]
    with pytest.raises(Uninspectable):
        read_spreadsheet(b"a,b\n", Budget())


def test_cells_are_limited() -> None:
    with pytest.raises(Uninspectable, match="10 cells"):
        list(read_delimited(b"a,b\n" * 10, Budget(Limits(cells=10))))


@given(st.binary(max_size=2_000))
def test_any_octets(data: bytes) -> None:
    list(read_delimited(data, Budget()))


def test_rows_behind_many_empty_lines_are_far_away() -> None:
    near, far = b"a,b\n" + b"\n" * 90 + b"c,d\n", b"a,b\n" + b"\n" * 1_500 + b"c,d\n"
    assert [row.visibility for row in _rows_of(near)] == [SEEN, SEEN]
    assert [row.visibility for row in _rows_of(far)] == [SEEN, Visibility.FAR_AWAY]


def test_cells_behind_many_empty_columns_are_far_away() -> None:
    near, far = b"a\tb" + b"\t" * 30 + b"c\n", b"a\tb" + b"\t" * 60 + b"c\td\n"
    assert [row.unseen for row in _rows_of(near)] == [()]
    assert [row.unseen for row in _rows_of(far)] == [((61, Visibility.FAR_AWAY), (62, Visibility.FAR_AWAY))]
    wide = b",".join(b"h%d" % number for number in range(100)) + b"\n"
    assert [row.unseen for row in _rows_of(wide + b"x" + b"," * 99 + b"y\n")] == [(), ()], "headings lead the way there"


def _rows_of(data: bytes) -> list[Row]:
    return [item for item in read_delimited(data, Budget()) if isinstance(item, Row)]
