"""Removes what a run of the canary left in quarantine and outbox: after the run, and what a crash left, later."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, Connection, and_, delete, select, union

from . import schema
from .chain import Chain
from .engine import Engine
from .instants import to_micros
from .lane import in_lane, of_any_run
from .outbox import forget_message


async def remove_run(engine: Engine, canary: str) -> int:
    """Remove all that is left of one run, with its keys. How many messages."""
    held, outbox = in_lane(schema.held, canary), in_lane(schema.outbox, canary)
    return await engine.write(partial(_remove, held, outbox), locks=False)


async def sweep_runs(engine: Engine, before: datetime) -> int:
    """Remove what is left of runs that began before a time: their process is dead. How many messages."""
    limit = to_micros(before)
    held = and_(of_any_run(schema.held), schema.held.c.received_at < limit)
    outbox = and_(of_any_run(schema.outbox), schema.outbox.c.created_at < limit)
    return await engine.write(partial(_remove, held, outbox), locks=False)


def _remove(held: ColumnElement[bool], outbox: ColumnElement[bool], connection: Connection, _: Chain) -> int:
    refs = union(select(schema.held.c.ref).where(held), select(schema.outbox.c.ref).where(outbox))
    found = list(connection.execute(refs).scalars())
    for ref in found:
        forget_message(connection, ref)
        connection.execute(delete(schema.held).where(schema.held.c.ref == ref))
    return len(found)
