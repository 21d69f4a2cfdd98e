"""ID3 tags (id3.org, 2.2 to 2.4): the texts before a sound, and files that one may carry.

Promises: total. A tag that is broken gives its letters.
"""

from __future__ import annotations

import struct
from collections.abc import Generator

from ..budget import Budget
from ..enclosed import Enclosed, Found
from .told import block, person, said

WHERE = "properties of a sound or film"
_HEADER = 10
_PEOPLE = {"TPE1": "author", "TP1": "author", "TCOM": "author", "TOWN": "owner", "TEXT": "author"}
_SILENT = frozenset({"TLEN", "TDRC", "TYER", "TSSE", "TENC", "TRCK", "TCON", "TDEN", "TDTG", "TSRC", "TPOS", "TBPM"})
_WITH_LANGUAGE = frozenset({"COMM", "COM", "USLT", "ULT"})
_FILES = frozenset({"GEOB", "GEO"})
_CHARSETS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}


def read_id3(view: memoryview, budget: Budget) -> Generator[Found, None, int]:
    """The frames of a tag at the beginning; returns where the sound begins."""
    start = bytes(view[:_HEADER])
    if start[:3] != b"ID3" or len(start) < _HEADER:
        return 0
    version, end = start[3], min(_HEADER + _safe(start[6:10]), len(view))
    size = 6 if version == 2 else 10
    position = _HEADER
    while position + size <= end and view[position]:
        header = bytes(view[position : position + size])
        length = _length(version, header)
        if position + size + length > end or not header[:3].isalnum():
            yield from block(view[position:end], WHERE)
            break
        budget.spend_members(1)
        frame = header[: 3 if version == 2 else 4].decode("latin-1")
        yield from _frame(frame, view[position + size : position + size + length])
        position += size + length
    return end


def _length(version: int, header: bytes) -> int:
    if version == 2:
        return int.from_bytes(header[3:6], "big")
    return _safe(header[4:8]) if version == 4 else int(struct.unpack_from(">L", header, 4)[0])


def _safe(octets: bytes) -> int:
    """Seven bits an octet, so that a tag never looks like a frame of sound."""
    value = 0
    for octet in octets:
        value = value << 7 | octet & 0x7F
    return value


def _frame(frame: str, content: memoryview) -> Generator[Found, None, None]:
    if frame in _FILES:
        yield Enclosed(_behind_names(bytes(content)))
    elif frame in _WITH_LANGUAGE:
        yield from said(_text(content, 4).replace("\0", "\n"), WHERE)
    elif frame.startswith("T") and frame not in _SILENT:
        text = _text(content, 1)
        yield from person(_PEOPLE[frame], text, WHERE) if frame in _PEOPLE else said(text.replace("\0", "\n"), WHERE)
    elif frame in ("PRIV", "UFID"):
        yield from block(content, WHERE)


def _text(content: memoryview, start: int) -> str:
    charset = _CHARSETS.get(content[0] if content else 0, "latin-1")
    return bytes(content[start:]).decode(charset, "replace").replace("\ufeff", "")


def _behind_names(content: bytes) -> bytes:
    """Charset, media type, file name, description, then the file; all of it where that cannot be told."""
    position = content.find(b"\0", 1) + 1
    wide = content[:1] in (b"\1", b"\2")
    for _ in range(2):
        if wide:
            while position + 1 < len(content) and content[position : position + 2] != b"\0\0":
                position += 2
            position += 2
        else:
            position = content.find(b"\0", position) + 1 or len(content)
    return content[position:] or content
