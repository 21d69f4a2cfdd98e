"""A compound file (MS-CFB): a tree of storages and streams in sectors that are chained like a FAT.

Promises: total but for Uninspectable. No chain is followed longer than the file has sectors, so that a cycle ends; no
entry of the directory is visited twice, and no stream is read before it is asked for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
BROKEN = "an Outlook message in it is broken"
_HEADER = struct.Struct("<8s16sHHHHH6sIIIIIIIII")
_END, _FREE, _NOTHING = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass(slots=True)
class Node:
    """A storage, with what is in it by name in upper case, or a stream."""

    name: str
    stream: bool
    start: int
    size: int
    children: dict[str, Node] = field(default_factory=dict)


class CompoundFile:
    """An open file. Raises Uninspectable."""

    def __init__(self, data: bytes | memoryview, budget: Budget) -> None:
        self._data = memoryview(data)
        self._budget = budget
        if len(data) < 512 or bytes(data[:8]) != SIGNATURE:
            raise Uninspectable(BROKEN)
        header = _HEADER.unpack_from(data)
        self._sector_size, self._small_size = 1 << header[5], 1 << header[6]
        self._cutoff = header[12]
        if self._sector_size not in (512, 4096) or self._small_size != 64 or self._cutoff != 4096:
            raise Uninspectable(BROKEN)
        self._sectors = max(0, (len(data) - 1) // self._sector_size)
        self._fat = self._read_fat(header[15], header[16])
        directory = self._chain(header[10])
        self.root = self._read_directory(directory)
        self._small_fat = _numbers(self._chain(header[13]) if header[13] < _END else b"")
        self._small = self._chain(self.root.start)[: self.root.size] if self.root.start < _END else b""

    def octets(self, node: Node) -> bytes:
        """The content of a stream."""
        self._budget.keep(node.size)
        if node.size == 0:
            return b""
        octets = self._small_chain(node) if node.size < self._cutoff else self._chain(node.start, node.size)
        if len(octets) < node.size:
            raise Uninspectable(BROKEN)
        return octets[: node.size]

    def _sector(self, number: int) -> memoryview:
        start = (number + 1) * self._sector_size
        if number >= self._sectors:
            raise Uninspectable(BROKEN)
        return self._data[start : start + self._sector_size]

    def _read_fat(self, first: int, count: int) -> tuple[int, ...]:
        """The sectors that hold the FAT stand in the header, and from the 110th on in a chain of their own."""
        places = list(struct.unpack_from("<109I", self._data, 76))
        each = self._sector_size // 4 - 1
        for _ in range(min(count, self._sectors)):
            if first >= _END:
                break
            sector = self._sector(first)
            *more, first = struct.unpack(f"<{each + 1}I", sector)
            places += more
        wanted = [place for place in places if place < _END]
        if len(set(wanted)) != len(wanted):
            raise Uninspectable(BROKEN)
        self._budget.keep(len(wanted) * self._sector_size)
        return _numbers(b"".join(self._sector(place) for place in wanted))

    def _chain(self, start: int, most: int | None = None) -> bytes:
        pieces: list[memoryview] = []
        number, left = start, most
        for _ in range(self._sectors + 1):
            if number >= _END or (left is not None and left <= 0):
                return b"".join(pieces)
            pieces.append(self._sector(number))
            if number >= len(self._fat):
                raise Uninspectable(BROKEN)
            number = self._fat[number]
            left = None if left is None else left - self._sector_size
        raise Uninspectable(BROKEN)

    def _small_chain(self, node: Node) -> bytes:
        pieces: list[bytes] = []
        number = node.start
        for _ in range(-(-node.size // self._small_size)):
            if number >= len(self._small_fat):
                raise Uninspectable(BROKEN)
            pieces.append(self._small[number * self._small_size : (number + 1) * self._small_size])
            number = self._small_fat[number]
        return b"".join(pieces)

    def _read_directory(self, octets: bytes) -> Node:
        entries = [_ENTRY.unpack_from(octets, at) for at in range(0, len(octets) - 127, 128)]
        if not entries or entries[0][2] != _ROOT:
            raise Uninspectable(BROKEN)
        root = self._node(entries[0])
        waiting, seen = [(root, entries[0][6])], set()
        while waiting:
            storage, first = waiting.pop()
            siblings = [first]
            while siblings:
                number = siblings.pop()
                if number == _NOTHING:
                    continue
                if number >= len(entries) or number in seen:
                    raise Uninspectable(BROKEN)
                seen.add(number)
                self._budget.spend_members(1)
                entry = entries[number]
                node = self._node(entry)
                if node.name in storage.children:
                    raise Uninspectable(BROKEN)
                storage.children[node.name] = node
                siblings += [entry[4], entry[5]]
                if not node.stream:
                    waiting.append((node, entry[6]))
        return root

    def _node(self, entry: tuple[bytes, int, int, int, int, int, int, bytes, int, int, int, int, int]) -> Node:
        name, length, kind = entry[:3]
        if kind not in (_STORAGE, _STREAM, _ROOT) or not 2 <= length <= 64:
            raise Uninspectable(BROKEN)
        # In files of version 3 the upper half of the size may hold anything (section 2.6.3).
        size = entry[12] if self._sector_size == 4096 else entry[12] & 0xFFFFFFFF
        if kind == _STREAM and size > len(self._data):
            raise Uninspectable(BROKEN)
        text = name[: length - 2].decode("utf-16-le", "replace").upper()
        return Node(text, kind == _STREAM, entry[11], min(size, len(self._data)))


def _numbers(octets: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(octets) // 4}I", octets[: len(octets) // 4 * 4])
