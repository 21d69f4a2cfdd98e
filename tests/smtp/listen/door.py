"""A listening door for tests: a real Listener on a loopback port, whose submit records what it is given.

doorkeeper: what a Listener takes for signing in (sign_in, sign_in_limits, sign_in_watch).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailguard.core.envelope import Envelope
from mailguard.core.mail.message import Buffer
from mailguard.core.reply import Reply
from mailguard.core.session import Session
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.listen_settings import Limits, ListenerSettings
from mailguard.smtp.listener import Listener

ALL = Capabilities(eight_bit=True, smtputf8=True, dsn=True)
TAKEN = Reply(250, "2.0.0", "Taken")


@dataclass(frozen=True)
class Submitted:
    session: Session
    envelope: Envelope
    content: bytes


@dataclass
class Door:
    """port: where it listens. messages: what was submitted, in order. reply: what submit answers."""

    listener: Listener
    messages: list[Submitted] = field(default_factory=list)
    reply: Reply = TAKEN

    @property
    def port(self) -> int:
        return self.listener.addresses[0][1]

    async def submit(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        self.messages.append(Submitted(session, envelope, bytes(raw)))
        return self.reply


@asynccontextmanager
async def open_door(
    *,
    limits: Mapping[str, int] | None = None,
    capabilities: Capabilities = ALL,
    submit: Callable[[Session, Envelope, Buffer], Awaitable[Reply]] | None = None,
    connections: Any = None,
    spool_directory: Path | None = None,
    grace_seconds: float = 1.0,
    doorkeeper: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    door = Door.__new__(Door)
    listener = Listener(
        ListenerSettings(**{"address": "127.0.0.1:0", **settings}),
        Limits.model_validate(limits or {}),
        "guard.example",
        submit or (lambda *message: door.submit(*message)),
        lambda: capabilities,
        connections=connections,
        spool_directory=spool_directory,
        **(doorkeeper or {}),
    )
    door.__init__(listener)  # type: ignore[misc]
    await listener.start()
    try:
        yield door
    finally:
        await listener.stop(grace_seconds)


class Events:
    """Stands in for a logger: (event, fields) as they were logged."""

    def __init__(self) -> None:
        self.logged: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.logged.append((event, fields))

    warning = error = debug = info

    def fields(self, event: str) -> dict[str, Any]:
        """Of the last event of that name; AssertionError if there was none."""
        found = [fields for name, fields in self.logged if name == event]
        assert found, self.logged
        return found[-1]


class Client:
    """A raw client: octets out, reply lines in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        if data:
            self.writer.write(data)

    async def trickle(self, data: bytes, every: float) -> None:
        """Send an octet at a time, until the connection ends. every: seconds between two."""
        try:
            for at in range(len(data)):
                self.send(data[at : at + 1])
                await asyncio.sleep(every)
        except (ConnectionError, RuntimeError):
            pass

    async def line(self, seconds: float = 20.0) -> bytes:
        """One reply line without its CRLF; b"" at the end of the connection."""
        async with asyncio.timeout(seconds):
            try:
                return (await self.reader.readline()).removesuffix(b"\r\n")
            except ConnectionError:
                return b""

    async def reply(self, seconds: float = 20.0) -> bytes:
        """The last line of one reply."""
        while (line := await self.line(seconds))[3:4] == b"-":
            pass
        return line

    async def replies(self, count: int) -> list[bytes]:
        return [await self.reply() for _ in range(count)]

    async def ask(self, data: bytes) -> bytes:
        self.send(data + b"\r\n")
        return await self.reply()

    async def begin(self) -> None:
        """Up to a transaction with one recipient, before DATA."""
        await self.reply()
        self.send(b"EHLO client.example\r\nMAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\n")
        assert [each[:3] for each in await self.replies(3)] == [b"250"] * 3

    async def begin_data(self) -> None:
        await self.begin()
        assert (await self.ask(b"DATA")).startswith(b"354")

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def connect(door: Door | int) -> AsyncIterator[Client]:
    port = door if isinstance(door, int) else door.port
    client = Client(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))
    try:
        yield client
    finally:
        await client.close()
