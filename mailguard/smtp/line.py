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
        self._loop = asyncio.get_running_loop()
        self._awaiting: asyncio.Future[bool] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._clogged = self._awaits_room = False
        self._reading_paused = False
        self._closed: asyncio.Future[bool] = self._loop.create_future()
        transport.set_protocol(self)

    # What asyncio calls.

    def data_received(self, data: bytes) -> None:
        if self._trouble is None:
            try:
                self._replies.extend(self._reader.feed(data))
            except InTrouble as cause:
                self._fail(cause.trouble)
        if self._replies:
            _wake(self._awaiting)
        if len(self._replies) > MAX_WAITING_REPLIES and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._fail(Trouble.CUT)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Trouble.CUT)
        if self._timer is not None:
            self._timer.cancel()
        _wake(self._closed)

    def pause_writing(self) -> None:
        self._clogged = True

    def resume_writing(self) -> None:
        self._clogged = False
        if self._awaits_room:
            _wake(self._awaiting)

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
        if self._clogged and not self._replies and self._trouble is None:
            self._awaits_room = True
            try:
                await self._wait(seconds)
            finally:
                self._awaits_room = False
        if self._trouble is not None and not self._replies:
            raise InTrouble(self._trouble)

    async def reply(self, seconds: float) -> SmarthostReply:
        """The next reply. Raises InTrouble (TIMED_OUT, CUT, MALFORMED, TOO_LONG)."""
        return self.heard() or await self._hear(seconds)

    def heard(self) -> SmarthostReply | None:
        """The next reply, where it is here already."""
        if not self._replies:
            return None
        reply = self._replies.popleft()
        if self._reading_paused and len(self._replies) < MAX_WAITING_REPLIES // 2 and not self._transport.is_closing():
            self._reading_paused = False
            self._transport.resume_reading()
        return reply

    async def _hear(self, seconds: float) -> SmarthostReply:
        if self._trouble is None:
            await self._wait(seconds)  # part of a reply gives no new time
        reply = self.heard()
        if reply is None:
            raise InTrouble(self._trouble or Trouble.CUT)
        return reply

    async def _wait(self, seconds: float) -> None:
        self._awaiting = self._loop.create_future()
        self._arm(self._loop.time() + seconds)
        if not await self._awaiting:
            raise InTrouble(Trouble.TIMED_OUT)

    def _arm(self, deadline: float) -> None:
        """One timer for the life of the line: it is moved only to fire sooner, and fires in vain now and then."""
        self._deadline = deadline
        if self._timer is not None:
            if self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        if self._awaiting is None or self._awaiting.done():
            return
        if self._loop.time() < self._deadline:
            self._arm(self._deadline)
        else:
            self._awaiting.set_result(False)

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


def _wake(waiting: asyncio.Future[bool] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(True)
