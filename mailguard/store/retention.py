"""Retention: what is old enough goes, with its key, and the ledger says so.

What each retention class means: `held` and `message` go once the message is decided and its time has run out;
`evidence` by the time of its entry; `policy` stays as long as the ledger names it; `account` until somebody
removes the account; `session` and `link` (of the console) go some time after they ended; `sender-link`,
`urgent-call` and `assignment` go with their message, the first of them when it has expired; `saved-view` until somebody
removes it, or the account whose own it is; `incident` goes when its kind of record is no longer kept, and by default
never (incident_retention.py); `occasion` and `sending` go when their own time has run out; `canary:RUN` goes with its
run (canary.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, select

from ..core.lifecycle import TERMINAL
from ..guard.records import NewEntry
from . import schema
from .blobs import sweep
from .chain import Chain, PreparedEntry
from .engine import Engine
from .incident_retention import count_old, kept_for
from .instants import iso, to_micros
from .ledger import Prepare
from .outbox import forget_message
from .store_settings import RetentionSettings

PURGED_KIND = "held_purged"
PURGE_BATCH = 20
STAGED_FOR = timedelta(days=1)
"""No message takes that long to store: what is still staged then was left by a crash."""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of each were removed. records: of the register, by kind."""

    held: int
    evidence: int
    staged: int
    records: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Due:
    """What a purge would remove now. before: the time before which a message was decided, or evidence was recorded.

    records: of the register, by kind, those kinds that do not stay for good.
    """

    held: int
    held_before: datetime
    evidence: int
    evidence_before: datetime
    records: Mapping[str, int]


def count_due(connection: Connection, settings: RetentionSettings, now: datetime) -> Due:
    held_before, evidence_before = now - settings.held, now - settings.evidence
    held = select(func.count()).select_from(_expired_before(to_micros(held_before)).subquery())
    evidence = select(func.count()).where(schema.evidence.c.at < to_micros(evidence_before))
    counts = (connection.execute(query).scalar_one() for query in (held, evidence))
    records = count_old(connection, kept_for(settings), now)
    return Due(next(counts), held_before, next(counts), evidence_before, records)


async def purge_held(engine: Engine, prepare_all: Prepare, before: datetime, at: datetime) -> int:
    """Remove messages that were decided before a time and have nothing left to deliver. How many."""
    limit, removed = to_micros(before), 0
    while True:
        refs = await engine.read(lambda connection: _expired(connection, limit))
        if not refs:
            return removed
        prepared = prepare_all([NewEntry(PURGED_KIND, None, at, {"before": iso(limit), "refs": refs})])
        removed += await engine.write(partial(_purge, refs, prepared))


def _expired(connection: Connection, limit: int) -> list[str]:
    query = _expired_before(limit).order_by(schema.held.c.ref).limit(PURGE_BATCH)
    return list(connection.execute(query).scalars())


def _expired_before(limit: int) -> Select[Any]:
    """References of messages that were decided before and have nothing left to deliver."""
    table, rows = schema.held, schema.outbox
    ended = table.c.state.in_(sorted(state.value for state in TERMINAL))
    busy = exists().where(rows.c.ref == table.c.ref, rows.c.done_at.is_(None))
    return select(table.c.ref).where(ended, table.c.ended_at < limit, ~busy)


def _purge(refs: list[str], prepared: list[PreparedEntry], connection: Connection, chain: Chain) -> int:
    for ref in refs:
        forget_message(connection, ref)
        connection.execute(delete(schema.held).where(schema.held.c.ref == ref))
    chain.append(connection, prepared)
    return len(refs)


async def sweep_staged(engine: Engine, now: datetime) -> int:
    """Remove what crashes left staged. How many originals."""
    limit = to_micros(now - STAGED_FOR)
    return await engine.write(lambda connection, _: sweep(connection, limit), locks=False)
