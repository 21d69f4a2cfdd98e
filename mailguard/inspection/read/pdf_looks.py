"""Which letters of a page are seen, and what hides the others.

A letter is judged by the middle of its box: whether it lies on the page, what was painted over it, what it was painted
on. Where nothing comes near a text object the object is judged as a whole.

A page that is a picture with its text beneath it or in no colour above it is a scan with what a program read in it: the
reader sees these words, in the picture, so they count as seen. That is told by pictures that fill the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..budget import Budget
from ..stream import SEEN, Visibility
from .colour import WHITE, same_to_the_eye
from .pdf_library import Box, Letters
from .pdf_paint import Painted, Painting, Shape

TINY = 3.0
"""Points, as in spreadsheets."""
SCANNED = 0.8
"""Of the page, filled by pictures."""
_BANDS = 64
_NEAR = 0.05
"""Of the box of a text: how much of it a shape must lie over to matter."""
_FIRST_RIGHT_TO_LEFT, _LAST_RIGHT_TO_LEFT = "\u0590", "\u08ff"


class Run(NamedTuple):
    """Letters that stand together and look alike. turned: 1 upwards, 2 downwards, 0 along the page. guessed: whether
    their font does not say which letters they are."""

    text: str
    box: Box
    why: Visibility = SEEN
    turned: int = 0
    guessed: bool = False


def look(painting: Painting, letters: Letters, page: Box, off: frozenset[str], budget: Budget) -> list[Run]:
    """All letters of a page in the order in which they are read. off: the layers that are not shown."""
    looks = _Looks(painting, page, off)
    owners = {each.handle: each for each in painting.texts}
    spans = list(_spans(letters))
    parts: dict[int, int] = {}
    for _, _, owner in spans:
        if owner is not None:
            parts[owner] = parts.get(owner, 0) + 1
    budget.spend_cells(len(spans))
    runs: list[Run] = []
    for start, end, owner in spans:
        if owner is None:
            continue
        painted = owners.get(owner)
        whole = painted is not None and parts[owner] == 1
        box = painted.box if painted is not None and whole else _around(letters, start, end)
        guessed = letters.is_guessed(start)
        if painted is None:
            runs.append(Run(letters.text[start:end], box, guessed=guessed))
            continue
        why = looks.of_object(painted, box)
        if why is not None:
            runs.append(Run(letters.text[start:end], box, why, painted.turned, guessed))
            continue
        budget.spend_cells(end - start)
        runs += _letter_by_letter(looks, painted, letters, start, end, guessed)
    return runs


def _letter_by_letter(
    looks: _Looks, painted: Painted, letters: Letters, start: int, end: int, guessed: bool
) -> Iterator[Run]:
    """The same object where something lies over a part of it."""
    begun, before = start, None
    for at in range(start, end):
        box = letters.box(at)
        if box is None or letters.text[at] == " ":
            continue
        why = looks.of_letter(painted, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        if before is not None and why is not before:
            yield Run(letters.text[begun:at], _around(letters, begun, at), before, painted.turned, guessed)
            begun = at
        before = why
    yield Run(letters.text[begun:end], _around(letters, begun, end), before or SEEN, painted.turned, guessed)


class _Looks:
    """The shapes of a page by where they lie."""

    def __init__(self, painting: Painting, page: Box, off: frozenset[str]) -> None:
        self._page = page
        self._off = off
        self._same: dict[tuple[int, int], bool] = {}
        self._height = max(page[3] - page[1], 1.0)
        self._bands: list[list[Shape]] = [[] for _ in range(_BANDS)]
        for shape in painting.shapes:
            for band in range(self._band(shape.box[1]), self._band(shape.box[3]) + 1):
                self._bands[band].append(shape)
        self._any = bool(painting.shapes)
        pictures = [each.box for each in painting.shapes if each.picture]
        area = (page[2] - page[0]) * (page[3] - page[1])
        self._scan = sum(_common(each, page) for each in pictures) >= SCANNED * area > 0

    def of_object(self, painted: Painted, box: Box) -> Visibility | None:
        """Why it is not seen, SEEN if it is, None where its letters differ."""
        if any(layer in self._off for layer in painted.layers):
            return Visibility.HIDDEN_TEXT
        if 0 < painted.size <= TINY:
            return Visibility.TINY_TEXT
        near = self._near(box)
        if not _within(box, self._page) or not (painted.clip is None or _within(box, painted.clip)):
            return None
        if not near and not painted.invisible and not painted.clipping:
            return self._on(painted, WHITE)
        if any(shape.outline or not _within(box, shape.box) for shape in near):
            return None
        return self.of_letter(painted, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, near)

    def of_letter(self, painted: Painted, x: float, y: float, near: list[Shape] | None = None) -> Visibility:
        """Why one of its letters is not seen, by the middle of it. near: the shapes that come into question."""
        if not _holds(self._page, x, y):
            return Visibility.OFF_PAGE
        if painted.clip is not None and not _holds(painted.clip, x, y):
            return Visibility.HIDDEN_TEXT
        among = self._bands[self._band(y)] if near is None else near
        at = [each for each in among if _holds(each.box, x, y) and _inside(each, x, y)]
        pictured = any(each.picture for each in at)
        if painted.invisible:
            return SEEN if self._scan and pictured else Visibility.HIDDEN_TEXT
        if painted.clipping:
            return SEEN if any(each.order > painted.order for each in at) else Visibility.HIDDEN_TEXT
        covering = [each for each in at if each.order > painted.order and _covers(each)]
        if covering:
            return SEEN if self._scan and all(each.picture for each in covering) else Visibility.COVERED
        below = max(
            (each for each in at if each.order < painted.order and each.opaque),
            key=lambda shape: shape.order,
            default=None,
        )
        return self._on(painted, WHITE if below is None else below.colour)

    def _on(self, painted: Painted, background: int | None) -> Visibility:
        if background is None or painted.colour is None:
            return SEEN
        pair = painted.colour, background
        if pair not in self._same:
            self._same[pair] = same_to_the_eye(*pair)
        return Visibility.SAME_COLOUR if self._same[pair] else SEEN

    def _near(self, box: Box) -> list[Shape]:
        """The shapes that lie over more than a little of a box."""
        if not self._any:
            return []
        left, bottom, right, top = box
        least = _NEAR * (right - left) * (top - bottom)
        first, last = self._band(bottom), self._band(top)
        found = [
            each
            for band in range(first, last + 1)
            for each in self._bands[band]
            if each.box[1] < top and each.box[3] > bottom and _common(each.box, box) > least
        ]
        return found if first == last else list({each.order: each for each in found}.values())

    def _band(self, y: float) -> int:
        share = (y - self._page[1]) / self._height
        return 0 if not share > 0 else _BANDS - 1 if share >= 1 else int(_BANDS * share)


def _covers(shape: Shape) -> bool:
    """Nearly black hides even where it is mixed with what lies below it."""
    return shape.opaque or (shape.colour is not None and same_to_the_eye(shape.colour, 0))


def _inside(shape: Shape, x: float, y: float) -> bool:
    """Whether a point lies in the outline, by how often that winds around it (ISO 32000-2, 8.5.3.3)."""
    if not shape.outline:
        return True
    winding = crossings = 0
    for part in shape.outline:
        for (x1, y1), (x2, y2) in zip(part, (*part[1:], part[0]), strict=True):
            if (y1 <= y) != (y2 <= y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                winding += 1 if y2 > y1 else -1
                crossings += 1
    return bool(crossings % 2) if shape.even_odd else winding != 0


def _spans(letters: Letters) -> Iterator[tuple[int, int, int | None]]:
    """start, end and owner of letters that one text object painted, in the order of the text.

    PDFium gives the letters of an object one after another, so a stretch whose ends have one owner is all that
    owner's; only letters that run from right to left does it put in another order.
    """
    text = letters.text
    if any(_FIRST_RIGHT_TO_LEFT <= letter <= _LAST_RIGHT_TO_LEFT for letter in ("" if text.isascii() else text)):
        yield from _merged((at, at + 1, letters.owner(at)) for at in range(len(text)) if text[at] not in "\r\n")
        return
    start = 0
    for line in text.split("\n"):
        end = start + len(line.rstrip("\r"))
        if end > start:
            yield from _merged(_bisected(letters, start, end))
        start += len(line) + 1


def _bisected(letters: Letters, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    waiting = [(start, end, letters.owner(start), letters.owner(end - 1))]
    while waiting:
        first, last, one, other = waiting.pop()
        if one == other and (one is not None or last - first <= 2):
            yield first, last, one
        elif last - first == 2:
            yield first, first + 1, one
            yield first + 1, last, other
        else:
            middle = (first + last) // 2
            before, after = letters.owner(middle - 1), letters.owner(middle)
            waiting.append((middle, last, after, other))
            waiting.append((first, middle, one, before))


def _merged(spans: Iterable[tuple[int, int, int | None]]) -> Iterator[tuple[int, int, int | None]]:
    begun: tuple[int, int, int | None] | None = None
    for span in spans:
        if begun is not None and begun[2] == span[2]:
            begun = (begun[0], span[1], span[2])
            continue
        if begun is not None:
            yield begun
        begun = span
    if begun is not None:
        yield begun


def _around(letters: Letters, start: int, end: int) -> Box:
    """From its first letter to its last."""
    text = letters.text
    while end - start > 1 and text[end - 1] in " \r\n":
        end -= 1
    boxes = [box for box in (letters.box(start), letters.box(end - 1)) if box is not None]
    return _joined(boxes)


def _joined(boxes: Sequence[Box]) -> Box:
    if not boxes:
        return 0.0, 0.0, 0.0, 0.0
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _common(one: Box, other: Box) -> float:
    """The area of what two boxes share."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across * up if across > 0 and up > 0 else 0.0


def _within(box: Box, other: Box) -> bool:
    slack = 0.5
    return (
        box[0] >= other[0] - slack
        and box[1] >= other[1] - slack
        and box[2] <= other[2] + slack
        and box[3] <= other[3] + slack
    )


def _holds(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
