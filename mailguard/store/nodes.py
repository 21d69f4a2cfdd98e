"""The port Nodes: which guards run on this store, with which policy in force, and whether their clocks agree.

Contract: a guard that runs says so at intervals, by the database's clock, so that it does not matter whose own is
wrong. What one that died leaves stays for a day, so that people can see that it is missing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, cast, delete, func, insert, select, update

from ..guard.nodes import Node, Roll
from . import schema
from .engine import Engine
from .instants import from_micros, to_micros

_table = schema.nodes
RETENTION = "node"
KEPT_FOR = timedelta(days=1)


class StoredNodes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def beat(self, node: Node, now: datetime) -> Roll:
        """This node runs. Every node, and by how much `now` is ahead of the database's clock. StoreUnavailable."""
        said = {
            "ledger": node.ledger,
            "machine": node.machine,
            "version": node.version,
            "policy_revision": node.policy_revision,
            "began_at": to_micros(node.began_at),
            "retention": RETENTION,
        }

        def write(connection: Connection, _: object) -> Roll:
            at = database_clock(connection, now)
            values = said | {"seen_at": at}
            if not connection.execute(update(_table).where(_table.c.node == node.name).values(values)).rowcount:
                connection.execute(insert(_table).values(values | {"node": node.name}))
            old = at - KEPT_FOR // timedelta(microseconds=1)
            connection.execute(delete(_table).where(_table.c.seen_at < old))
            rows = connection.execute(select(_table).order_by(_table.c.ledger, _table.c.node)).all()
            found = tuple(
                Node(
                    name=row.node,
                    ledger=row.ledger,
                    machine=row.machine,
                    version=row.version,
                    policy_revision=row.policy_revision,
                    began_at=from_micros(row.began_at),
                    seen_at=from_micros(row.seen_at),
                )
                for row in rows
            )
            return Roll(found, from_micros(at), (to_micros(now) - at) / 1_000_000)

        return await self._engine.write(write, locks=False)

    async def leave(self, name: str) -> None:
        """This node ends in order: nobody has to miss it."""
        gone = delete(_table).where(_table.c.node == name)
        await self._engine.write(lambda connection, _: connection.execute(gone), locks=False)


def database_clock(connection: Connection, now: datetime) -> int:
    """In microseconds since 1970. SQLite's clock is that of its one process."""
    if connection.dialect.name == "sqlite":
        return to_micros(now)
    seconds = func.extract("epoch", func.clock_timestamp())
    return int(connection.execute(select(cast(seconds * 1_000_000, BigInteger))).scalar_one())
