"""The port Incidents: records of incidents, a row for each revision, and the ledger as the register reads it.

Contract: a revision is sealed, bound to its number and to what stands in the clear beside it, and no row is ever
changed. The entry of each commits to what was sealed, so that the ledger shows a row that was taken away or swapped.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, not_, select, update

from ..core.errors import AlreadyDecided, ReferenceTaken, UnknownReference
from ..core.register.near_miss import CALLED_WRONG, OUTCOMES, WITHDRAWN
from ..core.register.record import Incident
from ..core.register.reports.tally import KINDS
from ..core.register.revision import Revision
from ..guard.records import Entry
from ..guard.register.ports import NewRevision, RegisterFilter, Stretch
from . import schema
from .chain import Chain, PreparedEntry, read_entry
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring
from .ledger import Prepare
from .paging import fetch, pages
from .sealing import SealBroken, context, seal_json, unseal_json, unwrap

_table, _entries, _positions = schema.incidents, schema.entries, schema.register_positions
RETENTION = "incident"
READ_AT_ONCE = 1000
"""Entries after which a place is kept although nothing was made of them: so many are read again at the most."""
LOOKED_AT = 5000
"""Entries that one look goes through: a tenth of a second, in which other reads wait."""
_IN_ONE_QUERY = 500


class StoredIncidents:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def add(self, new: NewRevision) -> None:
        row, prepared = self._sealed(new)

        def add(connection: Connection, chain: Chain) -> None:
            _insert(connection, row, new.revision)
            chain.append(connection, prepared)

        try:
            await self._engine.write(add)
        except ReferenceTaken as cause:
            raise _conflict(new.revision) from cause

    async def history(self, incident: str) -> Sequence[Revision]:
        query = select(_table).where(_table.c.incident == incident).order_by(_table.c.revision)
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        if not rows:
            raise UnknownReference(f'there is no incident "{incident}"')
        return [self._read(row) for row in rows]

    async def current(self, incidents: Collection[str]) -> Mapping[str, Revision]:
        wanted, found = sorted(set(incidents)), dict[str, Revision]()
        for start in range(0, len(wanted), _IN_ONE_QUERY):
            query = _last().where(_table.c.incident.in_(wanted[start : start + _IN_ONE_QUERY]))
            rows = await self._engine.read(partial(fetch, query))
            found |= {row.incident: self._read(row) for row in rows}
        return found

    async def walk(
        self, kinds: Collection[str] | None, at_from: datetime | None, at_before: datetime | None
    ) -> AsyncIterator[Revision]:
        wanted = RegisterFilter(None if kinds is None else frozenset(kinds), None, at_from, at_before)
        query = _chosen(wanted)
        async for rows in pages(self._engine, query, _table.c.happened_at, _table.c.incident):
            for row in rows:
                yield self._read(row)

    async def count(self, wanted: RegisterFilter) -> int:
        query = select(func.count()).select_from(_chosen(wanted).subquery())
        return await self._engine.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def newest(self, wanted: RegisterFilter, limit: int, offset: int = 0) -> Sequence[Revision]:
        order = (_table.c.happened_at.desc(), _table.c.incident.desc())
        query = _chosen(wanted).order_by(*order).limit(limit).offset(offset)
        rows = await self._engine.read(partial(fetch, query))
        return await asyncio.to_thread(lambda: [self._read(row) for row in rows])

    async def numbers(self, wanted: RegisterFilter) -> Mapping[str, int]:
        order = (_table.c.happened_at.desc(), _table.c.incident.desc())
        query = _chosen(wanted).with_only_columns(_table.c.incident, _table.c.revision).order_by(*order)
        rows = await self._engine.read(partial(fetch, query))
        return {row.incident: row.revision for row in rows}

    async def unread(self, limit: int) -> Sequence[Stretch]:
        return await self._engine.read(lambda connection: _unread(connection, limit))

    async def read_up_to(self, stretch: Stretch, new: Sequence[NewRevision]) -> None:
        if not new and stretch.upto - stretch.after < READ_AT_ONCE:
            return
        sealed = [(each.revision, *self._sealed(each)) for each in new]

        def keep(connection: Connection, chain: Chain) -> None:
            _move(connection, stretch)
            for revision, row, prepared in sealed:
                _insert(connection, row, revision)
                chain.append(connection, prepared)

        try:
            await self._engine.write(keep)
        except ReferenceTaken as cause:
            raise AlreadyDecided("the ledger is read for the register elsewhere, too") from cause

    async def decisions(self, at_from: datetime, at_before: datetime) -> AsyncIterator[Entry]:
        columns = _entries.c["ledger", "sequence", "hash", "body"]
        # What was held in that time may be decided about later.
        ended = and_(_entries.c.kind.in_(sorted(OUTCOMES)), _entries.c.at >= to_micros(at_from))
        query = select(*columns).where(
            ended
            | and_(
                _entries.c.kind.in_(sorted(set(KINDS) - set(OUTCOMES))),
                _entries.c.at >= to_micros(at_from),
                _entries.c.at < to_micros(at_before),
            )
        )
        async for rows in pages(self._engine, query, _entries.c.ledger, _entries.c.sequence):
            for row in rows:
                yield read_entry(row.ledger, row.sequence, row.hash, row.body)

    def _sealed(self, new: NewRevision) -> tuple[dict[str, Any], list[PreparedEntry]]:
        revision, record = new.revision, new.revision.record
        happened_at = to_micros(record.happened_at or revision.at)
        clear = {"kind": record.kind, "status": record.status, "happened_at": happened_at, "at": to_micros(revision.at)}
        bound_to = _bound_to(revision.incident, revision.revision, clear)
        key = self._keyring.new_data_key(bound_to)
        body = {"act": revision.act, "by": revision.by, "why": revision.why, "record": record.to_json()}
        sealed = seal_json(key, bound_to, body)
        row = {
            "incident": revision.incident,
            "revision": revision.revision,
            **clear,
            "retention": RETENTION,
            "master": key.master,
            "wrapped_key": key.wrapped,
            "sealed": sealed,
        }
        fields = {**new.entry.fields, "record_sha256": hashlib.sha256(sealed).hexdigest()}
        return row, list(self._prepare([replace(new.entry, fields=fields)]))

    def _read(self, row: Row[Any]) -> Revision:
        body = _opened(row, self._keyring)
        try:
            record = Incident.model_validate(body["record"])
        except ValueError as cause:
            raise SealBroken("a record of an incident is of another version of mailguard") from cause
        return Revision(row.incident, row.revision, from_micros(row.at), body["act"], body["by"], body["why"], record)


def opens(row: Row[Any], keyring: Keyring) -> bool:
    """Whether a revision is what was sealed, for its place and for what stands in the clear beside it."""
    try:
        _opened(row, keyring)
    except (SealBroken, ValueError):
        return False
    return True


def _opened(row: Row[Any], keyring: Keyring) -> Any:
    clear = {"kind": row.kind, "status": row.status, "happened_at": row.happened_at, "at": row.at}
    bound_to = _bound_to(row.incident, row.revision, clear)
    return unseal_json(unwrap(keyring, row.master, row.wrapped_key, bound_to), bound_to, row.sealed)


def _bound_to(incident: str, revision: int, clear: Mapping[str, Any]) -> bytes:
    return context("incident", incident, str(revision), *(f"{name} {clear[name]}" for name in sorted(clear)))


def _last() -> Select[Any]:
    """The rows that no later one supersedes."""
    later = _table.alias()
    last = select(func.max(later.c.revision)).where(later.c.incident == _table.c.incident).scalar_subquery()
    return select(_table).where(_table.c.revision == last)


def _chosen(wanted: RegisterFilter) -> Select[Any]:
    query = _last()
    if wanted.kinds is not None:
        query = query.where(_table.c.kind.in_(sorted(wanted.kinds)))
    if wanted.status is not None:
        query = query.where(_table.c.status == wanted.status)
    if wanted.at_from is not None:
        query = query.where(_table.c.happened_at >= to_micros(wanted.at_from))
    if wanted.at_before is not None:
        query = query.where(_table.c.happened_at < to_micros(wanted.at_before))
    return query.where(_table.c.revision > 1) if wanted.revised else query


def _insert(connection: Connection, row: Mapping[str, Any], revision: Revision) -> None:
    of_it = select(_table.c.revision).where(_table.c.incident == revision.incident)
    # Locked, so that retention does not take away what this one follows (incident_retention.py).
    newest = of_it.order_by(_table.c.revision.desc()).limit(1).with_for_update()
    if (connection.execute(newest).scalar() or 0) != revision.revision - 1:
        raise _conflict(revision)
    connection.execute(insert(_table), [row])


def _conflict(revision: Revision) -> Exception:
    if revision.revision == 1:
        return ReferenceTaken(f'there is already an incident "{revision.incident}"')
    return AlreadyDecided(
        f'somebody else has changed the incident "{revision.incident}" meanwhile; look, and try again'
    )


def _move(connection: Connection, stretch: Stretch) -> None:
    at = _positions.c.ledger == stretch.ledger
    moved = update(_positions).where(at, _positions.c.sequence == stretch.after).values(sequence=stretch.upto)
    if connection.execute(moved).rowcount == 1:
        return
    if stretch.after != 0 or connection.execute(select(_positions.c.sequence).where(at)).first() is not None:
        raise AlreadyDecided("this part of the ledger was read already")
    connection.execute(insert(_positions), [{"ledger": stretch.ledger, "sequence": stretch.upto}])


def _unread(connection: Connection, limit: int) -> list[Stretch]:
    heads, places = schema.ledgers, dict(connection.execute(select(_positions.c.ledger, _positions.c.sequence)).all())
    found = []
    for ledger, end in connection.execute(select(heads.c.ledger, heads.c.sequence).order_by(heads.c.ledger)).all():
        after = places.get(ledger, 0)
        if end <= after:
            continue
        far = min(end, after + LOOKED_AT)
        query = (
            select(*_entries.c["ledger", "sequence", "hash", "body"])
            .where(_entries.c.ledger == ledger, _entries.c.sequence > after, _entries.c.sequence <= far, _concerned())
            .order_by(_entries.c.sequence)
            .limit(limit)
        )
        rows = connection.execute(query).all()
        upto = rows[-1].sequence if len(rows) == limit else far
        entries = [read_entry(row.ledger, row.sequence, row.hash, row.body) for row in rows]
        found.append(Stretch(ledger, after, upto, entries, upto < end))
    return found


def _concerned() -> ColumnElement[bool]:
    """What may make a near miss or end one. Nearly all mail passes as it came, and no body of that need be read."""
    body = _entries.c.body
    passed = and_(body.contains(_pair("disposition", "relay")), body.contains(_pair("rewrite", None)))
    stopped = and_(_entries.c.kind == "message_decided", not_(passed))
    return stopped | _entries.c.kind.in_(sorted({*OUTCOMES, CALLED_WRONG, WITHDRAWN}))


def _pair(name: str, value: str | None) -> str:
    """As canonical JSON has it."""
    return f"{json.dumps(name)}:{json.dumps(value)}"
