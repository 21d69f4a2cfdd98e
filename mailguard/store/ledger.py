"""The port Ledger: append durably, read in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence

from sqlalchemy import Select, exists, func, select

from ..guard.records import Entry, NewEntry
from . import schema
from .chain import PreparedEntry, prepare, read_entry
from .engine import Engine
from .keys import Keyring
from .paging import pages

Prepare = Callable[[Sequence[NewEntry]], list[PreparedEntry]]
"""Turns new entries into prepared ones; the store hands it to every port that appends."""

DECIDED = "message_decided"
ASKED_STEP = 400
"""References in one question; SQLite limits the variables of a statement."""
MANY_RECIPIENTS = 500
"""Above this, entries are prepared in a thread: 5,000 recipients take a tenth of a second of the processor."""


class StoredLedger:
    """One chain per writer; this process appends to its own and reads all."""

    def __init__(self, engine: Engine, prepare_all: Prepare, name: str) -> None:
        """name: of the chain that is ours."""
        self._engine = engine
        self._name = name
        self._prepare = prepare_all

    async def append(self, entries: Sequence[NewEntry], *, patient: bool = False) -> Sequence[Entry]:
        """Append in order, durably, with their evidence records. ReferenceTaken, PersonalDataRefused: nothing was.

        patient: see Engine.append.
        """
        many = sum(len(each.recipients) for each in entries) > MANY_RECIPIENTS
        prepared = await asyncio.to_thread(self._prepare, entries) if many else self._prepare(entries)
        return await self._engine.append(prepared, patient=patient)

    async def entries(self, ref: str | None = None) -> AsyncIterator[Entry]:
        """In order of ledger and sequence, a page at a time; what is appended meanwhile may or may not be seen."""
        table = schema.entries
        query = select(*table.c["ledger", "sequence", "hash", "body"])
        if ref is not None:
            query = query.where(table.c.ref == ref)
        async for rows in pages(self._engine, query, table.c.ledger, table.c.sequence):
            for row in rows:
                yield read_entry(row.ledger, row.sequence, row.hash, row.body)

    async def latest(self, ledger: str, kinds: Sequence[str]) -> Entry | None:
        """The last entry of these kinds in one ledger; None where there is none."""
        table = schema.entries
        query = select(*table.c["ledger", "sequence", "hash", "body"])
        query = query.where(table.c.ledger == ledger, table.c.kind.in_(kinds)).order_by(table.c.sequence.desc())
        row = await self._engine.read(lambda connection: connection.execute(query.limit(1)).one_or_none())
        return None if row is None else read_entry(row.ledger, row.sequence, row.hash, row.body)

    async def unsettled(self, outcomes: Collection[str], last: int) -> Sequence[str]:
        """Implements guard.lost_outcomes.Unsettled."""
        table = schema.entries
        end = select(func.max(table.c.sequence)).where(table.c.ledger == self._name).scalar_subquery()
        query = _without(outcomes).where(table.c.ledger == self._name, table.c.sequence > end - last)
        query = query.order_by(table.c.sequence)
        return await self._engine.read(lambda connection: connection.execute(query).scalars().all())

    async def still_unsettled(self, outcomes: Collection[str], refs: Collection[str]) -> Sequence[str]:
        """Implements guard.lost_outcomes.Unsettled."""
        wanted = sorted(refs)
        steps = (wanted[start : start + ASKED_STEP] for start in range(0, len(wanted), ASKED_STEP))
        queries = [_without(outcomes).where(schema.entries.c.ref.in_(step)) for step in steps]
        return await self._engine.read(
            lambda connection: sorted(ref for query in queries for ref in connection.execute(query).scalars())
        )


def _without(outcomes: Collection[str]) -> Select[str]:
    """Decisions that none of these follows."""
    table, later = schema.entries, schema.entries.alias()
    follows = exists().where(later.c.ref == table.c.ref, later.c.kind.in_(sorted(outcomes)))
    return select(table.c.ref).where(table.c.kind == DECIDED, ~follows)


def preparer(ledger: str, keyring: Keyring) -> Prepare:
    """The Prepare of a writer."""

    def prepare_all(entries: Sequence[NewEntry]) -> list[PreparedEntry]:
        return [prepare(entry, ledger, keyring) for entry in entries]

    return prepare_all
