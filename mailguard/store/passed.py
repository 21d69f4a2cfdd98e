"""The port PassedEntries: what the ledger says of messages that nothing held, the newest first, and of some by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, or_, select

from ..core.quality.tightening import LEFT
from ..guard.records import Entry
from . import schema
from .chain import read_entry
from .engine import Engine
from .instants import to_micros
from .paging import fetch

_table = schema.entries
_COLUMNS = ("ledger", "sequence", "at", "hash", "body")
DECIDED = "message_decided"
WINDOW = 1000
"""Entries of a ledger that one look goes through: other reads wait for it, and so many bodies are in memory."""
_IN_ONE_QUERY = 200


@dataclass(slots=True)
class _Ledger:
    """How far back a ledger was read. upto: what comes next. rows: read and not handed out, the newest last."""

    name: str
    upto: int
    rows: list[Row[Any]] = field(default_factory=list)


class StoredPassed:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def passed(self, since: datetime, most: int) -> AsyncIterator[Sequence[Entry]]:
        heads = select(*schema.ledgers.c["ledger", "sequence"]).order_by(schema.ledgers.c.ledger)
        rows = await self._engine.read(partial(fetch, heads))
        ledgers = [_Ledger(row.ledger, row.sequence) for row in rows]
        left = most
        while left > 0:
            for each in ledgers:
                while not each.rows and each.upto > 0:
                    each.rows, each.upto = await self._engine.read(partial(_window, each, to_micros(since)))
            newest = list(_newest(ledgers, left))
            if not newest:
                return
            left -= len(newest)
            yield await asyncio.to_thread(_read, newest)

    async def named(self, refs: Collection[str]) -> Sequence[Entry]:
        kinds = sorted({DECIDED, *LEFT})
        wanted, found = sorted(set(refs)), list[Entry]()
        for start in range(0, len(wanted), _IN_ONE_QUERY):
            some = wanted[start : start + _IN_ONE_QUERY]
            query = select(*_table.c[_COLUMNS]).where(_table.c.ref.in_(some), _table.c.kind.in_(kinds))
            rows = await self._engine.read(partial(fetch, query.order_by(_table.c.ledger, _table.c.sequence)))
            found += await asyncio.to_thread(_read, rows)
        return found

    async def refs_at(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
        wanted, found = sorted(set(places)), dict[tuple[str, int], str]()
        for start in range(0, len(wanted), _IN_ONE_QUERY):
            some = [
                and_(_table.c.ledger == ledger, _table.c.sequence == sequence)
                for ledger, sequence in wanted[start : start + _IN_ONE_QUERY]
            ]
            query = select(*_table.c["ledger", "sequence", "ref"]).where(or_(*some), _table.c.ref.is_not(None))
            for row in await self._engine.read(partial(fetch, query)):
                found[row.ledger, row.sequence] = row.ref
        return found


def _window(ledger: _Ledger, since: int, connection: Connection) -> tuple[list[Row[Any]], int]:
    """The next rows, the newest last, and how far back it is read then: 0 where nothing older is of the time."""
    low = max(0, ledger.upto - WINDOW)
    outcome = _table.alias()
    left = exists().where(outcome.c.ref == _table.c.ref, outcome.c.kind.in_(sorted(LEFT)))
    query = select(*_table.c[_COLUMNS]).where(
        _table.c.ledger == ledger.name,
        _table.c.sequence > low,
        _table.c.sequence <= ledger.upto,
        _table.c.kind == DECIDED,
        _table.c.at >= since,
        _table.c.body.contains('"disposition":"relay"'),
        left,
    )
    rows = list(connection.execute(query.order_by(_table.c.sequence)).all())
    oldest = select(_table.c.at).where(_table.c.ledger == ledger.name, _table.c.sequence == low + 1)
    first = connection.execute(oldest).scalar()
    return rows, low if first is not None and first >= since else 0


def _newest(ledgers: Sequence[_Ledger], most: int) -> Iterator[Row[Any]]:
    """Of what was read, as far as it is certain which is the newest: until a ledger has to be read on."""
    for _ in range(most):
        waiting = [each for each in ledgers if each.rows]
        if not waiting or any(not each.rows and each.upto > 0 for each in ledgers):
            return
        yield max(waiting, key=lambda each: (each.rows[-1].at, each.name)).rows.pop()


def _read(rows: Sequence[Row[Any]]) -> list[Entry]:
    return [read_entry(row.ledger, row.sequence, row.hash, row.body) for row in rows]
