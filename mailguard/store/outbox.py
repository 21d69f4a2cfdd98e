"""The port Outbox: what the guard has taken on to deliver.

Contract: a row is claimed by a conditional UPDATE that gives it a lease with a random token; every later change names
that token. When the last row of a message ends, a message in state releasing is released, and one that was never held
is forgotten: original, rows and key.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, insert, or_, select, true, update

from ..core.envelope import Envelope
from ..core.errors import UnknownReference
from ..core.mail.message import Buffer
from ..guard.records import Attempt, Delivery, NewDelivery, NewEntry, RecipientResult
from . import schema
from .assignments import forget_assignment
from .blobs import Stage, StoredBlobs, is_kept, keep, remove_blobs
from .chain import Chain, PreparedEntry
from .codec import envelope_from_json, envelope_to_json, recipient_to_json
from .engine import Engine
from .instants import NEVER, optional_micros, to_micros
from .keys import DataKey, Keyring
from .lane import in_lane
from .ledger import Prepare
from .message_keys import forget_message_key, unwrap_message_key
from .outbox_rows import (
    envelope_context,
    insert_deliveries,
    outcome_context,
    read_delivery,
    reply_context,
    rows_with_keys,
)
from .readable import readable
from .release import complete_release
from .sealing import seal_json, unseal_json
from .sender_rows import forget_sender

_table = schema.outbox
LONGEST_WAIT = timedelta(days=1)
"""Of `outbox.longest_retry`: the settings allow no more."""
_open = _table.c.done_at.is_(None)
CLAIM_STEP = 400
"""How many rows one UPDATE names; SQLite limits the variables of a statement."""


class StoredOutbox:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare, blobs: StoredBlobs) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all
        self._blobs = blobs

    async def add(self, deliveries: Sequence[NewDelivery], raw: Buffer | None, entries: Sequence[NewEntry]) -> int:
        """Keep raw once (NewDelivery.blob names it), all rows and the entries, in one durable step. How many rows.

        ReferenceTaken: an original of that name is another message's. UnknownReference: raw is None, and the original
        that a row names is not there.
        """
        prepared = self._prepare(entries)
        stage = None if raw is None else await self._stage(deliveries, raw)

        def add(connection: Connection, chain: Chain) -> None:
            if stage is not None:
                keep(connection, stage)
            insert_deliveries(connection, self._keyring, deliveries)
            chain.append(connection, prepared)

        try:
            await self._engine.write(add)
        except BaseException:
            if stage is not None:
                await self._blobs.discard(stage)
            raise
        return len(deliveries)

    async def _stage(self, deliveries: Sequence[NewDelivery], raw: Buffer) -> Stage | None:
        """None where the original of this message is kept already."""
        names = {(each.blob, each.ref) for each in deliveries if each.blob is not None}
        if len(names) != 1:
            raise ValueError("the rows of one message name its one original")
        blob, ref = next(iter(names))
        assert blob is not None
        if await self._engine.read(lambda connection: is_kept(connection, blob, ref, len(raw))):
            return None
        return await self._blobs.stage(blob, ref, raw, deliveries[0].created_at)

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, limit: int, canary: str | None = None
    ) -> Sequence[Delivery]:
        """Take due rows whose lease is free or has run out, oldest first. Counts an attempt.

        Of everybody's mail, or of one run of the canary; never of both.
        """
        moment = to_micros(now)
        until = moment + round(lease_seconds * 1_000_000)
        lease = secrets.token_hex(16)

        def claim(connection: Connection, _: Chain) -> Sequence[Row[tuple[object, ...]]]:
            return _claim(connection, canary, owner, lease, moment, until, limit)

        rows = await self._engine.write(claim, locks=False)
        return readable(rows, lambda row: read_delivery(row, self._keyring))

    async def extend(
        self, owner: str, now: datetime, lease_seconds: float, leases: Collection[str] | None = None
    ) -> int:
        """Let the leases that `owner` holds run until now + lease_seconds; 0 gives the rows back. How many.

        leases: only these; every other row of the owner is given back, for the answer to its claim was lost.
        """
        until = to_micros(now) + round(lease_seconds * 1_000_000)
        held = update(_table).where(_table.c.lease_owner == owner, _table.c.lease.is_not(None), _open)
        known = true() if leases is None else _table.c.lease.in_(leases)
        extended = held.values(lease_until=case((known, until), else_=to_micros(now)))
        return await self._engine.write(lambda connection, _: connection.execute(extended).rowcount, locks=False)

    async def confirm(self, identifier: str, lease: str, now: datetime, lease_seconds: float) -> bool:
        """Whether a row is still leased so and not done; if it is, the lease runs until now + lease_seconds."""
        until = to_micros(now) + round(lease_seconds * 1_000_000)
        mine = update(_table).where(_table.c.identifier == identifier, _table.c.lease == lease, _open)
        kept = mine.values(lease_until=until)
        return await self._engine.write(lambda connection, _: connection.execute(kept).rowcount == 1, locks=False)

    async def record(self, attempt: Attempt, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> bool:
        """End an attempt, with the entries and follow-ups. False if the lease was lost: nothing happened.

        The last row (kinds release, copy) of a message in state releasing moves it to released.
        """
        prepared = self._prepare(entries)
        return await self._engine.write(
            lambda connection, chain: _record(connection, chain, attempt, prepared, deliveries)
        )

    async def list(self, limit: int | None = None) -> Sequence[Delivery]:
        """Rows of everybody's mail that are not done, oldest first."""
        query = rows_with_keys().where(_open, in_lane(_table, None)).order_by(_table.c.number).limit(limit)
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return await asyncio.to_thread(readable, rows, lambda row: read_delivery(row, self._keyring))

    async def of_message(self, ref: str) -> Sequence[Delivery]:
        """Rows of one message that are not done, oldest first."""
        query = rows_with_keys().where(_table.c.ref == ref, _open).order_by(_table.c.number)
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return await asyncio.to_thread(readable, rows, lambda row: read_delivery(row, self._keyring))

    async def retry(self, ref: str, now: datetime, entries: Sequence[NewEntry]) -> int:
        """Make the rows of a message of everybody's mail due now; one that is being sent stays leased.

        UnknownReference.
        """
        prepared = self._prepare(entries)

        def retry(connection: Connection, chain: Chain) -> int:
            due = (
                update(_table)
                .where(_table.c.ref == ref, _open, in_lane(_table, None))
                .values(not_before=to_micros(now))
            )
            count = _some(connection.execute(due).rowcount, ref)
            chain.append(connection, prepared)
            return count

        return await self._engine.write(retry)

    async def drop(self, ref: str, entries: Sequence[NewEntry]) -> int:
        """End the rows of a message of everybody's mail without delivery; an attempt under way loses its lease.

        UnknownReference.
        """
        prepared = self._prepare(entries)
        at = max((entry.micros for entry in prepared), default=0)

        def drop(connection: Connection, chain: Chain) -> int:
            ended = update(_table).where(_table.c.ref == ref, _open, in_lane(_table, None))
            ended = ended.values(done_at=at or _table.c.created_at, lease=None, lease_until=None)
            count = _some(connection.execute(ended).rowcount, ref)
            chain.append(connection, prepared)
            _settle(connection, ref, at)
            return count

        return await self._engine.write(drop)


