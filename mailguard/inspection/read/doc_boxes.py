"""The shapes of a Word 97 document (MS-DOC 2.9.172, MS-ODRAW): which are hidden, and what colour they are filled with.

Promises: total but for Uninspectable; what their text is does not lie here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from .colour import WHITE
from .doc_sprms import AUTOMATIC
from .ppt_records import MAX_DEPTH, Record, inside, records, unpacked

_ALL, _DRAWING, _GROUP, _SHAPE = 0xF000, 0xF002, 0xF003, 0xF004
_IDENTITY, _PROPERTIES, _MORE = 0xF00A, 0xF00B, 0xF122
_FILL_KIND, _FILL_COLOUR, _FILL_FLAGS, _FLAGS = 384, 385, 447, 959
_HIDDEN, _FILLED = 0x20002, 0x10
_SAYS_FILLED = 0x100000
_OVERHEAD = 160


@dataclass(frozen=True, slots=True)
class Box:
    """fill: AUTOMATIC for one that cannot be told (a gradient, a picture, a colour of the system)."""

    hidden: bool = False
    fill: int = WHITE


def read_boxes(octets: bytes, budget: Budget) -> dict[int, Box]:
    """Shapes by their number. octets: OfficeArtContent."""
    found: dict[int, Box] = {}
    view, at = memoryview(octets), 0
    while at < len(octets):
        record = next(records(view[at:], budget, at), None)
        if record is None:
            raise Uninspectable("its drawings are cut off")
        at += 8 + len(record.octets)
        if record.kind == _DRAWING:
            _read(record, False, 0, found, budget)
        elif record.kind != _ALL:
            raise Uninspectable("its drawings are cut off")
        at += 1  # of the next drawing, whether it is one of headers
    return found


def _read(container: Record, hidden: bool, depth: int, found: dict[int, Box], budget: Budget) -> None:
    """The first shape of a group is the group itself."""
    if depth > MAX_DEPTH:
        raise Uninspectable("has groups of shapes that are nested without end")
    for index, record in enumerate(inside(container, budget)):
        if record.kind == _GROUP:
            _read(record, hidden, depth + 1, found, budget)
        elif record.kind == _SHAPE:
            number, box = _shape(record, hidden, budget)
            hidden |= box.hidden and index == 0 and container.kind == _GROUP
            budget.keep(_OVERHEAD)
            found[number] = box


def _shape(shape: Record, hidden: bool, budget: Budget) -> tuple[int, Box]:
    number, said = 0, dict[int, int]()
    for record in inside(shape, budget):
        if record.kind == _IDENTITY:
            (number,) = unpacked(record, "<L")
        elif record.kind in (_PROPERTIES, _MORE):
            size = min(6 * record.instance, len(record.octets) // 6 * 6)
            said |= {key & 0x3FFF: value for key, value in struct.iter_unpack("<HL", record.octets[:size])}
    is_hidden = said.get(_FLAGS, 0) & _HIDDEN == _HIDDEN
    return number, Box(hidden or is_hidden, _fill(said))


def _fill(said: dict[int, int]) -> int:
    flags = said.get(_FILL_FLAGS, 0)
    if flags & _SAYS_FILLED and not flags & _FILLED:
        return WHITE
    colour = said.get(_FILL_COLOUR, WHITE)
    if said.get(_FILL_KIND, 0) or colour >> 24:
        return AUTOMATIC
    return (colour & 255) << 16 | colour & 0xFF00 | colour >> 16 & 255
