"""Sounds, films and fonts: known by their signature, and named. What is heard or seen in them is not read.

Promises: total, linear. Titles, comments and names that they carry as text are given; a file that a container carries
(pictures of an album left out), and what lies behind the end, are handed on. A zip that is called a sound is none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from ..budget import Budget, Uninspectable
from ..enclosed import Found, Read
from .boxes import boxes, chunks
from .heif import BRANDS as PICTURE_BRANDS
from .id3 import read_id3
from .matroska import read_matroska
from .told import behind, block, decoded, person, said

TYPES = frozenset(
    {
        *("audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/x-mpeg", "audio/wav", "audio/x-wav", "audio/wave"),
        *("audio/vnd.wave", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac", "audio/x-aac", "audio/ogg"),
        *("audio/opus", "audio/webm", "audio/flac", "audio/x-flac", "audio/amr", "audio/3gpp", "audio/midi"),
        *("audio/x-ms-wma", "application/ogg", "video/mp4", "video/x-m4v", "video/quicktime", "video/mpeg"),
        *("video/webm", "video/ogg", "video/x-matroska", "video/x-msvideo", "video/avi", "video/3gpp"),
        *("video/x-ms-wmv", "font/ttf", "font/otf", "font/woff", "font/woff2", "font/collection"),
        *("application/font-woff", "application/x-font-ttf", "application/x-font-otf", "application/vnd.ms-opentype"),
    }
)
ENDINGS = (
    *(".mp3", ".wav", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".opus", ".flac", ".amr", ".mid", ".midi", ".wma"),
    *(".mp4", ".m4v", ".mov", ".3gp", ".mpg", ".mpeg", ".webm", ".mkv", ".mka", ".ogv", ".avi", ".wmv", ".ttf"),
    *(".otf", ".ttc", ".woff", ".woff2"),
)
WHERE = "properties of a sound or film"
_INFO = {b"IART": "author", b"IENG": "engineer", b"ICMS": "commissioned by"}
_SILENT_INFO = frozenset({b"ISFT", b"ICRD", b"IDIT", b"ITRK"})
_FILM = frozenset({b"ftyp", b"styp", b"mdat", b"moof", b"mfra", b"sidx", b"ssix", b"prft", b"pdin"})
"""Boxes with sound and pictures, and with where they lie. All others may say something."""
_MAX_COMMENTS = 65_536


def _starts(*signatures: bytes) -> Callable[[bytes | memoryview], bool]:
    return lambda data: bytes(data[:16]).startswith(signatures)


def _is_riff(data: bytes | memoryview) -> bool:
    return bytes(data[:4]) == b"RIFF" and bytes(data[8:12]) in (b"WAVE", b"AVI ", b"RMID")


def _is_base_media(data: bytes | memoryview) -> bool:
    return bytes(data[4:8]) in (b"ftyp", b"moov", b"wide") and bytes(data[8:12]) not in PICTURE_BRANDS


def _is_mpeg_audio(data: bytes | memoryview) -> bool:
    """A tag, or a frame of MPEG audio or AAC behind which the next one begins."""
    start = bytes(data[:6])
    if start[:3] == b"ID3":
        return True
    if len(start) < 6 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return False
    size = _frame_size(start)
    following = bytes(data[size : size + 2])
    return size > 0 and (not following or (following[0] == 0xFF and following[1:2] == start[1:2]))


def _frame_size(start: bytes) -> int:
    """Of a frame of layer III (ISO/IEC 11172-3, 2.4.2.3) or of AAC in ADTS; 0 for what is none."""
    if start[1] & 0xF6 == 0xF0:
        return (start[3] & 3) << 11 | start[4] << 3 | start[5] >> 5
    version, layer, rate, frequency = start[1] >> 3 & 3, start[1] >> 1 & 3, start[2] >> 4, start[2] >> 2 & 3
    if version == 1 or layer != 1 or rate in (0, 15) or frequency == 3:
        return 0
    first = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    second = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    hertz = (44_100, 48_000, 32_000)[frequency] >> (0 if version == 3 else 1 if version == 2 else 2)
    kilobits = (first if version == 3 else second)[rate]
    return (144 if version == 3 else 72) * kilobits * 1_000 // hertz + (start[2] >> 1 & 1)


def _read_riff(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    view = memoryview(data)
    said_size = int.from_bytes(view[4:8], "little")
    end = len(view) if said_size in (0, 0xFFFFFFFF) else min(8 + said_size + said_size % 2, len(view))
    for kind, start, stop in chunks(view, 12, end, budget):
        if kind == b"LIST" and bytes(view[start : start + 4]) == b"INFO":
            for name, at, until in chunks(view, start + 4, stop, budget):
                text = decoded(bytes(view[at : min(until, at + _MAX_COMMENTS)]))
                if name not in _SILENT_INFO:
                    yield from person(_INFO[name], text, WHERE) if name in _INFO else said(text, WHERE)
        elif kind.lower() == b"id3 ":
            yield from read_id3(view[start:stop], budget)
        elif kind in (b"bext", b"iXML", b"axml", b"_PMX", b"aXML"):
            yield from block(view[start:stop], WHERE)
    yield from behind(view, end)


def _read_base_media(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    view = memoryview(data)
    end = 0
    for kind, start, stop in boxes(view, 0, len(view), budget):
        end = stop
        if kind == b"moov":
            for inner in boxes(view, start, stop, budget):
                if inner.kind in (b"udta", b"meta", b"uuid"):
                    yield from block(view[inner.start : inner.end], WHERE)
        elif kind not in _FILM:
            yield from block(view[start:stop], WHERE)
    yield from behind(view, end)


def _read_mpeg_audio(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    view = memoryview(data)
    end = yield from read_id3(view, budget)
    last = bytes(view[-128:])
    if last[:3] == b"TAG":
        yield from said(decoded(last[3:125].replace(b"\0", b" ")), WHERE)
    _refuse_archive(view[end:])


def _read_ogg(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The comments of the second packet, as far as its first page goes."""
    start = bytes(data[:_MAX_COMMENTS])
    for mark in (b"\x03vorbis", b"OpusTags", b"\x03theora"):
        if (at := start.find(mark)) >= 0:
            yield from _comments(start[at + len(mark) :])
    _refuse_archive(memoryview(data))


