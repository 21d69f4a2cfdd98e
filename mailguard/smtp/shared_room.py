"""The rooms of room.py over several processes: each writes what its messages take into its own part of the memory that
shared_connections.py has for all, and what a process that ended had taken is cleared with its part.

INVARIANT: octets are counted before it is asked whether there were too many, so that two processes together never have
more than one might.
"""

from __future__ import annotations

import mmap
import struct

from .listen_settings import Limits
from .room import Rooms
from .shared_connections import ROOMS_AT, part_octets

_NUMBER = struct.Struct("=Q")


class SharedRoom:
    """Implements Space. places: where each process has its number; ours: which of them is ours. most: in octets."""

    __slots__ = ("_memory", "_most", "_others", "_ours", "_used")

    def __init__(self, memory: mmap.mmap, places: list[int], ours: int, most: int) -> None:
        self._memory = memory
        self._most = most
        self._ours = ours
        self._others = [each for each in places if each != ours]
        self._used = 0

    def enter(self, octets: int) -> bool:
        """See room.Room."""
        self._take(octets)
        before = self._used - octets + sum(_NUMBER.unpack_from(self._memory, each)[0] for each in self._others)
        if before and before + octets > self._most:
            self._take(-octets)
            return False
        return True

    def leave(self, octets: int) -> None:
        self._take(-octets)

    def _take(self, octets: int) -> None:
        self._used += octets
        _NUMBER.pack_into(self._memory, self._ours, self._used)


def shared_rooms(limits: Limits, descriptor: int, part: int) -> Rooms:
    """Of one of the processes, from 0. descriptor: of shared_connections.shared_memory, where SharedConnections has
    cleared our part.
    """
    memory, octets = mmap.mmap(descriptor, 0), part_octets(limits)

    def room(at: int) -> SharedRoom:
        places = list(range(at, len(memory), octets))
        return SharedRoom(memory, places, part * octets + at, limits.content_memory_bytes)

    return Rooms(arriving=room(ROOMS_AT), judged=room(ROOMS_AT + _NUMBER.size))
