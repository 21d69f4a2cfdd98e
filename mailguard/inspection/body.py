"""The message's own text as a stream: what is written in it, and the tables that are pasted into it.

Promises: total; linear; every character of a text is in the stream, as a Text or in a Row. Lines that a separator cuts
alike are a table; so are the rows of an HTML table (html_tables.py).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from ..core.mail.decoded import as_text, joined_lines
from .budget import Budget
from .enclosed import Found
from .find.telling import telling_places
from .html_tables import html_steps
from .stream import Row, Table, Text

FEWEST_LINES = 3
"""Lines that are cut alike, from which on they are a table and no prose."""
MAX_LINE_CHARACTERS = 4_000
WHERE = "the message text"
_QUOTED = re.compile(r"[>|\s]*>\s?")
_WIDE_GAP = re.compile(r"\s{3,}|(?<=\S)  (?=\S)")
_GAP = re.compile(r"\s\s")
"""In each wide gap; looked for at once, where that would be tried at every character."""
_ODD_SPACES = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""White space beyond ASCII."""
_MARKS = bytes.maketrans(b"\t|;,\x0b\x0c\r\x1c\x1d\x1e\x1f", b",,,," + b" " * 7)
_NO_MARKS = bytes({*range(0x100)} - {*b"\n\t|;,\x0b\x0c\r\x1c\x1d\x1e\x1f"})
_RUN = re.compile(rb",\n" + rb",+\n" * (FEWEST_LINES - 2) + rb",")
"""FEWEST_LINES lines of `_MARKS`, none of them empty."""
_LEFT = bytes.maketrans(b"0123456789\t|;,", b"9" * 10 + b"," * 4)
_NOT_LEFT = bytes({*range(0x20, 0x7F)} - {*b"0123456789@|;,"})
"""What neither tells anything nor cuts a line; what is left of control characters is nobody's, or white space."""
_TWO_SPACES = re.compile(rb"  ").search
_SEPARATORS = ("\t", "|", ";", ",")
_WORDS_IN_A_CELL = 4
"""More between two commas are a sentence."""

_Cut = tuple[int, int, str]
"""A table: its first line, the line behind its last, and what cuts them."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a text of the message is written. flowed: whether soft line breaks cut words in two (RFC 3676, DelSp)."""

    html: bool = False
    charset: str = ""
    flowed: bool = False


def body_items(
    data: bytes | memoryview, written: Written, budget: Budget, *, telling_only: bool = False
) -> Iterator[Found | None]:
    """The stream of a text of the message, decoded from its transfer encoding only. None: nothing so far.

    telling_only: without the lines of a plain text that can tell nothing, as `telling_items`.
    """
    budget.keep(len(data))
    text = as_text(bytes(data), written.charset)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if written.flowed:
        text = joined_lines(text)
    if written.html:
        items: Iterator[Found | None] = html_steps(text, WHERE)
    else:
        items = telling_items(text, WHERE) if telling_only else text_items(text, WHERE)
    for item in items:
        if isinstance(item, Row):
            budget.spend_row(len(item.values))
        yield item


def text_items(text: str, where: str) -> Iterator[Row | Table | Text]:
    """Running text and tables of a plain text, in order."""
    lines = text.split("\n")
    written = [place for place, line in enumerate(lines) if line.strip()]
    return _items(lines, written, _tables(lines, 0, len(lines)), where)


def telling_items(text: str, where: str) -> Iterator[Row | Table | Text]:
    """The same without the running text that can tell nothing (find/telling.py): most of most letters."""
    lines = text.split("\n")
    octets = text.encode("utf-8", "replace")
    tables = chain.from_iterable(_tables(lines, start, end) for start, end in _runs(text, octets, lines))
    return _items(lines, telling_places(octets, lines), tables, where)


