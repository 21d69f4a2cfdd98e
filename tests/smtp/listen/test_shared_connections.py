"""The limits of connections that several processes keep together."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.shared_connections import SharedConnections, shared_memory

LIMITS = Limits(connections=10, connections_per_client=3)


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = shared_memory(LIMITS, 2)
    yield descriptor
    os.close(descriptor)


def test_a_client_has_so_many_over_all_processes(memory: int) -> None:
    one, other = (SharedConnections(LIMITS, memory, part) for part in (0, 1))
    assert one.enter("192.0.2.1") and other.enter("192.0.2.1") and one.enter("192.0.2.1")
    assert not one.enter("192.0.2.1") and not other.enter("192.0.2.1")
    assert other.enter("192.0.2.2")
    one.leave("192.0.2.1")
    assert other.enter("192.0.2.1") and not one.enter("192.0.2.1")


def test_all_clients_have_so_many_over_all_processes(memory: int) -> None:
    one, other = (SharedConnections(LIMITS, memory, part) for part in (0, 1))
    assert all((one, other)[n % 2].enter(f"192.0.2.{n}") for n in range(10))
    assert not one.enter("192.0.2.50") and not other.enter(None)
    assert one.open == other.open == 10 and one.busy
    one.leave("192.0.2.0")
    assert other.enter(None) and not one.enter(None)


def test_what_a_process_had_that_died_counts_no_more(memory: int) -> None:
    one, watching = SharedConnections(LIMITS, memory, 0), SharedConnections(LIMITS, memory, None)
    other = SharedConnections(LIMITS, memory, 1)
    assert all(other.enter("192.0.2.1") for _ in range(3)) and not one.enter("192.0.2.1")
    watching.clear(1)
    assert watching.open == 0 and one.enter("192.0.2.1")
    again = SharedConnections(LIMITS, memory, 1)
    assert again.enter("192.0.2.1") and again.enter("192.0.2.1") and not again.enter("192.0.2.1")


def test_a_client_with_many_leaves_room_for_one_with_none_where_few_are_left() -> None:
    limits = Limits(connections=20, connections_per_client=20)
    descriptor = shared_memory(limits, 2)
    one, other = (SharedConnections(limits, descriptor, part) for part in (0, 1))
    let_in = sum((one, other)[n % 2].enter("192.0.2.1") for n in range(20))
    assert let_in < 20 and other.enter("192.0.2.2") and one.enter("192.0.2.3")
    os.close(descriptor)


def test_it_counts_as_one_process_would(memory: int) -> None:
    """Random comings and goings, beside a plain count of who is in."""
    draw = random.Random(7)
    parts = [SharedConnections(LIMITS, memory, part) for part in (0, 1)]
    inside: Counter[tuple[int, str | None]] = Counter()
    for _ in range(5_000):
        part, peer = draw.randrange(2), draw.choice([None, *(f"192.0.2.{n}" for n in range(6))])
        if draw.random() < 0.5:
            held = 0 if peer is None else inside[0, peer] + inside[1, peer]
            may = inside.total() < 10 and held < 3
            if peer is not None and inside.total() > 8:  # few are left: no more than an equal share
                clients = {each for each, count in inside.items() if count and each[1]} | {(part, peer)}
                may = may and held + 1 <= 10 // (len(clients) + (held > 0))
            assert parts[part].enter(peer) is may
            inside[part, peer] += may
        elif inside[part, peer]:
            parts[part].leave(peer)
            inside[part, peer] -= 1
        assert parts[0].open == inside.total()
