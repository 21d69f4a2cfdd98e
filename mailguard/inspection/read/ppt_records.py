"""The records of a PowerPoint Document stream (MS-PPT 2.3.1), and which of them are the current ones.

Promises: total on any octets; each record costs as much as a tag; nesting is limited. What an earlier save left behind
is told apart, since the persist directory (2.3.4) says where each object now lies. It must not know what slides are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..budget import Budget, Uninspectable

_HEADER = struct.Struct("<HHL")
_CUT = "its presentation is cut off"
_USER_EDIT, _PERSIST_DIRECTORY = 4085, 6002
_ENCRYPTED_TOKEN = 0xF3D1C4DF
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Record:
    """start: where its header stands in the stream; octets: what comes behind it."""

    kind: int
    instance: int
    start: int
    octets: memoryview
    is_container: bool


def records(octets: memoryview, budget: Budget, start: int = 0) -> Iterator[Record]:
    """Those that lie one behind the other. start: of the octets in the stream."""
    position = 0
    while position + _HEADER.size <= len(octets):
        flags, kind, size = _HEADER.unpack_from(octets, position)
        budget.spend_tags(1)
        begin = position + _HEADER.size
        if begin + size > len(octets):
            raise Uninspectable(_CUT)
        yield Record(kind, flags >> 4, start + position, octets[begin : begin + size], flags & 15 == 15)
        position = begin + size


def inside(record: Record, budget: Budget) -> Iterator[Record]:
    return records(record.octets, budget, record.start + _HEADER.size)


def unpacked(record: Record, form: str, offset: int = 0) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, record.octets, offset)
    except struct.error as error:
        raise Uninspectable(_CUT) from error


@dataclass(frozen=True, slots=True)
class Current:
    """places: number of an object -> where it lies now. document: of the document."""

    places: dict[int, int]
    document: int


def find_current(stream: memoryview, user: bytes, budget: Budget) -> Current:
    """user: the Current User stream (2.3.2), which says where the last save begins; each save leads to the one
    before it."""
    try:
        token, edit = struct.unpack_from("<LL", user, 12)
    except struct.error as error:
        raise Uninspectable(_CUT) from error
    if token == _ENCRYPTED_TOKEN:
        raise Uninspectable("encrypted")
    places: dict[int, int] = {}
    document = -1
    while edit:
        record = _at(stream, edit, _USER_EDIT, budget)
        before, directory, number = unpacked(record, "<LLL", 8)
        if len(record.octets) >= 32:
            raise Uninspectable("encrypted")
        document = number if document < 0 else document
        budget.keep(len(record.octets))
        for key, place in _directory(_at(stream, directory, _PERSIST_DIRECTORY, budget)):
            budget.keep(64)
            places.setdefault(key, place)
        if before >= edit:
            raise Uninspectable("its presentation is circular")
        edit = before
    return Current(places, document)


def _at(stream: memoryview, place: int, kind: int, budget: Budget) -> Record:
    record = next(records(stream[place:], budget, place), None) if place < len(stream) else None
    if record is None or record.kind != kind:
        raise Uninspectable("its presentation says that something is where it is not")
    return record


def _directory(record: Record) -> Iterator[tuple[int, int]]:
    """2.3.4: runs of numbers, 20 bits of the first one and 12 of how many, then a place for each."""
    position = 0
    while position + 4 <= len(record.octets):
        (head,) = unpacked(record, "<L", position)
        first, count = head & 0xFFFFF, head >> 20
        for index, place in enumerate(unpacked(record, f"<{count}L", position + 4)):
            yield first + index, place
        position += 4 + 4 * count
