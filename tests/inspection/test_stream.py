"""The values of the stream: what hides a cell, and that they cannot change."""

from __future__ import annotations

import pytest

from mailguard.inspection.stream import SEEN, Cell, ColumnSpan, Row, Table, Text, Visibility, cells, why_unseen


def test_a_cell_is_seen_only_if_its_table_its_row_its_column_and_itself_are():
    hidden_column = Table("sheet 1", columns=(ColumnSpan(2, 3, Visibility.HIDDEN_COLUMN),))
    row = Row(1, ("a", "b"))
    assert why_unseen(hidden_column, row, 1) is SEEN
    assert why_unseen(hidden_column, row, 2) is Visibility.HIDDEN_COLUMN
    assert why_unseen(hidden_column, row, 4, Visibility.SAME_COLOUR) is Visibility.SAME_COLOUR
    filtered = Row(2, ("a", "b"), visibility=Visibility.FILTERED_ROW)
    assert why_unseen(hidden_column, filtered, 2) is Visibility.FILTERED_ROW
    very_hidden = Table("sheet 2", Visibility.VERY_HIDDEN_SHEET)
    assert why_unseen(very_hidden, filtered, 1) is Visibility.VERY_HIDDEN_SHEET


def test_the_cells_of_a_row_stand_in_their_columns():
    row = Row(7, ("a", "", "c"), columns=(1, 2, 9), unseen=((2, Visibility.SAME_COLOUR),))
    assert cells(Table("sheet 1"), row) == (Cell(7, 1, "a"), Cell(7, 9, "c", Visibility.SAME_COLOUR))
    assert cells(Table("sheet 1"), Row(1, ("x", "y"))) == (Cell(1, 1, "x"), Cell(1, 2, "y"))


def test_nothing_in_it_can_change():
    with pytest.raises(AttributeError):
        Text("a", "page 1").text = "b"
    with pytest.raises(AttributeError):
        Row(1, ("a",)).number = 2


def test_only_one_kind_is_seen():
    assert [each for each in Visibility if each.seen] == [SEEN]
    assert len({each.value for each in Visibility}) == len(Visibility)
