"""The port HoldEntries: what the ledger says of holds and of what became of them, read without a look at other mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import and_, func, not_, or_, select

from ..core.register.near_miss import CALLED_WRONG, WITHDRAWN
from ..core.review_report.holds import KINDS
from ..guard.records import Entry
from . import schema
from .chain import read_entry
from .engine import Engine
from .instants import from_micros, to_micros
from .paging import pages

_table = schema.entries
DECIDED = "message_decided"


class StoredHolds:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def entries(self, since: datetime) -> AsyncIterator[Entry]:
        body = _table.c.body
        # Nearly all mail passes as it came, and no body of that need be read.
        passed = and_(body.contains('"disposition":"relay"'), body.contains('"rewrite":null'))
        others = sorted({*KINDS, CALLED_WRONG, WITHDRAWN} - {DECIDED})
        wanted = or_(_table.c.kind.in_(others), and_(_table.c.kind == DECIDED, not_(passed)))
        query = select(*_table.c["ledger", "sequence", "hash", "body"]).where(_table.c.at >= to_micros(since), wanted)
        async for rows in pages(self._engine, query, _table.c.ledger, _table.c.sequence):
            for row in rows:
                yield read_entry(row.ledger, row.sequence, row.hash, row.body)

    async def begun(self) -> datetime | None:
        query = select(func.min(_table.c.at)).where(_table.c.kind == DECIDED)
        first = await self._engine.read(lambda connection: connection.execute(query).scalar())
        return None if first is None else from_micros(first)
