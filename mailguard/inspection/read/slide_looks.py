"""What hides a text on a slide: where its shape lies, what lies over it, and how its letters stand on their ground.

Promises: what cannot be told (a picture as the ground, a colour that no theme names) hides nothing; work is bounded by
a count of comparisons of shapes. It must not know parts, nor what is made of a judgement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..budget import Uninspectable
from ..stream import SEEN, Visibility
from .drawing_colour import Colour, Fill, Scheme, is_lost
from .plane import Area, Matrix, Point, area
from .slide_shapes import Font, Page, Paragraph, Run, Shape, TableCell
from .xlsx_styles import TINY_POINTS

MAX_COMPARISONS = 2_000_000
"""Of a shape with another, in one presentation; a second or two. A busy slide of 100 shapes takes 10,000."""
_INSETS = 91_440.0, 45_720.0
"""EMU between the frame of a text and its letters (20.1.10.2 of bodyPr), left and right, above and below."""
_FULL = frozenset(["rect", "roundRect", "round2SameRect", "snip1Rect", "round1Rect", "flowChartProcess", "bevel"])
_TITLES = frozenset(["title", "ctrTitle"])
_BODIES = frozenset(["body", "subTitle", "obj", "tbl", "chart", "dgm", "media", "clipArt", "pic"])
_BLACK = Fill("solid", (Colour(scheme="tx1"),))
_WHITE = Fill("solid", (Colour(scheme="bg1"),))


@dataclass(slots=True)
class Comparisons:
    """How many there were, in the whole file."""

    count: int = 0

    def spend(self, count: int) -> None:
        self.count += count
        if self.count > MAX_COMPARISONS:
            raise Uninspectable("has more shapes upon each other than are compared")


@dataclass(frozen=True, slots=True)
class Above:
    """What a slide inherits. pages: its layout and its master, as far as there are; default: of the presentation."""

    pages: tuple[Page, ...]
    scheme: Scheme
    default: Mapping[int, Font] = field(default_factory=dict)

    def placeholders(self, shape: Shape) -> tuple[Shape, ...]:
        """Those that a placeholder takes after, the nearest first: by its number, else by its type."""
        if shape.placeholder is None:
            return ()
        found: list[Shape] = []
        kind, index = shape.placeholder
        for page in self.pages:
            held = [each for each in page.shapes if each.placeholder is not None]
            same = [each for each in held if index and each.placeholder and each.placeholder[1] == index]
            like = [each for each in held if each.placeholder and _family(each.placeholder[0]) == _family(kind)]
            chosen = (same if page.root == "sldLayout" else []) or like
            found += chosen[:1]
            if chosen and chosen[0].placeholder and kind == "obj":
                kind = chosen[0].placeholder[0]
        return tuple(found)

    def styles(self, shape: Shape) -> Mapping[int, Font]:
        """The list style of the master for texts of this kind."""
        kind = "otherStyle"
        if shape.placeholder is not None:
            family = _family(shape.placeholder[0])
            kind = {"title": "titleStyle", "body": "bodyStyle"}.get(family, "otherStyle")
        found = [page.text_styles[kind] for page in self.pages if kind in page.text_styles]
        return found[-1] if found else {}


def _family(kind: str) -> str:
    return "title" if kind in _TITLES else "body" if kind in _BODIES else kind


@dataclass(frozen=True, slots=True)
class _Placed:
    """A shape that paints: its area, and what it paints."""

    area: Area
    fill: Fill
    whole: Area | None


class Looks:
    """Of one slide. Shapes are asked for by their number, since those that come later lie above."""

    def __init__(self, page: Page, above: Above, size: tuple[float, float], comparisons: Comparisons) -> None:
        self._page, self._above, self._comparisons = page, above, comparisons
        self._scheme = above.scheme
        self._slide = area(Matrix(), 0, 0, *size)
        for shape in page.shapes:
            comparisons.spend(sum(len(each.shapes) for each in above.pages) if shape.placeholder is not None else 0)
        self._inherited = [above.placeholders(shape) for shape in page.shapes]
        behind = [each for other in self._behind() for each in other.shapes if each.placeholder is None]
        self._below = [found for shape in behind if (found := self._placed(shape, ())) is not None]
        self._here = [
            self._placed(shape, inherited) for shape, inherited in zip(page.shapes, self._inherited, strict=True)
        ]
        painted = [(number, each) for number, each in enumerate(self._here) if each is not None]
        self._covers = [(number, each.whole) for number, each in painted if each.whole is not None]
        comparisons.spend(len(behind) + len(page.shapes))
        grounds = [page.background, *(other.background for other in above.pages)]
        self._ground = next((fill for fill in grounds if fill is not None), _WHITE)
        fills = [each.fill for each in (*self._below, *self._here) if each is not None]
        self._fills = {self._scheme.colours(fill) for fill in (*fills, self._ground)}

    def _behind(self) -> list[Page]:
        """The pages whose shapes show behind those of the slide, the lowest first."""
        shown: list[Page] = []
        page = self._page
        for other in self._above.pages:
            if not page.shows_master:
                break
            shown.append(other)
            page = other
        return shown[::-1]

    def _placed(self, shape: Shape, inherited: Sequence[Shape]) -> _Placed | None:
        fill = Fill("picture") if shape.kind == "pic" else _fill(shape, inherited)
        where = _where(shape, inherited)
        if fill is None or fill.is_nothing or where is None or shape.hidden or shape.fallback:
            return None
        matrix, width, height = where
        painted = area(matrix, 0, 0, width, height)
        return _Placed(painted, fill, _whole(shape, matrix, width, height) if fill.is_opaque else None)

    def place(self, number: int) -> tuple[Matrix, float, float] | None:
        """Where a shape lies, and its width and height."""
        return _where(self._page.shapes[number], self._inherited[number])

    def why_unseen(self, number: int) -> Visibility:
        """What hides all that a shape shows."""
        shape = self._page.shapes[number]
        if shape.hidden:
            return Visibility.HIDDEN_TEXT
        if shape.fallback:
            return Visibility.MARKUP
        where = self.place(number)
        return SEEN if where is None else self.why_area_unseen(number, where[0], 0, 0, *where[1:])

    def why_area_unseen(
        self, number: int, matrix: Matrix, left: float, top: float, width: float, height: float
    ) -> Visibility:
        """The same of a part of it, such as a row of a table."""
        across, down = min(_INSETS[0], width / 4), min(_INSETS[1], height / 4)
        text = area(matrix, left + across, top + down, width - 2 * across, height - 2 * down)
        if text.is_off(self._slide):
            return Visibility.OFF_PAGE
        over = self._covers[bisect_right(self._covers, number, key=lambda each: each[0]) :]
        self._comparisons.spend(len(over))
        if any(whole.covers(text) for _, whole in over):
            return Visibility.COVERED
        return SEEN

    def of_run(self, number: int, paragraph: Paragraph, run: Run) -> Visibility:
        """What hides the letters of a run of a shape."""
        if run.hidden:
            return Visibility.HIDDEN_TEXT
        shape, inherited = self._page.shapes[number], self._inherited[number]
        levels: list[Mapping[int, Font]] = [shape.levels]
        if shape.style_font is not None:
            levels.append({paragraph.level: shape.style_font})
        levels += [each.levels for each in inherited]
        levels += [self._above.styles(shape), self._above.default]
        fill, size = _font(run, paragraph.level, levels)
        own = _fill(shape, inherited)
        return self._judge(number, fill or _BLACK, size * shape.scale, own)

    def of_cell_run(self, number: int, cell: TableCell, paragraph: Paragraph, run: Run, painted: bool) -> Visibility:
        """The same in a cell of a table. painted: a style paints the cell, in colours that are not known here."""
        if run.hidden:
            return Visibility.HIDDEN_TEXT
        table = self._page.shapes[number].table
        fill, size = _font(
            run, paragraph.level, [cell.levels, self._above.styles(self._page.shapes[number]), self._above.default]
        )
        if run.font.fill is None and table is not None and table.styled:
            fill = Fill("picture")
        own = cell.fill
        if own is None and painted:
            own = Fill("picture")
        return self._judge(number, fill or _BLACK, size, own)

    def _judge(self, number: int, letters: Fill, size: float, own: Fill | None) -> Visibility:
        if 0 < size <= TINY_POINTS:
            return Visibility.TINY_TEXT
        if letters.is_nothing:
            return Visibility.SAME_COLOUR
        front = self._scheme.colours(letters)
        if front is None:
            return SEEN
        if own is not None and own.is_opaque:
            ground = self._scheme.colours(own)
            return Visibility.SAME_COLOUR if ground and is_lost(front, ground) else SEEN
        if any(fill and is_lost(front, fill) for fill in self._fills) and self._is_lost_behind(number, front):
            return Visibility.SAME_COLOUR
        return SEEN

    def _is_lost_behind(self, number: int, front: Sequence[int]) -> bool:
        """Whether the letters show on nothing that lies behind the middle of their shape and around it."""
        where = self.place(number)
        below = [*self._below, *(each for each in self._here[:number] if each is not None)]
        points: Iterable[Point] = () if where is None else area(where[0], 0, 0, *where[1:]).samples()
        grounds = {self._fill_at(point, below) for point in points} or {self._ground}
        found = [self._scheme.colours(fill) for fill in grounds]
        return all(colours is not None and is_lost(front, colours) for colours in found)

    def _fill_at(self, point: Point, below: Sequence[_Placed]) -> Fill:
        self._comparisons.spend(len(below))
        return next(
            (each.fill for each in reversed(below) if each.fill.is_opaque and each.area.holds(point)), self._ground
        )


def _where(shape: Shape, inherited: Sequence[Shape]) -> tuple[Matrix, float, float] | None:
    found = next((each for each in (shape, *inherited) if each.place is not None), None)
    return None if found is None or found.place is None else (found.place, found.width, found.height)


def _fill(shape: Shape, inherited: Sequence[Shape]) -> Fill | None:
    """Its own, that of its style, or what it takes after."""
    found = (fill for each in (shape, *inherited) for fill in (each.fill, each.style_fill) if fill is not None)
    return next(found, None)


def _whole(shape: Shape, matrix: Matrix, width: float, height: float) -> Area | None:
    """What it covers for certain; None for a shape of which that is not known."""
    if shape.kind == "pic" or shape.geometry in _FULL:
        return area(matrix, 0, 0, width, height)
    if shape.geometry == "ellipse":
        return area(matrix, width * 0.147, height * 0.147, width * 0.706, height * 0.706)
    return None


def _font(run: Run, level: int, levels: Iterable[Mapping[int, Font]]) -> tuple[Fill | None, float]:
    fill, size = run.font.fill, run.font.size
    if run.linked:
        fill = Fill("solid", (Colour(scheme="hlink"),))
    for each in levels:
        font = each.get(level) or each.get(0)
        if font is not None:
            fill = fill if fill is not None else font.fill
            size = size if size is not None else font.size
    return fill, 18.0 if size is None else size
