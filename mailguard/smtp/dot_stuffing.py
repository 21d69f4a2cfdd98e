"""Content as it travels after DATA: dots doubled at line starts, nothing else changed (RFC 5321 section 4.5.2).

INVARIANT: whatever the content is, the only CRLF.CRLF that leaves is the one that `end` gives. Content with a bare CR
or LF does not leave at all: another reader could see an end of data or a field in it (THREATS.md T2). The door refuses
or normalises such mail before it is judged, so meeting it here is a fault inside the guard.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..core.mail.message import Buffer
from ..core.rewrite.content import Content
from .troubles import InTrouble, Trouble

PIECE_OCTETS = 131_072


class DotStuffing:
    """Feed it the pieces of one content in order; a border may lie anywhere, between CR and LF too."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = b"\r\n"

    def feed(self, piece: Buffer | memoryview) -> bytes:
        """The piece as it travels. Raises InTrouble (NOT_CANONICAL); the connection must then be cut without a dot."""
        octets = bytes(piece)
        if not octets:
            return octets
        after_cr = self._tail.endswith(b"\r")
        _check_line_ends(octets, after_cr)
        stuffed = octets.replace(b"\r\n.", b"\r\n..") if b"." in octets else octets  # base64 has none
        if after_cr and octets.startswith(b"\n."):
            stuffed = b"\n." + stuffed[1:]
        elif self._tail == b"\r\n" and octets.startswith(b"."):
            stuffed = b"." + stuffed
        self._tail = (self._tail + octets[-2:])[-2:]
        return stuffed

    def end(self) -> bytes:
        """The end of data, with the CRLF that the content may lack."""
        if self._tail.endswith(b"\r"):
            raise InTrouble(Trouble.NOT_CANONICAL)
        return b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n"


def _check_line_ends(octets: bytes, after_cr: bool) -> None:
    """Three counts see every bare CR and LF, at a tenth of the cost of a pattern."""
    pairs = octets.count(b"\r\n")
    joined = after_cr and octets.startswith(b"\n")
    ends_in_cr = octets.endswith(b"\r")
    if after_cr != joined or octets.count(b"\n") != pairs + joined or octets.count(b"\r") != pairs + ends_in_cr:
        raise InTrouble(Trouble.NOT_CANONICAL)


def stuffed_pieces(content: Content) -> Iterator[tuple[bytes, bool]]:
    """What to write, in pieces of about PIECE_OCTETS, and whether it is the last one, which ends with the end of data.

    Small segments are joined: a rewrite with hundreds of edits is still one write.
    """
    stuffing = DotStuffing()
    waiting: list[bytes] = []
    octets = 0
    for segment in content.segments():
        for start in range(0, len(segment), PIECE_OCTETS):
            if octets >= PIECE_OCTETS:
                yield b"".join(waiting), False
                waiting, octets = [], 0
            waiting.append(stuffing.feed(segment[start : start + PIECE_OCTETS]))
            octets += len(waiting[-1])
    yield b"".join((*waiting, stuffing.end())), True
