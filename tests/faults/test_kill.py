"""kill -9 at random moments under load, with messages counted on both sides.

Nothing that was acknowledged is lost, nothing undecided passes, and the ledger verifies after each kill.
"""

from __future__ import annotations

import hashlib
import random
import smtplib
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink

RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: separate-three
    describe: Three to nine people outside get separate copies.
    when: {visible_external_recipients: {at_least: 3, at_most: 9}}
    action: rewrite
    rewrite: separate
"""


@dataclass
class Acknowledged:
    """What clients were told 250 for: the marks of messages by way."""

    relayed: set[str] = field(default_factory=set)
    separated: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.relayed) + len(self.separated) + len(self.held)


def load(port: int, name: str, stop: threading.Event, said: Acknowledged) -> None:
    """Send messages of the three ways in turn until told to stop or the guard is gone."""
    number = 0
    while not stop.is_set():
        number += 1
        mark = f"{name}-{number}"
        try:
            for kept, way in ((said.relayed, 0), (said.separated, 3), (said.held, 12)):
                recipients = people(way, f"{mark}.example") or [f"one@{mark}.example"]
                raw = message(people(way, f"{mark}.example"), subject=mark)
                if submit(port, raw, recipients)[0] == 250:
                    kept.add(mark)
        except (OSError, smtplib.SMTPException):
            return


def kill_once(service: Service, cycle: int, said: Acknowledged) -> None:
    """The moment is so many answers after the start, and a little: a slow machine is killed at the same stages."""
    enough = len(said) + random.randint(0, 15)
    stop = threading.Event()
    threads = [
        threading.Thread(target=load, args=(service.port, f"c{cycle}t{number}", stop, said)) for number in range(3)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: len(said) >= enough, 30, "answers under load")
    time.sleep(random.uniform(0, 0.05))
    service.kill()
    stop.set()
    for thread in threads:
        thread.join(30)


@pytest.mark.parametrize("cycles", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_kill_9_loses_nothing_that_was_acknowledged(cycles: int, tmp_path: Path, sink: Sink) -> None:
    said = Acknowledged()
    service = Service(tmp_path, sink.port, RULES)
    for cycle in range(cycles):
        service.start()
        kill_once(service, cycle, said)
        assert service.run("audit", "verify", check=False).returncode == 0, f"the ledger is broken after kill {cycle}"
    service.start()
    try:
        settle(service)
        arrived = Counter(address.partition("@")[2].removesuffix(".example") for address in sink.recipients())
        assert not [mark for mark in said.relayed if not arrived[mark]], "a relayed message is lost"
        short = {mark: arrived[mark] for mark in said.separated if arrived[mark] < 3}
        assert not short, f"separate copies are lost: {short}"
        held = {row["subject"] for row in service.rows("held", "list")}
        assert said.held <= held, "a held message is lost"
        assert_nothing_left_undecided(service, sink)
    finally:
        service.kill()
    assert len(said.relayed) > cycles and said.separated and said.held, "the load did not get through"


def settle(service: Service) -> None:
    """Until the outbox is empty: a lease of the killed process is free at the next start."""
    eventually(lambda: not service.rows("outbox", "list"), 120, "the outbox is empty")


def assert_nothing_left_undecided(service: Service, sink: Sink) -> None:
    decided: set[str] = set()
    for entry in service.rows("audit", "list"):
        decided.update(entry.get("sent_sha256") or [])
    for taken in sink.taken:
        if taken.mail.startswith(b"<>"):
            continue  # a notice of the guard's own
        assert hashlib.sha256(taken.content).hexdigest() in decided, "something left without a recorded decision"
