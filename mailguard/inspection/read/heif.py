"""HEIC and AVIF pictures (ISO/IEC 23008-12): the Exif and XMP items of a file, and what lies behind its boxes.

Promises: total; an item that cannot be reached says nothing. The pictures are not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget
from ..enclosed import Found
from .boxes import boxes
from .exif import read_exif
from .told import behind, block, said
from .xmp import read_xmp

BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"mif2"})
_XMP_TYPE = b"application/rdf+xml"
_MAX_ITEMS = 10_000
_PICTURE = frozenset({b"ftyp", b"mdat", b"moov", b"moof", b"imda"})


def read_heif(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Items in the order of their list, then what lies behind the last box."""
    view = memoryview(data)
    end = 0
    for box in boxes(view, 0, len(view), budget):
        end = box.end
        if box.kind == b"meta":
            try:
                yield from _meta(view, box.start + 4, box.end, budget)
            except (struct.error, IndexError):
                yield from block(view[box.start : box.end])
        elif box.kind not in _PICTURE:
            yield from block(view[box.start : box.end])
    yield from behind(view, end)


def _meta(view: memoryview, start: int, end: int, budget: Budget) -> Iterator[Found]:
    inside = {box.kind: box for box in boxes(view, start, end, budget)}
    if b"iinf" not in inside or b"iloc" not in inside:
        return
    stored = inside[b"idat"].start if b"idat" in inside else 0
    described = _described(view, inside[b"iinf"].start, inside[b"iinf"].end, budget)
    places = _places(view, inside[b"iloc"].start, stored, budget)
    for item, kind in described.items():
        content = b"".join(bytes(view[at : at + size]) for at, size in places.get(item, ()))
        budget.keep(len(content))
        if kind == b"Exif" and len(content) > 4:
            yield from read_exif(content[4 + struct.unpack_from(">L", content)[0] :], budget)
        elif kind == _XMP_TYPE:
            yield from read_xmp(content, budget)
        elif kind.startswith(b"text/"):
            yield from said(content.decode("utf-8", "replace"))


def _described(view: memoryview, start: int, end: int, budget: Budget) -> dict[int, bytes]:
    """Items that say something: "Exif", or their media type."""
    found: dict[int, bytes] = {}
    for box in boxes(view, start + (6 if view[start] == 0 else 8), end, budget):
        version = view[box.start]
        if box.kind != b"infe" or version < 2 or len(found) >= _MAX_ITEMS:
            continue
        form, size = (">H", 2) if version == 2 else (">L", 4)
        (item,) = struct.unpack_from(form, view, box.start + 4)
        rest = bytes(view[box.start + 4 + size + 2 : box.end])
        if rest[:4] == b"Exif":
            found[item] = b"Exif"
        elif rest[:4] == b"mime":
            found[item] = rest[4:].partition(b"\0")[2].partition(b"\0")[0]
    return found


def _places(view: memoryview, start: int, stored: int, budget: Budget) -> dict[int, list[tuple[int, int]]]:
    """Where each item lies: offset and size of its pieces."""
    version = view[start]
    sizes, more = view[start + 4], view[start + 5]
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, more >> 4
    index_size = more & 15 if version else 0
    wide = 4 if version == 2 else 2
    position = start + 6
    count, position = _number(view, position, wide)
    found: dict[int, list[tuple[int, int]]] = {}
    for _ in range(min(count, _MAX_ITEMS)):
        item, position = _number(view, position, wide)
        method = 0
        if version:
            method, position = _number(view, position, 2)
        base, position = _number(view, position + 2, base_size)
        pieces, position = _number(view, position, 2)
        budget.spend_tags(pieces)
        for _ in range(pieces):
            offset, position = _number(view, position + index_size, offset_size)
            length, position = _number(view, position, length_size)
            at = base + offset + (stored if method & 15 == 1 else 0)
            if method & 15 < 2 and at + length <= len(view):
                budget.spend_bytes(length)
                found.setdefault(item, []).append((at, length))
    return found


def _number(view: memoryview, position: int, size: int) -> tuple[int, int]:
    if position + size > len(view):
        raise IndexError
    return int.from_bytes(view[position : position + size], "big"), position + size