def _some(count: int, ref: str) -> int:
    if not count:
        raise UnknownReference(f'the outbox has nothing of "{ref}"')
    return count


def _is_due(now: int) -> ColumnElement[bool]:
    """Also what came, or was tried, by a clock that was ahead and was set right: a new row waits for nothing, no
    row is to wait for longer than LONGEST_WAIT.
    """
    came_later = and_(_table.c.attempts == 0, _table.c.created_at > now)
    waits_too_long = _table.c.not_before > now + LONGEST_WAIT // timedelta(microseconds=1)
    set_back = and_(_table.c.not_before < to_micros(NEVER), or_(came_later, waits_too_long))
    return or_(_table.c.not_before <= now, set_back)


def _is_of_another_time(until: int) -> ColumnElement[bool]:
    """A lease by a clock that was ahead, of a guard that ended before it was set right: no other lasts so long. A
    living one extends its leases, and one whose clock is off claims nothing (guard/nodes.py). until: of a lease of now.
    """
    return _table.c.lease_until > until + LONGEST_WAIT // timedelta(microseconds=1)


def _claim(
    connection: Connection, canary: str | None, owner: str, lease: str, now: int, until: int, limit: int
) -> Sequence[Row[tuple[object, ...]]]:
    free = or_(_table.c.lease_until.is_(None), _table.c.lease_until <= now, _is_of_another_time(until))
    due = select(_table.c.number).where(_open, in_lane(_table, canary), _is_due(now), free)
    oldest = due.order_by(_table.c.number).limit(limit)
    numbers = connection.execute(oldest.with_for_update(skip_locked=True)).scalars().all()
    rows: list[Row[tuple[object, ...]]] = []
    for start in range(0, len(numbers), CLAIM_STEP):
        mine = _table.c.number.in_(numbers[start : start + CLAIM_STEP])
        taken = update(_table).where(mine, _open, free)
        values = {"lease": lease, "lease_owner": owner, "lease_until": until, "attempts": _table.c.attempts + 1}
        connection.execute(taken.values(values))
        rows += connection.execute(rows_with_keys().where(mine, _table.c.lease == lease).order_by(_table.c.number))
    return rows


