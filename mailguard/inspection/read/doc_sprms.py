"""Sprms, the changes of format of a Word 97 document (MS-DOC 2.2.5, 2.6), and the colours in them."""

from __future__ import annotations

from collections.abc import Iterator

from ..budget import Uninspectable

_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
_VARIABLE = 6
_TABS = 0xC615
_LONG = frozenset([0xD606, 0xD608])
"""Definitions of tables: their size takes two octets."""
_DENSE = frozenset([1, *range(8, 14), *range(0x30, 0x3F)])
"""Patterns of shading (2.9.121) that show their own colour more than that behind it."""
_NO_PATTERN = 0xFFFF
AUTOMATIC = -1
PALETTE = (
    *(AUTOMATIC, 0x000000, 0x0000FF, 0x00FFFF, 0x00FF00, 0xFF00FF, 0xFF0000, 0xFFFF00, 0xFFFFFF),
    *(0x000080, 0x008080, 0x008000, 0x800080, 0x800000, 0x808000, 0x808080, 0xC0C0C0),
)
"""Ico (2.9.119)."""


def sprms(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Each as its number and its operand, the octet with the size of that included. One octet at the end pads."""
    at, end = 0, len(octets)
    while at + 2 <= end:
        code = octets[at] | octets[at + 1] << 8
        at += 2
        if not code:
            if octets[at:].strip(b"\0"):
                raise Uninspectable("holds a change of format that is none")
            return
        size = _SIZES[code >> 13] if code >> 13 != _VARIABLE else _size(code, octets, at)
        if at + size > end:
            raise Uninspectable("holds a change of format that is cut off")
        yield code, octets[at : at + size]
        at += size


def _size(code: int, octets: bytes, at: int) -> int:
    """Of an operand that says its own."""
    if code in _LONG:
        return max(2, int.from_bytes(octets[at : at + 2], "little") + 1)
    first = octets[at] if at < len(octets) else 0
    if code == _TABS and first == 0xFF:
        deleted = octets[at + 1] if at + 1 < len(octets) else 0
        place = at + 2 + 4 * deleted
        return 3 + 4 * deleted + 3 * (octets[place] if place < len(octets) else 0)
    return 1 + first


def number(operand: bytes) -> int:
    return int.from_bytes(operand, "little")


def named_colour(index: int) -> int:
    return PALETTE[index] if index < len(PALETTE) else AUTOMATIC


def colour(octets: bytes) -> int:
    """A COLORREF (2.9.43)."""
    return AUTOMATIC if octets[3] else octets[0] << 16 | octets[1] << 8 | octets[2]


def shading(octets: bytes) -> int:
    """A Shd (2.9.248): the colour behind what it shades, AUTOMATIC where there is none."""
    if len(octets) < 10:
        raise Uninspectable("holds a shading that is cut off")
    return _shown(colour(octets[:4]), colour(octets[4:8]), number(octets[8:10]))


def old_shading(octets: bytes) -> int:
    """A Shd80 (2.9.249)."""
    value = number(octets[:2])
    if value == _NO_PATTERN:
        return AUTOMATIC
    return _shown(named_colour(value & 31), named_colour(value >> 5 & 31), value >> 10)


def _shown(front: int, back: int, pattern: int) -> int:
    if pattern == _NO_PATTERN:
        return AUTOMATIC
    if pattern in _DENSE:
        return 0x000000 if front == AUTOMATIC else front
    return back
