"""A table as a CSV file that a spreadsheet opens without being tricked by it (THREATS.md T65). Pure.

Contract: UTF-8 with BOM, lines end with CRLF (RFC 4180), times as ISO 8601. A cell that a spreadsheet could take for a
formula has an apostrophe before it; control characters do not get through.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from ..core.legible import legible

BOM = "\ufeff"
MEDIA_TYPE = "text/csv; charset=utf-8"
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
# A full-width sign counts as the plain one in some spreadsheets of East Asia.
_WIDE_FORMULAS = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
_BEHIND_A_SEPARATOR = re.compile(r"([;|] *)(?=[-=+@\uff1d\uff0b\uff0d\uff20])")
LONGEST_CELL = 2000


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """The whole file."""
    return (BOM + lines([headings, *rows])).encode("utf-8")


def lines(rows: Iterable[Sequence[str]], longest: int = LONGEST_CELL) -> str:
    """Some rows, without the BOM. longest: characters of a cell."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerows([cell(each, longest) for each in row] for row in rows)
    return written.getvalue()


def cell(text: str, longest: int = LONGEST_CELL) -> str:
    """What a cell may say: what it said, made harmless."""
    guarded = text.startswith(_FORMULAS + _WIDE_FORMULAS) or text.lstrip().startswith(_FORMULAS + _WIDE_FORMULAS)
    # Where a spreadsheet parts cells at semicolons, one begins behind each of them.
    shown = _BEHIND_A_SEPARATOR.sub(r"\1'", legible(text, longest))
    return f"'{shown}" if guarded else shown
