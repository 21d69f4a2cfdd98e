"""Counts of distinct values: exact, then estimates that are right within the error they promise."""

from __future__ import annotations

import pytest

from mailguard.inspection.find.distinct import KEPT, Distinct


def counted(*parts: range) -> int:
    distinct = Distinct()
    for part in parts:
        distinct.add(f"value {number}" for number in part)
    return distinct.count()


@pytest.mark.parametrize("number", [0, 1, 5_305, KEPT])
def test_exact_while_there_are_few(number: int):
    assert counted(range(number), range(number)) == number


@pytest.mark.parametrize("number", [KEPT + 1, 33_345, 200_000])
def test_an_estimate_where_there_are_many(number: int):
    assert counted(range(number), range(number)) == pytest.approx(number, rel=0.03)


def test_memory_is_bounded():
    distinct = Distinct()
    distinct.add(str(number) for number in range(300_000))
    assert len(distinct._hashes or ()) < 2 * KEPT and not distinct._values


@pytest.mark.parametrize(("left", "right"), [(100, 100), (30_000, 100), (100, 30_000), (40_000, 40_000)])
def test_two_counts_put_together(left: int, right: int):
    one, other = Distinct(), Distinct()
    one.add(str(number) for number in range(left))
    other.add(str(number) for number in range(left // 2, left // 2 + right))
    one.merge(other)
    assert one.count() == pytest.approx(max(left, left // 2 + right), rel=0.03)
