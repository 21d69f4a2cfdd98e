"""What commands print: results on stdout, messages on stderr, colour only on a terminal.

INVARIANT: text that came in a message reaches a terminal without control characters, so that a subject cannot move the
cursor or colour the screen.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1"}


class ReaderGone(Exception):
    """Whoever read stdout through a pipe has seen enough."""


def result(text: str = "") -> None:
    """One line of what was asked for, on stdout."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise ReaderGone from None


def flush() -> None:
    """Let a reader of a pipe see what was printed so far."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def json_line(value: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout, in ASCII."""
    result(json.dumps(value))


def message(text: str) -> None:
    """One line about what goes on, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def colour(text: str, name: str) -> str:
    """The text in a colour where stdout is a terminal, else as it is."""
    return f"\x1b[{COLOURS[name]}m{text}\x1b[0m" if sys.stdout.isatty() else text


def plain(value: object, limit: int = 0) -> str:
    """Any value as one line without control, format or surrogate characters, at most `limit` characters (0: all)."""
    text = "".join(_visible(character) for character in str(value))
    return text if not limit or len(text) <= limit else text[: limit - 1] + "…"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their heads, in columns as wide as they need to be."""
    lines = [[plain(cell) for cell in row] for row in rows]
    if not lines:
        return
    widths = [max(len(line[column]) for line in [list(heads), *lines]) for column in range(len(heads))]
    result(colour(_row(heads, widths), "bold"))
    for line in lines:
        result(_row(line, widths))


def pairs(items: Iterable[tuple[str, object]]) -> None:
    """Name and value, one a line; values that are None or empty are left out."""
    kept = [(name, value) for name, value in items if value not in (None, "", [], {}, ())]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        result(f"{name.ljust(width)}  {plain(shown)}")


def when(iso: str | None, zone: ZoneInfo | None = None) -> str:
    """A time of a result for people, in the time zone of this computer; or in `zone`, which it then names."""
    if not iso:
        return ""
    at = datetime.fromisoformat(iso).astimezone(zone)
    return at.strftime("%Y-%m-%d %H:%M" if zone is None else "%Y-%m-%d %H:%M %Z")


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _visible(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return " " if character in "\t\r\n" else f"\\u{ord(character):04x}"
    return character
