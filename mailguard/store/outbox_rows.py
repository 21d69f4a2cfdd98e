"""Rows of the outbox: how a delivery is sealed into one and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from ..core.errors import UnknownReference
from ..guard.records import Delivery, NewDelivery
from . import schema
from .blobs import is_kept
from .codec import (
    edits_from_json,
    edits_to_json,
    envelope_from_json,
    envelope_to_json,
    octets_to_text,
    text_to_octets,
)
from .instants import from_micros, optional_moment, to_micros
from .keys import DataKey, Keyring
from .lane import retention_of, run_of, seal_terms
from .message_keys import message_key, unwrap_message_key
from .sealing import context, seal_json, unseal_json
from .sender_rows import keep_links

RETENTION = "message"


def insert_deliveries(connection: Connection, keyring: Keyring, deliveries: Sequence[NewDelivery]) -> None:
    """Fill the outbox, in order. UnknownReference where a delivery names an original that is not kept."""
    if not deliveries:
        return
    keys = {ref: message_key(connection, keyring, ref) for ref in _distinct(each.ref for each in deliveries)}
    for blob in _distinct(each.blob for each in deliveries if each.blob is not None):
        if not is_kept(connection, blob):
            raise UnknownReference(f'there is no stored original "{blob}"')
    connection.execute(insert(schema.outbox), [_row(each, keys[each.ref]) for each in deliveries])
    keep_links(connection, keyring, [link for each in deliveries for link in each.links])


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _row(delivery: NewDelivery, key: DataKey) -> dict[str, Any]:
    content = [edits_to_json(delivery.edits), None if delivery.text is None else octets_to_text(delivery.text)]
    return {
        "identifier": delivery.identifier,
        "ref": delivery.ref,
        "kind": delivery.kind,
        "created_at": to_micros(delivery.created_at),
        "not_before": to_micros(delivery.not_before),
        "give_up_at": to_micros(delivery.give_up_at),
        "attempts": 0,
        "blob": delivery.blob,
        "sender_told": delivery.sender_told,
        "retention": retention_of(delivery.canary, RETENTION),
        "sealed_envelope": seal_json(key, envelope_context(delivery.identifier), envelope_to_json(delivery.envelope)),
        "sealed_content": seal_json(key, _content_context(delivery), content),
    }


def envelope_context(identifier: str) -> bytes:
    return context("outbox", "envelope", identifier)


def _content_context(row: NewDelivery | Row[Any]) -> bytes:
    """Bound to its original too, which stands in the clear: no row can be made to send another message (T84)."""
    canary = row.canary if isinstance(row, NewDelivery) else run_of(row.retention)
    return context("outbox", "content", row.identifier, row.kind, row.blob or "", *seal_terms(canary))


def reply_context(identifier: str) -> bytes:
    return context("outbox", "reply", identifier)


def outcome_context(identifier: str, recipient_hash: str) -> bytes:
    return context("outcomes", identifier, recipient_hash)


def rows_with_keys() -> Select[Any]:
    """Rows of the outbox, each with the wrapped key of its message."""
    table, keys = schema.outbox, schema.message_keys
    return select(table, keys.c.master, keys.c.wrapped_key).join(keys, keys.c.ref == table.c.ref)


def read_delivery(row: Row[Any], keyring: Keyring) -> Delivery:
    """SealBroken for a row that was changed."""
    key = unwrap_message_key(keyring, row.ref, row.master, row.wrapped_key)
    envelope = unseal_json(key, envelope_context(row.identifier), row.sealed_envelope)
    edits, text = unseal_json(key, _content_context(row), row.sealed_content)
    reply = row.sealed_reply and unseal_json(key, reply_context(row.identifier), row.sealed_reply)
    return Delivery(
        identifier=row.identifier,
        ref=row.ref,
        kind=row.kind,
        envelope=envelope_from_json(envelope),
        created_at=from_micros(row.created_at),
        not_before=from_micros(row.not_before),
        give_up_at=from_micros(row.give_up_at),
        blob=row.blob,
        edits=edits_from_json(edits),
        text=None if text is None else text_to_octets(text),
        sender_told=row.sender_told,
        attempts=row.attempts,
        lease=row.lease,
        lease_until=optional_moment(row.lease_until),
        last_reply=reply,
        canary=run_of(row.retention),
    )