def _record(
    connection: Connection,
    chain: Chain,
    attempt: Attempt,
    prepared: Sequence[PreparedEntry],
    deliveries: Sequence[NewDelivery],
) -> bool:
    mine = (_table.c.identifier == attempt.identifier, _table.c.lease == attempt.lease, _open)
    row = connection.execute(rows_with_keys().where(*mine)).one_or_none()
    if row is None:
        return False
    key = unwrap_message_key(chain.keyring, row.ref, row.master, row.wrapped_key)
    values: dict[str, object] = {"lease": None, "lease_until": None, "sealed_reply": _sealed_reply(key, attempt)}
    if attempt.remaining:
        values["sealed_envelope"] = _remaining(key, attempt, row.sealed_envelope)
        values["not_before"] = optional_micros(attempt.not_before) or _table.c.not_before
    else:
        values["done_at"] = to_micros(attempt.at)
    if not connection.execute(update(_table).where(*mine).values(values)).rowcount:
        return False
    _keep_outcomes(connection, chain.keyring, key, row, attempt)
    insert_deliveries(connection, chain.keyring, deliveries)
    chain.append(connection, prepared)
    if not attempt.remaining:
        _settle(connection, row.ref, to_micros(attempt.at))
    return True


def _sealed_reply(key: DataKey, attempt: Attempt) -> bytes | None:
    if attempt.last_reply is None:
        return None
    return seal_json(key, reply_context(attempt.identifier), attempt.last_reply)


def _remaining(key: DataKey, attempt: Attempt, sealed: bytes) -> bytes:
    bound_to = envelope_context(attempt.identifier)
    envelope: Envelope = envelope_from_json(unseal_json(key, bound_to, sealed))
    return seal_json(key, bound_to, envelope_to_json(envelope.to(attempt.remaining)))


def _keep_outcomes(connection: Connection, keyring: Keyring, key: DataKey, row: Row[Any], attempt: Attempt) -> None:
    """The latest outcome of each recipient of the row."""
    if not attempt.results:
        return
    table = schema.outcomes
    rows = {keyring.hash_address(result.recipient.address): result for result in attempt.results}
    hashes = list(rows) if row.attempts > 1 else []
    for start in range(0, len(hashes), CLAIM_STEP):
        some = table.c.recipient_hash.in_(hashes[start : start + CLAIM_STEP])
        connection.execute(delete(table).where(table.c.identifier == attempt.identifier, some))
    connection.execute(insert(table), [_outcome(key, row, attempt, hashed, result) for hashed, result in rows.items()])


def _outcome(key: DataKey, row: Row[Any], attempt: Attempt, hashed: str, result: RecipientResult) -> dict[str, object]:
    said = [recipient_to_json(result.recipient), result.text]
    return {
        "identifier": attempt.identifier,
        "recipient_hash": hashed,
        "ref": row.ref,
        "kind": row.kind,
        "outcome": result.outcome.value,
        "code": result.code,
        "status": result.status,
        "at": to_micros(attempt.at),
        "sealed_text": seal_json(key, outcome_context(attempt.identifier, hashed), said),
    }


def _settle(connection: Connection, ref: str, at: int) -> None:
    """After a row of a message has ended: release what waited for it, or forget a message that was never held."""
    if complete_release(connection, ref, at):
        return
    # Of two guards that end the last two rows at once, the second has to see what the first did.
    keys = schema.message_keys
    connection.execute(select(keys.c.ref).where(keys.c.ref == ref).with_for_update())
    if connection.execute(select(_table.c.number).where(_table.c.ref == ref, _open).limit(1)).first() is None:
        forget_message(connection, ref)


def forget_message(connection: Connection, ref: str) -> None:
    """Remove what outbox and blobs keep of a message, and its key."""
    connection.execute(delete(_table).where(_table.c.ref == ref))
    connection.execute(delete(schema.outcomes).where(schema.outcomes.c.ref == ref))
    remove_blobs(connection, ref)
    forget_sender(connection, ref)
    forget_assignment(connection, ref)
    forget_message_key(connection, ref)
