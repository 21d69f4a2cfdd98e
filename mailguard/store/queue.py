"""The ports HeldMessages (of the console) and Undecided: lists of held messages without opening each of them, and some
of them opened.

Contract: what a list is counted and sorted by stands in the clear; only the messages of one page, or those that a
search has not seen yet, are opened, and that happens in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

from ..guard.console.queue_records import UNDECIDED, HeldFilter, Order
from ..guard.records import DueSoon, Held
from . import schema
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring
from .lane import in_lane
from .quarantine import fetch_held, held_rows, read_held
from .readable import readable

_table = schema.held
ESCALATED = "decision_escalated"
"""Whom somebody asked is sealed; that somebody was asked is in the ledger."""


class StoredHeldMessages:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def count(self, wanted: HeldFilter) -> int:
        """How many there are."""
        query = select(func.count()).select_from(_table).where(*_conditions(wanted))
        return int(await self._engine.read(lambda connection: connection.execute(query).scalar_one()))

    async def refs(self, wanted: HeldFilter, limit: int | None = None, offset: int = 0) -> Sequence[str]:
        """Their references, in the order that was asked for."""
        query = _ordered(select(_table.c.ref).where(*_conditions(wanted)), wanted.order).limit(limit).offset(offset)
        return await self._engine.read(lambda connection: list(connection.execute(query).scalars()))

    async def due_soon(
        self, now: datetime, percent: int, shortest: timedelta, spared: Sequence[str], limit: int
    ) -> Sequence[DueSoon]:
        """Those that need a decision, that had at least `shortest` for it, of whose time this part is over and the
        deadline is not, the first deadline first; none about which the ledger has an entry of a kind in `spared`.
        """
        at, columns, entries = to_micros(now), _table.c, schema.entries
        told = exists().where(entries.c.ref == columns.ref, entries.c.kind.in_(list(spared)))
        whole = columns.due_at - columns.received_at
        query = (
            select(columns.ref, columns.due_at)
            .where(columns.state.in_(sorted(state.value for state in UNDECIDED)), in_lane(_table, None))
            .where(columns.due_at > at, whole >= shortest // timedelta(microseconds=1))
            .where((at - columns.received_at) * 100 >= whole * percent, ~told)
            .order_by(columns.due_at, columns.ref)
            .limit(limit)
        )
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return [DueSoon(row.ref, from_micros(row.due_at)) for row in rows]

    async def opened(self, refs: Sequence[str]) -> Sequence[Held]:
        """Those of these that are there and can be read, in the order of their references here."""
        query = held_rows().where(_table.c.ref.in_(list(refs)), in_lane(_table, None))
        rows, counts = await self._engine.read(lambda connection: fetch_held(connection, query))
        found = await asyncio.to_thread(readable, rows, lambda row: read_held(row, self._keyring, counts.get(row.ref)))
        by_ref = {held.ref: held for held in found}
        return [by_ref[ref] for ref in refs if ref in by_ref]


def _conditions(wanted: HeldFilter) -> list[ColumnElement[bool]]:
    columns = _table.c
    found: list[ColumnElement[bool]] = [
        columns.state.in_(sorted(state.value for state in wanted.states)),
        in_lane(_table, None),
    ]
    if not wanted.scope.everybody:
        found.append(columns.team.in_(sorted(wanted.scope.teams)))
    if wanted.team is not None:
        found.append(columns.team == wanted.team)
    if wanted.due_before is not None:
        found.append(columns.due_at < to_micros(wanted.due_before))
    if wanted.received_from is not None:
        found.append(columns.received_at >= to_micros(wanted.received_from))
    if wanted.received_before is not None:
        found.append(columns.received_at < to_micros(wanted.received_before))
    if wanted.decided_from is not None:
        found.append(columns.decided_at >= to_micros(wanted.decided_from))
    if wanted.refs is not None:
        found.append(columns.ref.in_(list(wanted.refs)))
    if wanted.assigned_to is not None:
        mine = schema.assignments.c
        found.append(exists().where(mine.ref == columns.ref, mine.account == wanted.assigned_to))
    if wanted.escalated:
        entries = schema.entries.c
        found.append(exists().where(entries.ref == columns.ref, entries.kind == ESCALATED))
    return found


def _ordered(query: Select[Any], order: Order) -> Select[Any]:
    if order is Order.NEWEST:
        return query.order_by(_table.c.received_at.desc(), _table.c.ref)
    calls = schema.urgent_calls
    query = query.outerjoin(calls, calls.c.ref == _table.c.ref)
    return query.order_by(calls.c.ref.is_(None), _table.c.due_at, _table.c.ref)
