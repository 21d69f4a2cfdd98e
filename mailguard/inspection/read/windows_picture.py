"""Pictures of Windows: bmp, ico and cur, wmf, emf. Of a drawing (wmf, emf) the text that is written in it as text.

Promises: total, linear. Sources: MS-WMF, MS-EMF. Pictures are not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget
from ..enclosed import Found
from ..stream import Text
from .png import SIGNATURE as PNG
from .png import read_png
from .told import behind, said

_BMP = b"BM"
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
_ICONS = (b"\0\0\1\0", b"\0\0\2\0")
_PLACED, _BARE = b"\xd7\xcd\xc6\x9a", (b"\1\0\t\0\0\3", b"\2\0\t\0\0\3", b"\1\0\t\0\0\1")
_WMF_TEXT, _WMF_LONG_TEXT = 0x0521, 0x0A32
_EMF_TEXTS = {83: False, 84: True}
"""EMR_EXTTEXTOUTA, and W in UTF-16."""
WHERE = "text in a drawing"


def is_bmp(data: bytes | memoryview) -> bool:
    start = bytes(data[:18])
    return len(start) == 18 and start[:2] == _BMP and struct.unpack_from("<L", start, 14)[0] in _BMP_HEADERS


def is_icon(data: bytes | memoryview) -> bool:
    """A list of pictures of which the first lies behind the list and within the file."""
    start = bytes(data[:22])
    if len(start) < 22 or start[:4] not in _ICONS or start[9]:
        return False
    size, offset = struct.unpack_from("<LL", start, 14)
    return bool(offset >= 22 and offset + size <= len(data))


def is_wmf(data: bytes | memoryview) -> bool:
    return bytes(data[:6]).startswith((_PLACED, *_BARE))


def is_emf(data: bytes | memoryview) -> bool:
    return bytes(data[:4]) == b"\1\0\0\0" and bytes(data[40:44]) == b" EMF"


def read_bmp(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """What lies behind its end; programs that do not know their size write none."""
    (size,) = struct.unpack_from("<L", data, 2)
    yield from behind(data, size if 18 <= size <= len(data) else len(data))


def read_icon(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """What the PNG files in it say, and what lies behind the last picture."""
    view = memoryview(data)
    (count,) = struct.unpack_from("<H", view, 4)
    end = 6 + 16 * count
    for position in range(6, min(end, len(view) - 15), 16):
        size, offset = struct.unpack_from("<LL", view, position + 8)
        if offset + size <= len(view):
            end = max(end, offset + size)
            budget.spend_bytes(size)
            if bytes(view[offset : offset + 8]) == PNG:
                yield from read_png(view[offset : offset + size], budget)
    yield from behind(view, end)


def read_wmf(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    view = memoryview(data)
    position = (22 if bytes(view[:4]) == _PLACED else 0) + 18
    while position + 6 <= len(view):
        words, kind = struct.unpack_from("<LH", view, position)
        if words < 3 or position + 2 * words > len(view):
            break
        budget.spend_tags(1)
        text = _wmf_text(kind, bytes(view[position + 6 : position + 2 * words])) if kind else b""
        if text:
            yield Text(text.decode("cp1252", "replace"), WHERE)
        position += 2 * words
        if kind == 0:
            break
    yield from behind(view, position)


def _wmf_text(kind: int, record: bytes) -> bytes:
    if kind == _WMF_TEXT and len(record) > 2:
        return record[2 : 2 + int.from_bytes(record[:2], "little")]
    if kind == _WMF_LONG_TEXT and len(record) > 8:
        count, options = struct.unpack_from("<HH", record, 4)
        start = 16 if options & 6 else 8
        return record[start : start + count]
    return b""


def read_emf(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Its description (program and title), its texts, and what lies behind its end."""
    view = memoryview(data)
    if len(view) >= 68:
        count, offset = struct.unpack_from("<LL", view, 60)
        described = bytes(view[offset : offset + 2 * min(count, 1_024)]) if offset else b""
        yield from said(described.decode("utf-16-le", "replace").replace("\0", "\n"))
    position = 0
    while position + 8 <= len(view):
        kind, size = struct.unpack_from("<LL", view, position)
        if size < 8 or position + size > len(view):
            break
        budget.spend_tags(1)
        if kind in _EMF_TEXTS and size >= 52:
            yield from _emf_text(bytes(view[position : position + size]), _EMF_TEXTS[kind])
        position += size
        if kind == 14:
            break
    yield from behind(view, position)


def _emf_text(record: bytes, wide: bool) -> Iterator[Found]:
    count, offset = struct.unpack_from("<LL", record, 44)
    octets = record[offset : offset + (2 if wide else 1) * count]
    text = octets.decode("utf-16-le" if wide else "cp1252", "replace").strip()
    if text:
        yield Text(text, WHERE)