def _read_flac(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    view = memoryview(data)
    position, last = 4, False
    while not last and position + 4 <= len(view):
        last, kind = bool(view[position] & 0x80), view[position] & 0x7F
        size = int.from_bytes(view[position + 1 : position + 4], "big")
        content = bytes(view[position + 4 : position + 4 + min(size, _MAX_COMMENTS)])
        position += 4 + size
        if kind == 4:
            yield from _comments(content)
        elif kind == 2:
            yield from block(content, WHERE)
    _refuse_archive(view)


def _comments(octets: bytes) -> Iterator[Found]:
    """Vorbis comments: the program, then NAME=value, each with its length before it."""
    position, number, count = 0, 0, 1
    while number <= count and position + 4 <= len(octets):
        (size,) = struct.unpack_from("<L", octets, position)
        name, _, value = decoded(octets[position + 4 : position + 4 + size]).partition("=")
        if number == 0:
            if position + 8 + size <= len(octets):
                (count,) = struct.unpack_from("<L", octets, position + 4 + size)
            position += 4
        elif name.upper() in ("ARTIST", "PERFORMER"):
            yield from person("author", value, WHERE)
        elif name.upper() not in ("METADATA_BLOCK_PICTURE", "ENCODER"):
            yield from said(value, WHERE)
        position += 4 + size
        number += 1


def _read_other(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """What has no end of its own that is simple to find."""
    _refuse_archive(memoryview(data))
    yield from ()


def _refuse_archive(view: memoryview) -> None:
    """A zip is read from its end, whatever it begins with."""
    tail = bytes(view[-66_000:])
    end = tail.rfind(b"PK\x05\x06")
    if end >= 0 and len(tail) >= end + 22 and b"PK\x01\x02" in bytes(view[-8_000_000:]):
        raise Uninspectable("holds an archive beside its sound or film")


_KINDS: tuple[tuple[Callable[[bytes | memoryview], bool], Read], ...] = (
    (_is_riff, _read_riff),
    (_is_base_media, _read_base_media),
    (_starts(b"\x1a\x45\xdf\xa3"), read_matroska),
    (_starts(b"OggS"), _read_ogg),
    (_starts(b"fLaC"), _read_flac),
    (_is_mpeg_audio, _read_mpeg_audio),
    (
        _starts(
            *(b"#!AMR", b"MThd\0\0\0\6", b"\0\0\1\xba", b"\0\0\1\xb3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9"),
            *(b"OTTO\0", b"\0\1\0\0\0", b"true\0", b"ttcf\0", b"wOFF", b"wOF2"),
        ),
        _read_other,
    ),
)


def begins(data: bytes | memoryview) -> bool:
    return any(is_it(data) for is_it, _ in _KINDS)


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """What it says of itself in words, and what lies behind its end."""
    for is_it, reader in _KINDS:
        if is_it(data):
            yield from reader(data, budget)
            return
