"""Retention of the register: records of each kind go when their own time is over, with every revision and its key.

Contract: off unless it was set (docs/decisions/register.md). A breach goes only once it is closed; the time runs from
the last revision. The ledger says which went in the step that removes them. A record that somebody changes meanwhile
stays, or nobody can change it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select

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
_table = schema.incidents


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
    return found.where(_table.c.status == "closed") if kind in CLOSED_FIRST else found
