"""TIFF 6.0 as far as it describes: the tags of a TIFF file, and Exif 2.32, which is a TIFF without its picture.

Promises: total; bounded by the number of tags, whatever offsets point to each other. A tag that points outside is
empty, as other programs have it. Pictures are not decoded; a preview beside the picture is named.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..enclosed import Found
from ..stream import Member, Visibility
from .iptc import read_iptc, read_resources
from .told import behind, block, decoded, holder, person, said
from .xmp import read_xmp

_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_TAGS = 20_000
_MAX_DIRECTORIES = 1_000
_MAX_NUMBERS = 1_000_000
_TIMES_ITS_SIZE = 2
"""Tags may share a value, but no program lets most of them."""
_TEXTS = frozenset({269, 270, 285, 316})
"""Names of the document, the page and the computer, and what the picture shows."""
_PEOPLE = {315: "author", 42032: "owner"}
_RIGHTS, _XMP, _IPTC, _PHOTOSHOP = 33432, 700, 33723, 34377
_WIDE = {40091: "", 40092: "", 40093: "author", 40094: "", 40095: ""}
_COMMENT, _MAKER_NOTE = 37510, 37500
_DIRECTORIES = frozenset({330, 34665, 34853, 40965})
_OFFSETS, _LENGTHS = frozenset({273, 324, 513}), frozenset({279, 325, 514})
_PREVIEW = 513
_GPS = 34853
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_GPS_TEXTS = frozenset({27, 28})
_PLACE = "a place in the properties of a picture"


@dataclass(slots=True)
class _Walk:
    """octets: from the header on. reach: how far tags point. tags: how many there were so far. held: octets of
    their values.

    waiting: directories, as (offset, tag that names them).
    """

    octets: memoryview
    order: str
    reach: int = 8
    tags: int = 0
    held: int = 0
    waiting: list[tuple[int, int]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)


def read_exif(octets: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """What an Exif block says; its letters where it is none."""
    data = memoryview(octets)
    if bytes(data[:6]) == b"Exif\0\0":
        data = data[6:]
    if bytes(data[:4]) not in _ORDERS:
        yield from block(data)
        return
    yield from _read(_walk(data), budget)


def is_tiff(octets: bytes | memoryview) -> bool:
    return bytes(octets[:4]) in _ORDERS


def read_tiff(octets: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """What a TIFF file says, and what lies behind the last octet to which a tag points."""
    walk = _walk(memoryview(octets))
    yield from _read(walk, budget)
    yield from behind(octets, walk.reach)


def _walk(octets: memoryview) -> _Walk:
    walk = _Walk(octets, _ORDERS[bytes(octets[:4])])
    if len(octets) >= 8:
        walk.waiting.append((struct.unpack_from(walk.order + "L", octets, 4)[0], 0))
    return walk


def _read(walk: _Walk, budget: Budget) -> Iterator[Found]:
    while walk.waiting:
        offset, parent = walk.waiting.pop()
        place: dict[int, bytes] = {}
        strips: list[list[int]] = [[], []]
        for tag, kind, value in _tags(walk, offset, budget):
            if parent == _GPS and tag <= _LONGITUDE:
                place[tag] = value
            elif tag in _DIRECTORIES:
                walk.waiting += [(each, tag) for each in _numbers(walk, kind, value)[:_MAX_DIRECTORIES]]
            elif tag in _OFFSETS or tag in _LENGTHS:
                budget.keep(10 * len(value))
                strips[tag in _LENGTHS] += _numbers(walk, kind, value)
                if tag == _PREVIEW:
                    yield Member("preview", "picture", Visibility.EMBEDDED)
            elif tag == _IPTC:
                yield from read_iptc(value)
            elif tag == _PHOTOSHOP:
                yield from read_resources(value, budget)
            elif tag == _XMP:
                yield from read_xmp(value, budget)
            else:
                yield from _said(walk, tag, value, parent)
        walk.reach = max([walk.reach, *(start + size for start, size in zip(*strips, strict=False))])
        yield from _place(walk, place)


def _tags(walk: _Walk, offset: int, budget: Budget) -> Iterator[tuple[int, int, bytes]]:
    """(tag, type, octets of its value) of one directory; the next one waits."""
    if offset in walk.seen or not 0 < offset <= len(walk.octets) - 2:
        return
    walk.seen.add(offset)
    if len(walk.seen) > _MAX_DIRECTORIES:
        raise Uninspectable("a picture with more directories than pictures have")
    (count,) = struct.unpack_from(walk.order + "H", walk.octets, offset)
    for position in range(offset + 2, min(offset + 2 + 12 * count, len(walk.octets) - 11), 12):
        walk.tags += 1
        if walk.tags > _MAX_TAGS:
            raise Uninspectable("a picture with more tags than pictures have")
        tag, kind, length = struct.unpack_from(walk.order + "HHL", walk.octets, position)
        size = _SIZES.get(kind, 1) * length
        start = position + 8
        if size > 4:
            (start,) = struct.unpack_from(walk.order + "L", walk.octets, start)
        if start + size <= len(walk.octets):
            walk.reach = max(walk.reach, start + size)
            budget.spend_bytes(size)
            walk.held += size
            if walk.held > _TIMES_ITS_SIZE * len(walk.octets):
                raise Uninspectable("a picture whose tags hold more octets than it has itself")
            yield tag, kind, bytes(walk.octets[start : start + size])
    end = offset + 2 + 12 * count
    walk.reach = max(walk.reach, min(end + 4, len(walk.octets)))
    if end + 4 <= len(walk.octets):
        walk.waiting.append((struct.unpack_from(walk.order + "L", walk.octets, end)[0], 0))


def _numbers(walk: _Walk, kind: int, value: bytes) -> list[int]:
    form = {3: "H", 4: "L", 13: "L"}.get(kind)
    if form is None:
        return []
    count = min(len(value) // struct.calcsize(f"<{form}"), _MAX_NUMBERS)
    return list(struct.unpack_from(f"{walk.order}{count}{form}", value))


def _said(walk: _Walk, tag: int, value: bytes, parent: int) -> Iterator[Found]:
    if parent == _GPS:
        if tag in _GPS_TEXTS:
            yield from said(_comment(walk, value), _PLACE)
    elif tag in _PEOPLE:
        yield from person(_PEOPLE[tag], decoded(value))
    elif tag == _RIGHTS:
        yield from holder(decoded(value).replace("\0", " "))
    elif tag in _WIDE:
        text = value.decode("utf-16-le", "replace")
        yield from person(_WIDE[tag], text) if _WIDE[tag] else said(text)
    elif tag == _COMMENT:
        yield from said(_comment(walk, value))
    elif tag == _MAKER_NOTE:
        yield from block(value)
    elif tag in _TEXTS:
        yield from said(decoded(value))


def _comment(walk: _Walk, value: bytes) -> str:
    """Eight octets that name the charset go before it (Exif 2.32, 4.6.5)."""
    charset, text = value[:8], value[8:]
    if charset.startswith(b"UNICODE"):
        return text.decode("utf-16-le" if walk.order == "<" else "utf-16-be", "replace")
    return decoded(text if charset.rstrip(b"\0 ") in (b"ASCII", b"JIS", b"") else value)


def _place(walk: _Walk, tags: dict[int, bytes]) -> Iterator[Found]:
    """Where the picture was taken, in degrees."""
    degrees = []
    for number, reference, negative in ((_LATITUDE, _LATITUDE_REF, b"S"), (_LONGITUDE, _LONGITUDE_REF, b"W")):
        value = tags.get(number, b"")
        if len(value) < 24:
            return
        parts = struct.unpack_from(walk.order + "6L", value)
        pairs = enumerate(zip(parts[::2], parts[1::2], strict=True))
        whole = sum(above / below / 60**n for n, (above, below) in pairs if below)
        degrees.append(-whole if tags.get(reference, b"")[:1] == negative else whole)
    if any(degrees):
        yield from said(f"{degrees[0]:.5f}, {degrees[1]:.5f}", _PLACE)
