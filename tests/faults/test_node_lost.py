"""One of two guards on one PostgreSQL dies, or stands still and comes back, with copies under way: each leaves once."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.nodes import node
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postgresql import Postgresql

POLICY = """version: 1
rules:
  - id: separate
    describe: Each has a copy of his own.
    when: {visible_external_recipients: {at_least: 2}}
    action: rewrite
    rewrite: separate
"""
COPIES = 20
TAKEN_OVER_SECONDS = 60.0


class Gate(Sink):
    """A smarthost that lets nobody get to DATA until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.asked = 0

    def answer_to(self, argument: bytes) -> bytes:
        self.asked += 1
        assert self.open.wait(120)
        return super().answer_to(argument)

    def arrived(self) -> Counter[str]:
        return Counter(address for each in list(self.taken) for address in each.recipients)


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as found:
        yield found


@pytest.fixture
def url() -> Iterator[str]:
    cluster = Postgresql()
    yield cluster.new_database()
    cluster.close()


def under_way(one: Service, gate: Gate) -> list[str]:
    """Copies that this guard has claimed, some of them at the smarthost and not further."""
    whom = people(COPIES)
    assert submit(one.port, message(whom), whom)[0] == 250
    eventually(lambda: gate.asked >= 4, what="copies at the smarthost")
    time.sleep(0.5)
    assert not gate.taken
    return whom


@pytest.mark.soak  # a lease lasts three quarters of a minute
def test_what_a_dead_guard_was_sending_is_taken_over_within_a_minute(tmp_path: Path, gate: Gate, url: str) -> None:
    with node(tmp_path, "one", url, gate.port, POLICY) as one, node(tmp_path, "two", url, gate.port, POLICY) as two:
        whom = under_way(one, gate)
        one.kill()
        died = time.monotonic()
        gate.open.set()
        eventually(lambda: set(gate.arrived()) == set(whom), TAKEN_OVER_SECONDS + 5)
        print(f"taken over after {time.monotonic() - died:.1f} s")
        assert time.monotonic() - died < TAKEN_OVER_SECONDS
        assert gate.arrived() == Counter(whom)
        eventually(lambda: two.rows("outbox", "list") == [])
        assert two.run("audit", "verify").returncode == 0


@pytest.mark.soak  # as above
def test_a_guard_that_comes_back_after_its_lease_sends_nothing_twice(tmp_path: Path, gate: Gate, url: str) -> None:
    """Stopped before DATA: meanwhile the smarthost has asked for the content, and the other guard has sent it."""
    with node(tmp_path, "one", url, gate.port, POLICY) as one, node(tmp_path, "two", url, gate.port, POLICY) as two:
        whom = under_way(one, gate)
        one.signal(signal.SIGSTOP)
        gate.open.set()
        eventually(lambda: set(gate.arrived()) == set(whom), TAKEN_OVER_SECONDS + 5)
        one.signal(signal.SIGCONT)
        eventually(lambda: [each for each in one.events() if each["event"] == "delivery_lease_lost"], 30)
        assert submit(one.port, message(number=2), ["after@council.example"])[0] == 250, "it goes on"
        time.sleep(20)
        assert gate.arrived() == Counter([*whom, "after@council.example"])
        assert two.run("audit", "verify").returncode == 0
