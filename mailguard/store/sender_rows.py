"""Rows of the links in notices. Operations on a Connection, used inside the write of a story."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from ..guard.records import SenderLink
from . import schema
from .instants import to_micros
from .keys import Keyring
from .message_keys import message_key
from .sealing import context, seal_json

LINK = "sender-link"


def keep_links(connection: Connection, keyring: Keyring, links: Sequence[SenderLink]) -> None:
    """Keep the links of a notice. One whose message is not held is left out: it leads nowhere."""
    held = schema.held
    for link in links:
        content = connection.execute(select(held.c.content_sha256).where(held.c.ref == link.ref)).scalar()
        if content is None:
            continue
        ends = to_micros(link.expires_at)
        row = {
            "link": link.key,
            "ref": link.ref,
            "expires_at": ends,
            "retention": LINK,
            "sealed": seal_json(
                message_key(connection, keyring, link.ref),
                context("sender link", link.key, link.ref, content, str(ends)),
                {"sender": link.sender},
            ),
        }
        connection.execute(insert(schema.sender_links), [row])


def forget_sender(connection: Connection, ref: str) -> None:
    """Remove what a message's sender could act by, and what they said of it."""
    connection.execute(delete(schema.sender_links).where(schema.sender_links.c.ref == ref))
    connection.execute(delete(schema.urgent_calls).where(schema.urgent_calls.c.ref == ref))
