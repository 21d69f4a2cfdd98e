"""What has arrived on a connection and is not read yet: as command lines, or as chunks of content.

INVARIANT: bounded. At HIGH_WATER_OCTETS the transport stops reading, so that the client's own window fills up; a line
without end is thrown away as it comes. INVARIANT: only CRLF ends a command line (RFC 5321 section 2.3.8).
"""

from __future__ import annotations

import asyncio
from enum import Enum

from .dialogue import LONG_LINE_OCTETS
from .sasl import LINE_OCTETS as SIGN_IN_LINE_OCTETS

HIGH_WATER_OCTETS = 131_072
ENDLESS_LINE_OCTETS = 65_536
"""A line that has not ended by then is an attack or not SMTP, and the session ends."""


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
        "_buffer",
        "_fresh",
        "_loop",
        "_paused",
        "_searched",
        "_skipped",
        "_skips",
        "_transport",
        "_waiter",
        "ended",
        "reads_response",
        "takes_auth",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.ReadTransport) -> None:
        self._loop = loop
        self._transport = transport
        self._buffer = bytearray()
        self._searched = 0
        self._skipped = 0
        self._skips = Mark.TOO_LONG
        self._fresh = False
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self.ended = False
        self.takes_auth = self.reads_response = False

    @property
    def waiting(self) -> bool:
        """Whether the session sits in `wait`."""
        return self._waiter is not None

    @property
    def begun(self) -> bool:
        """Whether a line has begun and not ended."""
        return bool(self._buffer) or self._skipped > 0

    def push(self, data: bytes) -> None:
        if self.ended:
            return
        self._buffer += data
        self._fresh = True
        if not self._paused and len(self._buffer) >= HIGH_WATER_OCTETS:
            self._transport.pause_reading()
            self._paused = True
        self._wake()

    def end(self) -> None:
        self.ended = True
        self._wake()

    def drop(self) -> None:
        """Read no more: what is here and what still comes is thrown away."""
        self._buffer.clear()
        self._fresh = False
        self._resume()
        self.end()

    def discard(self) -> int:
        """Throw away what is here, and read on. How many octets it was."""
        octets = len(self.chunk())
        self._skipped = 0
        self._resume()
        return octets

    async def wait(self) -> bool:
        """Until something new is here (True), or nothing more will come (False)."""
        if self._fresh or self.ended:
            return self._fresh
        self._resume()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return self._fresh

    def line(self) -> bytes | Mark | None:
        """The next command line without its CRLF; None if it is not all here."""
        buffer = self._buffer
        at = buffer.find(b"\r\n", self._searched)
        if at < 0:
            return self._part_of_line()
        self._searched = 0
        self.reads_response = False
        if self._skipped:
            self._skipped = 0
            del buffer[: at + 2]
            return self._skips
        line = bytes(buffer[:at])
        del buffer[: at + 2]
        return line

    def chunk(self) -> bytes:
        """All that is here, b"" if nothing is."""
        chunk = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        self._fresh = False
        return chunk

    def unread(self, rest: bytes) -> None:
        """Give back what followed the end of a content."""
        self._buffer[:0] = rest
        self._fresh = bool(self._buffer)

    def _part_of_line(self) -> Mark | None:
        buffer = self._buffer
        self._fresh = False
        if self._skipped + len(buffer) > ENDLESS_LINE_OCTETS:
            return Mark.ENDLESS
        signs_in = self.reads_response or (self.takes_auth and buffer[:5].upper() == b"AUTH ")
        if len(buffer) > (SIGN_IN_LINE_OCTETS if signs_in else LONG_LINE_OCTETS):
            if not self._skipped:
                self._skips = Mark.TOO_LONG_TO_SIGN_IN if signs_in else Mark.TOO_LONG
            self._skipped += len(buffer) - 1
            del buffer[:-1]  # the last octet may be the CR of the end
        self._searched = max(0, len(buffer) - 1)
        return None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _resume(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._transport.resume_reading()
        self._paused = False
