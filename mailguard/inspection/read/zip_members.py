"""The octets of the members of a zip file, piece by piece, within the budget.

Promises: a member gives the octets that its directory entry promises (size and CRC-32), or `Uninspectable`. Memory is
bounded by the piece. It must not know what the members are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from .zip_directory import Directory, Entry, read_directory

_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip file that is open for reading."""

    data: memoryview
    directory: Directory
    budget: Budget

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """What the member holds, unpacked."""
        if entry.encrypted:
            raise Uninspectable("encrypted")
        packed = self.data[entry.start : entry.start + entry.packed]
        if entry.method == 0:
            source = _stored(packed)
        elif entry.method == 8:
            source = _inflated(packed)
        else:
            raise Uninspectable(f"packed with method {entry.method}, which is not read")
        return self._checked(entry, source)

    def read(self, entry: Entry) -> bytes:
        """The whole member. Its size counts as kept."""
        self.budget.keep(entry.unpacked)
        return b"".join(self.pieces(entry))

    def _checked(self, entry: Entry, source: Iterator[bytes]) -> Iterator[bytes]:
        size = crc = 0
        for piece in source:
            size += len(piece)
            if size > entry.unpacked:
                raise Uninspectable("a member is larger than it says")
            self.budget.spend_bytes(len(piece))
            self.budget.check_ratio(entry.packed, size)
            self.budget.spend_tags(piece.count(b"<"))
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != entry.unpacked or crc != entry.crc:
            raise Uninspectable("a member is not what its checksum says")


def open_archive(data: bytes | memoryview, budget: Budget) -> Archive:
    """Raises Uninspectable for what is no zip file, or one that two programs would read differently."""
    return Archive(memoryview(data), read_directory(data, budget), budget)


def _stored(packed: memoryview) -> Iterator[bytes]:
    for start in range(0, len(packed), _PIECE):
        yield bytes(packed[start : start + _PIECE])


def _inflated(packed: memoryview) -> Iterator[bytes]:
    """Raw deflate. What stands behind its last block would be seen by some readers only."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    pending: bytes | memoryview = packed
    try:
        while not stream.eof:
            piece = stream.decompress(pending, _PIECE)
            pending = stream.unconsumed_tail
            if not piece and not pending:
                break
            yield piece
    except zlib.error as error:
        raise Uninspectable("a member cannot be unpacked") from error
    if not stream.eof or stream.unused_data:
        raise Uninspectable("a member cannot be unpacked")
