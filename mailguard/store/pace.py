"""The pace at which all guards of a store together send to one server (`messages_per_minute`).

Contract: one row a server says when the next turn is, by the database's clock; of those who ask at once each gets a
turn of its own. A turn that its guard does not use is lost. Like what is counted of sign-ins it waits for no disk.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select, update

from . import schema
from .engine import Engine
from .nodes import database_clock

_table = schema.paces
RETENTION = "pace"
SECOND = 1_000_000
MOST_TURNS = 1_000
"""Ahead of now. More than the rows that any number of guards has under way can have taken."""


class StoredPace:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def reserve(self, server: str, interval_seconds: float) -> float:
        """Take the next turn at a server, so long after the last. How many seconds it is away. StoreUnavailable."""
        interval = round(interval_seconds * SECOND)

        def step(connection: Connection) -> float:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"pace {server}", 0))))
            now = database_clock(connection, datetime.now(UTC))
            known = connection.execute(select(_table.c.next_at).where(_table.c.server == server)).scalar()
            # A clock that was set back makes nobody wait for the difference.
            turn = now if known is None or known - now > MOST_TURNS * interval else max(now, known)
            values = {"next_at": turn + interval}
            if known is None:
                connection.execute(insert(_table), [{"server": server, "retention": RETENTION} | values])
            else:
                connection.execute(update(_table).where(_table.c.server == server).values(values))
            return (turn - now) / SECOND

        return await self._engine.apart(step)
