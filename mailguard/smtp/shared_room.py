"""The rooms of room.py over several processes: each writes what its messages take into its own part of the memory that
shared_connections.py has for all, and what a process that ended had taken is cleared with its part.

INVARIANT: octets are counted before it is asked whether there were too many, so that two processes together never have
more than one might.
"""

from __future__ import annotations

import mmap

from .listen_settings import Limits
from .room import Rooms
from .shared_connections import NUMBER_OCTETS, ROOMS_AT, numbers_in, part_octets


class SharedRoom:
    """Implements Space. numbers: of numbers_in. places: which of them each process has; ours: which is ours. most: in
    octets.
    """

    __slots__ = ("_most", "_numbers", "_others", "_ours", "_used")

    def __init__(self, numbers: memoryview, places: list[int], ours: int, most: int) -> None:
        self._numbers = numbers
        self._most = most
        self._ours = ours
        self._others = [each for each in places if each != ours]
        self._used = 0

    def enter(self, octets: int) -> bool:
        """See room.Room."""
        self._take(octets)
        before = self._used - octets + sum(self._numbers[each] for each in self._others)
        if before and before + octets > self._most:
            self._take(-octets)
            return False
        return True

    def leave(self, octets: int) -> None:
        self._take(-octets)

    def _take(self, octets: int) -> None:
        self._used += octets
        self._numbers[self._ours] = self._used


def shared_rooms(limits: Limits, descriptor: int, part: int) -> Rooms:
    """Of one of the processes, from 0. descriptor: of shared_connections.shared_memory, where SharedConnections has
    cleared our part.
    """
    numbers, step = numbers_in(mmap.mmap(descriptor, 0)), part_octets(limits) // NUMBER_OCTETS

    def room(at: int) -> SharedRoom:
        places = list(range(at, len(numbers), step))
        return SharedRoom(numbers, places, part * step + at, limits.content_memory_bytes)

    first = ROOMS_AT // NUMBER_OCTETS
    return Rooms(arriving=room(first), judged=room(first + 1))
