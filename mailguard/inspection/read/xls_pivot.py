"""Pivot caches of BIFF8: fields with their items, and records of item numbers (MS-XLS 2.1.7.13, 2.2.5.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import Row
from .biff import EOF, Record, read_string, records
from .xls_globals import number_text
from .xlsx_pivot import Field, PivotCache, left_over

_DATABASE, _FIELD, _NUMBERS = 0x00C6, 0x00C7, 0x00C8
_NUMBER, _TRUTH, _ERROR, _WHOLE, _TEXT, _DATE, _NOTHING = 0x00C9, 0x00CA, 0x00CB, 0x00CC, 0x00CD, 0x00CE, 0x00CF
_ITEMS = frozenset([_NUMBER, _TRUTH, _ERROR, _WHOLE, _TEXT, _DATE, _NOTHING])
_OVERHEAD = 64


@dataclass(slots=True)
class _Cache:
    """indexed: for each field, the octets of an item number in a record (0: the value itself follows the record)."""

    pivot: PivotCache = field(default_factory=PivotCache)
    indexed: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    direct: list[str] = field(default_factory=list)
    current: list[str] | None = None


def read_cache(stream: bytes, budget: Budget) -> tuple[tuple[str, ...], list[Row], list[Row]]:
    """Names of the fields, the records, and the items that no record uses."""
    cache = _Cache()
    for record in records(stream, budget):
        if record.kind == EOF:
            break
        try:
            _read(cache, record, budget)
        except (struct.error, IndexError) as error:
            raise Uninspectable("a pivot cache holds a record that is cut off") from error
    _end_record(cache)
    return cache.pivot.headings, cache.rows, list(left_over(cache.pivot))


def _read(cache: _Cache, record: Record, budget: Budget) -> None:
    if record.kind == _FIELD:
        flags = struct.unpack_from("<H", record.body)[0]
        cache.pivot.fields.append(Field(read_string(record.body, 14)[0]))
        cache.indexed.append(0 if not flags & 1 else 2 if flags & 0x200 else 1)
    elif record.kind == _NUMBERS:
        _end_record(cache)
        cache.current = list(_numbered(cache, record.body))
        budget.spend_cells(len(cache.current))
        budget.keep(_OVERHEAD * len(cache.current))
    elif record.kind in _ITEMS:
        value = _value(record)
        budget.keep(len(value) + _OVERHEAD)
        _put(cache, value)


def _put(cache: _Cache, value: str) -> None:
    """An item of the last field; or, for a field without items, the value itself, behind the numbers of its record."""
    if cache.current is None and cache.indexed and cache.indexed[-1]:
        cache.pivot.fields[-1].items.append(value)
        return
    cache.direct.append(value)
    if not any(cache.indexed) and len(cache.direct) == len(cache.indexed):
        cache.current = [""] * len(cache.indexed)
        _end_record(cache)


def _numbered(cache: _Cache, body: bytes) -> Iterator[str]:
    position = 0
    for each, size in zip(cache.pivot.fields, cache.indexed, strict=True):
        if not size:
            yield ""
            continue
        index = int.from_bytes(body[position : position + size], "little")
        position += size
        if index < len(each.items):
            each.used.add(index)
            yield each.items[index]
        else:
            yield ""


def _end_record(cache: _Cache) -> None:
    if cache.current is None:
        return
    plain = (index for index, size in enumerate(cache.indexed) if not size)
    for index, value in zip(plain, cache.direct, strict=False):
        cache.current[index] = value
    if any(cache.current):
        cache.rows.append(Row(len(cache.rows) + 1, tuple(cache.current)))
    cache.current, cache.direct = None, []


def _value(record: Record) -> str:
    body = record.body
    if record.kind == _TEXT:
        return read_string(body, 0)[0]
    if record.kind == _NUMBER:
        return number_text(struct.unpack_from("<d", body)[0])
    if record.kind == _WHOLE:
        return str(struct.unpack_from("<h", body)[0])
    if record.kind == _DATE:
        year, month, day, hour, minute, second = struct.unpack_from("<HHBBBB", body)
        date = f"{year:04}-{month:02}-{day:02}"
        return f"{date} {hour:02}:{minute:02}:{second:02}" if hour or minute or second else date
    if record.kind == _TRUTH:
        return str(body[0])
    return ""
