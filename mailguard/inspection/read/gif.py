"""A GIF file (89a): its comments, texts and XMP, and what lies behind its end. The picture is not decoded."""

from __future__ import annotations

from collections.abc import Iterator

from ..budget import Budget
from ..enclosed import Found
from .told import behind, block, decoded, said
from .xmp import read_xmp

STARTS = (b"GIF87a", b"GIF89a")
_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_PLAIN_TEXT, _CONTROL, _COMMENT, _APPLICATION = 0x01, 0xF9, 0xFE, 0xFF
_SILENT = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")
_XMP, _XMP_TRAILER = b"XMP DataXMP", 257


def read_gif(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Blocks in their order, then what lies behind the last one."""
    view = memoryview(data)
    position = 13 + (_colours(view[10]) if len(view) > 10 else 0)
    while position < len(view):
        kind = view[position]
        if kind == _END:
            position += 1
            break
        budget.spend_tags(1)
        if kind == _EXTENSION and position + 2 < len(view):
            label, start = view[position + 1], position + 2
            position = _end_of_blocks(view, start)
            if label != _CONTROL:
                yield from _extension(label, view, start, position, budget)
        elif kind == _IMAGE and position + 10 < len(view):
            position = _end_of_blocks(view, position + 11 + _colours(view[position + 9]))
        else:
            break
    yield from behind(view, position)


def _colours(packed: int) -> int:
    """Octets of a table of colours."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _end_of_blocks(view: memoryview, position: int) -> int:
    while position < len(view) and view[position]:
        position += view[position] + 1
    return min(position + 1, len(view))


def _extension(label: int, view: memoryview, start: int, end: int, budget: Budget) -> Iterator[Found]:
    if label == _APPLICATION:
        name = bytes(view[start + 1 : start + 12])
        if name == _XMP:  # not in blocks: the packet stands as it is, and a trailer makes it pass for blocks
            yield from read_xmp(view[start + 12 : max(end - _XMP_TRAILER - 1, start + 12)], budget)
        elif name not in _SILENT:
            yield from block(_joined(view, start + 12, budget))
    elif label == _COMMENT:
        yield from said(decoded(_joined(view, start, budget)))
    elif label == _PLAIN_TEXT:
        yield from said(decoded(_joined(view, start + 13, budget)))
    else:
        yield from block(_joined(view, start, budget))


def _joined(view: memoryview, position: int, budget: Budget) -> bytes:
    found = bytearray()
    while position < len(view) and view[position]:
        budget.keep(view[position])
        found += view[position + 1 : position + 1 + view[position]]
        position += view[position] + 1
    return bytes(found)
