"""JSON (RFC 8259), one value or one a line: objects of a list as rows of a table, all else as text.

Promises: total; every text and number of the file is in the stream, keys as headings. What is no JSON, or too large to
be kept as objects, is read as plain text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..budget import MEBIBYTE, Budget
from ..enclosed import Found
from ..stream import Row, Table, Text
from .delimited import decode
from .text import read as read_text

TYPES = frozenset(
    {"application/json", "text/json", "application/x-ndjson", "application/geo+json", "application/jsonl"}
)
ENDINGS = (".json", ".ndjson", ".jsonl", ".geojson", ".har")
_MAX_OBJECTS = 4 * MEBIBYTE
_GROWTH = 16
"""Octets that an octet of JSON takes as objects, at most (a list of short texts)."""
_MAX_COLUMNS = 1_024

_Pairs = tuple[tuple[str, Any], ...]


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """One table of all objects with two plain values or more; other values as one text each."""
    octets = bytes(data)
    if len(octets) > _MAX_OBJECTS:
        yield from read_text(octets, budget)
        return
    budget.keep(_GROWTH * len(octets))
    values = _parsed(decode(octets))
    if values is None:
        yield from read_text(octets, budget)
        return
    records: list[_Pairs] = []
    for text in _texts(values, records):
        yield Text(text, "JSON")
    yield from _table(records, budget)


def is_other(media_type: str, names: tuple[str, ...]) -> bool:
    """Whether a file that no reader knows is JSON of a vocabulary of its own (RFC 6839 section 3.1)."""
    return media_type.endswith("+json")


def _parsed(text: str) -> list[Any] | None:
    """The value, or the values of all lines; None for what is no JSON. Numbers stay as they are written."""
    try:
        return [_loaded(text)]
    except (ValueError, RecursionError):
        pass
    try:
        return [_loaded(line) for line in text.splitlines() if line.strip()] or None
    except (ValueError, RecursionError):
        return None


def _loaded(text: str) -> Any:
    return json.loads(text, object_pairs_hook=tuple, parse_float=str, parse_int=str, parse_constant=str)


def _texts(values: list[Any], records: list[_Pairs]) -> Iterator[str]:
    """Plain values that stand alone, in order. Objects are tuples of pairs here, lists are lists."""
    waiting = values[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value[::-1]
        elif isinstance(value, tuple):
            plain = tuple((key, _said(inner)) for key, inner in value if not isinstance(inner, (list, tuple)))
            if len(plain) > 1:
                records.append(plain)
            else:
                yield from (f"{key}: {inner}" for key, inner in plain if inner)
            inside = [(key, inner) for key, inner in value if isinstance(inner, (list, tuple))]
            yield from (key for key, _ in inside)
            waiting += [inner for _, inner in reversed(inside)]
        elif said := _said(value):
            yield said


def _table(records: list[_Pairs], budget: Budget) -> Iterator[Found]:
    columns: dict[str, int] = {}
    for record in records:
        for key, _ in record:
            if len(columns) < _MAX_COLUMNS:
                columns.setdefault(key, len(columns) + 1)
    if records:
        yield Table("JSON", headings=tuple(columns))
    for number, record in enumerate(records, 1):
        cells: dict[int, str] = {}
        for key, value in record:
            if value:
                column = columns.get(key, _MAX_COLUMNS)
                cells[column] = f"{cells[column]} {value}" if column in cells else value
        if cells:
            budget.spend_cells(len(cells))
            order = sorted(cells)
            yield Row(number, tuple(cells[each] for each in order), tuple(order))


def _said(value: Any) -> str:
    return "" if value is None else str(value)
