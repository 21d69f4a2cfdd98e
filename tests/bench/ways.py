"""The ways from the clients to the sink that bench_all.py compares, each started, ready, and stopped by its process.

A way that cannot be started raises AssertionError (or OSError) with the reason; whoever measures goes on without it.
All have their queue or store in the same file system, keep a log, and relay in plain SMTP over the loopback interface.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailguard.config import Settings
from tests.bench import haraka as haraka_peer
from tests.bench.books import Books
from tests.bench.counting_sink import CountingSink, wait_for_port
from tests.end_to_end.service import Service
from tests.peers.postfix import Postfix
from tests.ports import free_port

START_SECONDS = 30.0
DIRECT = "straight to the sink"
RELAY = "Postfix, queueing relay"
PROXY = "Postfix, before-queue proxy"
HARAKA = "Haraka, 2 processes"
NAIVE = "aiosmtpd + aiosmtplib"
EACH = "Postfix, one recipient a time"

LIMITS = {"messages_per_session": 1_000_000, "commands_per_session": 100_000_000, "connections_per_client": 400}
"""All clients of the bench have one address and long sessions."""
SEPARATE = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: rewrite
    rewrite: separate
"""
POSTFIX = {
    "smtpd_recipient_restrictions": "permit_mynetworks, reject",
    "smtp_destination_concurrency_limit": "20",
    "smtp_destination_recipient_limit": "50",
    "queue_run_delay": "300s",
    "minimal_backoff_time": "300s",
}
"""What tests/peers/postfix.py sets for quick tests is set back to Postfix's defaults."""


@dataclass(frozen=True)
class Way:
    """port: of the loopback address. pid: the process whose tree does the work, 0 where nothing lies between.
    books: what a guard has recorded. policy: which one it has."""

    name: str
    port: int
    pid: int = 0
    books: Books | None = None
    policy: str = ""


Start = Callable[[Path, CountingSink], AbstractContextManager[Way]]
"""Starts a way in an empty folder of its own."""


@dataclass(frozen=True)
class Peer:
    name: str
    start: Start


@contextmanager
def direct(_folder: Path, sink: CountingSink) -> Iterator[Way]:
    yield Way(DIRECT, sink.port)


def guard(workers: int, policy: str | None = None) -> Peer:
    """The real process with the default policy (or this one), SQLite, its log on and its metrics off."""
    name = f"guard, workers: {workers}"

    @contextmanager
    def start(folder: Path, sink: CountingSink) -> Iterator[Way]:
        settings: dict[str, Any] = {"limits": LIMITS}
        if workers > 1 or "workers" in Settings.model_fields:
            settings["workers"] = workers
        with Service(folder, sink.port, policy, **settings) as service:
            shown = "default policy" if policy is None else "separate copies"
            yield Way(name, service.port, service.pid, Books(service), shown)
            whole = service.rows("audit", "verify")[0]
            assert whole["whole"], f"the ledger is not whole: {whole}"
            assert service.rows("outbox", "list") == [], "rows are left in the outbox"

    return Peer(name, start)


@contextmanager
def queueing_relay(_folder: Path, sink: CountingSink) -> Iterator[Way]:
    with Postfix(relay_to=sink.port, extra=POSTFIX) as postfix:
        yield Way(RELAY, postfix.port, postfix.pid)


@contextmanager
def one_recipient_a_time(_folder: Path, sink: CountingSink) -> Iterator[Way]:
    """Nobody is hidden from anybody; but a list leaves as many transactions, as separate copies do."""
    with Postfix(relay_to=sink.port, extra={**POSTFIX, "smtp_destination_recipient_limit": "1"}) as postfix:
        yield Way(EACH, postfix.port, postfix.pid)


@contextmanager
def before_queue_proxy(_folder: Path, sink: CountingSink) -> Iterator[Way]:
    """smtpd hands each message on before it answers: SMTPD_PROXY_README, with the sink as the content filter."""
    entry = f"inet n - n - 100 smtpd -o smtpd_proxy_filter=127.0.0.1:{sink.port}"
    with Postfix(relay_to=sink.port, extra=POSTFIX, entry=entry) as postfix:
        yield Way(PROXY, postfix.port, postfix.pid)


@contextmanager
def haraka(folder: Path, sink: CountingSink) -> Iterator[Way]:
    with haraka_peer.haraka(folder, sink.port) as (port, pid):
        yield Way(HARAKA, port, pid)


@contextmanager
def naive_proxy(folder: Path, sink: CountingSink) -> Iterator[Way]:
    port = free_port()
    program = Path(__file__).with_name("naive_proxy.py")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(program), str(port), str(sink.port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        wait_for_port(port, START_SECONDS)
        yield Way(NAIVE, port, process.pid)
    finally:
        process.kill()
        process.wait(10)


PEERS = (
    Peer(DIRECT, direct),
    Peer(RELAY, queueing_relay),
    Peer(PROXY, before_queue_proxy),
    Peer(NAIVE, naive_proxy),
)
"""What is there with Debian's postfix and the Python packages of the tests."""
HARAKA_PEER = Peer(HARAKA, haraka)
EACH_PEER = Peer(EACH, one_recipient_a_time)
