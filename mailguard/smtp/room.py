"""How much content all sessions of a service may have in memory together, and back-pressure where it is more.

Promises that many large messages at once, from slow clients or before a slow smarthost, take a bounded memory, and that
what cannot be had is said with 452 at once rather than found out when the time of every message has run out. Small
messages hardly count: as many as there may be connections take a hundredth. Knows nothing of sockets and files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

FULL_SPOOL_BYTES = 65_536
"""From here on content waits in a file while there is no room: 500 sessions take 32 MB."""
MOST_COUNTED_BYTES = 1_048_576
"""A larger message counts as this: it lies in a file, and what is read of it is worked on a few at a time
(guard/heavy.py)."""


class Space(Protocol):
    """Each `enter` that was granted is answered by one `leave` of as much. In octets."""

    def enter(self, octets: int, /) -> bool: ...

    def leave(self, octets: int, /) -> None: ...


class Room:
    """Implements Space in one process. most: in octets."""

    __slots__ = ("_most", "_used")

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0

    def enter(self, octets: int) -> bool:
        """Whether there is room; if so it is taken. Where nobody is inside there always is."""
        if self._used and self._used + octets > self._most:
            return False
        self._used += octets
        return True

    def leave(self, octets: int) -> None:
        self._used -= octets


@dataclass(frozen=True, slots=True)
class Rooms:
    """For all listeners, `limits.content_memory_bytes` each. arriving: kept for messages that arrive, as much for each
    as may wait in memory; who comes later has FULL_SPOOL_BYTES. judged: of messages that are being judged or are on
    their way to the smarthost.
    """

    arriving: Space
    judged: Space

    @classmethod
    def of_this_process(cls, most: int) -> Rooms:
        return cls(Room(most), Room(most))
