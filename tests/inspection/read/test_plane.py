"""Where shapes lie on a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.read.plane import Matrix, area, moved, turned

NUMBERS = st.floats(-1e15, 1e15)
PAGE = area(Matrix(), 0, 0, 10, 10)


def test_what_touches_the_page_from_outside_is_off_it() -> None:
    assert area(moved(10, 0), 0, 0, 5, 5).is_off(PAGE)
    assert not area(moved(9.9, 0), 0, 0, 5, 5).is_off(PAGE)
    assert area(moved(-5, -5), 0, 0, 5, 5).is_off(PAGE)


def test_a_turned_shape_beside_a_corner_is_off_the_page_though_its_box_is_not() -> None:
    shape = area(turned(45, 12, 12), 9, 10.5, 6, 3)
    assert shape.box[0] < 10 and shape.box[1] < 10.5
    assert area(turned(-45, 12, 12), 8, 11, 8, 2).is_off(PAGE)


def test_a_shape_covers_what_lies_within_it_and_no_more() -> None:
    cover = area(turned(30, 5, 5), 0, 0, 10, 10)
    assert cover.covers(area(Matrix(), 4, 4, 2, 2))
    assert not cover.covers(area(Matrix(), 0, 0, 10, 10))
    assert not area(Matrix(), 0, 0, 0, 0).covers(area(Matrix(), 0, 0, 0, 0))


def test_transforms_come_one_after_the_other() -> None:
    assert moved(1, 2).after(turned(90)).of(1, 0) == pytest.approx((1, 3))
    assert turned(90).after(moved(1, 2)).of(0, 0) == pytest.approx((-2, 1))


@given(numbers=st.lists(NUMBERS, min_size=10, max_size=10))
def test_any_numbers_give_an_answer(numbers: list[float]) -> None:
    shape = area(moved(*numbers[:2]).after(turned(numbers[2], *numbers[3:5])), *numbers[5:9])
    assert shape.is_off(PAGE) in (True, False) and shape.covers(PAGE) in (True, False)
    assert not (shape.is_off(PAGE) and shape.covers(PAGE))
