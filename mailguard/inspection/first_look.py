"""A first look at a plain text of the message: whether there is nothing in it, told where it lies, whatever its size.

Promises: says only that there is nothing, and only of a text of which the examination (examine.py) with detectors that
overlook what can tell nothing would say the same; total; linear; in steps of bounded time. It is a text in ASCII whose
every line is running text that can tell nothing: of anything else the examination has the word.
"""

from __future__ import annotations

from collections.abc import Generator

from ..core.carried.model import Carried
from ..core.mail.message import Buffer
from ..core.mail.text import codec_named
from .body import WHERE, Written, cuts, telling_items, tells_nothing
from .budget import Limits
from .examine import Examined
from .read.text import CONTROL, begins_as_document

NOTHING = Examined(people=Carried())
PIECE_OCTETS = 65_536
MOST_LINES = 200
"""At the end of a piece, of which one has to be such as ends every table."""
_AS_ASCII = frozenset({None, "ascii", "utf-8", "iso8859-1", "iso8859-15", "cp1252"})
"""Charsets in which ASCII is what it is; an unknown one is read as UTF-8."""
_UNWANTED = CONTROL + b"\0"


def first_look(data: Buffer, written: Written) -> Generator[None, None, bool]:
    """Whether there is nothing in it, after as many steps as it has pieces. data: decoded of its transfer encoding."""
    if written.html or written.flowed or codec_named(written.charset) not in _AS_ASCII:
        return False
    if len(data) > Limits().kept_bytes or begins_as_document(bytes(data[:4_096]), html=False):
        return False
    start = 0
    while start < len(data):
        piece = bytes(data[start : start + PIECE_OCTETS])
        if not piece.isascii():
            return False
        if start + len(piece) < len(data):
            piece = piece[: _end_between_tables(piece)]
        if not piece or not (tells_nothing(piece) or _tells_nothing(piece)):
            return False
        start += len(piece)
        yield
    return True


def _tells_nothing(piece: bytes) -> bool:
    """Line by line."""
    if len(piece.translate(None, _UNWANTED)) != len(piece) or piece.count(b"\r") != piece.count(b"\r\n"):
        return False
    text = piece.decode("ascii").replace("\r\n", "\n")
    return next(telling_items(text, WHERE), None) is None


def _end_between_tables(piece: bytes) -> int:
    """Behind the last line that is of no table, so that none is cut in two; 0 where there is none so far."""
    end = piece.rfind(b"\n") + 1
    for _ in range(MOST_LINES):
        begin = piece.rfind(b"\n", 0, max(end - 1, 0)) + 1
        if begin == end or not cuts(piece[begin:end].rstrip(b"\r\n").decode("ascii")):
            return end
        end = begin
    return 0
