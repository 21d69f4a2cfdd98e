"""The data key of a message: what seals its rows in quarantine and outbox. Purging it is what erases them.

Operations on a Connection, used inside the write of a story.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from . import schema
from .chain import insert_rows
from .keys import DataKey, Keyring
from .sealing import context, unwrap

RETENTION = "message"


def message_key(connection: Connection, keyring: Keyring, ref: str) -> DataKey:
    """The key of a message, made and kept if it has none yet."""
    table = schema.message_keys
    row = connection.execute(select(table.c.master, table.c.wrapped_key).where(table.c.ref == ref)).one_or_none()
    if row is not None:
        return unwrap_message_key(keyring, ref, row.master, row.wrapped_key)
    key = keyring.new_data_key(_bound_to(ref))
    insert_rows(connection, table, [(ref, key.master, key.wrapped, RETENTION)])
    return key


def unwrap_message_key(keyring: Keyring, ref: str, master: str, wrapped: bytes) -> DataKey:
    return unwrap(keyring, master, wrapped, _bound_to(ref))


def forget_message_key(connection: Connection, ref: str) -> None:
    connection.execute(delete(schema.message_keys).where(schema.message_keys.c.ref == ref))


def _bound_to(ref: str) -> bytes:
    return context("message", ref)
