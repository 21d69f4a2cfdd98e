"""How a released message comes to its end: counted, and moved from releasing to released by a conditional UPDATE."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, update

from ..core.lifecycle import Act, State, after
from . import schema
from .canonical import canonical

DELIVERING = ("release", "copy")
"""The kinds of rows that carry a released message itself; notices and bounces are not waited for."""


def complete_release(connection: Connection, ref: str, at: int) -> bool:
    """Move a releasing message with no open row to released. Whether the quarantine has that message at all."""
    table, rows = schema.held, schema.outbox
    releasing = (table.c.ref == ref, table.c.state == State.RELEASING.value)
    found = connection.execute(select(table.c.state).where(table.c.ref == ref).with_for_update()).one_or_none()
    if found is None or found.state != State.RELEASING.value:
        return found is not None
    waiting = select(rows.c.number).where(rows.c.ref == ref, rows.c.kind.in_(DELIVERING), rows.c.done_at.is_(None))
    if connection.execute(waiting.limit(1)).first() is None:
        ended = {
            "state": after(State.RELEASING, Act.COMPLETE).value,
            "version": table.c.version + 1,
            "ended_at": at,
            "delivery": canonical(delivery_counts(connection, [ref]).get(ref, {})),
        }
        connection.execute(update(table).where(*releasing).values(ended))
    return True


def delivery_counts(connection: Connection, refs: Sequence[str]) -> dict[str, dict[str, int]]:
    """By message: how many recipients have which outcome, of what has left so far."""
    table = schema.outcomes
    counts: dict[str, dict[str, int]] = {}
    query = (
        select(table.c.ref, table.c.outcome, func.count())
        .where(table.c.ref.in_(refs), table.c.kind.in_(DELIVERING))
        .group_by(table.c.ref, table.c.outcome)
    )
    for ref, outcome, count in connection.execute(query):
        counts.setdefault(ref, {})[outcome] = count
    return counts
