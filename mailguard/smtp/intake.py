"""What has arrived on a connection and is not read yet: as command lines, or as chunks of content.

INVARIANT: bounded. At HIGH_WATER_OCTETS the transport stops reading, so that the client's own window fills up; a line
without end is thrown away as it comes. INVARIANT: only CRLF ends a command line (RFC 5321 section 2.3.8).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from .dialogue import LONG_LINE_OCTETS
from .sasl import LINE_OCTETS as SIGN_IN_LINE_OCTETS

HIGH_WATER_OCTETS = 131_072
ENDLESS_LINE_OCTETS = 65_536
"""A line that has not ended by then is an attack or not SMTP, and the session ends."""

Found = TypeVar("Found")


class Mark(Enum):
    """What `line` gives instead of a line."""

    TOO_LONG = "too_long"
    TOO_LONG_TO_SIGN_IN = "too_long_to_sign_in"
    ENDLESS = "endless"


class Intake:
    """The reading half of one connection. ended: the client will send no more, or nobody will read it.

    takes_auth: an AUTH command may be as long as RFC 4954 section 4 says. reads_response: the next line, too.
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_failure",
        "_fresh",
        "_loop",
        "_paused",
        "_searched",
        "_skipped",
        "_skips",
        "_step",
        "_transport",
        "_waiter",
        "ended",
        "reads_response",
        "takes_auth",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.ReadTransport) -> None:
        self._loop = loop
        self._transport = transport
        self._buffer = b""
        self._at = 0  # what stands before it has been read
        self._searched = 0
        self._skipped = 0
        self._skips = Mark.TOO_LONG
        self._fresh = False
        self._paused = False
        self._failure: Exception | None = None
        self._step: Callable[[], object] | None = None
        self._waiter: asyncio.Future[Any] | None = None
        self.ended = False
        self.takes_auth = self.reads_response = False

    @property
    def waiting(self) -> bool:
        """Whether the session sits in `until`."""
        return self._step is not None

    @property
    def begun(self) -> bool:
        """Whether a line has begun and not ended."""
        return self._at < len(self._buffer) or self._skipped > 0

    def push(self, data: bytes) -> None:
        if self.ended:
            return
        self._keep(data)
        if self._step is not None:
            self._take_step(self._step)
        if not self._paused and len(self._buffer) - self._at >= HIGH_WATER_OCTETS and not self.ended:
            self._transport.pause_reading()
            self._paused = True

    def end(self) -> None:
        self.ended = True
        self._wake(None)

    def drop(self) -> None:
        """Read no more: what is here and what still comes is thrown away."""
        self._buffer, self._at = b"", 0
        self._fresh = False
        self._resume()
        self.end()

    def discard(self) -> int:
        """Throw away what is here, and read on. How many octets it was."""
        octets = len(self.chunk())
        self._skipped = 0
        self._resume()
        return octets

    async def until(self, step: Callable[[], Found | None]) -> Found | None:
        """What `step` comes to, None if nothing more will come. It is called now and whenever something new is here,
        at once and by the transport: the session's task sleeps until there is something for it to do. What it raises
        is raised here. It reads all that is of use to it.
        """
        found = step()
        while found is None and not self.ended:
            self._resume()
            self._step = step
            self._waiter = self._loop.create_future()
            try:
                found = await self._waiter
            finally:
                self._step = self._waiter = None
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
        return found

    async def wait(self) -> bool:
        """Until something new is here (True), or nothing more will come (False)."""
        return bool(await self.until(lambda: self._fresh or None))

    def line(self) -> bytes | Mark | None:
        """The next command line without its CRLF; None if it is not all here."""
        buffer, start = self._buffer, self._at
        if start == len(buffer) and not self._skipped:  # a client that waits for each reply: all has been read
            self._buffer, self._at, self._searched, self._fresh = b"", 0, 0, False
            return None
        end = buffer.find(b"\r\n", self._searched or start)
        if end < 0:
            return self._part_of_line()
        self._at = end + 2
        self._searched = 0
        self.reads_response = False
        if self._skipped:
            self._skipped = 0
            return self._skips
        return buffer[start:end]

    def chunk(self) -> bytes:
        """All that is here, b"" if nothing is."""
        chunk = self._buffer[self._at :] if self._at else self._buffer
        self._buffer, self._at = b"", 0
        self._searched = 0
        self._fresh = False
        return chunk

    def unread(self, rest: bytes) -> None:
        """Give back what was taken too much, such as what followed the end of a content: it comes first again."""
        self._buffer, self._at = rest + self._buffer[self._at :], 0
        self._searched = 0
        self._fresh = bool(self._buffer)

    def _keep(self, data: bytes) -> None:
        """An own copy is made only where what was here before has not been read."""
        left = self._buffer[self._at :]
        self._searched = max(0, self._searched - self._at)
        self._buffer, self._at = left + data, 0
        self._fresh = True

    def _take_step(self, step: Callable[[], object]) -> None:
        try:
            found = step()
        except Exception as cause:
            self._failure = cause  # not in the future, where one that nobody waits for any more is an alarm of its own
            self._wake(None)
            return
        if found is not None:
            self._wake(found)

    def _part_of_line(self) -> Mark | None:
        """From here on `_buffer` is the begun line alone."""
        buffer = self._buffer = self._buffer[self._at :]
        self._at = 0
        self._fresh = False
        if self._skipped + len(buffer) > ENDLESS_LINE_OCTETS:
            return Mark.ENDLESS
        signs_in = self.reads_response or (self.takes_auth and buffer[:5].upper() == b"AUTH ")
        if len(buffer) > (SIGN_IN_LINE_OCTETS if signs_in else LONG_LINE_OCTETS):
            if not self._skipped:
                self._skips = Mark.TOO_LONG_TO_SIGN_IN if signs_in else Mark.TOO_LONG
            self._skipped += len(buffer) - 1
            self._buffer = buffer[-1:]  # the last octet may be the CR of the end
        self._searched = max(0, len(self._buffer) - 1)
        return None

    def _wake(self, found: object) -> None:
        self._step = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(found)

    def _resume(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._transport.resume_reading()
        self._paused = False
