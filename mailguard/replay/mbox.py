"""The mbox format: where its messages begin and end, and its quoting (RFC 4155 appendix A; mboxo and mboxrd).

A message begins with a line `From ` that has a time in it, at the start of the file or behind an empty line. Whoever
writes mbox quotes such a line within a message as `>From `; a line without a time, which some programs leave as it is,
begins nothing.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..core.errors import SettingsError
from ..core.replay.archived import time_in

BEGINNING = b"From "
LONGEST_LINE = 1_000
_TIME = re.compile(rb"\d{1,2}:\d{2}")
_SENDER = re.compile(rb"From \S*\s+(.*)")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """The octets [start:end] of the file, without the line `From `. delivered: what that line says."""

    start: int
    end: int
    delivered: datetime | None


def messages(path: Path) -> Iterator[Found]:
    """Every message, in order. SettingsError where the file cannot be read."""
    try:
        with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            yield from _messages(octets)
    except (OSError, ValueError) as cause:
        raise SettingsError(f'"{path}" cannot be read') from cause


def unquoted(raw: bytes) -> bytes:
    """A message as it was before it was put into an mbox, without the empty line that ends it there."""
    raw = _QUOTED.sub(rb"\1", raw) if b">From " in raw else raw
    for end in (b"\r\n\r\n", b"\n\n"):
        if raw.endswith(end):
            return raw[: -len(end) // 2]
    return raw


def _messages(octets: mmap.mmap) -> Iterator[Found]:
    line = 0
    while True:
        start, delivered = _line_end(octets, line), _delivered(octets, line)
        following = _next(octets, max(line, start - 1))
        if following < 0:
            yield Found(start, len(octets), delivered)
            return
        yield Found(start, following, delivered)
        line = following


def _next(octets: mmap.mmap, at: int) -> int:
    """Where the next line that begins a message stands, behind this place; -1 where there is none."""
    while (found := octets.find(BEGINNING, at)) >= 0:
        at = found + 1
        before = octets[max(found - 3, 0) : found]
        if before.endswith((b"\n\n", b"\n\r\n")) and _TIME.search(octets[found : _line_end(octets, found)]):
            return found
    return -1


def _line_end(octets: mmap.mmap, line: int) -> int:
    """Where the line behind this one begins."""
    end = octets.find(b"\n", line, line + LONGEST_LINE)
    return end + 1 if end >= 0 else min(line + LONGEST_LINE, len(octets))


def _delivered(octets: mmap.mmap, line: int) -> datetime | None:
    found = _SENDER.match(octets[line : _line_end(octets, line)].rstrip())
    return time_in(found[1].decode("ascii", "replace")) if found else None
