"""The port Quarantine: held messages. States move only by conditional UPDATE; its row count is the lock.

Contract: a message is opened in a thread where that takes long: to thousands of people, or many of them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from ..core.errors import AlreadyDecided, IllegalTransition, UnknownReference
from ..core.lifecycle import OPEN, TERMINAL, TRANSITIONS, State
from ..core.mail.message import Buffer
from ..guard.records import Held, HeldChange, NewDelivery, NewEntry, NewHeld
from . import decisions, schema
from .blobs import StoredBlobs, keep
from .chain import Chain
from .codec import (
    envelope_from_json,
    envelope_to_json,
    octets_to_text,
    places_from_json,
    places_to_json,
    text_to_octets,
)
from .engine import Engine
from .instants import from_micros, optional_moment, to_micros
from .keys import DataKey, Keyring
from .lane import in_lane, retention_of, run_of, seal_terms
from .ledger import Prepare
from .message_keys import message_key, unwrap_message_key
from .outbox_rows import insert_deliveries
from .readable import readable
from .release import delivery_counts
from .sealing import SealBroken, context, seal_json, unseal_json

_table = schema.held
RETENTION = "held"
AT_ONCE = 50
"""Messages of a long list that are opened in one go."""
BIG_OCTETS = 16_384
"""Of a sealed message (some 200 recipients). Opening less takes the event loop less than a millisecond."""
_MOVES = frozenset((source, target) for (source, _), target in TRANSITIONS.items())


class StoredQuarantine:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare, blobs: StoredBlobs) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all
        self._blobs = blobs

    async def hold(
        self, held: NewHeld, raw: Buffer, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]
    ) -> Held:
        """Keep the message (its reference names the original), the entries and notices, in one durable step.

        What was kept comes back.

        ReferenceTaken where that reference is held already.
        """
        prepared = self._prepare(entries)
        stage = await self._blobs.stage(held.ref, held.ref, raw, held.received_at, apart=True)

        def hold(connection: Connection, chain: Chain) -> Row[Any]:
            keep(connection, stage)
            key = message_key(connection, self._keyring, held.ref)
            connection.execute(insert(_table), [_row(held, key, self._keyring)])
            insert_deliveries(connection, self._keyring, deliveries)
            chain.append(connection, prepared)
            return connection.execute(held_rows().where(_table.c.ref == held.ref)).one()

        try:
            row = await self._engine.write(hold)
        except BaseException:
            await self._blobs.discard(stage)
            raise
        return await self._opened(row, None)

    async def get(self, ref: str, canary: str | None = None) -> Held:
        """One of everybody's mail, or of one run of the canary; never of both. UnknownReference where there is none."""
        query = held_rows().where(_table.c.ref == ref, in_lane(_table, canary))
        rows, counts = await self._engine.read(lambda connection: fetch_held(connection, query))
        if not rows:
            raise UnknownReference(f'there is no held message "{ref}"')
        return await self._opened(rows[0], counts.get(ref))

    async def list(self, states: Sequence[State] | None = None, limit: int | None = None) -> Sequence[Held]:
        """Oldest deadline first; the canary's are no one's to decide about, so they are not listed."""
        query = held_rows().where(in_lane(_table, None)).order_by(_table.c.due_at, _table.c.ref).limit(limit)
        if states is not None:
            query = query.where(_table.c.state.in_([state.value for state in states]))
        return await self._find(query)

    async def walk(self, states: Sequence[State] | None = None) -> AsyncIterator[Held]:
        """As `list`, a few at a time, so that thousands of them are never in memory together. What is held or removed
        meanwhile may be left out.
        """
        query = select(_table.c.ref).where(in_lane(_table, None)).order_by(_table.c.due_at, _table.c.ref)
        if states is not None:
            query = query.where(_table.c.state.in_([state.value for state in states]))
        refs = await self._engine.read(lambda connection: connection.execute(query).scalars().all())
        for start in range(0, len(refs), AT_ONCE):
            few = refs[start : start + AT_ONCE]
            found = await self._find(held_rows().where(_table.c.ref.in_(few), in_lane(_table, None)))
            by_ref = {held.ref: held for held in found}
            for ref in few:
                if ref in by_ref:
                    yield by_ref[ref]

    async def due(self, now: datetime, limit: int) -> Sequence[Held]:
        """Open messages of everybody's mail whose deadline has passed, oldest deadline first."""
        is_open = _table.c.state.in_(sorted(state.value for state in OPEN))
        query = held_rows().where(is_open, in_lane(_table, None), _table.c.due_at <= to_micros(now))
        return await self._find(query.order_by(_table.c.due_at, _table.c.ref).limit(limit))

    async def ahead(self, now: datetime, limit: int) -> Sequence[Held]:
        """Waiting messages of everybody's mail that came later than now: the clock was set back since."""
        waiting = _table.c.state == State.WAITING.value
        query = held_rows().where(waiting, in_lane(_table, None), _table.c.received_at > to_micros(now))
        return await self._find(query.order_by(_table.c.due_at, _table.c.ref).limit(limit))

    async def change(self, change: HeldChange, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> Held:
        """Change it, append the entries and fill the outbox in one durable step.

        AlreadyDecided: version or state was another, and nothing happened. UnknownReference. IllegalTransition.
        """
        if change.from_state is not change.to_state and (change.from_state, change.to_state) not in _MOVES:
            raise IllegalTransition(f'no act leads from "{change.from_state}" to "{change.to_state}"')
        prepared = self._prepare(entries)

        def apply(connection: Connection, chain: Chain) -> tuple[Row[Any], dict[str, int]]:
            change_held(connection, self._keyring, change)
            insert_deliveries(connection, self._keyring, deliveries)
            chain.append(connection, prepared)
            row = connection.execute(held_rows().where(_table.c.ref == change.ref)).one()
            return row, delivery_counts(connection, [change.ref]).get(change.ref, {})

        row, counts = await self._engine.write(apply)
        return await self._opened(row, counts)

    async def _find(self, query: Select[Any]) -> Sequence[Held]:
        rows, counts = await self._engine.read(lambda connection: fetch_held(connection, query))
        return await asyncio.to_thread(readable, rows, lambda row: read_held(row, self._keyring, counts.get(row.ref)))

    async def _opened(self, row: Row[Any], counts: dict[str, int] | None) -> Held:
        if len(row.sealed_message) <= BIG_OCTETS:
            return read_held(row, self._keyring, counts)
        return await asyncio.to_thread(read_held, row, self._keyring, counts)


def fetch_held(connection: Connection, query: Select[Any]) -> tuple[Sequence[Row[Any]], dict[str, dict[str, int]]]:
    """The rows of held messages, and of those that are leaving how many recipients have which outcome."""
    rows = connection.execute(query).all()
    leaving = [row.ref for row in rows if row.state == State.RELEASING.value]
    return rows, delivery_counts(connection, leaving) if leaving else {}


def held_rows() -> Select[Any]:
    """Held messages, each with the key that opens it."""
    keys = schema.message_keys
    return select(_table, keys.c.master, keys.c.wrapped_key).join(keys, keys.c.ref == _table.c.ref)


def _message_context(held: NewHeld | Row[Any]) -> bytes:
    """Bound to what stands in the clear beside it and decides what leaves, to whom, and by whose word (T84)."""
    terms = (held.content_sha256, held.policy_revision, held.approvals_needed, held.offers, held.hide_inside_above)
    canary = held.canary if isinstance(held, NewHeld) else run_of(held.retention)
    return context("held", "message", held.ref, json.dumps(terms), *seal_terms(canary))


def _row(held: NewHeld, key: DataKey, keyring: Keyring) -> dict[str, Any]:
    message = {
        "envelope": envelope_to_json(held.envelope),
        "sender": held.sender,
        "subject": held.subject,
        "reason": held.reason,
        "rules": list(held.rules),
        "decision": dict(held.decision),
        "recipients_sha256": held.recipients_sha256,
        "sender_may": list(held.sender_may),
        "received": octets_to_text(held.top),
        "leaves_by_itself": held.state is State.WAITING,
        "release_as": None if held.release_as is None else list(held.release_as),
        "team": held.team,
        "deciding": held.deciding,
        "places": places_to_json(held.places),
    }
    return {
        "ref": held.ref,
        "version": 1,
        "state": held.state.value,
        "received_at": to_micros(held.received_at),
        "due_at": to_micros(held.due_at),
        "team": held.team,
        "approvals_needed": held.approvals_needed,
        "approvals_given": 0,
        "offers": held.offers,
        "notify_sender": held.notify_sender,
        "hide_inside_above": held.hide_inside_above,
        "policy_revision": held.policy_revision,
        "content_sha256": held.content_sha256,
        "sender_hash": keyring.hash_address(held.sender),
        "recipients_hash": keyring.hash_address(held.recipients_sha256),
        "delivery": "{}",
        "blob": held.ref,
        "retention": retention_of(held.canary, RETENTION),
        "sealed_message": seal_json(key, _message_context(held), message),
        "sealed_decision": seal_json(key, decisions.bound_to(held.ref), decisions.UNDECIDED),
    }


def change_held(connection: Connection, keyring: Keyring, change: HeldChange) -> None:
    """The conditional UPDATE. AlreadyDecided, UnknownReference."""
    row = connection.execute(held_rows().where(_table.c.ref == change.ref)).one_or_none()
    if row is None:
        raise UnknownReference(f'there is no held message "{change.ref}"')
    key = unwrap_message_key(keyring, row.ref, row.master, row.wrapped_key)
    was = unseal_json(key, decisions.bound_to(row.ref), row.sealed_decision)
    same = (_table.c.ref == change.ref, _table.c.version == change.version, _table.c.state == change.from_state.value)
    if connection.execute(update(_table).where(*same).values(_changed(change, was, key))).rowcount != 1:
        raise AlreadyDecided(f'somebody else has decided "{change.ref}" first')


def _changed(change: HeldChange, was: dict[str, Any], key: DataKey) -> dict[str, Any]:
    at = to_micros(change.at)
    decision = decisions.after(change, was)
    values: dict[str, Any] = {
        "version": change.version + 1,
        "state": change.to_state.value,
        "approvals_given": len(decision["approved_by"]),
        "sealed_decision": seal_json(key, decisions.bound_to(change.ref), decision),
    }
    stopped = change.from_state is State.LEAVING and change.to_state is not State.RELEASING
    if stopped:
        values |= {"released_as": None, "decided_at": None}
    if change.to_state not in OPEN and (stopped or change.from_state in OPEN):
        values["decided_at"] = at
    if change.to_state in TERMINAL:
        values["ended_at"] = at
    if change.released_as is not None:
        values["released_as"] = change.released_as
    if change.due_at is not None:
        values["due_at"] = to_micros(change.due_at)
    return values


def _release_as(message: dict[str, Any]) -> tuple[str, ...] | None:
    """What was held before rules could say so may leave in any form."""
    forms = message.get("release_as")
    return None if forms is None else tuple(forms)


def read_held(row: Row[Any], keyring: Keyring, counts: dict[str, int] | None) -> Held:
    """A held message, opened. counts: of `fetch_held`. SealBroken where it is not what was kept."""
    key = unwrap_message_key(keyring, row.ref, row.master, row.wrapped_key)
    message = unseal_json(key, _message_context(row), row.sealed_message)
    decision = unseal_json(key, decisions.bound_to(row.ref), row.sealed_decision)
    state = State(row.state)
    decisions.refuse_forged(state, row.released_as, message["leaves_by_itself"], decision)
    if row.team != message.get("team"):
        raise SealBroken("the team of a held message is not the one that was kept")
    envelope, off = envelope_from_json(message["envelope"]), decisions.left_out(decision)
    return Held(
        ref=row.ref,
        version=row.version,
        state=state,
        received_at=from_micros(row.received_at),
        due_at=from_micros(row.due_at),
        envelope=envelope.to(tuple(each for each in envelope.recipients if each.address not in off)),
        sender=message["sender"],
        subject=message["subject"],
        reason=message["reason"],
        rules=tuple(message["rules"]),
        offers=row.offers,
        decision=message["decision"],
        policy_revision=row.policy_revision,
        content_sha256=row.content_sha256,
        recipients_sha256=message["recipients_sha256"],
        approvals_needed=row.approvals_needed,
        approved_by=tuple(decision["approved_by"]),
        sender_may=tuple(message["sender_may"]),
        notify_sender=row.notify_sender,
        blob=row.blob,
        team=row.team,
        decided_by=decision["decided_by"],
        decided_at=optional_moment(row.decided_at),
        note=decision["note"],
        released_as=row.released_as,
        delivery=counts if counts else json.loads(row.delivery),
        hide_inside_above=row.hide_inside_above,
        top=text_to_octets(message["received"]),
        release_as=_release_as(message),
        canary=run_of(row.retention),
        approvals=decisions.approvals(decision),
        leaves_at=decisions.leaves_at(decision),
        escalated=decisions.escalated(decision),
        delayed=message["leaves_by_itself"],
        left_out=tuple(each for each in envelope.recipients if each.address in off),
        deciding=message.get("deciding"),
        places=places_from_json(message.get("places", {})),
    )
