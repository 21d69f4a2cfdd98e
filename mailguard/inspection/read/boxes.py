"""Files that are a row of boxes, each with its size and kind: ISO base media (ISO/IEC 14496-12: HEIC, AVIF, mp4, mov),
and RIFF (WebP, wav, avi).

Promises: total, linear in the number of boxes; nothing is copied.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from ..budget import Budget

_KIND = re.compile(rb"[ -~\xa9]{4}")


class Box(NamedTuple):
    """kind: its four letters. start, end: of its content."""

    kind: bytes
    start: int
    end: int


def boxes(view: memoryview, start: int, end: int, budget: Budget) -> Iterator[Box]:
    """Of ISO base media, one after the other as far as they fit; where the last one ends, the file does."""
    position = start
    while position + 8 <= end:
        size, kind = struct.unpack_from(">L4s", view, position)
        header = 8
        if size == 1 and position + 16 <= end:
            (size,) = struct.unpack_from(">Q", view, position + 8)
            header = 16
        elif size == 0:
            size = end - position
        if size < header or position + size > end or not _KIND.fullmatch(kind):
            return
        budget.spend_tags(1)
        yield Box(kind, position + header, position + size)
        position += size


def chunks(view: memoryview, start: int, end: int, budget: Budget) -> Iterator[Box]:
    """Of RIFF, each padded to an even size."""
    position = start
    while position + 8 <= end:
        kind, size = struct.unpack_from("<4sL", view, position)
        if position + 8 + size > end:
            return
        budget.spend_tags(1)
        yield Box(kind, position + 8, position + 8 + size)
        position += 8 + size + size % 2
