"""The shapes of a slide of PowerPoint 97 (MS-ODRAW in MS-PPT) as a page of shapes."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from .drawing_colour import Colour, Fill
from .plane import Matrix, area, moved, turned
from .ppt_records import MAX_DEPTH, Record, inside, unpacked
from .ppt_text import read_box
from .slide_shapes import Page, Shape, TableCell, TableShape

DRAWING, GROUP, SHAPE = 1036, 61443, 61444
_DRAWING_CONTAINER = 61442
_GROUP_FRAME, _SHAPE_KIND, _PROPERTIES, _CHILD, _ANCHOR, _TEXT, _MORE = (
    *(61449, 61450, 61451),
    *(61455, 61456, 61453, 61730),
)
EMU = 1587.5
"""To a master unit, 1/576 of an inch."""
_GEOMETRY = {1: "rect", 2: "roundRect", 3: "ellipse", 75: "rect", 202: "rect", 109: "flowChartProcess"}
_PICTURE = 75
_ROTATION, _FILL_KIND, _FILL_COLOUR, _FILL_OPACITY, _FILL_FLAGS, _SHAPE_FLAGS, _TABLE = 4, 384, 385, 386, 447, 959, 927
_BACKGROUND, _IS_GROUP = 0x400, 1
_OVERHEAD = 512


@dataclass(slots=True)
class _Drawn:
    """What the records of one shape say."""

    geometry: int = 0
    flags: int = 0
    properties: dict[int, int] = field(default_factory=dict)
    frame: tuple[int, ...] = ()
    anchor: tuple[int, ...] = ()
    box: Record | None = None


@dataclass(slots=True)
class _Group:
    matrix: Matrix
    hidden: bool = False


def read_shapes(drawing: Record, page: Page, budget: Budget) -> None:
    """Into the page, in the order in which they lie upon each other; its background too."""
    for container in inside(drawing, budget):
        if container.kind == _DRAWING_CONTAINER:
            for record in inside(container, budget):
                if record.kind == GROUP:
                    _read_group(record, _Group(Matrix(EMU, 0, 0, EMU)), page, budget, 0)
                elif record.kind == SHAPE:
                    drawn = _read_drawn(record, budget)
                    if drawn.flags & _BACKGROUND:
                        page.background = _fill(drawn)


def _read_group(group: Record, outer: _Group, page: Page, budget: Budget, depth: int) -> None:
    """Its first shape is the group itself."""
    if depth > MAX_DEPTH:
        raise Uninspectable("has groups of shapes that are nested without end")
    own = outer
    first, is_table = True, False
    begun = len(page.shapes)
    for record in inside(group, budget):
        if record.kind == GROUP:
            _read_group(record, own, page, budget, depth + 1)
        elif record.kind == SHAPE:
            drawn = _read_drawn(record, budget)
            if first and drawn.flags & _IS_GROUP:
                own, is_table = _enter(drawn, outer, depth), _TABLE in drawn.properties
            else:
                page.shapes.append(_shape(drawn, own, budget))
            first = False
    if is_table:
        cells, page.shapes[begun:] = page.shapes[begun:], []
        page.shapes.append(_table(cells))


def _enter(drawn: _Drawn, outer: _Group, depth: int) -> _Group:
    """A group has coordinates of its own, which its anchor puts into those around it."""
    group = _Group(outer.matrix, outer.hidden or _is_hidden(drawn))
    if depth and len(drawn.frame) == 4 and len(drawn.anchor) == 4:
        left, top, right, bottom = drawn.frame
        x, y, far_x, far_y = drawn.anchor
        across, down = right - left, bottom - top
        scale = Matrix((far_x - x) / across if across else 1.0, 0, 0, (far_y - y) / down if down else 1.0)
        group.matrix = outer.matrix.after(moved(x, y)).after(scale).after(moved(-left, -top))
    return group


def _read_drawn(record: Record, budget: Budget) -> _Drawn:
    drawn = _Drawn()
    for each in inside(record, budget):
        if each.kind == _SHAPE_KIND:
            drawn.geometry, drawn.flags = each.instance, unpacked(each, "<LL")[1]
        elif each.kind == _GROUP_FRAME:
            drawn.frame = unpacked(each, "<4l")
        elif each.kind in (_PROPERTIES, _MORE):
            drawn.properties |= dict(_properties(each))
        elif each.kind == _CHILD:
            drawn.anchor = unpacked(each, "<4l")
        elif each.kind == _ANCHOR:
            top, left, right, bottom = unpacked(each, "<4l" if len(each.octets) >= 16 else "<4h")
            drawn.anchor = left, top, right, bottom
        elif each.kind == _TEXT:
            drawn.box = each
    return drawn


def _properties(record: Record) -> list[tuple[int, int]]:
    """MS-ODRAW 2.2.9: as many as its instance says, six octets each; what they point at follows."""
    octets = bytes(record.octets[: 6 * record.instance])
    return [(head & 0x3FFF, value) for head, value in struct.iter_unpack("<HL", octets[: len(octets) // 6 * 6])]


def _shape(drawn: _Drawn, group: _Group, budget: Budget) -> Shape:
    budget.keep(_OVERHEAD)
    shape = Shape("pic" if drawn.geometry == _PICTURE else "sp", hidden=group.hidden or _is_hidden(drawn))
    shape.geometry = _GEOMETRY.get(drawn.geometry, "custom")
    shape.fill = _fill(drawn) or Fill("none")
    if len(drawn.anchor) == 4:
        left, top, right, bottom = drawn.anchor
        shape.width, shape.height = float(abs(right - left)), float(abs(bottom - top))
        turn = drawn.properties.get(_ROTATION, 0)
        degrees = (turn - (1 << 32) if turn >= 1 << 31 else turn) / 65_536
        middle = min(left, right) + shape.width / 2, min(top, bottom) + shape.height / 2
        shape.place = group.matrix.after(turned(degrees, *middle)).after(moved(min(left, right), min(top, bottom)))
    if drawn.box is not None:
        shape.paragraphs = read_box(drawn.box, budget)
    return shape


def _is_hidden(drawn: _Drawn) -> bool:
    return drawn.properties.get(_SHAPE_FLAGS, 0) & 0x20002 == 0x20002


def _fill(drawn: _Drawn) -> Fill | None:
    """Only where the shape says itself that it is filled, and with what."""
    if drawn.properties.get(_FILL_FLAGS, 0) & 0x100010 != 0x100010 and not drawn.flags & _BACKGROUND:
        return None
    opacity = drawn.properties.get(_FILL_OPACITY, 65_536) / 65_536
    value = drawn.properties.get(_FILL_COLOUR)
    if drawn.properties.get(_FILL_KIND, 0) or value is None:
        return Fill("picture", (Colour(changes=(("alpha", opacity),)),)) if value is not None else None
    red, green, blue, flags = value.to_bytes(4, "little")
    if flags & 0x08:
        return Fill("solid", (Colour(scheme=str(red), changes=(("alpha", opacity),)),))
    if flags:
        return Fill("picture")
    return Fill("solid", (Colour(red << 16 | green << 8 | blue, changes=(("alpha", opacity),)),))


def _table(shapes: list[Shape]) -> Shape:
    """Cells are shapes of a group; those of one row begin at one height. Lines between them have no text."""
    rows: dict[float, list[tuple[float, Shape]]] = {}
    boxes = []
    for shape in shapes:
        if shape.place is not None:
            box = area(shape.place, 0, 0, shape.width, shape.height).box
            boxes.append(box)
            if shape.paragraphs:
                rows.setdefault(round(box[1]), []).append((box[0], shape))
    made = Shape("graphicFrame", hidden=bool(shapes) and all(shape.hidden for shape in shapes), table=TableShape())
    if made.table is None or not rows:
        return made
    left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
    tops = [*sorted(rows), max(box[3] for box in boxes)]
    made.place, made.width, made.height = moved(left, tops[0]), right - left, tops[-1] - tops[0]
    for top, below in itertools.pairwise(tops):
        cells = [shape for _, shape in sorted(rows[top], key=lambda each: each[0])]
        made.table.heights.append(below - top)
        made.table.rows.append([TableCell(paragraphs=each.paragraphs, fill=_own_fill(each)) for each in cells])
    return made


def _own_fill(shape: Shape) -> Fill | None:
    return shape.fill if shape.fill is not None and shape.fill.colours else None
