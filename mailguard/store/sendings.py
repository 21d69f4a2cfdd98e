"""The port Sendings: traces of messages that left, as keyed digests, until they expire.

Contract: a message is written down before the others are looked at. Of two that are judged at the same time, on
whatever node, at least one sees the other. Nothing here names a person or tells a text (core/earlier/sending.py).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ..core.earlier.past import Earlier, Past
from ..core.earlier.trace import LINKS, Sending, Trace, digests, packed, trace_of, unpacked
from ..guard.records import Announced
from . import schema
from .chain import Chain
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring

_table, _links = schema.sendings, schema.sending_links
RETENTION = "sending"
MOST_COMPARED = 2_000
"""The newest of a sender; each costs up to a tenth of a millisecond."""
PURGE_BATCH = 500
BIG = 2_000
"""People and words above which digests are made in a thread."""
MANY, MANY_OCTETS = 100, 100_000
"""Traces above which they are unpacked in a thread."""


@dataclass(frozen=True, slots=True)
class _Digested:
    """A sending under one key. senders and answered: links to look up; links: those that later ones look it up by."""

    key: str
    trace: Trace
    senders: frozenset[str]
    answered: frozenset[str]
    links: frozenset[str]


class StoredSendings:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def announce(self, sending: Sending, now: datetime, since: datetime, until: datetime) -> Announced:
        """Write it down as it is about to leave, and tell what earlier messages since then say about it."""
        if len(sending.shown) + len(sending.hidden) + len(sending.words) > BIG:
            digested = await asyncio.to_thread(self._digest, sending)
        else:
            digested = self._digest(sending)
        token = secrets.token_hex(16)
        await self._write_down(token, digested[0], now, until)
        rows = await self._engine.read(lambda connection: _related(connection, token, digested, since))
        if len(rows) > MANY or sum(len(row.trace) for row, _ in rows) > MANY_OCTETS:
            earlier = await asyncio.to_thread(_all_earlier, rows, digested, now)
        else:
            earlier = _all_earlier(rows, digested, now)
        return Announced(token, Past(digested[0].trace, sending.takes_back, earlier))

    async def settle(self, token: str, *, hidden: bool, exposed: bool) -> bool:
        """How it left. hidden: nobody was shown to anybody. exposed: somebody let a list pass as it was. Whether it is
        kept; False where the message is gone."""

        def write(connection: Connection, _: Chain) -> bool:
            query = select(_table.c.trace).where(_table.c.sending == token).with_for_update()
            kept = connection.execute(query).scalar_one_or_none()
            if kept is None:
                return False
            trace = unpacked(kept).as_left(hidden=hidden, exposed=exposed)
            connection.execute(update(_table).where(_table.c.sending == token).values(trace=packed(trace)))
            return True

        return await self._engine.write(write, locks=False)

    async def withdraw(self, token: str) -> None:
        """It did not leave."""
        await self._engine.write(lambda connection, _: _remove(connection, [token]), locks=False)

    async def purge(self, now: datetime) -> int:
        """Forget what has expired. How many."""

        def write(connection: Connection, _: Chain) -> int:
            expired = select(_table.c.sending).where(_table.c.until <= to_micros(now)).limit(PURGE_BATCH)
            tokens = list(connection.execute(expired).scalars())
            _remove(connection, tokens)
            return len(tokens)

        gone = 0
        while found := await self._engine.write(write, locks=False):
            gone += found
        return gone

    def _digest(self, sending: Sending) -> list[_Digested]:
        """Under each key for hashes of people, the active one first: a new key does not forget what is remembered."""
        return [_digested(sending, identifier, key) for identifier, key in self._keyring.all_named("recipients")]

    async def _write_down(self, token: str, digested: _Digested, now: datetime, until: datetime) -> None:
        row = {
            "sending": token,
            "at": to_micros(now),
            "until": to_micros(until),
            "key": digested.key,
            "trace": packed(digested.trace),
            "retention": RETENTION,
        }
        links = [{"link": link, "sending": token} for link in sorted(digested.links)]

        def write(connection: Connection, _: Chain) -> None:
            connection.execute(insert(_table), [row])
            if links:
                connection.execute(insert(_links), links)

        await self._engine.write(write, locks=False)


def _digested(sending: Sending, identifier: str, key: bytes) -> _Digested:
    senders = _link_names("from", sending.senders, key)
    own = _link_names("message", sending.identifiers, key)
    answered = _link_names("message", sending.answered, key)
    return _Digested(identifier, trace_of(sending, key), senders, answered, senders | own)


def _link_names(kind: str, names: Iterable[str], key: bytes) -> frozenset[str]:
    return frozenset(digest.hex() for digest in digests((f"{kind} {name}" for name in names), key, LINKS))


def _related(
    connection: Connection, token: str, digested: Sequence[_Digested], since: datetime
) -> list[tuple[Any, set[str]]]:
    """What is linked to it, newest first, each with the links that it was found by."""
    wanted = sorted(frozenset().union(*(each.senders | each.answered for each in digested)))
    linked = select(_links.c.sending).where(_links.c.link.in_(wanted))
    newest = (
        select(*_table.c["sending", "at", "key", "trace"])
        .where(_table.c.sending.in_(linked), _table.c.at >= to_micros(since), _table.c.sending != token)
        .order_by(_table.c.at.desc())
        .limit(MOST_COMPARED)
        .subquery()
    )
    # The limit is one of messages: one whose sender and team are both known has a row for each.
    query = (
        select(newest, _links.c.link)
        .join(_links, _links.c.sending == newest.c.sending)
        .where(_links.c.link.in_(wanted))
        .order_by(newest.c.at.desc())
    )
    found: dict[str, tuple[Any, set[str]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.sending, (row, set()))[1].add(row.link)
    return list(found.values())


def _all_earlier(
    rows: Iterable[tuple[Any, set[str]]], digested: Sequence[_Digested], now: datetime
) -> tuple[Earlier, ...]:
    found = (_earlier(row, links, digested, now) for row, links in rows)
    return tuple(each for each in found if each is not None)


def _earlier(row: Any, links: set[str], digested: Sequence[_Digested], now: datetime) -> Earlier | None:
    """Beside what this message is under the key of then; None where that key is gone."""
    mine = next((each for each in digested if each.key == row.key), None)
    if mine is None:
        return None
    return Earlier(
        own=mine.trace,
        trace=unpacked(row.trace),
        age=now - from_micros(row.at),
        by_sender=bool(links & mine.senders),
        answered=bool(links & mine.answered),
    )


def _remove(connection: Connection, tokens: Sequence[str]) -> None:
    connection.execute(delete(_links).where(_links.c.sending.in_(tokens)))
    connection.execute(delete(_table).where(_table.c.sending.in_(tokens)))
