"""Tables in plain text: csv, tsv, and their like with semicolons or bars.

Promises: total on any octets: every octet reaches a cell in some reading, none is dropped. A file without a byte order
mark is UTF-16 if every other octet of its beginning is zero, UTF-8 if it is valid, else Windows-1252, as Excel takes
it. What a spreadsheet program shows far away from A1, behind many empty rows or columns, is not seen, as in a workbook
(far.py).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..stream import Row, Stream, Table, Visibility
from .far import NearArea

TYPES = frozenset(["text/csv", "text/tab-separated-values"])
ENDINGS = (".csv", ".tsv", ".tab")
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_SAMPLE_LETTERS = 65_536
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def read_delimited(data: bytes | memoryview, budget: Budget) -> Stream:
    """One table. Its first row is a row like the others; whether it has headings is for the reader of the stream."""
    budget.spend_bytes(len(data))
    budget.keep(2 * len(data))
    text = decode(bytes(data))
    delimiter, start = find_delimiter(text)
    yield Table("table")
    near = NearArea()
    for number, values in enumerate(_rows(text[start:], delimiter), 1):
        if any(values):
            budget.spend_cells(len(values))
            if near.is_far_row(number):
                yield Row(number, tuple(values), visibility=Visibility.FAR_AWAY)
            else:
                yield Row(number, tuple(values), unseen=_far_cells(values, near))


def decode(data: bytes) -> str:
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace")
    beginning = data[:400]
    if len(beginning) >= 4 and _every_other_is_zero(beginning, 1):
        return data.decode("utf-16-le", "replace")
    if len(beginning) >= 4 and _every_other_is_zero(beginning, 0):
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def find_delimiter(text: str) -> tuple[str, int]:
    """The delimiter, and where the table begins: behind a line `sep=;`, which tells Excel. Else the one that divides
    most lines of the beginning into the same number of cells, more than one."""
    first = text[:8].splitlines()[:1]
    if first and first[0].lower().startswith("sep=") and len(first[0]) == 5:
        rest = text.find("\n", 0, 9)
        return first[0][4], rest + 1 if rest >= 0 else len(text)
    lines = [line for line in text[:_SAMPLE_LETTERS].splitlines()[:_SAMPLE_LINES] if line.strip()]
    return max(_DELIMITERS, key=lambda each: _agreement(lines, each)), 0


def _agreement(lines: list[str], delimiter: str) -> tuple[int, int]:
    """How many lines have the commonest number of cells, and that number; nothing for lines of one cell."""
    counts = Counter(line.count(delimiter) for line in lines)
    counts.pop(0, None)
    cells, agreeing = max(counts.items(), key=lambda each: each[1], default=(0, 0))
    return agreeing, cells


def _far_cells(values: list[str], near: NearArea) -> tuple[tuple[int, Visibility], ...]:
    """The cells of a row that a spreadsheet program shows far to the right of all others."""
    if len(values) <= near.column:
        return ()
    far = near.far_from([column for column, value in enumerate(values, 1) if value])
    if far is None:
        return ()
    return tuple((index, Visibility.FAR_AWAY) for index in range(far - 1, len(values)) if values[index])


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """With quotes; from where a quote that nobody closes swallows the rest, line by line without them."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    done = 0
    try:
        for values in reader:
            done = reader.line_num
            yield values
    except csv.Error:
        yield from _plain_rows(text, delimiter, done)


def _plain_rows(text: str, delimiter: str, done: int) -> Iterator[list[str]]:
    for number, line in enumerate(io.StringIO(text, newline="")):
        if number >= done:
            if len(line) > csv.field_size_limit():
                raise Uninspectable("holds a line that is no table")
            yield [value.strip().strip('"') for value in line.split(delimiter)]


def _every_other_is_zero(beginning: bytes, first: int) -> bool:
    zeros, others = beginning[first::2], beginning[1 - first :: 2]
    return zeros.count(0) > 0.8 * len(zeros) and others.count(0) == 0
