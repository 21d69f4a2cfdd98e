"""A 7z archive: the names of its files, and whether it is encrypted. What is in the files is not read.

Promises: total; always ends in `Uninspectable` with the reason, after the names, as far as the header can be read. The
header may be packed itself: unpacked within the budget, whatever dictionary it asks for. Source: 7zFormat.txt of the
LZMA SDK 23.01.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..budget import MEBIBYTE, Budget, Uninspectable
from ..enclosed import Found
from .listing import listed

TYPES = frozenset({"application/x-7z-compressed", "application/7z"})
ENDINGS = (".7z",)
SIGNATURE = b"7z\xbc\xaf\x27\x1c"
NOT_READ = "a 7z archive, whose members are not read"
ENCRYPTED = "encrypted 7z archive"

_START = struct.Struct("<6s2BLQQL")
_MAX_HEADER = 8 * MEBIBYTE
_MAX_LAYERS, _MAX_CODERS = 4, 32
_BROKEN = "a 7z archive that is broken"
_END, _HEADER, _PROPERTIES, _MORE_STREAMS, _STREAMS, _FILES = 0, 1, 2, 3, 4, 5
_PACKED, _UNPACKED, _PARTS, _SIZE, _CRC, _FOLDER = 6, 7, 8, 9, 10, 11
_UNPACKED_SIZES, _PARTS_OF_FOLDERS, _NAMES, _PACKED_HEADER = 12, 13, 17, 23
_COPY, _LZMA, _LZMA2, _AES = b"\0", b"\x03\x01\x01", b"\x21", b"\x06\xf1\x07\x01"


@dataclass(frozen=True, slots=True)
class _Folder:
    """What is packed together. coders: (method, its properties), the first unpacks last."""

    coders: tuple[tuple[bytes, bytes], ...]
    outputs: int
    size: int = 0
    has_crc: bool = False


@dataclass(frozen=True, slots=True)
class _Streams:
    """start: of the packed octets, from the end of the first header; packed: the size of each stream."""

    start: int
    packed: tuple[int, ...]
    folders: tuple[_Folder, ...]

    @property
    def encrypted(self) -> bool:
        return any(method == _AES for folder in self.folders for method, _ in folder.coders)


def begins(data: bytes | memoryview) -> bool:
    return bytes(data[:6]) == SIGNATURE


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The names, then Uninspectable."""
    try:
        cursor, encrypted = _Cursor(_header(memoryview(data), budget), budget), False
        kind = cursor.number()
        if kind == _PROPERTIES:
            cursor.skip_properties()
            kind = cursor.number()
        for section in (_MORE_STREAMS, _STREAMS):
            if kind == section:
                encrypted |= _streams(cursor).encrypted
                kind = cursor.number()
        names = _names(cursor) if kind == _FILES else []
    except (IndexError, struct.error, OverflowError, lzma.LZMAError) as error:
        raise Uninspectable(_BROKEN) from error
    for name in names:
        yield from listed(name)
    raise Uninspectable(ENCRYPTED if encrypted else NOT_READ)


def _header(view: memoryview, budget: Budget) -> bytes:
    """The header behind its first number, unpacked."""
    _, _, _, crc, offset, size, header_crc = _START.unpack_from(view, 0)
    if zlib.crc32(view[12:32]) != crc:
        raise Uninspectable(_BROKEN)
    if size == 0:
        raise Uninspectable(NOT_READ)
    header = _taken(view, _START.size + offset, size, budget)
    if zlib.crc32(header) != header_crc:
        raise Uninspectable(_BROKEN)
    if _START.size + offset + size != len(view):
        raise Uninspectable("holds data behind its end")
    for _ in range(_MAX_LAYERS):
        cursor = _Cursor(header, budget)
        kind = cursor.number()
        if kind == _HEADER:
            return header[cursor.at :]
        if kind != _PACKED_HEADER:
            raise Uninspectable(_BROKEN)
        header = _unpacked(view, _streams(cursor), budget)
    raise Uninspectable(_BROKEN)


def _taken(view: memoryview, start: int, size: int, budget: Budget) -> bytes:
    if size > _MAX_HEADER or start + size > len(view):
        raise Uninspectable(_BROKEN)
    budget.spend_bytes(size)
    budget.keep(size)
    return bytes(view[start : start + size])


def _unpacked(view: memoryview, streams: _Streams, budget: Budget) -> bytes:
    """A header that is packed by one method."""
    if streams.encrypted:
        raise Uninspectable(ENCRYPTED)
    if len(streams.folders) != 1 or len(streams.packed) != 1 or len(streams.folders[0].coders) != 1:
        raise Uninspectable(NOT_READ)
    folder = streams.folders[0]
    packed = _taken(view, _START.size + streams.start, streams.packed[0], budget)
    ((method, properties),) = folder.coders
    if method == _COPY:
        return packed
    if folder.size > _MAX_HEADER:
        raise Uninspectable(_BROKEN)
    budget.check_ratio(len(packed), folder.size)
    budget.spend_bytes(folder.size)
    budget.keep(folder.size)
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[_filter(method, properties, folder.size)])
    header = unpacker.decompress(packed, folder.size)
    if len(header) != folder.size:
        raise Uninspectable(_BROKEN)
    return header


