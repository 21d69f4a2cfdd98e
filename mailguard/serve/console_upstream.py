"""Asks the service for a page, over its Unix socket: one request, one connection (h11; RFC 9112).

Promises: no more than AT_ONCE requests are with the service at a time, whatever comes from outside; times and sizes are
bounded, and an answer grows only while whoever asked has room for it. It knows nothing of pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h11

from .control import reachable

Header = tuple[bytes, bytes]
Fit = Callable[[int], Awaitable[None]]
"""Asked whether an answer of so many octets may stand in memory; raises where not."""

AT_ONCE = 16
"""The service has a thread or two for pages; more at a time would only wait there instead of here."""
TURN_SECONDS = 30.0
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 120.0
"""A trial of a message with large attachments takes the longest."""
MOST_OCTETS = 256 * 1024 * 1024
HEADER_OCTETS = 64 * 1024
READ_OCTETS = 64 * 1024

HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Fields that are about one connection (RFC 9110 section 7.6.1), and those of its predecessors."""


class ServiceAway(Exception):
    """Nobody serves pages on the socket: nothing was asked."""


class ServiceBusy(Exception):
    """Too much was asked at the same time: nothing was asked."""


class AnswerLost(Exception):
    """The service was asked, and did not answer to the end: what it did is not known."""


@dataclass(frozen=True, slots=True)
class Answered:
    """headers: without those of the connection. body: not copied, since it may be large."""

    status: int
    headers: tuple[Header, ...]
    body: memoryview


class Upstream:
    """path: of the socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, method: bytes, target: bytes, headers: Sequence[Header], body: bytes, fit: Fit) -> Answered:
        """What the service answers. headers: with Host. ServiceAway, ServiceBusy, AnswerLost, and what `fit` raises."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise ServiceBusy from None
        try:
            asked = h11.Request(method=method, target=target, headers=_onward(headers, body))
            return await self._ask(asked, body, fit)
        finally:
            self._turns.release()

    async def _ask(self, request: h11.Request, body: bytes, fit: Fit) -> Answered:
        reader, writer = await self._connect()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await _converse(reader, writer, request, body, fit)
        except (OSError, TimeoutError, h11.ProtocolError) as cause:
            raise AnswerLost from cause
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                with reachable(self._path) as address:
                    return await asyncio.open_unix_connection(address)
        except (OSError, TimeoutError) as cause:
            raise ServiceAway from cause


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: h11.Request, body: bytes, fit: Fit
) -> Answered:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_OCTETS)
    writer.write(connection.send(request) or b"")
    writer.write(connection.send(h11.Data(data=body)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    response: h11.Response | None = None
    found = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(READ_OCTETS))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            if len(found) + len(event.data) > MOST_OCTETS:
                raise AnswerLost
            await fit(len(found) + len(event.data))
            found += event.data
        elif isinstance(event, h11.EndOfMessage) and response is not None:
            return Answered(response.status_code, _without(response.headers, HOP_BY_HOP), memoryview(found))
        elif not isinstance(event, h11.InformationalResponse):
            raise AnswerLost


def _onward(headers: Sequence[Header], body: bytes) -> list[Header]:
    kept = _without(headers, HOP_BY_HOP | {b"content-length", b"expect"})
    return [*kept, (b"content-length", str(len(body)).encode()), (b"connection", b"close")]


def _without(headers: Sequence[Header], names: frozenset[bytes]) -> tuple[Header, ...]:
    return tuple((name.lower(), value) for name, value in headers if name.lower() not in names)
