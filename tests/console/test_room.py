"""A console that is a process of its own keeps few large answers in memory, however many ask and however slowly."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from mailguard.console import room as rooms
from mailguard.console.edge import Face, build_edge
from mailguard.console.room import AT_ONCE, LARGE_OCTETS, PIECE_OCTETS, Room
from mailguard.console.routes import ROUTES
from mailguard.serve.console_upstream import Upstream
from tests.guard.console.house import Randomness

BASE = "http://127.0.0.1:8085"
FILE = "/m/MG-AAAA-22/download"
LARGE = b"x" * (4 * LARGE_OCTETS)


@dataclass
class Reader:
    """A browser that takes so many pieces of an answer and then waits. status: once it began to come."""

    takes: int
    reads_on: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    got: bytearray = field(default_factory=bytearray)
    largest: int = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if self.takes == 0:
            await self.reads_on.wait()
        self.takes -= 1
        self.got += message["body"]
        self.largest = max(self.largest, len(message["body"]))
        self.began.set()


class Guard:
    """Implements console.edge.PassOn: answers with what it has, and keeps in mind what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = LARGE

    async def __call__(self, request: Request, body: bytes, room: Room) -> Response:
        self.asked.append(f"{request.method} {request.url.path}")
        await room.fit(len(self.answer))
        return Response(self.answer)


@pytest.fixture
def guard() -> Guard:
    return Guard()


@pytest.fixture
def asks(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Begin a request of a reader."""
    monkeypatch.setattr(rooms, "TURN_SECONDS", 0.2)
    edge = build_edge(Face(BASE, "Elm Road Surgery", "manager@elmroad.example", Randomness()), guard)

    def ask(reader: Reader, method: str = "POST", path: str = FILE) -> asyncio.Task[None]:
        return asyncio.create_task(asking(reader, method, path))

    async def asking(reader: Reader, method: str, path: str) -> None:
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": b"", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8085),
            "headers": [(b"host", BASE[7:].encode()), (b"content-length", b"0")],
        }  # fmt: skip

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        await edge(scope, receive, reader.send)

    return ask


async def begun(asks: Any, count: int) -> list[tuple[Reader, asyncio.Task[None]]]:
    """So many who have begun to read a file, and stopped."""
    found = [(reader := Reader(1), asks(reader)) for _ in range(count)]
    for reader, _ in found:
        await asyncio.wait_for(reader.began.wait(), 10)
    return found


async def test_one_more_file_waits_a_little_and_is_told_to_come_again(asks: Any, guard: Guard) -> None:
    slow = await begun(asks, AT_ONCE)
    more = Reader(1000)
    await asks(more)
    text = more.got.decode()
    assert more.status == 503 and more.headers["retry-after"] == "30" and "default-src 'none'" in str(more.headers)
    assert "Too many files" in text and "nothing was recorded" in text
    assert guard.asked == [f"POST {FILE}"] * AT_ONCE, "it was not asked for, so it is not in the ledger"
    for reader, _ in slow:
        reader.reads_on.set()
    await asyncio.gather(*(task for _, task in slow))
    assert all(bytes(reader.got) == LARGE and reader.largest == PIECE_OCTETS for reader, _ in slow)


async def test_who_waits_gets_the_room_of_who_has_read_or_has_gone(asks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "TURN_SECONDS", 10)
    (first, reading), (_, leaving), *_ = await begun(asks, AT_ONCE)
    waiting = [Reader(1000) for _ in range(2)]
    tasks = [asks(each) for each in waiting]
    first.reads_on.set()
    await reading
    leaving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await leaving
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert [(each.status, len(each.got)) for each in waiting] == [(200, len(LARGE))] * 2


async def test_who_does_not_read_loses_the_room(asks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SEND_SECONDS", 0.1)
    for _, task in await begun(asks, AT_ONCE):
        with pytest.raises(TimeoutError):
            await task
    more = Reader(1000)
    await asks(more)
    assert more.status == 200


async def test_pages_are_shown_meanwhile_and_a_large_one_waits_its_turn(asks: Any, guard: Guard) -> None:
    slow = await begun(asks, AT_ONCE)
    guard.answer = b"a page"
    page = Reader(1000)
    await asks(page, "GET", "/queue")
    assert (page.status, bytes(page.got)) == (200, b"a page")
    guard.answer = LARGE
    for method, status, said in (("GET", 503, "Too many people are asking"), ("POST", 504, "it may or may not have")):
        large = Reader(1000)
        await asks(large, method, "/m/MG-AAAA-22/body")
        assert large.status == status and said in large.got.decode()
        assert ("retry-after" in large.headers) is (status == 503)
    for reader, task in slow:
        reader.reads_on.set()
        await task


def test_every_page_that_gives_a_file_is_known() -> None:
    """Whoever makes an answer that is a file says so in the table, by which two at a time are kept in memory."""
    making = [each for each in ROUTES if any(kind in inspect.getsource(each.view) for kind in ("Download(", "Stream("))]
    assert making == [each for each in ROUTES if each.gives_file]
    assert {each.method for each in making} == {"POST"} and len(making) == 8


@contextlib.asynccontextmanager
async def service(path: Path, octets: int) -> AsyncIterator[Upstream]:
    """Answers each request with so many octets."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % octets + b"x" * octets)
            await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield Upstream(path)


@pytest.mark.parametrize(("octets", "asked"), [(LARGE_OCTETS, False), (LARGE_OCTETS + 1, True)])
async def test_an_answer_grows_only_where_there_is_room(tmp_path: Path, octets: int, asked: bool) -> None:
    class Full(Exception):
        pass

    largest = 0

    async def fit(grown: int) -> None:
        nonlocal largest
        largest = grown
        if grown > LARGE_OCTETS:
            raise Full

    async with service(tmp_path / "s", octets) as upstream:
        asking = upstream.ask(b"GET", b"/", [(b"host", b"x")], b"", fit)
        if asked:
            with pytest.raises(Full):
                await asking
        else:
            answered = await asking
            assert (answered.status, len(answered.body)) == (200, octets)
    assert largest == octets
