"""What macOS puts beside the files of an archive: AppleDouble files (`._name`) and `.DS_Store`.

RFC 1740 (AppleDouble: 0x00051607, then entries with number, offset, length) and the layout of a buddy allocator file
("Bud1"). Promises: recognised by their structure; every letter in them is in the stream, lines and tables as in a text.
A resource fork that is not the empty one, anything large, anything that holds a document or something packed: not
recognised, so held. What is packed in less than a block (_BLOCK octets) and begins like no format is not seen.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from ...core.mail.decoded import as_text
from ..body import text_items
from ..budget import Budget
from ..enclosed import Found
from ..stream import Row, Visibility

TYPES = frozenset({"application/applefile", "multipart/appledouble"})
ENDINGS = (".ds_store",)
BESIDE = "._"
MOST_OCTETS = 65_536
_MAGIC, _VERSION = 0x00051607, 0x00020000
_RESOURCE_FORK, _FINDER_INFO = 2, 9
_EMPTY_FORK = 286
"""Octets of the resource fork that says that there is none."""
_BUDDY = b"\0\0\0\1Bud1"
_DOCUMENTS = re.compile(
    rb"PK\x03\x04|%PDF-|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf|7z\xbc\xaf|Rar!|\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\0"
    rb"|\x89PNG\r\n|\xff\xd8\xff[\xdb\xe0-\xef\xfe]|SQLite format 3"
)
_BLOCK, _MOST_VALUES = 512, 160
"""Octets of so many different values are packed, encrypted or a picture: of 512 random ones about 221 differ."""
_WIDE = re.compile(rb"(?:\0[\t\n\r\x20-\x7e]|[\x01-\x05][\x00-\xff]){4,}")
_NARROW = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]{4,}")
_WHERE = "metadata of macOS"


def begins(data: bytes | memoryview) -> bool:
    """Whether the octets are one of both, whole, and hold nothing else."""
    if len(data) > MOST_OCTETS:
        return False
    octets = bytes(data)
    holds_more = _DOCUMENTS.search(octets) or _is_packed(octets)
    return not holds_more and (_is_apple_double(octets) or _is_buddy_file(octets))


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The letters in it: names of the files beside it, where it was fetched from."""
    budget.keep(len(data))
    octets = bytes(data)
    for wide in _WIDE.finditer(octets):
        yield from _letters(wide[0].decode("utf-16-be", "replace"))
    for narrow in _NARROW.finditer(octets):
        yield from _letters(as_text(narrow[0], ""))


def _letters(text: str) -> Iterator[Found]:
    for item in text_items(text.replace("\r\n", "\n").replace("\r", "\n"), _WHERE):
        yield item if isinstance(item, Row) else replace(item, visibility=Visibility.MARKUP)


def _is_packed(octets: bytes) -> bool:
    starts = range(0, len(octets), _BLOCK // 2)
    return any(len(set(octets[start : start + _BLOCK])) > _MOST_VALUES for start in starts)


def _is_apple_double(octets: bytes) -> bool:
    if len(octets) < 26 or struct.unpack(">II", octets[:8]) != (_MAGIC, _VERSION):
        return False
    entries = [octets[26 + 12 * each : 38 + 12 * each] for each in range(int.from_bytes(octets[24:26], "big"))]
    if not entries or len(entries) > 2 or len(entries[-1]) < 12:
        return False
    end = 26 + 12 * len(entries)
    for entry in entries:
        number, offset, length = struct.unpack(">III", entry)
        if number not in (_RESOURCE_FORK, _FINDER_INFO) or offset + length > len(octets):
            return False
        if number == _RESOURCE_FORK and length not in (0, _EMPTY_FORK):
            return False
        end = max(end, offset + length)
    return not octets[end:].strip(b"\0")


def _is_buddy_file(octets: bytes) -> bool:
    """Header, then where its root block lies, how long it is, and where it lies once more."""
    if not octets.startswith(_BUDDY) or len(octets) < 36:
        return False
    offset, length, again = struct.unpack(">III", octets[8:20])
    return bool(offset == again and offset + length <= len(octets))