def _filter(method: bytes, properties: bytes, size: int) -> dict[str, int]:
    """No dictionary need be larger than all that is unpacked with it."""
    dictionary = max(size, 4_096)
    if method == _LZMA2:
        return {"id": lzma.FILTER_LZMA2, "dict_size": dictionary}
    if method != _LZMA:
        raise Uninspectable(NOT_READ)
    packed = properties[0]
    return {
        "id": lzma.FILTER_LZMA1,
        "dict_size": dictionary,
        "lc": packed % 9,
        "lp": packed // 9 % 5,
        "pb": packed // 45,
    }


class _Cursor:
    """Reads a header from its beginning to its end. Raises IndexError at the end."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self.data = data
        self.at = 0
        self._budget = budget

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        """As many octets more as the first one has leading ones."""
        first, value = self.byte(), 0
        for index in range(8):
            mask = 0x80 >> index
            if not first & mask:
                return value | (first & (mask - 1)) << 8 * index
            value |= self.byte() << 8 * index
        return value

    def count(self) -> int:
        """Of things that each take an octet of the header or more; charged, since each is kept."""
        count = self.number()
        if count > len(self.data):
            raise IndexError
        self._budget.spend_members(count)
        return count

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise IndexError
        self.at += size
        return self.data[self.at - size : self.at]

    def skip_properties(self) -> None:
        while self.number() != _END:
            self.take(self.number())

    def bits(self, count: int) -> list[bool]:
        """A flag for each, or one octet that says all."""
        if self.byte():
            return [True] * count
        octets = self.take(-(-count // 8))
        return [bool(octets[index // 8] & 0x80 >> index % 8) for index in range(count)]

    def skip_checks(self, count: int) -> list[bool]:
        defined = self.bits(count)
        self.take(4 * sum(defined))
        return defined


def _streams(cursor: _Cursor) -> _Streams:
    start = 0
    packed: tuple[int, ...] = ()
    folders: tuple[_Folder, ...] = ()
    kind = cursor.number()
    if kind == _PACKED:
        start, packed = _packed(cursor)
        kind = cursor.number()
    if kind == _UNPACKED:
        folders = _folders(cursor)
        kind = cursor.number()
    if kind == _PARTS:
        _skip_parts(cursor, folders)
        kind = cursor.number()
    if kind != _END:
        raise Uninspectable(_BROKEN)
    return _Streams(start, packed, folders)


def _packed(cursor: _Cursor) -> tuple[int, tuple[int, ...]]:
    start, count = cursor.number(), cursor.count()
    sizes: tuple[int, ...] = ()
    while (kind := cursor.number()) != _END:
        if kind == _SIZE:
            sizes = tuple(cursor.number() for _ in range(count))
        elif kind == _CRC:
            cursor.skip_checks(count)
        else:
            raise Uninspectable(_BROKEN)
    return start, sizes


def _folders(cursor: _Cursor) -> tuple[_Folder, ...]:
    if cursor.number() != _FOLDER:
        raise Uninspectable(_BROKEN)
    count = cursor.count()
    if cursor.byte():
        raise Uninspectable(NOT_READ)
    folders = [_folder(cursor) for _ in range(count)]
    if cursor.number() != _UNPACKED_SIZES:
        raise Uninspectable(_BROKEN)
    sizes = [[cursor.number() for _ in range(folder.outputs)] for folder in folders]
    defined = [False] * count
    while (kind := cursor.number()) != _END:
        if kind != _CRC:
            raise Uninspectable(_BROKEN)
        defined = cursor.skip_checks(count)
    return tuple(
        _Folder(folder.coders, folder.outputs, size[-1] if size else 0, has_crc)
        for folder, size, has_crc in zip(folders, sizes, defined, strict=True)
    )


def _folder(cursor: _Cursor) -> _Folder:
    coders = []
    inputs = outputs = 0
    count = cursor.number()
    if not 0 < count <= _MAX_CODERS:
        raise Uninspectable(_BROKEN)
    for _ in range(count):
        flags = cursor.byte()
        method = cursor.take(flags & 0x0F)
        ins, outs = (cursor.number(), cursor.number()) if flags & 0x10 else (1, 1)
        properties = cursor.take(cursor.number()) if flags & 0x20 else b""
        if ins > _MAX_CODERS or outs > _MAX_CODERS:
            raise Uninspectable(_BROKEN)
        inputs, outputs = inputs + ins, outputs + outs
        coders.append((method, properties))
    for _ in range(2 * (outputs - 1)):
        cursor.number()
    packed = inputs - (outputs - 1)
    for _ in range(packed if packed > 1 else 0):
        cursor.number()
    return _Folder(tuple(coders), outputs)


def _skip_parts(cursor: _Cursor, folders: tuple[_Folder, ...]) -> None:
    parts = [1] * len(folders)
    while (kind := cursor.number()) != _END:
        if kind == _PARTS_OF_FOLDERS:
            parts = [cursor.count() for _ in folders]
        elif kind == _SIZE:
            for _ in range(sum(max(count - 1, 0) for count in parts)):
                cursor.number()
        elif kind == _CRC:
            known = zip(parts, folders, strict=True)
            cursor.skip_checks(sum(0 if count == 1 and folder.has_crc else count for count, folder in known))
        else:
            raise Uninspectable(_BROKEN)


def _names(cursor: _Cursor) -> list[str]:
    cursor.count()
    names: list[str] = []
    while (kind := cursor.number()) != _END:
        content = cursor.take(cursor.number())
        if kind == _NAMES:
            if content[0]:
                raise Uninspectable(NOT_READ)
            names += content[1:].decode("utf-16-le", "replace").split("\0")[:-1]
    return names
