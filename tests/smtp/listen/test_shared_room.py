"""Content in memory over several processes: one bound for the machine, whoever of them took it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.room import Room, Rooms
from mailguard.smtp.shared_connections import SharedConnections, shared_memory
from mailguard.smtp.shared_room import shared_rooms

MOST = 8_388_608
LIMITS = Limits(content_memory_bytes=MOST, connections=20, connections_per_client=4)


@pytest.fixture
def descriptor() -> Iterator[int]:
    made = shared_memory(LIMITS, 3)
    yield made
    os.close(made)


def test_what_one_process_takes_no_other_has(descriptor: int) -> None:
    one, other = (shared_rooms(LIMITS, descriptor, part) for part in (0, 2))
    assert one.judged.enter(MOST - 10) and not other.judged.enter(11) and other.judged.enter(10)
    assert not one.judged.enter(1)
    assert one.arriving.enter(MOST), "the two rooms are apart"
    one.judged.leave(MOST - 10)
    assert other.judged.enter(MOST - 10) and not one.judged.enter(1)


def test_one_that_is_larger_than_all_room_comes_in_alone_among_all(descriptor: int) -> None:
    one, other = (shared_rooms(LIMITS, descriptor, part) for part in (0, 1))
    assert one.judged.enter(2 * MOST) and not other.judged.enter(1)
    one.judged.leave(2 * MOST)
    assert other.judged.enter(2 * MOST)


def test_what_a_process_had_is_free_when_it_has_died(descriptor: int) -> None:
    one, other = (shared_rooms(LIMITS, descriptor, part) for part in (0, 1))
    owner = SharedConnections(LIMITS, descriptor, None)
    assert one.arriving.enter(MOST) and not other.arriving.enter(1)
    owner.clear(0)
    assert other.arriving.enter(MOST)


def test_connections_and_rooms_leave_each_other_alone(descriptor: int) -> None:
    rooms, connections = shared_rooms(LIMITS, descriptor, 1), SharedConnections(LIMITS, descriptor, 1)
    assert rooms.arriving.enter(2**40) and rooms.judged.enter(2**40)
    for number in range(20):
        assert connections.enter(f"192.0.2.{number}")
    assert connections.open == 20 and not connections.enter("192.0.2.99")
    rooms.arriving.leave(2**40)
    rooms.judged.leave(2**40)
    assert connections.open == 20 and shared_rooms(LIMITS, descriptor, 0).judged.enter(MOST)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, MOST), st.booleans()), max_size=60))
def test_three_processes_let_in_what_one_would(steps: list[tuple[int, int, bool]]) -> None:
    descriptor = shared_memory(LIMITS, 3)
    try:
        parts = [shared_rooms(LIMITS, descriptor, part) for part in range(3)]
        alone, inside = Room(MOST), list[tuple[int, int]]()
        for part, octets, leaves in steps:
            if leaves and inside:
                whose, taken = inside.pop()
                parts[whose].judged.leave(taken)
                alone.leave(taken)
            else:
                granted = alone.enter(octets)
                assert parts[part].judged.enter(octets) is granted
                if granted:
                    inside.append((part, octets))
    finally:
        os.close(descriptor)


def test_another_process_never_reads_a_number_that_is_half_written(descriptor: int) -> None:
    """It would take a room that is full for an empty one. A child takes and leaves an octet beside what it has."""
    connections = SharedConnections(LIMITS, descriptor, 1)
    rooms = shared_rooms(LIMITS, descriptor, 1)
    full = MOST - 1  # in octets: each number is another one in several octets after one more
    assert rooms.judged.enter(full) and all(connections.enter("192.0.2.1") for _ in range(4))
    parent, child = os.getpid(), os.fork()
    if not child:
        while os.getppid() == parent:
            for _ in range(1000):
                if rooms.judged.enter(1):
                    rooms.judged.leave(1)
                connections.enter("192.0.2.1")  # one too many: counted, and let go again
        os._exit(0)
    try:
        watching, other = SharedConnections(LIMITS, descriptor, 0), shared_rooms(LIMITS, descriptor, 0)
        ended = time.process_time() + 0.4
        while time.process_time() < ended:
            assert not other.judged.enter(2), "the room was full all the time"
            assert watching.open >= 4
            assert not watching.enter("192.0.2.1"), "the client had all that it may have"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_the_rooms_of_one_process_are_those_of_the_settings() -> None:
    rooms = Rooms.of_this_process(10)
    assert rooms.arriving.enter(10) and not rooms.arriving.enter(1) and rooms.judged.enter(10)
