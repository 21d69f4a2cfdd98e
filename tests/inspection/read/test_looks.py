"""Which letters can be seen on which ground, and which cells are near."""

from __future__ import annotations

import pytest

from mailguard.inspection.read.colour import BLACK, INDEXED, THEME, WHITE, read_colour, same_to_the_eye, shade
from mailguard.inspection.read.far import NearArea


@pytest.mark.parametrize(
    ("one", "other"), [(WHITE, WHITE), (0xFCFCFC, WHITE), (0xF2F2F2, WHITE), (0x010101, BLACK), (0xC00000, 0xC20000)]
)
def test_nobody_tells_these_apart(one: int, other: int) -> None:
    assert same_to_the_eye(one, other) and same_to_the_eye(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [(BLACK, WHITE), (0xD9D9D9, WHITE), (0xA6A6A6, WHITE), (WHITE, 0x4F81BD), (0xFFFF00, WHITE), (0xFF0000, 0x00A000)],
)
def test_these_can_be_read(one: int, other: int) -> None:
    assert not same_to_the_eye(one, other)


def test_colours_as_they_are_written() -> None:
    def read(**attributes: str) -> int | None:
        return read_colour(attributes, THEME, INDEXED)

    assert read(rgb="FFC00000") == 0xC00000 and read(theme="0") == WHITE and read(indexed="9") == WHITE
    assert read(theme="0", tint="-0.5") == shade(WHITE, -0.5) == 0x808080
    assert read(auto="1") is read(rgb="x") is read(theme="99") is read(indexed="-x") is None


def test_what_grows_without_a_gap_is_near() -> None:
    area = NearArea()
    assert not any(area.is_far_row(row) for row in range(1, 5_000, 90))
    assert area.far_from(list(range(1, 300))) is None


def test_what_lies_beyond_a_gap_is_far() -> None:
    area = NearArea()
    assert not area.is_far_row(3) and area.is_far_row(104) and area.is_far_row(1_048_576)
    assert not area.is_far_row(103)
    assert area.far_from([1, 2, 60]) == 60
    assert area.far_from([1, 2, 42]) is None
