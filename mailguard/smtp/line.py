"""The bytes of one connection to the smarthost: replies in, octets out, with back-pressure.

An asyncio protocol of its own takes over the transport from aiosmtplib after EHLO, STARTTLS and sign-in, because that
library's protocol keeps one reply at a time and drops what arrives before it is asked for, so it cannot be pipelined.

It reads always, also while it writes: neither side can wait for the other (RFC 2920 section 3.1).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from ..core.outcome import SmarthostReply
from .reply_reader import ReplyReader
from .smarthost_capabilities import NOTHING_ANNOUNCED, SmarthostCapabilities
from .troubles import InTrouble, Trouble

MAX_WAITING_REPLIES = 2_000
"""More than the commands of one window; above it nothing is read until some were taken."""
QUIT_SECONDS = 2.0


class Line(asyncio.Protocol):
    """transport: handed over after the handshake. opened_at: monotonic seconds. messages: transactions begun on it.

    told: the client that XCLIENT has named on it for good, None while the server sees the guard.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        capabilities: SmarthostCapabilities = NOTHING_ANNOUNCED,
        opened_at: float = 0.0,
    ) -> None:
        self.capabilities = capabilities
        self.opened_at = opened_at
        self.messages = 0
        self.told: tuple[object, ...] | None = None
        self._transport = transport
        self._reader = ReplyReader()
        self._replies: deque[SmarthostReply] = deque()
        self._trouble: Trouble | None = None
        self._awaiting: asyncio.Future[None] | None = None
        self._draining: asyncio.Future[None] | None = None
        self._reading_paused = False
        self._closed = asyncio.get_running_loop().create_future()
        transport.set_protocol(self)

    # What asyncio calls.

    def data_received(self, data: bytes) -> None:
        if self._trouble is None:
            try:
                self._replies.extend(self._reader.feed(data))
            except InTrouble as cause:
                self._fail(cause.trouble)
        _wake(self._awaiting)
        if len(self._replies) > MAX_WAITING_REPLIES and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._fail(Trouble.CUT)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Trouble.CUT)
        _wake(self._closed)

    def pause_writing(self) -> None:
        self._draining = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        _wake(self._draining)
        self._draining = None

    # What a transaction uses.

    @property
    def has_reply(self) -> bool:
        return bool(self._replies)

    @property
    def is_idle(self) -> bool:
        """Whether it is open and nothing came that was not asked for, such as a 421 before a close."""
        return (
            self._trouble is None and not self._replies and not self._reader.amid and not self._transport.is_closing()
        )

    @property
    def is_secure(self) -> bool:
        """Whether TLS is in use."""
        return self._transport.get_extra_info("ssl_object") is not None

    def check(self) -> None:
        """Raises InTrouble where the connection is known to be lost."""
        if self._trouble is not None:
            raise InTrouble(self._trouble)

    def write(self, octets: bytes) -> None:
        """Take octets to send; on a connection that was lost they go nowhere, and `reply` says so."""
        if octets and not self._transport.is_closing():
            self._transport.write(octets)

    async def drain(self, seconds: float) -> None:
        """Return once the system takes more, or a reply has come. Raises InTrouble (TIMED_OUT, CUT)."""
        if self._draining is not None and not self._replies and self._trouble is None:
            self._awaiting = asyncio.get_running_loop().create_future()
            waiters = {self._draining, self._awaiting}
            done, _ = await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise InTrouble(Trouble.TIMED_OUT)
        if self._trouble is not None and not self._replies:
            raise InTrouble(self._trouble)

    async def reply(self, seconds: float) -> SmarthostReply:
        """The next reply. Raises InTrouble (TIMED_OUT, CUT, MALFORMED, TOO_LONG)."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not self._replies and self._trouble is None:  # part of a reply gives no new time
            await self._wait(deadline - loop.time())
        if not self._replies:
            raise InTrouble(self._trouble or Trouble.CUT)
        reply = self._replies.popleft()
        if self._reading_paused and len(self._replies) < MAX_WAITING_REPLIES // 2 and not self._transport.is_closing():
            self._reading_paused = False
            self._transport.resume_reading()
        return reply

    async def _wait(self, seconds: float) -> None:
        self._awaiting = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._awaiting
        except TimeoutError:
            raise InTrouble(Trouble.TIMED_OUT) from None

    # How it ends.

    def abort(self) -> None:
        """Cut it now: no dot, no QUIT. What was not written does not leave."""
        self._fail(Trouble.CUT)
        self._transport.abort()

    async def quit(self) -> None:
        """Take leave politely and close, in at most QUIT_SECONDS."""
        with contextlib.suppress(InTrouble):
            if self.is_idle:
                self.write(b"QUIT\r\n")
                await self.reply(QUIT_SECONDS)
        self.abort()
        await self.closed()

    async def closed(self) -> None:
        """Return once the transport is gone."""
        await asyncio.wait({self._closed}, timeout=QUIT_SECONDS)

    def _fail(self, trouble: Trouble) -> None:
        self._trouble = self._trouble or trouble
        _wake(self._awaiting)
        _wake(self._draining)


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
