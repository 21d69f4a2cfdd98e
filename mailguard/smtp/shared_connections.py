"""The limits of session_limits.py over several processes: each writes its own part of a memory that all can read.

A part is the number of its connections and of its clients, what its messages take of the rooms (shared_room.py), and a
row for each client that has some connections: the hash of its address and how many. No lock is needed, as nobody writes
where another does. INVARIANT: a connection is counted before it is asked whether there were too many, so that two
processes together never let in more than one would. INVARIANT: a number is written in one go: pack_into clears what it
is about to write, and another process would read that as nobody.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct

from .listen_settings import Limits
from .session_limits import BUSY_SHARE

_HASH_OCTETS = 12
_ROW = struct.Struct(f"={_HASH_OCTETS}sI")
NUMBER_OCTETS = 8
_HEAD = 4 * NUMBER_OCTETS
ROOMS_AT = 2 * NUMBER_OCTETS
"""Where in a part two numbers are that shared_room.py writes."""


def shared_memory(limits: Limits, parts: int) -> int:
    """A descriptor of memory for so many processes, to be inherited by them. OSError."""
    descriptor = os.memfd_create("mailguard-connections", os.MFD_CLOEXEC)
    os.truncate(descriptor, part_octets(limits) * parts)
    return descriptor


def numbers_in(memory: mmap.mmap) -> memoryview:
    """All of it, by numbers of NUMBER_OCTETS: each is written and read at once, whoever looks meanwhile."""
    return memoryview(memory).cast("Q")


def part_octets(limits: Limits) -> int:
    """A multiple of NUMBER_OCTETS."""
    return _HEAD + _ROW.size * limits.connections


class SharedConnections:
    """As ConnectionLimits. part: ours, from 0; None for who only looks. descriptor: of shared_memory."""

    def __init__(self, limits: Limits, descriptor: int, part: int | None) -> None:
        self.most = limits.connections
        self._most_per_client = limits.connections_per_client
        self._busy_from = int(limits.connections * BUSY_SHARE)
        self._octets = part_octets(limits)
        self._memory = mmap.mmap(descriptor, 0)
        self._numbers = numbers_in(self._memory)
        self._parts = len(self._memory) // self._octets
        self._heads = range(0, len(self._numbers), self._octets // NUMBER_OCTETS)
        self._part = part
        self._ours: dict[bytes, tuple[int, int]] = {}
        self._free = list(range(limits.connections - 1, -1, -1))
        self._open = 0
        if part is not None:
            self.clear(part)

    def enter(self, peer: str | None) -> bool:
        """See ConnectionLimits."""
        if self._open >= self.most:
            return False
        key = None if peer is None else _hash(peer)
        self._count(key, 1)
        if self.open > self.most or (key is not None and self._has_too_many(key)):
            self._count(key, -1)
            return False
        return True

    def leave(self, peer: str | None) -> None:
        self._count(None if peer is None else _hash(peer), -1)

    @property
    def open(self) -> int:
        """Connections of all processes."""
        return sum(self._numbers[head] for head in self._heads)

    @property
    def ahead(self) -> bool:
        """Whether this process has more of them than another."""
        return self._open > min((self._numbers[head] for head in self._heads), default=0)

    @property
    def busy(self) -> bool:
        return self.open > self._busy_from

    def clear(self, part: int) -> None:
        """The process that wrote this part has ended, and its connections with it."""
        start = part * self._octets
        self._memory[start : start + self._octets] = bytes(self._octets)

    def _has_too_many(self, key: bytes) -> bool:
        """Of a client that has just been counted. One that has connections to several processes counts as several
        where few are left, which makes an equal share smaller, never larger.
        """
        held = self._held_by(key)
        if held > self._most_per_client:
            return True
        if self.open - 1 <= self._busy_from:
            return False
        clients = sum(self._numbers[head + 1] for head in self._heads)
        return bool(held > self.most // (clients + (1 if held > 1 else 0)))

    def _count(self, key: bytes | None, more: int) -> None:
        assert self._part is not None
        self._open += more
        head = self._heads[self._part]
        self._numbers[head] = self._open
        if key is None:
            return
        row, held = self._ours.get(key) or (self._free.pop(), 0)
        held += more
        if held:
            self._ours[key] = row, held
            self._write_row(row, key, held)
        else:
            del self._ours[key]
            self._free.append(row)
            self._write_row(row, bytes(_HASH_OCTETS), 0)
        self._numbers[head + 1] = len(self._ours)

    def _write_row(self, row: int, key: bytes, held: int) -> None:
        assert self._part is not None
        start = self._part * self._octets + _HEAD + row * _ROW.size
        self._memory[start : start + _ROW.size] = _ROW.pack(key, held)

    def _held_by(self, key: bytes) -> int:
        held = 0
        for part in range(self._parts):
            first = part * self._octets + _HEAD
            at = self._memory.find(key, first, first + self._octets - _HEAD)
            while at >= 0 and (at - first) % _ROW.size:
                at = self._memory.find(key, at + 1, first + self._octets - _HEAD)
            if at >= 0:
                held += _ROW.unpack_from(self._memory, at)[1]
        return held


def _hash(peer: str) -> bytes:
    return hashlib.blake2b(peer.encode("ascii", "replace"), digest_size=_HASH_OCTETS).digest()
