"""Compound files (MS-CFB): the container of Office 97, of Outlook's messages, of encrypted packages and of objects.

Promises: total on any octets: a CompoundFile or `Uninspectable`. Chains of sectors and trees of entries that are
circular, cross each other or leave the file end in Uninspectable within as many steps as the file has sectors; so do
two entries of one name in a storage, whatever their case, and entries of a kind that is none. It must
not know what the streams mean. olefile is not used: it reads on where a file is broken, and which of two readings a
recipient gets is the question.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..budget import Budget, Uninspectable

BROKEN = "its compound file is broken"
SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = struct.Struct("<8s16s6H10L")
_ENTRY = struct.Struct("<64sHBBLLL16sLQQLQ")
_FREE, _END = 0xFFFFFFFF, 0xFFFFFFFE
_NO_ENTRY = 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_MINI_SECTOR = 64
_IN_HEADER = 109


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class CompoundFile:
    """streams: path with slashes, as written -> its entry. storages: paths of those that hold them.
    tree: path of a storage, "" for the outermost -> what is in it, name in upper case -> path."""

    data: memoryview
    budget: Budget
    sector: int
    cutoff: int
    chains: tuple[int, ...]
    small_chains: tuple[int, ...]
    small: bytes
    streams: dict[str, _Entry]
    storages: frozenset[str]
    tree: Mapping[str, Mapping[str, str]]

    def children(self, folder: str = "") -> Mapping[str, str]:
        """What is in a storage: name in upper case -> path; nothing for a stream."""
        return self.tree.get(folder, {})

    def inside(self, folder: str) -> CompoundFile:
        """A storage as if it were a file of its own: an object in a document. One in it is not looked into as such."""
        start = f"{folder}/"
        streams = {path.removeprefix(start): entry for path, entry in self.streams.items() if path.startswith(start)}
        storages = frozenset(path.removeprefix(start) for path in self.storages if path.startswith(start))
        tree = {
            path[len(start) :]: {name: each[len(start) :] for name, each in held.items()}
            for path, held in self.tree.items()
            if path == folder or path.startswith(start)
        }
        return replace(self, streams=streams, storages=storages, tree=tree)

    def find(self, path: str) -> str | None:
        """The stream of this path in any case, as the standard compares names."""
        wanted = path.lower()
        return next((name for name in self.streams if name.lower() == wanted), None)

    def read(self, path: str) -> bytes:
        """The whole stream, which counts as unpacked and kept."""
        entry = self.streams[path]
        self.budget.spend_bytes(entry.size)
        self.budget.keep(entry.size)
        if entry.size < self.cutoff:
            return _read_chain(self.small, entry, self.small_chains, _MINI_SECTOR, 0)
        return _read_chain(self.data, entry, self.chains, self.sector, self.sector)


def open_compound(data: bytes | memoryview, budget: Budget) -> CompoundFile:
    """Raises Uninspectable for what is no compound file, or a broken one."""
    try:
        return _open(memoryview(data), budget)
    except struct.error as error:
        raise Uninspectable("its compound file is cut off") from error


def _open(view: memoryview, budget: Budget) -> CompoundFile:
    fields = _HEADER.unpack_from(view, 0)
    if fields[0] != SIGNATURE:
        raise Uninspectable("no compound file")
    shift, mini_shift = fields[5], fields[6]
    _, fat_count, directory, _, cutoff, mini_start, _, difat_start, _ = fields[9:18]
    if shift not in (9, 12) or mini_shift != 6 or cutoff != 4096:
        raise Uninspectable(BROKEN)
    sector = 1 << shift
    fat_sectors = _fat_sectors(view, sector, fat_count, difat_start)
    chains = _numbers(view, fat_sectors, sector)
    listed = list(_chain(directory, chains))
    budget.spend_members(len(listed) * sector // _ENTRY.size)
    entries = _entries(view, listed, sector)
    mini_chains = _numbers(view, list(_chain(mini_start, chains)) if mini_start < _END else [], sector)
    root = entries[0] if entries else None
    if root is None or root.kind != _ROOT:
        raise Uninspectable(BROKEN)
    budget.spend_bytes(root.size)
    budget.keep(root.size)
    small = _read_chain(view, root, chains, sector, sector) if root.size else b""
    streams, storages, tree = _tree(entries)
    if any(each.size > len(view) for each in streams.values()):
        raise Uninspectable("its compound file has a stream that is larger than the file")
    return CompoundFile(view, budget, sector, cutoff, chains, mini_chains, small, streams, storages, tree)


def _fat_sectors(view: memoryview, sector: int, count: int, difat: int) -> list[int]:
    """Where the table of chains lies: the first 109 of its sectors stand in the header, the others in a chain of their
    own."""
    found = list(struct.unpack_from(f"<{_IN_HEADER}L", view, 76))
    steps = 0
    while difat < _END:
        steps += 1
        if steps > len(view) // sector:
            raise Uninspectable("its compound file is circular")
        *more, difat = struct.unpack_from(f"<{sector // 4}L", view, (difat + 1) * sector)
        found += more
    found = [each for each in found if each != _FREE]
    if len(found) != count or len(set(found)) != len(found):
        raise Uninspectable(BROKEN)
    return found


def _numbers(view: memoryview, sectors: list[int], sector: int) -> tuple[int, ...]:
    """A table of 32-bit numbers that lies in these sectors."""
    numbers: list[int] = []
    for each in sectors:
        here = _sector(view, each, sector)
        numbers += struct.unpack(f"<{len(here) // 4}L", here[: len(here) // 4 * 4])
    return tuple(numbers)


def _sector(view: memoryview, number: int, sector: int) -> bytes:
    """One that begins within the file; the last one may be short."""
    start = (number + 1) * sector
    if start >= len(view):
        raise Uninspectable(BROKEN)
    return bytes(view[start : start + sector])


def _chain(start: int, chains: tuple[int, ...]) -> Iterator[int]:
    steps = 0
    while start != _END:
        if start >= len(chains) or steps > len(chains):
            raise Uninspectable("its compound file has a chain that leads nowhere")
        yield start
        start = chains[start]
        steps += 1


def _read_chain(data: memoryview | bytes, entry: _Entry, chains: tuple[int, ...], sector: int, offset: int) -> bytes:
    """The octets of a stream; the last sector of a file may be short."""
    pieces, left = [], entry.size
    if entry.size > len(data):
        raise Uninspectable("its compound file has a stream that is larger than the file")
    for each in _chain(entry.start, chains) if entry.size else ():
        start = each * sector + offset
        pieces.append(bytes(data[start : start + min(sector, left)]))
        left -= sector
        if left <= 0:
            break
    whole = b"".join(pieces)
    if len(whole) != entry.size:
        raise Uninspectable("its compound file is cut off")
    return whole


def _entries(view: memoryview, sectors: list[int], sector: int) -> list[_Entry]:
    found = []
    for each in sectors:
        start = (each + 1) * sector
        for place in range(start, start + sector, _ENTRY.size):
            raw, size, kind, _, left, right, child, _, _, _, _, first, length = _ENTRY.unpack_from(view, place)
            name = raw[: max(0, min(size, 64) - 2)].decode("utf-16-le", "replace")
            found.append(
                _Entry(name, kind, left, right, child, first, length & 0xFFFFFFFF if sector == 512 else length)
            )
    return found


def _tree(entries: list[_Entry]) -> tuple[dict[str, _Entry], frozenset[str], dict[str, dict[str, str]]]:
    """Every stream by its path. One that no storage leads to is found too, under "?"."""
    streams: dict[str, _Entry] = {}
    tree: dict[str, dict[str, str]] = {"": {}}
    seen = {0}
    pending = [(entries[0].child, "")]
    while pending:
        index, folder = pending.pop()
        if index == _NO_ENTRY:
            continue
        if index >= len(entries) or index in seen:
            raise Uninspectable("its compound file is circular")
        seen.add(index)
        entry = entries[index]
        pending += [(entry.left, folder), (entry.right, folder)]
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.kind not in (_STORAGE, _STREAM) or not entry.name:
            raise Uninspectable(BROKEN)
        if entry.name.upper() in tree[folder] or path in streams or path in tree:
            raise Uninspectable("its compound file has two streams of one name")
        tree[folder][entry.name.upper()] = path
        if entry.kind == _STORAGE:
            tree[path] = {}
            pending.append((entry.child, path))
        else:
            streams[path] = entry
    for index, entry in enumerate(entries):
        if entry.kind == _STREAM and index not in seen:
            streams[f"?/{index}/{entry.name}"] = entry
    return streams, frozenset(path for path in tree if path), tree
