"""What is painted on a page, in the order in which it is painted: texts, and the shapes and pictures about them.

Promises: the budget is charged for each object; a mark that gives a text other words than its letters (/ActualText) is
taken off, so that what is read is what is seen. It must not judge (pdf_looks.py).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import addressof, c_float, c_int, c_uint, c_ulong
from dataclasses import dataclass, field

from ..budget import Budget
from .pdf_library import FORM, IMAGE, OPAQUE, PATH, SHADING, TEXT, Box, Matrix, Page

MAX_NESTING = 16
"""Forms within forms; deeper ones PDFium does not paint either."""
MAX_POINTS = 1_024
"""Of a shape; one with more is a drawing."""
_THIN = 1.5
"""Points: a line, which covers nothing."""
_STROKE = 3.0
"""Points: a stroke of this width is a bar."""
_STROKED, _INVISIBLE, _CLIPPING = 1, 3, 7
"""Text rendering modes (ISO 32000-2, table 104)."""
_FAINT = 13
"""Of 255: letters of which so little is painted are not seen."""
_MOVE = 2
"""FPDF_SEGMENT_MOVETO."""
_STRING = 3
"""FPDF_OBJECT_STRING."""
_FEWEST_RECTANGLE, _MOST_RECTANGLE = 4, 6
_MOST_CLIP = 64
_TINY_BOX = 4.0
Point = tuple[float, float]
Outline = tuple[tuple[Point, ...], ...]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Shape:
    """Something that covers what was painted before it. order: counts what is painted. colour: as 0xRRGGBB, None for a
    picture or a pattern. opaque: nothing shows through. outline: its parts by their corners where it is no rectangle;
    even_odd: what lies within two of them is outside."""

    order: int
    box: Box
    colour: int | None
    opaque: bool
    picture: bool = False
    outline: Outline = ()
    even_odd: bool = False


@dataclass(slots=True)
class Painted:
    """A text object. handle: PDFium's. invisible: painted in no colour at all; clipping: it only cuts what is painted
    after it. layers: of the optional content that it belongs to, by name, "" where that cannot be told. size: of its
    letters, 0 where their box is high enough. clip: what cuts it off."""

    handle: int
    order: int
    box: Box
    colour: int | None
    invisible: bool = False
    clipping: bool = False
    layers: tuple[str, ...] = ()
    size: float = 0.0
    turned: int = 0
    clip: Box | None = None


@dataclass(slots=True)
class Painting:
    """All of a page. sizeless: how many texts there are in letters of no size, of which PDFium tells nothing."""

    texts: list[Painted] = field(default_factory=list)
    sizeless: int = 0
    shapes: list[Shape] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)


class _Reader:
    """Reads the objects of one page; buffers are made once, since there are many objects."""

    def __init__(self, page: Page, masked: set[tuple[int, int]], budget: Budget) -> None:
        self._calls = page.calls
        self._page = page
        self._masked = masked
        self._budget = budget
        self.painting = Painting()
        self._order = 0
        self._floats = (c_float * 6)()
        self._at = addressof(self._floats)
        self._corner_places = (self._at, self._at + 4, self._at + 8, self._at + 12)
        self._colours = (c_uint * 4)()
        at = addressof(self._colours)
        self._colour_places = (at, at + 4, at + 8, at + 12)
        self._ints = (c_int * 2)()
        at = addressof(self._ints)
        self._int_places = (at, at + 4)
        self._words = ctypes.create_string_buffer(2_048)
        self._length = c_ulong()

    def read(self) -> Painting:
        calls, handle = self._calls, self._page.handle
        count = calls.FPDFPage_CountObjects(handle)
        self._each(handle, count, calls.FPDFPage_GetObject, IDENTITY, True, (), 0)
        for box, colour, solid in self._page.filled:
            self._order += 1
            self.painting.shapes.append(Shape(self._order, box, colour, solid))
        return self.painting

    def _each(
        self,
        parent: int,
        count: int,
        get: Callable[..., int | None],
        matrix: Matrix,
        opaque: bool,
        layers: tuple[str, ...],
        depth: int,
    ) -> None:
        calls = self._calls
        kind_of = calls.FPDFPageObj_GetType
        self._budget.spend_cells(max(0, count))
        for number in range(count):
            handle = get(parent, number)
            if not handle:
                continue
            self._order += 1
            kind = kind_of(handle)
            if kind == TEXT:
                self._text(handle, matrix, layers)
            elif kind == PATH:
                self._path(handle, matrix, opaque)
            elif kind in (IMAGE, SHADING):
                self._picture(handle, kind, matrix, opaque)
            elif kind == FORM and depth < MAX_NESTING:
                inner = self._matrix(handle)
                mine = layers + self._layers(handle) if calls.FPDFPageObj_CountMarks(handle) > 0 else layers
                solid = opaque and not calls.FPDFPageObj_HasTransparency(handle)
                number_inside = calls.FPDFFormObj_CountObjects(handle)
                joined = _joined(inner, matrix)
                self._each(handle, number_inside, calls.FPDFFormObj_GetObject, joined, solid, mine, depth + 1)

    def _text(self, handle: int, matrix: Matrix, layers: tuple[str, ...]) -> None:
        calls = self._calls
        box = self._box(handle, matrix)
        mode = calls.FPDFTextObj_GetTextRenderMode(handle)
        colour, alpha = self._colour(handle, calls.FPDFPageObj_GetStrokeColor if mode == _STROKED else None)
        if calls.FPDFPageObj_CountMarks(handle) > 0:
            layers = layers + self._layers(handle)
        painted = Painted(
            handle, self._order, box, colour, mode == _INVISIBLE or alpha < _FAINT, mode == _CLIPPING, layers
        )
        height, width = box[3] - box[1], box[2] - box[0]
        if height < _TINY_BOX or width < _TINY_BOX or height > 2 * width:
            self._measure(painted, matrix)
        painted.clip = self._clip(handle, matrix)
        self.painting.texts.append(painted)

    def _measure(self, painted: Painted, matrix: Matrix) -> None:
        """How large its letters are, and which way they run: 1 upwards, 2 downwards, 0 otherwise."""
        own = self._matrix(painted.handle)
        a, b, c, d, _, _ = _joined(own, matrix)
        size = self._floats
        self._calls.FPDFTextObj_GetFontSize(painted.handle, self._at)
        if size[0] == 0:
            self.painting.sizeless += 1
        across, up = (a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5
        painted.size = max(abs(size[0]) * min(across, up), 1e-6)
        if abs(b) > abs(a):
            painted.turned = 1 if b > 0 else 2
        if painted.size < 0.02:
            # PDFium reads nothing in letters of no size: for the reading they get one.
            large = (c_float * 6)(1_000, 0, 0, 1_000, own[4], own[5])
            self._calls.FPDFPageObj_SetMatrix(painted.handle, addressof(large))

    def _path(self, handle: int, matrix: Matrix, opaque: bool) -> None:
        calls = self._calls
        left, bottom, right, top = box = self._box(handle, matrix)
        if right - left < _THIN or top - bottom < _THIN:
            return
        if not calls.FPDFPath_GetDrawMode(handle, *self._int_places):
            return
        filled, stroked = self._ints
        if filled:
            colour, alpha = self._colour(handle)
        elif stroked and self._is_bar(handle):
            colour, alpha = self._colour(handle, calls.FPDFPageObj_GetStrokeColor)
        else:
            return
        if alpha < OPAQUE:
            return
        solid = opaque and not calls.FPDFPageObj_HasTransparency(handle)
        outline = self._outline(handle, matrix) if filled else ()
        clipped = _cut(box, self._clip(handle, matrix))
        if clipped is not None:
            self.painting.shapes.append(Shape(self._order, clipped, colour, solid, False, outline, filled == 1))

    def _is_bar(self, handle: int) -> bool:
        calls = self._calls
        calls.FPDFPageObj_GetStrokeWidth(handle, self._at)
        return self._floats[0] >= _STROKE and calls.FPDFPath_CountSegments(handle) == 2

    def _picture(self, handle: int, kind: int, matrix: Matrix, opaque: bool) -> None:
        calls = self._calls
        box = _cut(self._box(handle, matrix), self._clip(handle, matrix))
        if box is None or box[2] - box[0] < _THIN or box[3] - box[1] < _THIN:
            return
        solid = opaque and not calls.FPDFPageObj_HasTransparency(handle)
        if kind == IMAGE and self._masked and calls.FPDFImageObj_GetImagePixelSize(handle, *self._int_places):
            solid = solid and (self._colours_of_size()) not in self._masked
        self.painting.shapes.append(Shape(self._order, box, None, solid, kind == IMAGE))

    def _colours_of_size(self) -> tuple[int, int]:
        return int(self._ints[0]), int(self._ints[1])

    def _box(self, handle: int, matrix: Matrix) -> Box:
        if not self._calls.FPDFPageObj_GetBounds(handle, *self._corner_places):
            return 0.0, 0.0, 0.0, 0.0
        left, bottom, right, top, _, _ = self._floats
        return (left, bottom, right, top) if matrix is IDENTITY else _moved((left, bottom, right, top), matrix)

    def _matrix(self, handle: int) -> Matrix:
        if not self._calls.FPDFPageObj_GetMatrix(handle, self._at):
            return IDENTITY
        a, b, c, d, e, f = self._floats
        return a, b, c, d, e, f

    def _colour(self, handle: int, get: Callable[..., int] | None = None) -> tuple[int | None, int]:
        """And how much of what lies below it hides, 0 to 255."""
        if not (get or self._calls.FPDFPageObj_GetFillColor)(handle, *self._colour_places):
            return None, 255
        red, green, blue, alpha = self._colours
        return red << 16 | green << 8 | blue, alpha

    def _layers(self, handle: int) -> tuple[str, ...]:
        """The layers that its marks name. A mark with words of its own is taken off, and the words are kept."""
        calls, found, replaced = self._calls, [], []
        for number in range(min(calls.FPDFPageObj_CountMarks(handle), 64)):
            mark = calls.FPDFPageObj_GetMark(handle, number)
            if calls.FPDFPageObjMark_GetParamValueType(mark, b"ActualText") == _STRING:
                self._spoken(mark)
                replaced.append(mark)
            calls.FPDFPageObjMark_GetName(mark, addressof(self._words), 2_048, addressof(self._length))
            if self._words.raw[: self._length.value] == b"O\0C\0\0\0":
                found.append(self._word(mark, b"Name"))
        for mark in reversed(replaced):
            calls.FPDFPageObj_RemoveMark(handle, mark)
        return tuple(found)

    def _spoken(self, mark: int) -> None:
        words = self._word(mark, b"ActualText").strip()
        if words and (not self.painting.spoken or self.painting.spoken[-1] != words):
            self._budget.keep(len(words) + 64)
            self.painting.spoken.append(words)

    def _word(self, mark: int, key: bytes) -> str:
        self._length.value = 0
        get = self._calls.FPDFPageObjMark_GetParamStringValue
        if not get(mark, key, addressof(self._words), 2_048, addressof(self._length)):
            return ""
        return self._words.raw[: min(self._length.value, 2_048)].decode("utf-16-le", "replace").rstrip("\0")

    def _clip(self, handle: int, matrix: Matrix) -> Box | None:
        """What cuts it off, as a box; None where nothing does, or nothing as simple as a box."""
        calls = self._calls
        path = calls.FPDFPageObj_GetClipPath(handle)
        if not path:
            return None
        box: Box | None = None
        for number in range(min(calls.FPDFClipPath_CountPaths(path), 8)):
            count = calls.FPDFClipPath_CountPathSegments(path, number)
            if not 0 < count <= _MOST_CLIP:
                continue
            corners = range(3) if _FEWEST_RECTANGLE <= count <= _MOST_RECTANGLE else range(count)
            points = [self._point(calls.FPDFClipPath_GetPathSegment(path, number, at)) for at in corners]
            around = _around(points)
            box = around if box is None else _cut(box, around) or (0.0, 0.0, 0.0, 0.0)
        return box if box is None or matrix is IDENTITY else _moved(box, matrix)

    def _outline(self, handle: int, matrix: Matrix) -> Outline:
        """In the page's own coordinates; none where it is a rectangle along the page. Curves by their controls."""
        calls = self._calls
        count = calls.FPDFPath_CountSegments(handle)
        if count > MAX_POINTS:
            return (((0.0, 0.0),),)
        self._budget.spend_tags(count)
        segments = [calls.FPDFPath_GetPathSegment(handle, at) for at in range(count)]
        points = [self._point(each) for each in segments]
        if count <= _MOST_RECTANGLE and len({x for x, _ in points}) <= 2 and len({y for _, y in points}) <= 2:
            return ()
        whole = _joined(self._matrix(handle), matrix)
        parts: list[list[Point]] = []
        for segment, point in zip(segments, points, strict=True):
            if not parts or calls.FPDFPathSegment_GetType(segment) == _MOVE:
                parts.append([])
            parts[-1].append(_point_moved(point, whole))
        return tuple(map(tuple, parts))

    def _point(self, segment: int | None) -> Point:
        if not segment:
            return 0.0, 0.0
        self._calls.FPDFPathSegment_GetPoint(segment, self._at, self._at + 4)
        return self._floats[0], self._floats[1]


def read_painting(page: Page, masked: set[tuple[int, int]], budget: Budget) -> Painting:
    """masked: sizes of pictures, in dots, through which something shows."""
    return _Reader(page, masked, budget).read()


def _joined(first: Matrix, then: Matrix) -> Matrix:
    if then is IDENTITY:
        return first
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _point_moved(point: Point, matrix: Matrix) -> Point:
    x, y = point
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _moved(box: Box, matrix: Matrix) -> Box:
    left, bottom, right, top = box
    return _around(
        [_point_moved(each, matrix) for each in ((left, bottom), (left, top), (right, bottom), (right, top))]
    )


def _around(points: list[Point]) -> Box:
    across, up = [x for x, _ in points], [y for _, y in points]
    return min(across), min(up), max(across), max(up)


def _cut(box: Box, by: Box | None) -> Box | None:
    """What is left of a box within another, None where nothing is."""
    if by is None:
        return box
    left, bottom = max(box[0], by[0]), max(box[1], by[1])
    right, top = min(box[2], by[2]), min(box[3], by[3])
    return (left, bottom, right, top) if left < right and bottom < top else None
