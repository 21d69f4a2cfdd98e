"""The console's port Trail: entries newest first, filtered, with the names of who acted.

Contract: no index of its own, so that an append costs what it cost. Each ledger is walked from its end along its key,
which is the order in which it was written; where little matches, that reads the whole ledger once (0.3 seconds for
100,000 entries), in a thread. Of the evidence nothing leaves this file but the names under _WHO and _ACCOUNT.
"""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from ..core.account import canonical_account
from ..core.powers import Scope
from ..guard.console.trail_records import FOR_EVERYBODY, GROUPS, OF_NOBODY, Group, Place, Recorded, TrailFilter
from . import schema
from .chain import read_entry
from .engine import Engine
from .evidence import open_record
from .instants import from_micros, to_micros
from .keys import Keyring
from .lane import in_lane

_table = schema.entries
_WHO = ("actor", "by")
_ACCOUNT = "account"


class StoredTrail:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def count(self, wanted: TrailFilter) -> int:
        """How many there are."""
        query = select(func.count()).select_from(_table).where(*self._conditions(wanted))
        return int(await self._engine.read(lambda connection: connection.execute(query).scalar_one()))

    async def page(
        self, wanted: TrailFilter, limit: int, place: Place | None = None
    ) -> tuple[Sequence[Recorded], Place | None]:
        """The newest, or those before a place; and where the next ones begin, None after the last."""
        conditions = self._conditions(wanted)
        rows = await self._engine.read(lambda connection: _newest(connection, conditions, limit + 1, place or {}))
        shown = rows[:limit]
        recorded = await asyncio.to_thread(lambda: [self._recorded(row) for row in shown])
        if len(rows) == len(shown):
            return recorded, None
        older = dict(place or {})
        for row in shown:
            older[row.ledger] = row.sequence
        return recorded, older

    async def of_message(self, ref: str, kinds: Collection[str], limit: int) -> Sequence[Recorded]:
        """The newest entries of these kinds about one message, oldest first."""
        columns = _table.c
        query = (
            _with_evidence()
            .where(columns.ref == ref, columns.kind.in_(sorted(kinds)))
            .order_by(columns.at.desc(), columns.ledger.desc(), columns.sequence.desc())
            .limit(limit)
        )
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return await asyncio.to_thread(lambda: [self._recorded(row) for row in reversed(rows)])

    async def tally(
        self, ref: str, kinds: Collection[str], rows: Collection[str]
    ) -> Mapping[str, tuple[int, datetime]]:
        """Of each of these kinds about rows of the outbox of these kinds for a message, how many, and the last time."""
        columns = _table.c
        query = (
            select(columns.kind, func.count(), func.max(columns.at))
            .where(columns.ref == ref, columns.kind.in_(sorted(kinds)))
            .where(or_(*(columns.body.contains(f'"row":{json.dumps(row)}', autoescape=True) for row in sorted(rows))))
            .group_by(columns.kind)
        )
        found = await self._engine.read(lambda connection: connection.execute(query).all())
        return {kind: (int(count), from_micros(last)) for kind, count, last in found}

    def _recorded(self, row: Row[Any]) -> Recorded:
        entry = read_entry(row.ledger, row.sequence, row.hash, row.body)
        if row.sealed is None:
            return Recorded(entry)
        try:
            evidence = open_record(row, self._keyring)
        except Exception:
            # The check of the trail says that it does not open; the entry itself is shown all the same.
            return Recorded(entry)
        who = next((str(evidence[name]) for name in _WHO if isinstance(evidence.get(name), str)), None)
        account = evidence.get(_ACCOUNT)
        return Recorded(entry, who, account if isinstance(account, str) else None)

    def _conditions(self, wanted: TrailFilter) -> list[ColumnElement[bool]]:
        columns = _table.c
        found: list[ColumnElement[bool]] = []
        if wanted.scope is not None:
            found.append(or_(columns.kind.in_(sorted(FOR_EVERYBODY)), _of_messages(wanted.scope)))
        if wanted.group is not None:
            found.append(_of_group(wanted.group))
        if wanted.ref is not None:
            found.append(columns.ref == wanted.ref)
        if wanted.at_from is not None:
            found.append(columns.at >= to_micros(wanted.at_from))
        if wanted.at_before is not None:
            found.append(columns.at < to_micros(wanted.at_before))
        if wanted.person is not None:
            found.append(columns.kind.not_in(sorted(OF_NOBODY)))
            found.append(self._by(wanted.person, wanted.names))
        return found

    def _by(self, person: str, names: tuple[str, ...]) -> ColumnElement[bool]:
        """The entries that name one of these accounts by its keyed hash, or this person in so many letters."""
        hashes = [each for name in (person, *names) for each in self._keyring.hash_account(canonical_account(name))]
        said = [json.dumps(each) for each in hashes] + [f'"actor":{json.dumps(person)}']
        return or_(*(_table.c.body.contains(each, autoescape=True) for each in said))


def _of_messages(scope: Scope) -> ColumnElement[bool]:
    """Entries of messages in a scope. Whose mail a message is, only what is held says."""
    if scope.everybody:
        return _table.c.ref.is_not(None)
    held = schema.held
    mine = select(held.c.ref).where(held.c.team.in_(sorted(scope.teams)), in_lane(held, None))
    return _table.c.ref.in_(mine)


def _of_group(group: Group) -> ColumnElement[bool]:
    if group is Group.OTHER:
        return _table.c.kind.not_in(sorted(kind for kinds in GROUPS.values() for kind in kinds))
    return _table.c.kind.in_(sorted(GROUPS[group]))


def _newest(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int, place: Place
) -> list[Row[Any]]:
    ledgers = connection.execute(select(schema.ledgers.c.ledger).order_by(schema.ledgers.c.ledger)).scalars()
    found = [_newest_of(connection, ledger, conditions, limit, place.get(ledger)) for ledger in list(ledgers)]
    return list(islice(heapq.merge(*found, key=lambda row: -row.at), limit))


def _with_evidence() -> Select[Any]:
    """Entries, each with its evidence record as long as that is kept."""
    records = schema.evidence
    of_entry = and_(_table.c.ledger == records.c.ledger, _table.c.sequence == records.c.sequence)
    return select(
        *_table.c["ledger", "sequence", "at", "ref", "hash", "body"], *records.c["master", "wrapped_key", "sealed"]
    ).select_from(_table.outerjoin(records, of_entry))


def _newest_of(
    connection: Connection, ledger: str, conditions: Sequence[ColumnElement[bool]], limit: int, before: int | None
) -> Sequence[Row[Any]]:
    query = (
        _with_evidence().where(_table.c.ledger == ledger, *conditions).order_by(_table.c.sequence.desc()).limit(limit)
    )
    if before is not None:
        query = query.where(_table.c.sequence < before)
    return connection.execute(query).all()
