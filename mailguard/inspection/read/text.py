"""Plain text, as one would read it out."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.mail.decoded import as_text
from ..budget import Budget
from ..enclosed import Found
from ..stream import Text

TYPES = frozenset({"text/plain"})
ENDINGS = (".txt", ".text", ".md", ".log")
_PIECE = 1_000_000


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Its text, in pieces cut at a line. Octets that are no UTF-8 are read as Windows does."""
    budget.keep(len(data))
    text = as_text(bytes(data), "utf-8")
    start = 0
    while start < len(text):
        end = start + _PIECE
        end = text.rfind("\n", start, end) + 1 or end if end < len(text) else len(text)
        yield Text(text[start:end], "text")
        start = end
