"""Connections to the console that say nothing, too little, or take nothing: real sockets, real uvicorn (T81)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from mailguard.console.security import Shield
from mailguard.serve import console_protocol
from mailguard.serve.console_server import MOST_CONNECTIONS, server_of

WITHIN = 0.6
LONGER = 2.0
"""Where the client does all that it should: a machine that stands still for a moment is not the client's silence."""
LARGE = 30_000_000
"""More than both kernels keep for each other."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    while scope["method"] == "POST" and (await receive()).get("more_body"):
        pass
    size = LARGE if scope["path"] == "/large" else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]})
    await send({"type": "http.response.body", "body": b"o" * size})


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(console_protocol, "WITHIN", WITHIN)
    yield


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = server_of(Shield(application, "http://127.0.0.1"), None)
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield int(listening.getsockname()[1])
    await server.end(serving)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Not close() alone: its socket lives until the loop has run once more, which the end of a test cuts off."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def ends_after(connection: Connection, drip: bytes = b"") -> float:
    """How long it takes until the server ends it. drip: what is sent again and again meanwhile. AssertionError where it
    never does.
    """
    reader, writer = connection
    began = time.monotonic()
    while True:
        assert time.monotonic() - began < 60, "it is waited for"
        with contextlib.suppress(ConnectionError):
            writer.write(drip)
        try:
            async with asyncio.timeout(WITHIN / 6):
                if not await reader.read(65536):
                    break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    await closed(writer)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", b"a"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 30000\r\n\r\n", b"a"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"G"),
    ],
    ids=["silent", "a head that never ends", "a body that nobody asked for", "a second head that never ends"],
)
async def test_t81_who_says_too_little_is_not_waited_for(port: int, first: bytes, drip: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    assert await ends_after((reader, writer), drip) > WITHIN * 0.5


async def test_t81_who_takes_nothing_of_an_answer_is_not_waited_for(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await asyncio.sleep(WITHIN * 4)
    taken = 0
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(5):
            while piece := await reader.read(65536):
                taken += len(piece)
    await closed(writer)
    assert taken < LARGE


async def test_who_takes_an_answer_slowly_gets_all_of_it(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_protocol, "WITHIN", LONGER)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    taken, began = 0, time.monotonic()
    while piece := await reader.read(LARGE // 40):
        taken += len(piece)
        await asyncio.sleep(max(0.0, began + 1.5 * LONGER * taken / LARGE - time.monotonic()))
    await closed(writer)
    assert taken > LARGE and time.monotonic() - began > 1.25 * LONGER


async def test_several_requests_at_once_are_answered_one_after_the_other(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_protocol, "WITHIN", LONGER)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 5)
        for _ in range(5):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200") and await reader.readexactly(2) == b"oo"
        await asyncio.sleep(LONGER / 2)
    await closed(writer)


async def test_t81_silence_on_every_connection_keeps_nobody_out(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_protocol, "WITHIN", 60.0)
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST_CONNECTIONS + 40)]
    for number, (_, writer) in enumerate(silent):
        writer.write(
            (b"", b"GET / HTTP/1.1\r\nHost: ", b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nab")[
                number % 3
            ]
        )
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
        await closed(writer)
    for _, writer in silent:
        await closed(writer)


async def test_a_request_that_says_twice_where_it_ends_is_the_last_of_its_connection(port: int) -> None:
    """RFC 9112 section 6.1: a web server before us may have passed on what follows as somebody else's (T63)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    writer.write(f"{head}GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    answered = await reader.read()
    assert answered.startswith(b"HTTP/1.1 400") and answered.count(b"HTTP/1.1") == 1
    await closed(writer)
