"""The console's port HeldMessages: lists of held messages without opening each of them, and some of them opened.

Contract: what a list is counted and sorted by stands in the clear; only the messages of one page, or those that a
search has not seen yet, are opened, and that happens in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from ..guard.console.queue_records import HeldFilter, Order
from ..guard.records import Held
from . import schema
from .engine import Engine
from .instants import to_micros
from .keys import Keyring
from .lane import in_lane
from .quarantine import fetch_held, held_rows, read_held
from .readable import readable

_table = schema.held


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
    return found


def _ordered(query: Select[Any], order: Order) -> Select[Any]:
    if order is Order.NEWEST:
        return query.order_by(_table.c.received_at.desc(), _table.c.ref)
    calls = schema.urgent_calls
    query = query.outerjoin(calls, calls.c.ref == _table.c.ref)
    return query.order_by(calls.c.ref.is_(None), _table.c.due_at, _table.c.ref)
