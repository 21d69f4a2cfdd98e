"""From the octets after DATA to the content of one message (RFC 5321 section 4.5.2). No I/O but the spool's.

INVARIANT: only CRLF.CRLF ends the data, where the first CRLF may be that of the DATA command (THREATS.md T1).
INVARIANT: what is handed on is CRLF-terminated lines without NUL, bare CR or bare LF; everything else is a Fault.
INVARIANT: linear, whatever the chunks; each octet is looked at by a few C-level scans, none by Python.
"""

from __future__ import annotations

from enum import StrEnum

from ..core.mail.message import Buffer
from .spool import Spool

END = b"\r\n.\r\n"


class Fault(StrEnum):
    """Why a content is not handed on."""

    TOO_LARGE = "too_large"
    NUL = "nul"
    BARE_LINE_END = "bare_line_end"
    HEADER_TOO_LARGE = "header_too_large"
    TOO_MANY_FIELDS = "too_many_fields"
    NOT_KEPT = "not_kept"


class ContentReader:
    """Feed it chunks until it gives back what follows the end; then `finish`.

    fault: the first thing found wrong; from then on nothing more is kept, only the end is looked for.
    cause: the exception behind NOT_KEPT. eight_bit: an octet above 127 was seen. received: octets fed so far.
    """

    __slots__ = ("_first", "_held", "_max_bytes", "_normalise", "_spool", "cause", "eight_bit", "fault", "received")

    def __init__(self, spool: Spool, max_bytes: int, *, normalise: bool) -> None:
        self._spool = spool
        self._max_bytes = max_bytes
        self._normalise = normalise
        self._held = b"\r\n"  # the CRLF of the DATA command, so that ".CRLF" at once is the end of an empty content
        self._first = True
        self.fault: Fault | None = None
        self.cause: OSError | None = None
        self.eight_bit = False
        self.received = 0

    def feed(self, chunk: bytes) -> bytes | None:
        """None while the end has not come; else the octets after it, which belong to the next command."""
        self.received += len(chunk)
        window = self._held + chunk
        at = window.find(END) if b"." in window else -1  # base64 has none, and one octet is found far sooner
        if at >= 0:
            self._take(window[: at + 2])
            return window[at + len(END) :]
        keep = _length_of_begun_end(window)
        self._held = window[len(window) - keep :]
        if keep < len(window):
            self._take(window[: len(window) - keep])
        return None

    def finish(self, max_header_bytes: int, max_header_fields: int) -> Buffer | None:
        """The content, None if there is a fault."""
        if self.fault is None:
            try:
                content = self._spool.finish()
            except OSError as error:
                self._not_kept(error)
                return None
            self.fault = header_fault(content, max_header_bytes, max_header_fields)
            if self.fault is None:
                return content
        self._spool.discard()
        return None

    def discard(self) -> None:
        """The client went away in the middle."""
        self._spool.discard()

    def _take(self, segment: bytes) -> None:
        """A segment never ends within CRLF or CRLF-dot, so that each check on it alone is exact."""
        if self.fault is not None:
            return
        bare = _has_bare_line_end(segment)
        if b"\0" in segment:
            self._fail(Fault.NUL)
        elif bare and not self._normalise:
            self._fail(Fault.BARE_LINE_END)
        else:
            # Dots are taken out where the wire has a real CRLF before them; a line that only normalising makes keeps
            # its dot, as the client did not stuff it.
            if b"." in segment:
                segment = segment.replace(b"\r\n.", b"\r\n")
            self._keep(_with_crlf(segment) if bare else segment)

    def _keep(self, segment: bytes) -> None:
        if self._first:
            self._first = False
            segment = segment[2:]
        if self._spool.size + len(segment) > self._max_bytes:
            self._fail(Fault.TOO_LARGE)
            return
        self.eight_bit = self.eight_bit or not segment.isascii()
        try:
            self._spool.append(segment)
        except OSError as error:
            self._not_kept(error)

    def _not_kept(self, error: OSError) -> None:
        self.cause = error
        self._fail(Fault.NOT_KEPT)

    def _fail(self, fault: Fault) -> None:
        self.fault = fault
        self._spool.discard()


def header_fault(content: Buffer, max_bytes: int, max_fields: int) -> Fault | None:
    """THREATS.md T33: a limit refuses, it never truncates what would be counted. Folded lines belong to their field."""
    head = bytes(content[: max_bytes + 4])
    end = 0 if head.startswith(b"\r\n") else head.find(b"\r\n\r\n") + 2
    if end == 1:  # not found
        end = len(head)
    if end > max_bytes:
        return Fault.HEADER_TOO_LARGE
    folded = head.count(b"\r\n ", 0, end) + head.count(b"\r\n\t", 0, end)
    return Fault.TOO_MANY_FIELDS if head.count(b"\r\n", 0, end) - folded > max_fields else None


def _has_bare_line_end(segment: bytes) -> bool:
    pairs = segment.count(b"\r\n")
    return segment.count(b"\r") != pairs or segment.count(b"\n") != pairs


def _with_crlf(segment: bytes) -> bytes:
    return segment.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _length_of_begun_end(window: bytes) -> int:
    """How many of the last octets may be the beginning of CRLF.CRLF."""
    if window.endswith((b"\r", b"\n", b".")):
        for length in (4, 3, 2, 1):
            if window.endswith(END[:length]):
                return length
    return 0
