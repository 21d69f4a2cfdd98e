"""The ports SenderLinks and UrgentCalls: how a sender reaches a held message, and which ones cannot wait.

Contract: a link is found by the hash of its token; what it is bound to (message, content, sender, end) is sealed under
the key of its message and goes with it. One that has expired is not found, by the same query and in the same time as
one that never was (THREATS.md T68).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from ..core.errors import UnknownReference
from ..guard.console.records import UrgentCall
from ..guard.records import HeldChange, NewDelivery, NewEntry, SenderLink
from ..logs import logger
from . import schema
from .chain import Chain
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring
from .ledger import Prepare
from .message_keys import message_key, unwrap_message_key
from .outbox_rows import insert_deliveries
from .quarantine import change_held
from .sealing import SealBroken, context, seal_json, unseal_json

log = logger("store")
_links = schema.sender_links
_calls = schema.urgent_calls
_keys = schema.message_keys
CALL = "urgent-call"


class _TooMany(Exception):
    """Undoes what was written of a call that is one too many."""


class StoredSenderLinks:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def find(self, key: str, now: datetime) -> SenderLink | None:
        """None where there is none, it has expired, or what is stored is not what was kept."""
        held = schema.held
        query = (
            select(_links, held.c.content_sha256, _keys.c.master, _keys.c.wrapped_key)
            .join(held, held.c.ref == _links.c.ref)
            .join(_keys, _keys.c.ref == _links.c.ref)
            .where(_links.c.link == key, _links.c.expires_at > to_micros(now))
        )
        row = await self._engine.read(lambda connection: connection.execute(query).first())
        try:
            return None if row is None else self._read(row)
        except SealBroken as cause:
            log.error("sender_link_forged", cause=cause)
            return None

    async def purge(self, expired_before: datetime) -> int:
        """Forget those that ended before a time; the others go with their message. How many."""
        old = delete(_links).where(_links.c.expires_at < to_micros(expired_before))
        return await self._engine.write(lambda connection, _: connection.execute(old).rowcount, locks=False)

    def _read(self, row: Row[Any]) -> SenderLink:
        key = unwrap_message_key(self._keyring, row.ref, row.master, row.wrapped_key)
        bound_to = context("sender link", row.link, row.ref, row.content_sha256, str(row.expires_at))
        body = unseal_json(key, bound_to, row.sealed)
        return SenderLink(row.link, row.ref, body["sender"], from_micros(row.expires_at))


class StoredUrgentCalls:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def call(
        self,
        call: UrgentCall,
        since: datetime,
        most: int,
        entries: Sequence[NewEntry],
        deliveries: Sequence[NewDelivery],
        change: HeldChange | None = None,
    ) -> bool:
        """Keep it, with the entries, what is to be delivered and the change of its message, in one durable step.

        False, and nothing happens, where the message has been called urgent already or its sender has called `most`
        others so since then. UnknownReference; AlreadyDecided, and nothing happens: the change came second.
        """
        prepared = self._prepare(entries)
        sender_hash = self._keyring.hash_address(call.sender)

        def keep(connection: Connection, chain: Chain) -> None:
            if connection.execute(select(schema.held.c.ref).where(schema.held.c.ref == call.ref)).first() is None:
                raise UnknownReference(f'there is no held message "{call.ref}"')
            if change is not None:
                change_held(connection, self._keyring, change)
            _alone(connection, sender_hash)
            known = connection.execute(select(_calls.c.ref).where(_calls.c.ref == call.ref)).first()
            if known is not None or _count(connection, sender_hash, since) >= most:
                raise _TooMany
            key = message_key(connection, self._keyring, call.ref)
            body = {"reason": call.reason, "by": call.by, "sender": call.sender}
            row = {
                "ref": call.ref,
                "at": to_micros(call.at),
                "sender_hash": sender_hash,
                "retention": CALL,
                "sealed": seal_json(key, context("urgent call", call.ref, str(to_micros(call.at))), body),
            }
            connection.execute(insert(_calls), [row])
            insert_deliveries(connection, self._keyring, deliveries)
            chain.append(connection, prepared)

        try:
            await self._engine.write(keep)
        except _TooMany:
            return False
        return True

    async def count(self, sender: str, since: datetime) -> int:
        """How many messages a sender (a canonical address) has called urgent since then."""
        sender_hash = self._keyring.hash_address(sender)
        return await self._engine.read(lambda connection: _count(connection, sender_hash, since))

    async def of(self, refs: Sequence[str]) -> Sequence[UrgentCall]:
        """Those of these messages, in no order. What cannot be read is left out."""
        query = select(_calls, _keys.c.master, _keys.c.wrapped_key).join(_keys, _keys.c.ref == _calls.c.ref)
        query = query.where(_calls.c.ref.in_(list(refs)))
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        found = []
        for row in rows:
            try:
                found.append(self._read(row))
            except SealBroken as cause:
                log.error("urgent_call_forged", ref=row.ref, cause=cause)
        return found

    def _read(self, row: Row[Any]) -> UrgentCall:
        key = unwrap_message_key(self._keyring, row.ref, row.master, row.wrapped_key)
        body = unseal_json(key, context("urgent call", row.ref, str(row.at)), row.sealed)
        return UrgentCall(row.ref, body["sender"], from_micros(row.at), body["by"], body["reason"])


def _alone(connection: Connection, sender_hash: str) -> None:
    """Until the end of the transaction, no other guard counts the calls of this sender: it would not see this one."""
    if connection.dialect.name == "postgresql":
        of_sender = func.hashtextextended(f"urgent call {sender_hash}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(of_sender)))


def _count(connection: Connection, sender_hash: str, since: datetime) -> int:
    mine = (_calls.c.sender_hash == sender_hash, _calls.c.at > to_micros(since))
    return int(connection.execute(select(func.count()).select_from(_calls).where(*mine)).scalar_one())
