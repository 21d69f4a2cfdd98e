"""A PNG file (third edition): its texts, Exif and XMP, and what lies behind its end. The picture is not decoded.

Promises: total; a packed text is unpacked within the budget.
"""

from __future__ import annotations

import binascii
import re
import struct
import zlib
from collections.abc import Iterator

from ..budget import MEBIBYTE, Budget, Uninspectable
from ..enclosed import Found
from .exif import read_exif
from .iptc import read_iptc, read_resources
from .told import behind, block, decoded, holder, person, said
from .xmp import read_xmp

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SILENT = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"hIST"),
        *(b"pHYs", b"sPLT", b"tIME", b"acTL", b"fcTL", b"fdAT", b"cICP", b"mDCV", b"cLLI", b"oFFs", b"pCAL", b"sCAL"),
        *(b"sTER", b"CgBI", b"iDOT"),
    }
)
_MAX_TEXT = 4 * MEBIBYTE
_PEOPLE = {"author": "author", "artist": "author", "creator": "author"}
_TECHNICAL = re.compile(r"date:|software|creation time|png:|jpeg:|exif:|thumb::(?!uri)|xap:", re.IGNORECASE)
_PROFILE = re.compile(r"raw profile type (\w+)", re.IGNORECASE)
_HEX_PROFILE = re.compile(rb"\s*\w+\s+\d+\s+([0-9a-fA-F\s]*)\Z")


def read_png(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Chunks in their order, then what lies behind the last one."""
    view = memoryview(data)
    position = len(SIGNATURE)
    kind = b""
    while kind != b"IEND" and position + 12 <= len(view):
        size, kind = struct.unpack_from(">L4s", view, position)
        if position + 12 + size > len(view) or not kind.isalpha():
            break
        budget.spend_tags(1)
        yield from _chunk(kind, view[position + 8 : position + 8 + size], budget)
        position += 12 + size
    yield from behind(view, position)


def _chunk(kind: bytes, content: memoryview, budget: Budget) -> Iterator[Found]:
    if kind in _SILENT:
        return
    if kind == b"eXIf":
        yield from read_exif(content, budget)
    elif kind in (b"tEXt", b"zTXt", b"iTXt"):
        yield from _text(kind, content, budget)
    else:
        yield from block(content)


def _text(kind: bytes, content: memoryview, budget: Budget) -> Iterator[Found]:
    octets = bytes(content[:_MAX_TEXT])
    key, _, rest = octets.partition(b"\0")
    if kind == b"zTXt":
        rest = _inflated(rest[1:], budget)
    elif kind == b"iTXt":
        packed, (_, _, rest) = rest[:1] == b"\1", _parted(rest[2:])
        rest = _inflated(rest, budget) if packed else rest
    if len(content) > _MAX_TEXT:
        raise Uninspectable("a picture with more text than pictures have")
    yield from _property(key.decode("latin-1"), rest, budget)


def _parted(octets: bytes) -> tuple[bytes, bytes, bytes]:
    """Language, keyword in it, text."""
    language, _, rest = octets.partition(b"\0")
    keyword, _, text = rest.partition(b"\0")
    return language, keyword, text


def _property(key: str, value: bytes, budget: Budget) -> Iterator[Found]:
    profile = _PROFILE.match(key)
    if key == "XML:com.adobe.xmp":
        yield from read_xmp(value, budget)
    elif profile:
        yield from _raw_profile(profile[1].lower(), value, budget)
    elif key.lower() in _PEOPLE:
        yield from person(_PEOPLE[key.lower()], decoded(value))
    elif key.lower() == "copyright":
        yield from holder(decoded(value))
    elif not _TECHNICAL.match(key):
        yield from said(f"{key}: {decoded(value)}")


def _raw_profile(kind: str, value: bytes, budget: Budget) -> Iterator[Found]:
    """As ImageMagick writes it: a name, a length, and hexadecimal digits."""
    digits = _HEX_PROFILE.match(value)
    try:
        octets = binascii.unhexlify(b"".join(digits[1].split())) if digits else value
    except binascii.Error:
        octets = value
    if kind in ("exif", "app1"):
        yield from read_xmp(octets[29:], budget) if octets.startswith(b"http://") else read_exif(octets, budget)
    elif kind == "xmp":
        yield from read_xmp(octets, budget)
    elif kind in ("iptc", "8bim"):
        yield from read_resources(octets, budget) if octets.startswith(b"8BIM") else read_iptc(octets)
    elif kind not in ("icc", "icm"):
        yield from block(octets)


def _inflated(octets: bytes, budget: Budget) -> bytes:
    """Empty where it cannot be unpacked: no program shows anything then."""
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(octets, _MAX_TEXT)
    except zlib.error:
        return b""
    budget.spend_bytes(len(text))
    if stream.unconsumed_tail:
        raise Uninspectable("a picture with more text than pictures have")
    return text
