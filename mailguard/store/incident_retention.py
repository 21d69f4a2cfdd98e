"""Retention of the register: records of each kind go when their own time is over, with every revision and its key.

Contract: off unless it was set (docs/decisions/register.md). A breach goes only once it is closed; the time runs from
the last revision. The ledger says which went in the step that removes them. A record that somebody changes meanwhile
stays, or nobody can change it any more. A record of a message that is still held stays, and so does one to which the
register has yet to add what became of it: it would be lost, as no record is made of an outcome alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, literal, not_, select

from ..core.lifecycle import TERMINAL
from ..core.register.near_miss import OUTCOMES
from ..guard.records import NewEntry
from . import schema
from .chain import Chain
from .engine import Engine
from .instants import iso, to_micros
from .ledger import Prepare
from .store_settings import RetentionSettings

RECORDS_PURGED = "incidents_purged"
AT_ONCE = 100
CLOSED_FIRST = frozenset({"breach", "embargo_breach"})
"""An open one has work that is left to do, however old it is."""
_table, _held, _entries, _positions = schema.incidents, schema.held, schema.entries, schema.register_positions
_ref = literal("MG-").concat(func.substr(_table.c.incident, 4))
"""Of the message of a record, if it has the letters of one (core/register/reference.py)."""


SETTING_OF_KIND: Mapping[str, str] = {
    "near_miss": "near_misses",
    "false_positive": "false_positives",
    "breach": "breaches",
    "embargo_breach": "embargo_breaches",
}


def kept_for(settings: RetentionSettings) -> Mapping[str, timedelta | None]:
    """By kind of record; None: it stays."""
    return {kind: getattr(settings, name) for kind, name in SETTING_OF_KIND.items()}


async def purge_records(
    engine: Engine, prepare_all: Prepare, kept: Mapping[str, timedelta | None], now: datetime
) -> dict[str, int]:
    """Remove what is older than its kind is kept for. How many records of each kind."""
    removed = dict.fromkeys(kept, 0)
    for kind, long in kept.items():
        if long is None:
            continue
        before = now - long
        limit = to_micros(before)
        while incidents := await engine.read(partial(_old, kind, limit)):
            removed[kind] += await engine.write(partial(_remove, kind, limit, incidents, prepare_all, now))
    return removed


def _remove(
    kind: str,
    limit: int,
    incidents: list[str],
    prepare_all: Prepare,
    now: datetime,
    connection: Connection,
    chain: Chain,
) -> int:
    mine = _table.c.incident.in_(incidents)
    # Whoever adds a revision locks the one before. What is read after that knows of all that came before this step.
    connection.execute(select(_table.c.incident).where(mine).order_by(*_table.primary_key).with_for_update())
    found = connection.execute(_expired(kind, limit).where(mine).order_by(_table.c.incident)).scalars().all()
    if not found:
        return 0
    fields = {"before": iso(limit), "incident_kind": kind, "incidents": list(found)}
    connection.execute(delete(_table).where(_table.c.incident.in_(found)))
    chain.append(connection, prepare_all([NewEntry(RECORDS_PURGED, None, now, fields)]))
    return len(found)


def count_old(connection: Connection, kept: Mapping[str, timedelta | None], now: datetime) -> dict[str, int]:
    """How many `purge_records` would remove of each kind that does not stay."""
    return {
        kind: connection.execute(
            select(func.count()).select_from(_expired(kind, to_micros(now - long)).subquery())
        ).scalar_one()
        for kind, long in kept.items()
        if long is not None
    }


def _old(kind: str, limit: int, connection: Connection) -> list[str]:
    query = _expired(kind, limit).order_by(_table.c.incident).limit(AT_ONCE)
    return list(connection.execute(query).scalars())


def _expired(kind: str, limit: int) -> Select[Any]:
    later = _table.alias()
    last = select(func.max(later.c.revision)).where(later.c.incident == _table.c.incident).scalar_subquery()
    found = select(_table.c.incident).where(_table.c.revision == last, _table.c.kind == kind, _table.c.at < limit)
    found = found.where(not_(_message_held()), not_(_outcome_unread()))
    return found.where(_table.c.status == "closed") if kind in CLOSED_FIRST else found


def _message_held() -> ColumnElement[bool]:
    ended = _held.c.state.in_(sorted(state.value for state in TERMINAL))
    return exists().where(_held.c.ref == _ref, not_(ended))


def _outcome_unread() -> ColumnElement[bool]:
    """Whether the ledger says something of the message that the register has not come to yet."""
    place = select(_positions.c.sequence).where(_positions.c.ledger == _entries.c.ledger).scalar_subquery()
    said = _entries.c.kind.in_(sorted(OUTCOMES))
    return exists().where(_entries.c.ref == _ref, said, _entries.c.sequence > func.coalesce(place, 0))
