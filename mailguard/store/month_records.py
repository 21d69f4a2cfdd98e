"""The port MonthRecords: what a month's report reads of the ledgers.

Contract: a look goes through LOOKED_AT entries at most, so that other reads do not wait for it, and gives PAGE_ROWS at
most, parsed in a thread. Of the evidence nothing but a note leaves this file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from ..core.review_report.counting import KINDS, LOOKS_BACK
from ..guard.records import Entry
from . import schema
from .chain import read_entry
from .engine import Engine
from .evidence import open_record
from .instants import from_micros, to_micros
from .keys import Keyring
from .paging import PAGE_ROWS, fetch

_table, _evidence = schema.entries, schema.evidence
LOOKED_AT = 5000
_IN_ONE_QUERY = 500
_OUT_OF_ORDER = timedelta(days=1)
"""Entries stand in the order of their times, but for messages that were handled side by side, and a clock set back."""
_DECIDED, _HELD = "message_decided", "message_held"
_REASONED = ("release_decided", "message_released")


class StoredMonthRecords:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def begins(self) -> datetime | None:
        ledgers = await self._engine.read(_ledgers)
        found = [await self._first_decision(ledger, last) for ledger, _, last in ledgers]
        return min((each for each in found if each is not None), default=None)

    async def entries(self, at_from: datetime, at_before: datetime) -> AsyncIterator[Sequence[Entry]]:
        wanted = _wanted(at_from, at_before)
        for ledger, first, last in await self._engine.read(_ledgers):
            place = await self._place(ledger, first, last, to_micros(at_from - LOOKS_BACK - _OUT_OF_ORDER))
            while place < last:
                upto = min(place + LOOKED_AT, last)
                rows = await self._look(ledger, place, upto, wanted)
                if rows:
                    yield await asyncio.to_thread(_read, rows)
                place = rows[-1].sequence if len(rows) == PAGE_ROWS else upto

    async def reasons(self, refs: Collection[str]) -> Mapping[str, str | None]:
        found: dict[str, str | None] = {}
        asked = sorted(refs)
        for start in range(0, len(asked), _IN_ONE_QUERY):
            query = _reasoned(asked[start : start + _IN_ONE_QUERY])
            rows = await self._engine.read(partial(fetch, query))
            for ref, note in await asyncio.to_thread(self._notes, rows):
                # The last one that says something is of the decision that held.
                found[ref] = note or found.get(ref)
        return found

    def _notes(self, rows: Sequence[Row[Any]]) -> Sequence[tuple[str, str | None]]:
        found = [(row.ref, open_record(row, self._keyring).get("note")) for row in rows]
        return [(ref, note if isinstance(note, str) else None) for ref, note in found]

    async def _first_decision(self, ledger: str, last: int) -> datetime | None:
        place = 0
        while place < last:
            query = (
                select(func.min(_table.c.at))
                .where(_table.c.ledger == ledger, _table.c.kind == _DECIDED)
                .where(_table.c.sequence > place, _table.c.sequence <= place + LOOKED_AT)
            )
            at = (await self._engine.read(partial(fetch, query)))[0][0]
            if at is not None:
                return from_micros(at)
            place += LOOKED_AT
        return None

    async def _place(self, ledger: str, first: int, last: int, at: int) -> int:
        """A place in a ledger before which nothing is as late as that."""
        low, high = first - 1, last
        while high - low > LOOKED_AT:
            middle = (low + high) // 2
            query = select(_table.c.at).where(_table.c.ledger == ledger, _table.c.sequence == middle)
            rows = await self._engine.read(partial(fetch, query))
            if not rows or rows[0].at >= at:
                high = middle
            else:
                low = middle
        return low

    async def _look(self, ledger: str, after: int, upto: int, wanted: ColumnElement[bool]) -> Sequence[Row[Any]]:
        query = (
            select(*_table.c["ledger", "sequence", "hash", "body"])
            .where(_table.c.ledger == ledger, _table.c.sequence > after, _table.c.sequence <= upto, wanted)
            .order_by(_table.c.sequence)
            .limit(PAGE_ROWS)
        )
        return await self._engine.read(partial(fetch, query))


def _ledgers(connection: Connection) -> Sequence[tuple[str, int, int]]:
    """Each with its first and its last number. Two look-ups in the index each: it is not gone through."""
    names = schema.ledgers.c.ledger
    first, last = (
        select(number(_table.c.sequence)).where(_table.c.ledger == names).scalar_subquery()
        for number in (func.min, func.max)
    )
    found = connection.execute(select(names, first, last).order_by(names))
    return [(row[0], int(row[1]), int(row[2])) for row in found if row[1] is not None]


def _wanted(at_from: datetime, at_before: datetime) -> ColumnElement[bool]:
    begins, ends, earlier = to_micros(at_from), to_micros(at_before), to_micros(at_from - LOOKS_BACK)
    kind, at = _table.c.kind, _table.c.at
    return or_(
        and_(kind == _DECIDED, at >= begins, at < ends),
        and_(kind == _HELD, at >= earlier, at < ends),
        and_(kind.in_(sorted(set(KINDS) - {_DECIDED, _HELD})), at >= earlier),
    )


def _read(rows: Sequence[Row[Any]]) -> Sequence[Entry]:
    return [read_entry(row.ledger, row.sequence, row.hash, row.body) for row in rows]


def _reasoned(refs: Sequence[str]) -> Any:
    of_entry = and_(_table.c.ledger == _evidence.c.ledger, _table.c.sequence == _evidence.c.sequence)
    return (
        select(_table.c.ref, *_evidence.c["master", "wrapped_key", "sealed"])
        .select_from(_table.join(_evidence, of_entry))
        .where(_table.c.ref.in_(refs), _table.c.kind.in_(_REASONED))
        .order_by(_table.c.at, _table.c.ledger, _table.c.sequence)
    )
