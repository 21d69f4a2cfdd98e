"""A client that vanishes: what has begun goes on, what had not begun never happens."""

from __future__ import annotations

import asyncio
import os
import socket
import struct

import pytest

from mailguard.core.reply import Reply
from mailguard.smtp import conversation
from tests.conditions import until
from tests.smtp.listen.door import TAKEN, Door, Events, connect, open_door

WIRE = (
    b"EHLO client.example\r\nMAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\n"
    b"Subject: x\r\n\r\n..dots\r\nend\r\n.\r\n"
)


async def _emptied(door: Door) -> None:
    await until(lambda: not door.listener._house.doors)
    assert door.listener._house.connections.open == 0


def _linger_not(connection: socket.socket) -> None:
    """When it is closed, the other side gets a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("how", ["close", "reset", "half"])
async def test_at_every_offset(how: str) -> None:
    """One message or none; one exactly where the whole of it had been sent."""
    loop = asyncio.get_running_loop()
    async with open_door(limits={"connections_per_client": 500}) as door:
        for offset in range(len(WIRE) + 1):
            before = len(door.messages)
            connection = socket.create_connection(("127.0.0.1", door.port))
            connection.setblocking(False)
            await loop.sock_recv(connection, 100)
            await loop.sock_sendall(connection, WIRE[:offset])
            if how == "half":
                connection.shutdown(socket.SHUT_WR)
                while await loop.sock_recv(connection, 10_000):
                    pass
                connection.close()
            elif how == "reset":
                await asyncio.sleep(0.001)
                _linger_not(connection)
                connection.close()
            else:
                connection.close()
            await _emptied(door)
            submitted = len(door.messages) - before
            if how == "half":
                assert submitted == (offset == len(WIRE)), offset
            else:
                assert submitted <= (offset == len(WIRE)), offset


@pytest.mark.parametrize("how", ["close", "reset", "half"])
async def test_cannot_cancel_what_has_begun(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "log", events := Events())
    began, release, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def submit(*_: object) -> Reply:
        began.set()
        await release.wait()
        done.set()
        return TAKEN

    async with open_door(submit=submit) as door:
        async with connect(door) as client:
            await client.begin_data()
            client.send(b"x\r\n.\r\n")
            await began.wait()
            if how == "reset":
                _linger_not(client.writer.get_extra_info("socket"))
                client.writer.transport.abort()
            elif how == "close":
                await client.close()
            else:
                client.writer.write_eof()
            await asyncio.sleep(0.05)
            assert not done.is_set() and door.listener._house.doors
            release.set()
            await asyncio.wait_for(done.wait(), 20)
            if how == "half":
                assert await client.line() == b"250 2.0.0 Taken"
        await _emptied(door)
    if how == "reset":
        assert events.fields("reply_dropped")["reply"] == "250 2.0.0"


async def test_a_session_timer_cannot_cancel_it_either() -> None:
    """Every wait of the session is one second; the submission takes longer."""

    async def submit(*_: object) -> Reply:
        await asyncio.sleep(1.5)
        return TAKEN

    short = {
        "idle_seconds": 1,
        "busy_idle_seconds": 1,
        "command_seconds": 1,
        "data_seconds": 1,
        "data_grace_seconds": 1,
    }
    async with open_door(submit=submit, limits=short) as door, connect(door) as client:
        await client.begin_data()
        assert await client.ask(b"x\r\n.") == b"250 2.0.0 Taken"


async def test_nothing_half_arrived_is_submitted_at_stop() -> None:
    async with open_door(grace_seconds=0.1) as door, connect(door) as client:
        await client.begin_data()
        client.send(b"x\r\n")
        await asyncio.sleep(0.02)
        await door.listener.stop(0.1)
    assert door.messages == []


@pytest.mark.parametrize("how", ["vanish", "stop"])
async def test_no_file_is_left_open(how: str) -> None:
    async with open_door(limits={"spool_above_bytes": 4096}, grace_seconds=0.1) as door:
        before = len(os.listdir("/proc/self/fd"))
        async with connect(door) as client:
            await client.begin_data()
            client.send(b"Subject: x\r\n\r\n" + b"x\r\n" * 10_000)
            await until(lambda: len(os.listdir("/proc/self/fd")) == before + 3)  # two sockets, one spool
            if how == "stop":
                await door.listener.stop(0.1)
        await _emptied(door)
        await until(lambda: len(os.listdir("/proc/self/fd")) <= before)
