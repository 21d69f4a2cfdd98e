"""One file made smaller: gzip (RFC 1952), bzip2, xz and lzma. What is in it is handed on for whoever reads its kind.

Promises: total; streaming: each piece is charged before it is kept, and memory beyond that is bounded whatever
dictionary a file asks for. Parts that follow each other are one file, as the programs themselves have it; anything
else behind them raises `Uninspectable`.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator

from ..budget import MEBIBYTE, Budget, Uninspectable
from ..enclosed import Enclosed, Found
from ..stream import Text, Visibility
from .listing import listed

GZIP_TYPES = frozenset({"application/gzip", "application/x-gzip", "application/x-gtar-compressed", "application/x-tgz"})
GZIP_ENDINGS = (".gz", ".tgz", ".svgz")
BZIP2_TYPES = frozenset({"application/x-bzip2", "application/x-bzip", "application/bzip2"})
BZIP2_ENDINGS = (".bz2", ".tbz", ".tbz2", ".tb2")
XZ_TYPES = frozenset({"application/x-xz", "application/x-lzma"})
XZ_ENDINGS = (".xz", ".txz", ".lzma", ".tlz")

DICTIONARY_BYTES = 72 * MEBIBYTE
"""What `xz -9` needs to unpack: 65 MiB. A file that asks for more is not read."""
_PIECE = 65_536
_PADDING = b"\0\r\n \x1a"
_GZIP, _BZIP2, _XZ, _LZMA = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x5d\0\0"
_HAS_CHECK, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT, _RESERVED = 0x02, 0x04, 0x08, 0x10, 0xE0
_LONGEST_FIELD = 65_536
_BROKEN = "is packed and cannot be unpacked"


def begins_gzip(data: bytes | memoryview) -> bool:
    return bytes(data[:3]) == _GZIP


def begins_bzip2(data: bytes | memoryview) -> bool:
    """The signature, a block size, and the start of a block or of the end (pi, or its square root)."""
    start = bytes(data[:10])
    return start[:3] == _BZIP2 and start[3:4] in b"123456789" and start[4:] in (b"1AY&SY", b"\x17rE8P\x90")


def begins_xz(data: bytes | memoryview) -> bool:
    """xz; or lzma, whose properties, dictionary and unknown size are what its programs write."""
    start = bytes(data[:13])
    return start.startswith(_XZ) or (start.startswith(_LZMA) and start[5:13] == b"\xff" * 8)


def read_gzip(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The names and comments in its headers, then the file."""
    view = memoryview(data)
    unpacked = bytearray()
    names: list[str] = []
    start = 0
    while start < len(view) and (start == 0 or begins_gzip(view[start : start + 3])):
        budget.spend_members(1)
        body, name, comment = _gzip_header(view, start)
        if name:
            yield from listed(name)
            names.append(name)
        if comment:
            yield Text(comment, "comments in an archive", Visibility.PROPERTY)
        before = len(unpacked)
        end = _inflate(view, body, unpacked, budget)
        _check_gzip(view, end, unpacked, before)
        start = end + 8
    _refuse_rest(view, start)
    yield Enclosed(memoryview(unpacked).toreadonly(), names=tuple(names[:1]), wrapped=True, charged=True)


def read_bzip2(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The file."""
    yield _whole(memoryview(data), budget, bz2.BZ2Decompressor, begins_bzip2)


def read_xz(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The file."""

    def make() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=DICTIONARY_BYTES)

    yield _whole(memoryview(data), budget, make, begins_xz)


def _whole(
    view: memoryview,
    budget: Budget,
    make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor],
    begins: Callable[[memoryview], bool],
) -> Enclosed:
    unpacked = bytearray()
    start = 0
    while start < len(view) and (start == 0 or begins(view[start:])):
        budget.spend_members(1)
        start = _unpack(view, start, make(), unpacked, budget)
        start = _behind_padding(view, start)
    _refuse_rest(view, start)
    return Enclosed(memoryview(unpacked).toreadonly(), wrapped=True, charged=True)


def _unpack(
    view: memoryview,
    start: int,
    unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor,
    unpacked: bytearray,
    budget: Budget,
) -> int:
    """Unpack one stream; where it ends."""
    position = start
    try:
        while not unpacker.eof:
            fed: bytes | memoryview = b""
            if unpacker.needs_input:
                fed = view[position : position + _PIECE]
                position += len(fed)
                if not fed:
                    raise Uninspectable(_BROKEN)
            _keep(unpacker.decompress(fed, _PIECE), unpacked, position - start, budget)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise Uninspectable(_BROKEN) from error
    return position - len(unpacker.unused_data)


def _behind_padding(view: memoryview, start: int) -> int:
    """xz allows zeros between two streams, by fours (.xz format 1.2, section 2.2)."""
    piece = bytes(view[start : start + _PIECE])
    return start + (len(piece) - len(piece.lstrip(b"\0"))) // 4 * 4


def _keep(piece: bytes, unpacked: bytearray, packed: int, budget: Budget) -> None:
    budget.spend_bytes(len(piece))
    budget.keep(len(piece))
    unpacked += piece
    budget.check_ratio(packed, len(unpacked))


def _gzip_header(view: memoryview, start: int) -> tuple[int, str, str]:
    """Where the body begins, the name, the comment (RFC 1952 section 2.3)."""
    fixed = bytes(view[start : start + 12])
    if len(fixed) < 12 or fixed[3] & _RESERVED:
        raise Uninspectable(_BROKEN)
    flags, position = fixed[3], start + 10
    if flags & _HAS_EXTRA:
        position += 2 + int(struct.unpack_from("<H", fixed, 10)[0])
    texts = {}
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            field = bytes(view[position : position + _LONGEST_FIELD])
            end = field.find(0)
            if end < 0:
                raise Uninspectable(_BROKEN)
            texts[flag] = _text(field[:end])
            position += end + 1
    return position + (2 if flags & _HAS_CHECK else 0), texts.get(_HAS_NAME, ""), texts.get(_HAS_COMMENT, "")


def _inflate(view: memoryview, start: int, unpacked: bytearray, budget: Budget) -> int:
    """Raw deflate from start on; where it ends."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    position, pending = start, b""
    try:
        while not stream.eof:
            if not pending:
                pending = bytes(view[position : position + _PIECE])
                position += len(pending)
            piece = stream.decompress(pending, _PIECE)
            if not piece and not pending:
                raise Uninspectable(_BROKEN)
            pending = stream.unconsumed_tail
            _keep(piece, unpacked, position - start, budget)
    except zlib.error as error:
        raise Uninspectable(_BROKEN) from error
    return position - len(stream.unused_data) - len(stream.unconsumed_tail)


def _check_gzip(view: memoryview, end: int, unpacked: bytearray, before: int) -> None:
    trailer = bytes(view[end : end + 8])
    with memoryview(unpacked) as whole:
        said = struct.pack("<LL", zlib.crc32(whole[before:]), (len(unpacked) - before) & 0xFFFFFFFF)
    if trailer != said:
        raise Uninspectable("is not what its checksum says")


def _refuse_rest(view: memoryview, start: int) -> None:
    for position in range(start, len(view), _PIECE):
        if bytes(view[position : position + _PIECE]).strip(_PADDING):
            raise Uninspectable("holds data behind its end")


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")
