"""Plain text, as one would read it out: paragraphs, and tables that separators make (inspection/body.py)."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.mail.decoded import as_text
from ..body import text_items
from ..budget import Budget
from ..enclosed import Found

TYPES = frozenset({"text/plain"})
ENDINGS = (".txt", ".text", ".md", ".log")
_PIECE = 1_000_000


def read(data: bytes | memoryview, budget: Budget, charset: str = "") -> Iterator[Found]:
    """Its text, in pieces cut at a line. charset: that its media type names; without one UTF-8, else Latin-1."""
    budget.keep(len(data))
    text = as_text(bytes(data), charset).replace("\r\n", "\n")
    start = 0
    while start < len(text):
        end = start + _PIECE
        end = text.rfind("\n", start, end) + 1 or end if end < len(text) else len(text)
        yield from text_items(text[start:end], "text")
        start = end
