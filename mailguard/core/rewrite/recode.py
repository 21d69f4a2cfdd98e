"""Changes of what a body says, as edits of the body as it is encoded: same encoding, line ends and width.

What lies before the first change keeps its octets; in a body without encoding or in quoted-printable so does all that
lies between changes.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from ..mail.message import Buffer
from ..mail.transfer import Transferred, decode_quoted
from .content import Content, Edit

_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_LITERAL = re.compile(rb"[ !-<>-~]")
_LONGEST = 76
"""RFC 2045 section 6.7, the soft line break counted in."""
_WIDTH = 76


class Recoder:
    """Of one body. Made once, asked for each copy."""

    def __init__(self, raw: Buffer, transferred: Transferred) -> None:
        self._transferred = transferred
        self._body = bytes(raw[transferred.start : transferred.end])

    def edits(self, changes: Sequence[Edit]) -> tuple[Edit, ...]:
        """changes: of the decoded octets, in order, not overlapping. The edits are of raw."""
        if not changes:
            return ()
        if self._transferred.encoding == "base64":
            return (self._base64(changes),)
        if self._transferred.encoding == "quoted-printable":
            return tuple(self._moved(self._quoted(change)) for change in changes)
        return tuple(self._moved(change) for change in changes)

    def _moved(self, edit: Edit) -> Edit:
        base = self._transferred.start
        return Edit(base + edit.start, base + edit.end, edit.replacement)

    # Base64: from the line of the first change on, all is another.

    @cached_property
    def _shape(self) -> tuple[int, bytes, int]:
        """Characters in a line, the line end, and where the text ends."""
        end = len(self._body.rstrip(b"\r\n\t "))
        line, feed, _ = self._body[:end].partition(b"\n")
        width = len(line.rstrip(b"\r")) if feed else max(end, _WIDTH)
        return width - width % 4 or _WIDTH, b"\r\n" if line.endswith(b"\r") or not feed else b"\n", end

    def _base64(self, changes: Sequence[Edit]) -> Edit:
        width, line_end, end = self._shape
        octets = self._transferred.octets
        kept = changes[0].start // (width // 4 * 3)
        place = kept * (width + len(line_end))
        if _lines(octets[: kept * (width // 4 * 3)], width, line_end, closed=True) != self._body[:place]:
            kept = place = 0
        start = kept * (width // 4 * 3)
        moved = tuple(Edit(each.start - start, each.end - start, each.replacement) for each in changes)
        rest = Content(octets[start:], moved).to_bytes()
        return self._moved(Edit(place, max(end, place), _lines(rest, width, line_end, closed=False)))

    # Quoted-printable: each change where it stands.

    @cached_property
    def _table(self) -> tuple[list[int], list[int]]:
        """Where each line of the body begins, decoded and as it stands."""
        decoded, written, place = [], [], 0
        for line in _LINE.finditer(self._body):
            decoded.append(place)
            written.append(line.start())
            place += len(decode_quoted(line[0]))
        return decoded, written

    def _quoted(self, change: Edit) -> Edit:
        start, end = self._place(change.start), self._place(change.end)
        column = start - (self._body.rfind(b"\n", 0, start) + 1)
        replacement, column = _quoted(change.replacement, column)
        line = self._body.find(b"\n", end)
        rest = (line if line >= 0 else len(self._body)) - end
        if column and column + rest > _LONGEST + 1:
            replacement += b"=" + self._line_end
        return Edit(start, end, replacement)

    @cached_property
    def _line_end(self) -> bytes:
        return b"\r\n" if b"\r\n" in self._body or b"\n" not in self._body else b"\n"

    def _place(self, offset: int) -> int:
        """Where decoded[offset] stands; at the beginning of a line rather than at the end of the one before."""
        decoded, written = self._table
        index = bisect_right(decoded, offset) - 1
        if index < 0:
            return 0
        place, left = written[index], offset - decoded[index]
        while left:
            place += 3 if self._body[place : place + 1] == b"=" else 1
            left -= 1
        return place


def _lines(octets: bytes, width: int, line_end: bytes, *, closed: bool) -> bytes:
    text = base64.b64encode(octets)
    pieces = [text[start : start + width] for start in range(0, len(text), width)]
    return line_end.join(pieces) + (line_end if closed and pieces else b"")


def _quoted(octets: bytes, column: int) -> tuple[bytes, int]:
    """Encoded, from this column of a line on; and the column behind it."""
    pieces: list[bytes] = []
    for match in re.finditer(rb"\r\n|[\s\S]", octets):
        if match[0] == b"\r\n":
            if pieces and pieces[-1] in (b" ", b"\t"):
                pieces[-1] = b"=%02X" % pieces[-1][0]
            pieces.append(match[0])
            column = 0
            continue
        piece = match[0] if _LITERAL.match(match[0]) else b"=%02X" % match[0][0]
        if column + len(piece) >= _LONGEST:
            pieces.append(b"=\r\n")
            column = 0
        pieces.append(piece)
        column += len(piece)
    return b"".join(pieces), column
