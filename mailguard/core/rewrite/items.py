"""Lists of addresses as items: taken apart where a comma separates them, and put together again, folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

WIDTH = 78
LONGEST = 998
"""Without the CRLF (RFC 5322 section 2.1.1): lines should be no longer than the first, must not exceed the second."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|\\.|[(),;<>"]', re.DOTALL)


def split(value: bytes) -> list[bytes] | None:
    """The items between commas or semicolons outside quotes, comments and angle brackets, stripped, none empty.

    None where a quote, a comment or a bracket is not closed.
    """
    found, start, depth, angled = [], 0, 0, False
    for match in _TOKEN.finditer(value):
        token = match[0]
        if token == b"(":
            depth += 1
        elif token == b")":
            depth -= 1
        elif depth:
            continue
        elif token in (b"<", b">"):
            angled = token == b"<"
        elif token == b'"':
            return None
        elif token in (b",", b";") and not angled:
            found.append(value[start : match.start()])
            start = match.end()
    if depth or angled:
        return None
    return [item for item in (each.strip() for each in [*found, value[start:]]) if item]


def fold(items: Sequence[bytes], offset: int) -> bytes:
    """Items as the body of a field: from the space after the colon to the final CRLF, folded between items.

    offset: octets on the first line before the body ("To:" is 3).
    """
    lines, width = [b""], offset
    for item in _separated(items):
        if lines[-1] and width + 1 + _first_line(item) > WIDTH:
            lines.append(b"")
            width = 0
        lines[-1] += b" " + item
        width = len(lines[-1]) - (lines[-1].rfind(b"\n") + 1) + (offset if len(lines) == 1 else 0)
    return b"\r\n".join(lines) + b"\r\n"


def fits(item: bytes, offset: int) -> bool:
    """Whether an item can stand on a line of its own, a comma behind it, within the hard limit."""
    return all(len(line) + offset + 2 <= LONGEST for line in item.split(b"\n"))


def _separated(items: Sequence[bytes]) -> Iterable[bytes]:
    return (item + b"," if index < len(items) - 1 else item for index, item in enumerate(items))


def _first_line(item: bytes) -> int:
    return len(item.partition(b"\r\n")[0])
