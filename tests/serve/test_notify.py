"""What systemd hears, on a real datagram socket from a real `mailguard serve`."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from mailguard.core.errors import StoreUnavailable
from mailguard.serve.notify import ServiceManager
from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "notify"))
        found.settimeout(20)
        yield found


def heard(manager: socket.socket, awaited: str) -> list[str]:
    """The first lines of what came, up to what was awaited."""
    told = []
    while awaited not in told:
        told.append(manager.recv(4096).decode().partition("\n")[0])
    return told


def falls_silent(manager: socket.socket) -> None:
    """After what was proven before, nothing comes any more: not for longer than five signs of life would take."""
    manager.settimeout(1.5)
    until = time.monotonic() + 20
    with pytest.raises(TimeoutError):
        while manager.recv(4096):
            assert time.monotonic() < until, "it goes on"


@pytest.fixture
def watched(tmp_path: Path, manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service whose service manager waits 900 ms for a sign of life."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.getsockname()))
    monkeypatch.setenv("WATCHDOG_USEC", "900000")
    with Sink() as sink, Service(tmp_path, sink.port) as service:
        yield service


def test_a_real_service_says_ready_alive_reloading_and_stopping(watched: Service, manager: socket.socket) -> None:
    told = heard(manager, "READY=1")
    assert set(told) <= {"WATCHDOG=1", "READY=1"}
    assert submit(watched.port, message(), ["a@council.example"])[0] == 250
    heard(manager, "WATCHDOG=1")
    watched.signal(signal.SIGHUP)
    heard(manager, "RELOADING=1")
    heard(manager, "READY=1")
    assert watched.stop() == 0
    heard(manager, "STOPPING=1")


def test_ready_is_not_said_without_a_start(
    tmp_path: Path, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.getsockname()))
    service = Service(tmp_path, 1, listen=[{"address": "0.0.0.0:0", "allow": ["10.0.0.0/8"]}], store="mysql://nowhere")
    with pytest.raises(AssertionError, match="did not start"):
        service.start()
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(4096)


def test_a_process_that_is_stuck_gives_no_sign_of_life(watched: Service, manager: socket.socket) -> None:
    heard(manager, "READY=1")
    os.kill(watched.pid, signal.SIGSTOP)
    try:
        falls_silent(manager)
    finally:
        os.kill(watched.pid, signal.SIGCONT)
    manager.settimeout(20)
    heard(manager, "WATCHDOG=1")


def test_a_writer_that_waits_gives_no_sign_of_life(watched: Service, manager: socket.socket) -> None:
    """The proof goes through the real writer: while a foreign process holds the store's lock, it cannot answer."""
    heard(manager, "READY=1")
    with closing(sqlite3.connect(watched.folder / "store" / "mailguard.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        falls_silent(manager)
        foreign.execute("ROLLBACK")
    manager.settimeout(20)
    heard(manager, "WATCHDOG=1")
    assert any(event["event"] == "store_writer_silent" for event in watched.events())


@asynccontextmanager
async def _kept_alive(prove: object, manager: socket.socket) -> AsyncIterator[None]:
    """With a watchdog of 0.15 s."""
    manager.setblocking(False)
    task = asyncio.create_task(ServiceManager(manager.getsockname(), 0.15).keep_alive(prove))  # type: ignore[arg-type]
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_writer_that_does_not_answer_is_not_alive(manager: socket.socket) -> None:
    async with _kept_alive(asyncio.Event().wait, manager):
        await asyncio.sleep(0.5)
        with pytest.raises(BlockingIOError):
            manager.recv(4096)


async def test_a_database_that_is_down_is_an_answer(manager: socket.socket) -> None:
    async def down() -> None:
        raise StoreUnavailable("the store failed")

    async with _kept_alive(down, manager), asyncio.timeout(20):
        for _ in range(2):
            assert await asyncio.get_running_loop().sock_recv(manager, 4096) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ServiceManager()),
        ({"WATCHDOG_USEC": "1000000"}, ServiceManager()),
        ({"NOTIFY_SOCKET": "vsock:2:1234"}, ServiceManager()),
        ({"NOTIFY_SOCKET": "/run/n"}, ServiceManager("/run/n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "3000000"}, ServiceManager("\0n", 3.0)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "0"}, ServiceManager("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "many"}, ServiceManager("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}, ServiceManager("/run/n")),
    ],
)
def test_what_the_environment_says(environment: dict[str, str], expected: ServiceManager) -> None:
    assert ServiceManager.of(environment) == expected


async def test_a_manager_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "nobody")).tell("READY=1")
    ServiceManager().tell("READY=1")
    await ServiceManager(str(tmp_path / "nobody")).keep_alive(asyncio.Event().wait)
