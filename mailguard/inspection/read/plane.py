"""Where shapes lie on a page: off it, one within another, and which points of it they take.

Pure geometry on parallelograms, which is what a rectangle becomes in groups that move, stretch, turn and mirror it.
Units are whatever the format has (EMU, points). Total on finite numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

_FARTHEST = 1e15


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """x' = a x + c y + e, y' = b x + d y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def of(self, x: float, y: float) -> Point:
        return Point(self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)

    def after(self, inner: Matrix) -> Matrix:
        """First the inner one, then this."""
        origin, right, down = (
            self.of(inner.e, inner.f),
            self.of(inner.a + inner.e, inner.b + inner.f),
            self.of(inner.c + inner.e, inner.d + inner.f),
        )
        return Matrix(
            *(_bounded(each) for each in (right.x - origin.x, right.y - origin.y)),
            *(_bounded(each) for each in (down.x - origin.x, down.y - origin.y)),
            *(_bounded(each) for each in (origin.x, origin.y)),
        )


def moved(x: float, y: float) -> Matrix:
    return Matrix(e=x, f=y)


def turned(degrees: float, x: float = 0.0, y: float = 0.0) -> Matrix:
    """Clockwise, as pages have y downwards, around a point."""
    angle = math.radians(math.fmod(degrees, 360.0))
    sine, cosine = math.sin(angle), math.cos(angle)
    return Matrix(cosine, sine, -sine, cosine, x - cosine * x + sine * y, y - sine * x - cosine * y)


@dataclass(frozen=True, slots=True)
class Area:
    """A parallelogram by its corners in order. box: left, top, right, bottom of what holds it."""

    corners: tuple[Point, Point, Point, Point]
    box: tuple[float, float, float, float]

    def is_off(self, page: Area) -> bool:
        """Whether no point of it lies on the other; a common edge is none."""
        if _apart(self.box, page.box):
            return True
        return any(_separates(axis, self.corners, page.corners) for axis in (*_normals(self), *_normals(page)))

    def holds(self, point: Point) -> bool:
        if not (self.box[0] <= point.x <= self.box[2] and self.box[1] <= point.y <= self.box[3]):
            return False
        sides = [_side(a, b, point) for a, b in zip(self.corners, self.corners[1:] + self.corners[:1], strict=True)]
        return all(side >= 0 for side in sides) or all(side <= 0 for side in sides)

    def covers(self, other: Area) -> bool:
        """Whether the other lies within it."""
        if (
            self.box[0] > other.box[0]
            or self.box[1] > other.box[1]
            or self.box[2] < other.box[2]
            or self.box[3] < other.box[3]
        ):
            return False
        return self.size > 0 and all(self.holds(corner) for corner in other.corners)

    @property
    def size(self) -> float:
        first, second, _, last = self.corners
        return abs(_side(first, second, last))

    def samples(self) -> tuple[Point, ...]:
        """The middle, and four points half way to the corners."""
        x = sum(corner.x for corner in self.corners) / 4
        y = sum(corner.y for corner in self.corners) / 4
        return (Point(x, y), *(Point((x + corner.x) / 2, (y + corner.y) / 2) for corner in self.corners))


def area(matrix: Matrix, left: float, top: float, width: float, height: float) -> Area:
    """Of a rectangle in the space of the matrix."""
    right, bottom = left + width, top + height
    corners = (matrix.of(left, top), matrix.of(right, top), matrix.of(right, bottom), matrix.of(left, bottom))
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    return Area(corners, (min(across), min(down), max(across), max(down)))


def _apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[2] <= other[0] or one[0] >= other[2] or one[3] <= other[1] or one[1] >= other[3]


def _normals(shape: Area) -> tuple[Point, Point]:
    first, second, _, last = shape.corners
    return Point(first.y - second.y, second.x - first.x), Point(first.y - last.y, last.x - first.x)


def _separates(axis: Point, one: tuple[Point, ...], other: tuple[Point, ...]) -> bool:
    if axis.x == 0 == axis.y:
        return False
    first = [axis.x * point.x + axis.y * point.y for point in one]
    second = [axis.x * point.x + axis.y * point.y for point in other]
    return max(first) <= min(second) or max(second) <= min(first)


def _side(start: Point, end: Point, point: Point) -> float:
    return (end.x - start.x) * (point.y - start.y) - (end.y - start.y) * (point.x - start.x)


def _bounded(value: float) -> float:
    return max(-_FARTHEST, min(_FARTHEST, value)) if value == value else 0.0
