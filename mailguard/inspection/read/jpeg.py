"""A JPEG file (ITU-T T.81): what its segments say, and what lies behind its end. The picture is not decoded.

Promises: total, linear. Further pictures behind the first (stereo, brightness, motion) are read as files of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..budget import Budget
from ..enclosed import Found
from .exif import read_exif
from .iptc import PHOTOSHOP, read_resources
from .told import behind, block, decoded, said
from .xmp import read_xmp

START = b"\xff\xd8\xff"
_END, _SCAN, _COMMENT, _APPLICATION = 0xD9, 0xDA, 0xFE, 0xE0
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP, _MORE_HEADER = b"http://ns.adobe.com/xmp/extension/\0", 40
_SILENT = (b"JFIF", b"JFXX", b"ICC_PROFILE\0", b"MPF\0", b"Adobe\0", b"AROT")


def read_jpeg(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Segments in their order; then what is in pieces; then what lies behind the end."""
    view = memoryview(data)
    more, resources = bytearray(), bytearray()
    position = 2
    while 0 <= position < len(view) - 1:
        if view[position] != 0xFF:
            break
        marker = view[position + 1]
        if marker == 0xFF or marker in _BARE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _END:
            position += 2
            break
        size = int.from_bytes(view[position + 2 : position + 4], "big")
        if size < 2 or position + 2 + size > len(view):
            break
        content = bytes(view[position + 4 : position + 2 + size])
        budget.spend_tags(1)
        if content.startswith(PHOTOSHOP):
            resources += content[len(PHOTOSHOP) :]
        elif content.startswith(_MORE_XMP):
            more += content[len(_MORE_XMP) + _MORE_HEADER :]
        else:
            yield from _segment(marker, content, budget)
        position += 2 + size
        if marker == _SCAN:
            following = _NEXT_MARKER.search(view, position)
            position = following.start() if following else len(view)
    yield from read_resources(bytes(resources), budget)
    if more:
        yield from read_xmp(bytes(more), budget)
    yield from behind(view, position)


def _segment(marker: int, content: bytes, budget: Budget) -> Iterator[Found]:
    if marker == _COMMENT:
        yield from said(decoded(content))
    elif not _APPLICATION <= marker < _APPLICATION + 16 or content.startswith(_SILENT):
        return
    elif content.startswith(_EXIF):
        yield from read_exif(content, budget)
    elif content.startswith(_XMP):
        yield from read_xmp(content[len(_XMP) :], budget)
    else:
        yield from block(content)
