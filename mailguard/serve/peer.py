"""Calls between the processes of one service, both ways over one socket pair that nobody else can reach.

A frame is its length in four octets and a pickled list of messages: what is said in one turn of the event loop leaves
in one frame. Pickle, because both ends are the same program under the same user, who could read the keys anyway; what
reads other people's files is shut in elsewhere (inspection/). docs/decisions/workers.md.

INVARIANT: a call that returns was answered by the other side; when that is gone every open call fails. What a process
that has gone had asked for goes on: it may have been decided already.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from ..core.errors import StoreUnavailable
from ..logs import logger

log = logger("serve")

LENGTH = struct.Struct(">I")
HIGH_WATER_OCTETS = 4_194_304
"""Above this a caller waits until the other side has read: a process that is stuck does not fill our memory."""

Handler = Callable[..., Awaitable[Any]]


class PeerGone(StoreUnavailable):
    """The other process has ended, or does not answer any more."""


class Peer(asyncio.Protocol):
    """handlers: what the other side may call, by name. gone: set when the connection has ended."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._incoming = bytearray()
        self._outgoing: list[tuple[Any, ...]] = []
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._writable = asyncio.Event()
        self._writable.set()
        self.gone = asyncio.Event()

    @classmethod
    async def on(cls, end: socket.socket, handlers: Mapping[str, Handler]) -> Peer:
        """A peer on our end of a socket pair, which it takes over."""
        _, protocol = await asyncio.get_running_loop().create_unix_connection(lambda: cls(handlers), sock=end)
        return protocol

    async def call(self, name: str, *arguments: Any) -> Any:
        """What the handler of that name returned there, or raises what it raised. PeerGone."""
        if not self._writable.is_set():
            await self._writable.wait()
        if self.gone.is_set():
            raise PeerGone("another process of the service is gone")
        self._number = number = self._number + 1
        future: asyncio.Future[Any] = self._loop.create_future()
        self._calls[number] = future
        self._say(("call", number, name, arguments))
        try:
            return await future
        finally:
            self._calls.pop(number, None)

    def tell(self, name: str, *arguments: Any) -> None:
        """Call without waiting for an answer. Nothing where the other side is gone."""
        if not self.gone.is_set():
            self._say(("tell", 0, name, arguments))

    def close(self) -> None:
        if self._transport is not None:
            self._flush()
            self._transport.close()

    # asyncio.Protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER_OCTETS)

    def connection_lost(self, error: Exception | None) -> None:
        self.gone.set()
        self._writable.set()
        self._transport = None
        for future in self._calls.values():
            if not future.done():
                future.set_exception(PeerGone("another process of the service is gone"))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        incoming = self._incoming
        incoming += data
        at = 0
        while len(incoming) - at >= LENGTH.size:
            (size,) = LENGTH.unpack_from(incoming, at)
            end = at + LENGTH.size + size
            if len(incoming) < end:
                break
            with memoryview(incoming) as view:
                messages = pickle.loads(view[at + LENGTH.size : end])  # noqa: S301  see above
            at = end
            for message in messages:
                self._hear(*message)
        if at:
            del incoming[:at]

    # What is said and heard.

    def _say(self, message: tuple[Any, ...]) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(message)

    def _flush(self) -> None:
        messages, self._outgoing = self._outgoing, []
        if not messages or self._transport is None:
            return
        try:
            octets = pickle.dumps(messages, protocol=5)
        except Exception:
            # One that cannot be said must not take the others with it.
            for message in messages:
                self._send_alone(message)
            return
        self._send(octets)

    def _send_alone(self, message: tuple[Any, ...]) -> None:
        try:
            octets = pickle.dumps([message], protocol=5)
        except Exception as cause:
            log.error("message_between_processes_lost", kind=message[0], cause=cause)
            kind, number = message[:2]
            if kind == "call":
                self._settle(number, StoreUnavailable("what was asked cannot be handed over"), failed=True)
                return
            octets = pickle.dumps([("failed", number, StoreUnavailable("the answer cannot be handed over"))])
        self._send(octets)

    def _send(self, octets: bytes) -> None:
        if self._transport is not None:
            self._transport.write(LENGTH.pack(len(octets)) + octets)

    def _hear(self, kind: str, number: int, *rest: Any) -> None:
        if kind == "answer":
            self._settle(number, rest[0], failed=False)
        elif kind == "failed":
            self._settle(number, rest[0], failed=True)
        else:
            name, arguments = rest
            task = self._loop.create_task(self._answer(kind, number, name, arguments))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _settle(self, number: int, value: Any, *, failed: bool) -> None:
        future = self._calls.get(number)
        if future is None or future.done():
            return
        if failed:
            future.set_exception(value)
        else:
            future.set_result(value)

    async def _answer(self, kind: str, number: int, name: str, arguments: tuple[Any, ...]) -> None:
        try:
            value = await self._handlers[name](*arguments)
        except asyncio.CancelledError:
            raise
        except Exception as cause:
            if kind == "tell":
                log.error("told_in_vain", name=name, cause=cause)
            else:
                self._say(("failed", number, _portable(cause)))
            return
        if kind == "call":
            self._say(("answer", number, value))


def _portable(cause: Exception) -> Exception:
    """The error as the other side can make it again. One that cannot be made there would break the connection."""
    try:
        again = pickle.loads(pickle.dumps(cause))  # noqa: S301  our own octets
    except Exception:
        again = None
    if type(again) is type(cause) and str(again) == str(cause):
        return cause
    log.error("error_not_handed_over", cause=cause)
    return StoreUnavailable(f"another process of the service failed ({type(cause).__name__})")
