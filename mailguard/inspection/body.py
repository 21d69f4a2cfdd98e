"""The message's own text as a stream: what is written in it, and the tables that are pasted into it.

Promises: total; linear; every character of a text is in the stream, as a Text or in a Row. Lines that a separator cuts
alike are a table; so are the rows of an HTML table (html_tables.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ..core.mail.decoded import as_text, joined_lines
from .budget import Budget
from .enclosed import Found
from .html_tables import html_steps
from .stream import Row, Table, Text

FEWEST_LINES = 3
"""Lines that are cut alike, from which on they are a table and no prose."""
MAX_LINE_CHARACTERS = 4_000
WHERE = "the message text"
_QUOTED = re.compile(r"[>|\s]*>\s?")
_WIDE_GAP = re.compile(r"\s{3,}|(?<=\S)  (?=\S)")
_SEPARATORS = ("\t", "|", ";", ",")
_WORDS_IN_A_CELL = 4
"""More between two commas are a sentence."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a text of the message is written. flowed: whether soft line breaks cut words in two (RFC 3676, DelSp)."""

    html: bool = False
    charset: str = ""
    flowed: bool = False


def body_items(data: bytes | memoryview, written: Written, budget: Budget) -> Iterator[Found | None]:
    """The stream of a text of the message, decoded from its transfer encoding only. None: nothing so far."""
    budget.keep(len(data))
    text = as_text(bytes(data), written.charset)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if written.flowed:
        text = joined_lines(text)
    for item in html_steps(text, WHERE) if written.html else text_items(text, WHERE):
        if isinstance(item, Row):
            budget.spend_row(len(item.values))
        yield item


def text_items(text: str, where: str) -> Iterator[Row | Table | Text]:
    """Running text and tables of a plain text, in order."""
    number = 0
    for separator, group in groupby(text.split("\n"), _separator):
        lines = list(group)
        if separator is None or len(lines) < FEWEST_LINES or not _is_table(lines, separator):
            for line in lines:
                if line.strip():
                    yield from _pieces(line, where)
            continue
        number += 1
        yield Table(f"{where}, table {number}")
        for place, line in enumerate(lines, 1):
            yield Row(place, tuple(_cells(line, separator)))


def _pieces(line: str, where: str) -> Iterator[Text]:
    for start in range(0, len(line), MAX_LINE_CHARACTERS):
        yield Text(line[start : start + MAX_LINE_CHARACTERS], where)


def _separator(line: str) -> str | None:
    """What cuts this line into cells, None for prose and empty lines."""
    if not line or len(line) > MAX_LINE_CHARACTERS:
        return None
    for separator in _SEPARATORS:
        if separator in line:
            return separator
    return " " if _WIDE_GAP.search(line.strip()) else None


def _is_table(lines: list[str], separator: str) -> bool:
    """Tabs and the like always; commas and semicolons only where they cut every line alike, and into a few words."""
    if separator not in (",", ";"):
        return True
    counts = [line.count(separator) for line in lines]
    usual = max(set(counts), key=counts.count)
    alike = sum(count == usual for count in counts)
    words = sum(len(line.split()) for line in lines)
    return alike * 5 >= len(lines) * 4 and words <= _WORDS_IN_A_CELL * (sum(counts) + len(lines))


def _cells(line: str, separator: str) -> list[str]:
    line = _QUOTED.sub("", line, count=1) if line.lstrip().startswith(">") else line
    if separator == " ":
        return _WIDE_GAP.split(line.strip())
    cells = line.strip("|\r\n" if separator == "|" else "\r\n").split(separator)
    return [cell.strip().strip('"') for cell in cells]
