"""IPTC-IIM 4.2 and the image resources of Photoshop in which it stands: bylines, captions, keywords.

Promises: total; what does not fit ends the reading of its block, whose letters are then given as text.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget
from ..enclosed import Found
from .told import block, decoded, holder, person, said
from .xmp import read_xmp

PHOTOSHOP = b"Photoshop 3.0\0"
_RESOURCE, _IPTC, _EXIF, _XMP = b"8BIM", 0x0404, 0x0422, 0x0424
_MARK, _APPLICATION = 0x1C, 2
_SILENT = frozenset({0, 10, 30, 35, 37, 38, 55, 60, 62, 63, 65, 70, 75, 130, 131, 135, 150, 200, 201, 202})
"""Versions, dates, times, programs and forms."""
_PEOPLE = {80: "author", 122: "writer of the caption", 118: "contact"}
_RIGHTS = 116


def read_resources(octets: bytes, budget: Budget) -> Iterator[Found]:
    """Of an APP13 segment behind its signature, or of the Photoshop tag of a TIFF."""
    position = 0
    while octets[position : position + 4] == _RESOURCE and position + 12 <= len(octets):
        (kind,) = struct.unpack_from(">H", octets, position + 4)
        position += 6 + (octets[position + 6] // 2 + 1) * 2
        if position + 4 > len(octets):
            return
        (size,) = struct.unpack_from(">L", octets, position)
        content = octets[position + 4 : position + 4 + size]
        position += 4 + size + size % 2
        if kind == _IPTC:
            yield from read_iptc(content)
        elif kind == _EXIF:
            yield from block(content)
        elif kind == _XMP:
            yield from read_xmp(content, budget)


def read_iptc(octets: bytes) -> Iterator[Found]:
    """Of one sequence of data sets; only those of the second record say something."""
    position = 0
    while position + 5 <= len(octets) and octets[position] == _MARK:
        record, number = octets[position + 1], octets[position + 2]
        (size,) = struct.unpack_from(">H", octets, position + 3)
        if size & 0x8000:
            break
        value = decoded(octets[position + 5 : position + 5 + size])
        position += 5 + size
        if record != _APPLICATION or number in _SILENT:
            continue
        if number in _PEOPLE:
            yield from person(_PEOPLE[number], value)
        else:
            yield from holder(value) if number == _RIGHTS else said(value)
    if octets[position:].strip(b"\0"):
        yield from block(octets[position:])
