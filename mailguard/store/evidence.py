"""The port Evidence: who was in a message and what became of them, each record under a key of its own.

Contract: erasing one record or purging old ones is itself an entry, and the chain stays whole: an entry commits to the
hash of the encrypted record, which says nothing once the record is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select

from ..core.errors import UnknownReference
from ..guard.records import NewEntry
from . import schema
from .chain import Chain, evidence_context
from .engine import Engine
from .instants import iso, to_micros
from .keys import Keyring
from .ledger import Prepare
from .sealing import unseal_json, unwrap

ERASED: Mapping[str, object] = {"erased": True}
ERASED_KIND = "evidence_erased"
PURGED_KIND = "evidence_purged"


class StoredEvidence:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def read(self, ref: str, kind: str | None = None) -> Sequence[Mapping[str, object]]:
        """The records of a message, oldest first; {"erased": true} for an erased or purged one. SealBroken.

        kind: of entries of this kind alone.
        """
        query = _with_evidence().where(schema.entries.c.ref == ref)
        if kind is not None:
            query = query.where(schema.entries.c.kind == kind)
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return [open_record(row, self._keyring) for row in rows]

    async def erase(self, ref: str, reason: str, actor: str, at: datetime) -> int:
        """Erase the records of a message. How many. UnknownReference where the ledger has no such message.

        reason, actor: in people's words, so they stand in the evidence of the entry that says so, which erasing spares.
        """
        places = await self._engine.read(lambda connection: _places(connection, ref))
        if places is None:
            raise UnknownReference(f'there is no message "{ref}"')
        fields = {"records": [list(place) for place in places]}
        said = {"reason": reason, "actor": actor}
        prepared = self._prepare([NewEntry(ERASED_KIND, ref, at, fields, evidence=said)])

        def erase(connection: Connection, chain: Chain) -> int:
            table = schema.evidence
            for ledger, sequence in places:
                connection.execute(delete(table).where(table.c.ledger == ledger, table.c.sequence == sequence))
            chain.append(connection, prepared)
            return len(places)

        return await self._engine.write(erase)

    async def purge(self, before: datetime, at: datetime) -> int:
        """Remove what is older than `before`. How many. The entry comes first; a crash leaves the rest for later."""
        limit = to_micros(before)
        expired = schema.evidence.c.at < limit
        count_all = select(func.count()).where(expired)
        count: int = await self._engine.read(lambda connection: connection.execute(count_all).scalar_one())
        if not count:
            return 0
        prepared = self._prepare([NewEntry(PURGED_KIND, None, at, {"before": iso(limit), "count": count})])
        await self._engine.write(lambda connection, chain: chain.append(connection, prepared))
        removed = 0
        while batch := await self._engine.write(lambda connection, _: _purge_batch(connection, limit), locks=False):
            removed += batch
        return removed


PURGE_BATCH = 500


def _purge_batch(connection: Connection, limit: int) -> int:
    table = schema.evidence
    oldest = select(table.c.ledger, table.c.sequence).where(table.c.at < limit).limit(PURGE_BATCH)
    rows = connection.execute(oldest).all()
    for ledger, sequence in rows:
        connection.execute(delete(table).where(table.c.ledger == ledger, table.c.sequence == sequence))
    return len(rows)


def _places(connection: Connection, ref: str) -> list[tuple[str, int]] | None:
    """Where the records of a message are; None for a message that the ledger does not know."""
    entries, records = schema.entries, schema.evidence
    known = connection.execute(select(entries.c.ref).where(entries.c.ref == ref).limit(1)).first()
    if known is None:
        return None
    of_entry = and_(entries.c.ledger == records.c.ledger, entries.c.sequence == records.c.sequence)
    query = select(records.c.ledger, records.c.sequence).join(entries, of_entry)
    query = query.where(records.c.ref == ref, entries.c.kind != ERASED_KIND)
    ordered = query.order_by(records.c.ledger, records.c.sequence)
    return [(row.ledger, row.sequence) for row in connection.execute(ordered)]


def _with_evidence() -> Any:
    """Entries that commit to a record, with the record where it is still there."""
    entries, records = schema.entries, schema.evidence
    joined = entries.outerjoin(
        records, and_(entries.c.ledger == records.c.ledger, entries.c.sequence == records.c.sequence)
    )
    return (
        select(entries.c.ref, records.c.master, records.c.wrapped_key, records.c.sealed)
        .select_from(joined)
        .where(entries.c.evidence_sha256.is_not(None))
        .order_by(entries.c.at, entries.c.ledger, entries.c.sequence)
    )


def open_record(row: Row[Any], keyring: Keyring) -> Mapping[str, object]:
    if row.sealed is None:
        return ERASED
    bound_to = evidence_context(row.ref)
    value: dict[str, object] = unseal_json(unwrap(keyring, row.master, row.wrapped_key, bound_to), bound_to, row.sealed)
    return value