def tells_nothing(octets: bytes) -> bool:
    """Whether `telling_items` would yield nothing of this text; False where that is not certain. octets: ASCII.

    One call takes out what tells nothing; all the rest is asked of what is left, which is short. Where a CR and an LF
    come to stand side by side there, one line less is seen, without separators: no table is lost by that.
    """
    left = octets.translate(_LEFT, _NOT_LEFT)
    if left.translate(None, b"9,\r\n") or (b" " in octets and _TWO_SPACES(octets)):
        return False
    left = left.replace(b"\r\n", b"\n")
    if b"\r" in left or b"99" in left.translate(None, b","):
        return False
    return b"," not in left or _RUN.search(b"\n\n" + left.translate(None, b"9") + b"\n\n") is None


def _items(
    lines: Sequence[str], prose: Sequence[int], tables: Iterator[_Cut], where: str
) -> Iterator[Row | Table | Text]:
    """prose: the places of the lines that are running text unless they are of a table."""
    done = 0
    for number, (start, end, separator) in enumerate(tables, 1):
        before = bisect_left(prose, start, done)
        for place in prose[done:before]:
            yield from _pieces(lines[place], where)
        yield Table(f"{where}, table {number}")
        for place, line in enumerate(lines[start:end], 1):
            yield Row(place, tuple(_cells(line, separator)))
        done = bisect_left(prose, end, before)
    for place in prose[done:]:
        yield from _pieces(lines[place], where)


def _tables(lines: Sequence[str], start: int, end: int) -> Iterator[_Cut]:
    """The tables among these lines."""
    for separator, group in groupby(lines[start:end], _separator):
        alike = list(group)
        start += len(alike)
        if separator is not None and len(alike) >= FEWEST_LINES and _is_table(alike, separator):
            yield start - len(alike), start, separator


def _runs(text: str, octets: bytes, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From where to where FEWEST_LINES lines or more follow each other, each of which some separator may cut.

    Every table lies within one of them; what is outside of them is running text. octets: the text in UTF-8.
    """
    marks = octets.translate(_MARKS, _NO_MARKS)
    odd = b" " in marks or any(map(text.__contains__, () if text.isascii() else _ODD_SPACES))
    if not odd and "  " not in text:
        yield from _runs_of(marks)
        return
    cut = [place for place, mark in enumerate(marks.split(b"\n")) if b"," in mark] if b"," in marks else []
    if odd:
        cut += [place for place, line in enumerate(lines) if _GAP.search(line)]
    else:
        cut += [place for place, line in enumerate(lines) if "  " in line]
    if len(cut) < FEWEST_LINES:
        return
    start = end = -1
    for place in [*sorted({*cut}), len(lines) + 1]:
        if place != end:
            if end - start >= FEWEST_LINES:
                yield start, end
            start = place
        end = place + 1


def _runs_of(marks: bytes) -> Iterator[tuple[int, int]]:
    """The same of lines of which no more than their separators is left, as commas."""
    marks = b"\n\n" + marks + b"\n\n"
    place, counted, end = 0, 2, 0
    while run := _RUN.search(marks, end):
        start = marks.rfind(b"\n\n", end, run.start() + 1) + 2
        end = marks.find(b"\n\n", run.end())
        place += marks.count(b"\n", counted, start)
        counted = start
        yield place, place + marks.count(b"\n", start, end) + 1


def _pieces(line: str, where: str) -> Iterator[Text]:
    for start in range(0, len(line), MAX_LINE_CHARACTERS):
        yield Text(line[start : start + MAX_LINE_CHARACTERS], where)


def cuts(line: str) -> bool:
    """Whether a line can be one of a table's: any other ends the table before it."""
    return _separator(line) is not None


def _separator(line: str) -> str | None:
    """What cuts this line into cells, None for prose and empty lines."""
    if not line or len(line) > MAX_LINE_CHARACTERS:
        return None
    for separator in _SEPARATORS:
        if separator in line:
            return separator
    line = line.strip()
    return " " if _GAP.search(line) and _WIDE_GAP.search(line) else None


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
