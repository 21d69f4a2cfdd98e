"""A RAR archive, of version 4 or 5: the names of its files, and whether it is encrypted. What is in them is not read.

Promises: total; always ends in `Uninspectable` with the reason, after the names, as far as the headers can be read.
Sources: technote.txt of RAR 4.20 and 5.0 ("RAR 5.0 archive format", rarlab.com).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..enclosed import Found
from .listing import listed

TYPES = frozenset({"application/vnd.rar", "application/x-rar-compressed", "application/x-rar"})
ENDINGS = (".rar",)
NOT_READ = "a rar archive, whose members are not read"
ENCRYPTED = "encrypted rar archive"

_MARK_4, _MARK_5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_BROKEN = "a rar archive that is broken"
_BLOCK_4 = struct.Struct("<HBHH")
_FILE_4 = struct.Struct("<LLBLLBBHL")
_MAIN_4, _FILE_OF_4, _SERVICE_4, _END_4 = 0x73, 0x74, 0x7A, 0x7B
_HEADERS_ENCRYPTED_4, _FILE_ENCRYPTED_4, _HIGH_SIZES_4, _UNICODE_4, _MORE_4 = 0x80, 0x04, 0x100, 0x200, 0x8000
_FILE_5, _SERVICE_5, _ENCRYPTION_5, _END_5 = 2, 3, 4, 5
_HAS_EXTRA_5, _HAS_DATA_5, _HAS_TIME_5, _HAS_CRC_5 = 1, 2, 2, 4
_ENCRYPTION_RECORD_5 = 1


def begins(data: bytes | memoryview) -> bool:
    return bytes(data[:8]).startswith((_MARK_4, _MARK_5))


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The names, then Uninspectable."""
    view = memoryview(data)
    blocks = _blocks_5(view, budget) if bytes(view[:8]) == _MARK_5 else _blocks_4(view, budget)
    encrypted = False
    try:
        for name, is_encrypted in blocks:
            encrypted |= is_encrypted
            if name:
                yield from listed(name)
    except (struct.error, IndexError) as error:
        raise Uninspectable(_BROKEN) from error
    raise Uninspectable(ENCRYPTED if encrypted else NOT_READ)


def _blocks_4(view: memoryview, budget: Budget) -> Iterator[tuple[str, bool]]:
    """(name, whether it is encrypted) of each file."""
    position = len(_MARK_4)
    while position < len(view):
        _, kind, flags, size = _BLOCK_4.unpack_from(view, position)
        if size < _BLOCK_4.size:
            raise Uninspectable(_BROKEN)
        budget.spend_members(1)
        start, end = position + _BLOCK_4.size, position + size
        if kind == _END_4:
            return
        if kind == _MAIN_4 and flags & _HEADERS_ENCRYPTED_4:
            yield "", True
            return
        if kind in (_FILE_OF_4, _SERVICE_4):
            packed, _, _, _, _, _, _, length, _ = _FILE_4.unpack_from(view, start)
            start += _FILE_4.size
            if flags & _HIGH_SIZES_4:
                packed += struct.unpack_from("<LL", view, start)[0] << 32
                start += 8
            if kind == _FILE_OF_4:
                name = bytes(view[start : min(start + length, end)])
                yield _name_4(name, bool(flags & _UNICODE_4)), bool(flags & _FILE_ENCRYPTED_4)
            end += packed
        elif flags & _MORE_4:
            end += struct.unpack_from("<L", view, start)[0]
        position = end


def _name_4(name: bytes, has_unicode: bool) -> str:
    """Either UTF-8, or one in an old charset with what it takes to make it Unicode behind a NUL."""
    plain = name.partition(b"\0")[0] if has_unicode else name
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return plain.decode("cp437")


def _blocks_5(view: memoryview, budget: Budget) -> Iterator[tuple[str, bool]]:
    """(name, whether it is encrypted) of each file."""
    position = len(_MARK_5)
    while position < len(view):
        size, start = _number(view, position + 4)
        end = start + size
        kind, at = _number(view, start)
        flags, at = _number(view, at)
        budget.spend_members(1)
        extra = packed = 0
        if flags & _HAS_EXTRA_5:
            extra, at = _number(view, at)
        if flags & _HAS_DATA_5:
            packed, at = _number(view, at)
        if extra > size or end > len(view):
            raise Uninspectable(_BROKEN)
        if kind == _END_5:
            return
        if kind == _ENCRYPTION_5:
            yield "", True
            return
        if kind == _FILE_5:
            yield _name_5(view, at, end), _is_encrypted_5(view, end - extra, end)
        position = end + packed


def _name_5(view: memoryview, at: int, end: int) -> str:
    flags, at = _number(view, at)
    _, at = _number(view, at)
    _, at = _number(view, at)
    at += (4 if flags & _HAS_TIME_5 else 0) + (4 if flags & _HAS_CRC_5 else 0)
    _, at = _number(view, at)
    _, at = _number(view, at)
    length, at = _number(view, at)
    return bytes(view[at : min(at + length, end)]).decode("utf-8", "replace")


def _is_encrypted_5(view: memoryview, at: int, end: int) -> bool:
    while at < end:
        size, at = _number(view, at)
        if _number(view, at)[0] == _ENCRYPTION_RECORD_5:
            return True
        at += size
    return False


def _number(view: memoryview, at: int) -> tuple[int, int]:
    """Seven bits an octet, the lowest first; and where the next one begins."""
    value = 0
    for index in range(10):
        octet = view[at + index]
        value |= (octet & 0x7F) << 7 * index
        if not octet & 0x80:
            return value, at + index + 1
    raise Uninspectable(_BROKEN)
