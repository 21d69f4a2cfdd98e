"""Accepts on a socket that several processes share, so that each has about as many connections as the others.

An event loop accepts all that waits at once. Of clients that connect together and stay, as a mail system's do, one
process could get all, and the other cores would be idle for as long as they stay. Here one connection is accepted a
turn, and whoever has more than another process leaves it to that one first, for a moment. It must not know what is
done with a connection.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

from ..logs import logger

log = logger("listener")

LEAVE_SECONDS = 0.002
"""How long a connection is left to a process that has fewer. A process that is busy, or gone, keeps nobody waiting."""
EXHAUSTED_SECONDS = 1.0
"""After which a process that has no more descriptors tries again, as asyncio does."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class SharedAcceptor:
    """bound: listens already. made: the protocol of a new connection. ahead: whether we have more than others."""

    def __init__(
        self,
        bound: socket.socket,
        made: Callable[[], asyncio.Protocol],
        ahead: Callable[[], bool],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._bound = bound
        self._made = made
        self._ahead = ahead
        self._loop = loop
        self._left = False
        self._again: asyncio.TimerHandle | None = None
        self._starting: set[asyncio.Task[None]] = set()
        bound.setblocking(False)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """As asyncio.Server has them; none after `close`."""
        return () if self._bound.fileno() < 0 else (self._bound,)

    def start(self) -> None:
        self._again = None
        if self._bound.fileno() >= 0:
            self._loop.add_reader(self._bound, self._ready)

    def close(self) -> None:
        """Accept nothing more. What has been accepted goes on."""
        if self._again is not None:
            self._again.cancel()
        if self._bound.fileno() >= 0:
            self._loop.remove_reader(self._bound)
            self._bound.close()

    def _ready(self) -> None:
        if not self._left and self._ahead():
            self._left = True
            return self._pause(LEAVE_SECONDS)
        self._left = False
        try:
            accepted, _ = self._bound.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return None  # another process was faster, or the client is gone
        except OSError as error:
            log.error("connection_not_accepted", cause=error)
            return self._pause(EXHAUSTED_SECONDS if error.errno in _EXHAUSTED else LEAVE_SECONDS)
        starting = self._loop.create_task(self._begin(accepted))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        return None

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._bound)
        self._again = self._loop.call_later(seconds, self.start)

    async def _begin(self, accepted: socket.socket) -> None:
        try:
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._made, accepted)
        except Exception as error:
            log.info("connection_not_begun", cause=error)
            accepted.close()
