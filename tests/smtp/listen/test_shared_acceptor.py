"""Connections on a socket that several processes share, against real sockets."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest

from mailguard.smtp import shared_acceptor
from mailguard.smtp.shared_acceptor import SharedAcceptor
from tests.conditions import until


class Taken(asyncio.Protocol):
    def __init__(self, open_: list[asyncio.Transport]) -> None:
        self._open = open_

    def connection_made(self, transport: Any) -> None:
        self._open.append(transport)
        transport.write(b"hello")


def listening() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(64)
    return bound


def clients(bound: socket.socket, count: int) -> list[socket.socket]:
    return [socket.create_connection(bound.getsockname()) for _ in range(count)]


async def test_of_clients_that_come_together_each_process_gets_its_share() -> None:
    """Two acceptors stand for two processes: each has the socket for itself, and knows how many the other has."""
    loop, bound = asyncio.get_running_loop(), listening()
    first: list[asyncio.Transport] = []
    second: list[asyncio.Transport] = []
    waiting = clients(bound, 20)
    acceptors = [
        SharedAcceptor(bound.dup(), lambda: Taken(first), lambda: len(first) > len(second), loop),
        SharedAcceptor(bound.dup(), lambda: Taken(second), lambda: len(second) > len(first), loop),
    ]
    for each in acceptors:
        each.start()
    await until(lambda: len(first) + len(second) == 20)
    assert min(len(first), len(second)) >= 8
    for each in acceptors:
        each.close()
    for transport in (*first, *second):
        transport.close()
    for client in waiting:
        client.close()
    bound.close()


async def test_who_is_ahead_of_a_process_that_is_busy_or_gone_takes_all() -> None:
    loop, bound = asyncio.get_running_loop(), listening()
    taken: list[asyncio.Transport] = []
    waiting = clients(bound, 10)
    acceptor = SharedAcceptor(bound.dup(), lambda: Taken(taken), lambda: True, loop)
    acceptor.start()
    await until(lambda: len(taken) == 10)
    assert [each.recv(5) for each in waiting] == [b"hello"] * 10
    acceptor.close()
    assert acceptor.sockets == ()
    for transport in taken:
        transport.close()
    for client in waiting:
        client.close()
    bound.close()


async def test_without_descriptors_it_waits_and_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_acceptor, "EXHAUSTED_SECONDS", 0.01)
    loop, bound = asyncio.get_running_loop(), listening()
    taken: list[asyncio.Transport] = []
    tries: list[int] = []

    class Exhausted(socket.socket):
        def accept(self) -> Any:
            tries.append(1)
            if len(tries) < 3:
                raise OSError(errno.EMFILE, "too many open files")
            return super().accept()

    shared = Exhausted(fileno=bound.dup().detach())
    waiting = clients(bound, 1)
    acceptor = SharedAcceptor(shared, lambda: Taken(taken), lambda: False, loop)
    acceptor.start()
    await until(lambda: len(taken) == 1)
    assert len(tries) >= 3
    acceptor.close()
    taken[0].close()
    waiting[0].close()
    bound.close()


async def test_what_is_closed_while_it_waits_accepts_nothing_more() -> None:
    loop, bound = asyncio.get_running_loop(), listening()
    taken: list[asyncio.Transport] = []
    acceptor = SharedAcceptor(bound.dup(), lambda: Taken(taken), lambda: True, loop)
    acceptor.start()
    waiting = clients(bound, 1)
    await asyncio.sleep(0)
    acceptor.close()
    acceptor.close()
    await asyncio.sleep(0.02)
    assert taken == []
    waiting[0].close()
    bound.close()
