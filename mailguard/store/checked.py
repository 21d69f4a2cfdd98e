"""The port Checked: how many messages were checked since a time, read from the ledger.

Contract: nothing is opened, no index is needed for it, and what is older is not read: the place where the time begins
is looked for along each ledger's key.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from ..guard.console.records import CheckedMail
from . import schema
from .engine import Engine
from .instants import optional_moment, to_micros

_table = schema.entries
_DECIDED = "message_decided"
_OUT_OF_ORDER = timedelta(minutes=10)
"""Entries carry the time of what they tell, so neighbours may stand a little out of order."""


class StoredChecked:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def since(self, at: datetime) -> CheckedMail:
        """Of everybody's mail, in all ledgers; the canary's has entries of its own."""
        return await self._engine.read(lambda connection: _count(connection, at))


def _count(connection: Connection, at: datetime) -> CheckedMail:
    count, last = 0, None
    for ledger, end in connection.execute(select(schema.ledgers.c.ledger, schema.ledgers.c.sequence)).all():
        begins = _first(connection, ledger, end, to_micros(at - _OUT_OF_ORDER))
        decided = select(func.count(), func.max(_table.c.at)).where(
            _table.c.ledger == ledger,
            _table.c.sequence >= begins,
            _table.c.kind == _DECIDED,
            _table.c.at >= to_micros(at),
        )
        found, newest = connection.execute(decided).one()
        count, last = count + int(found), max(filter(None, (last, newest)), default=None)
    return CheckedMail(count, optional_moment(last))


def _first(connection: Connection, ledger: str, end: int, at: int) -> int:
    """The sequence from which on a ledger's entries are not older than a time, by halving."""
    low, high = 0, end + 1
    while low < high:
        middle = (low + high) // 2
        query = select(_table.c.at).where(_table.c.ledger == ledger, _table.c.sequence >= middle)
        found = connection.execute(query.order_by(_table.c.sequence).limit(1)).scalar()
        if found is None or found >= at:
            high = middle
        else:
            low = middle + 1
    return low
