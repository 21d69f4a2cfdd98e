"""Matroska and WebM (RFC 8794, RFC 9559): the names and tags of a film, and whether files are attached to it.

Promises: total. Only the elements of the outermost levels are walked; attachments, subtitles not among them, are
`Uninspectable`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..enclosed import Found
from .told import behind, block

WHERE = "properties of a sound or film"
_SEGMENT, _INFO, _TAGS, _ATTACHMENTS, _CLUSTER = 0x18538067, 0x1549A966, 0x1254C367, 0x1941A469, 0x1F43B675
_UNKNOWN = -1


def read_matroska(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    view = memoryview(data)
    position = end = 0
    while position < len(view):
        kind, size, start = _element(view, position)
        budget.spend_tags(1)
        if kind == _ATTACHMENTS:
            raise Uninspectable("a film with files attached to it")
        if kind == _SEGMENT:
            position = start
            end = len(view) if size == _UNKNOWN else min(start + size, len(view))
            continue
        if kind == 0 or size == _UNKNOWN or start + size > len(view):
            break
        if kind in (_INFO, _TAGS):
            yield from block(view[start : start + size], WHERE)
        position = start + size
    if position >= end > 0:
        yield from behind(view, position)


def _element(view: memoryview, position: int) -> tuple[int, int, int]:
    """Identifier (0 where it is none), size, where the content begins."""
    width = 9 - view[position].bit_length()
    kind = int.from_bytes(view[position : position + width], "big") if width <= 4 else 0
    at = position + width
    if kind == 0 or at >= len(view) or not view[at]:
        return 0, 0, at
    width = 9 - view[at].bit_length()
    octets = bytes(view[at : at + width])
    size = int.from_bytes(octets, "big") & (1 << 7 * width) - 1
    unknown = size == (1 << 7 * width) - 1
    return kind, _UNKNOWN if unknown else size, at + width
