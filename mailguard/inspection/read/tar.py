"""A tar archive: ustar, GNU tar's long names, and pax. Every member for whoever reads its kind; links only named.

Promises: total; one pass; each octet is a header, a member, or zero. A member in holes (sparse), one of a kind that is
not known here, and octets behind the end raise `Uninspectable`. Sources: POSIX.1-2017 pax, "ustar Interchange Format"
and "pax Header Block"; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found
from ..stream import Text, Visibility
from .listing import listed

TYPES = frozenset({"application/x-tar", "application/tar", "application/x-gtar", "application/x-ustar"})
ENDINGS = (".tar", ".gtar")

_BLOCK = 512
_FILE, _FOLDER, _NAMED = frozenset(b"\x000" + b"7"), frozenset(b"5"), frozenset(b"12346")
"""Links and devices hold nothing."""
_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL = ord("L"), ord("K"), frozenset(b"xX"), ord("g")
_MAX_HEADER = 1_048_576
_OCTAL = re.compile(rb"[ \0]*+([0-7]{0,12}+)[ \0]*+\Z")
_RECORD = re.compile(rb"([1-9]\d{0,6}) ")
_BROKEN = "a tar archive that is broken"
_TECHNICAL = frozenset({"path", "linkpath", "size", "mtime", "atime", "ctime", "uid", "gid", "hdrcharset", "charset"})


@dataclass(slots=True)
class _Told:
    """What headers say of the members after them. long: by GNU, for the next; own: by pax, for the next; all: for
    all."""

    long: dict[int, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    all: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        return self.own.get(key, self.all.get(key))


def begins(data: bytes | memoryview) -> bool:
    """Whether the first block is a header with the right sum. The oldest tar has no other sign."""
    block = bytes(data[:_BLOCK])
    return len(block) == _BLOCK and block[0] != 0 and _sum_is_right(block)


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Names and members in the order of the archive."""
    view = memoryview(data)
    told = _Told()
    position = 0
    while position < len(view):
        block = bytes(view[position : position + _BLOCK])
        if not block.strip(b"\0"):
            _refuse_rest(view, position)
            return
        budget.spend_members(1)
        size = _size(block, told)
        start, position = position + _BLOCK, position + _BLOCK + -(-size // _BLOCK) * _BLOCK
        if start + size > len(view):
            raise Uninspectable(_BROKEN)
        if bytes(view[start + size : position]).strip(b"\0"):
            raise Uninspectable("holds data behind the end of a member")
        yield from _member(block, view[start : start + size], told, budget)


def _member(block: bytes, content: memoryview, told: _Told, budget: Budget) -> Iterator[Found]:
    kind = block[156]
    if kind in (_LONG_NAME, _LONG_LINK):
        told.long[kind] = _text(_small(content).rstrip(b"\0"))
    elif kind in _PAX or kind == _PAX_FOR_ALL:
        records = _records(_small(content))
        (told.own if kind in _PAX else told.all).update(records)
        for key, value in records.items():
            if key not in _TECHNICAL and value.strip():
                yield Text(value, "properties of a file in an archive", Visibility.PROPERTY)
    else:
        name = told.long.get(_LONG_NAME) or told.get("path") or _name(block)
        sparse = any(key.startswith("GNU.sparse") for key in (*told.own, *told.all))
        link = told.long.get(_LONG_LINK) or told.get("linkpath") or _text(block[157:257].partition(b"\0")[0])
        told.own, told.long = {}, {}
        yield from listed(name)
        if kind in _NAMED and link:
            yield from listed(link)
        is_folder = kind in _FOLDER or name.endswith("/")
        if kind in _FILE and not is_folder and not sparse:
            budget.spend_bytes(len(content))
            budget.keep(len(content))
            yield Enclosed(content, names=(name,), charged=True)
        elif len(content) or sparse or kind not in _NAMED | _FOLDER | _FILE:
            raise Uninspectable("holds a file in a tar archive in a form that is not read")


def _size(block: bytes, told: _Told) -> int:
    """Of the content, in octets; what pax says goes before the header's own."""
    if len(block) < _BLOCK or not _sum_is_right(block):
        raise Uninspectable(_BROKEN)
    said = None if block[156] in _PAX | {_PAX_FOR_ALL, _LONG_NAME, _LONG_LINK} else told.get("size")
    if said is not None:
        if not re.fullmatch(r"[0-9]{1,18}", said):
            raise Uninspectable(_BROKEN)
        return int(said)
    return _number(block[124:136])


def _number(octets: bytes) -> int:
    """Octal digits, or, with the first bit set, a binary number (GNU tar)."""
    if octets[0] & 0x80:
        return int.from_bytes(bytes([octets[0] & 0x7F]) + octets[1:], "big")
    digits = _OCTAL.match(octets)
    if digits is None:
        raise Uninspectable(_BROKEN)
    return int(digits[1] or b"0", 8)


def _sum_is_right(block: bytes) -> bool:
    digits = _OCTAL.match(block[148:156])
    if digits is None or not digits[1]:
        return False
    return sum(block) - sum(block[148:156]) + 8 * 32 == int(digits[1], 8)


def _name(block: bytes) -> str:
    name = _text(block[:100].partition(b"\0")[0])
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return f"{_text(prefix)}/{name}" if prefix else name


def _records(octets: bytes) -> Mapping[str, str]:
    """`27 path=a long name\\n`, each with its own length."""
    found = {}
    position = 0
    while position < len(octets):
        length = _RECORD.match(octets, position)
        if length is None:
            raise Uninspectable(_BROKEN)
        end = position + int(length[1])
        key, equals, value = octets[length.end() : end - 1].partition(b"=")
        if end > len(octets) or not equals or octets[end - 1 : end] != b"\n":
            raise Uninspectable(_BROKEN)
        found[_text(key)] = _text(value)
        position = end
    return found


def _small(content: memoryview) -> bytes:
    if len(content) > _MAX_HEADER:
        raise Uninspectable(_BROKEN)
    return bytes(content)


def _refuse_rest(view: memoryview, start: int) -> None:
    for position in range(start, len(view), 65_536):
        if bytes(view[position : position + 65_536]).strip(b"\0"):
            raise Uninspectable("holds data behind its end")


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")
