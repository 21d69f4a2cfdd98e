"""The port FilesSent: to whom a file was sent, as keyed digests, until it expires.

Contract: as of sendings.py: a message is written down before the others are looked at. Of any number that are judged at
the same time, on whatever node, the one that is written down last is told of all. Nothing here names a person or a
file, or tells what is in one (core/earlier/files.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, text, tuple_

from ..core.earlier.files import MOST_PEOPLE, SentFiles, file_links, reached_by
from ..core.earlier.past import Reached, SameFile
from ..core.earlier.trace import DIGEST_OCTETS
from ..guard.records import AnnouncedFiles
from . import schema
from .chain import Chain
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring

_table = schema.sent_files
RETENTION = "sent_file"
MOST_COMPARED = 400
"""The newest with the same file; more people than a rule can ask for, also where some got it several times."""
MOST_KEPT = 200
"""Of the same file by the same sender, besides those of the last hour: a newsletter does not fill the store."""
SETTLED_AFTER = timedelta(hours=1)
"""Longer than any message is judged: what is younger may still be withdrawn, and must not drive out what left."""
PURGE_BATCH = 500
_KEEP = text(
    "INSERT INTO sent_files (link, sending, at, until, key, people, retention) "
    "VALUES (:link, :sending, :at, :until, :key, :people, :retention) ON CONFLICT (link, sending) DO NOTHING"
)
"""Two files of a message can be about the same people."""


class StoredFilesSent:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def announce(
        self, sent: SentFiles, now: datetime, since: datetime, until: datetime, token: str | None = None
    ) -> AnnouncedFiles:
        """Write it down as it is about to leave, and tell what earlier messages since then say about its files.

        token: of the same message, of which more is known now.
        """
        keys = self._keyring.all_named("recipients")  # the active one first: a new key does not forget what is kept
        links = [file_links(sent, key) for _, key in keys]
        own = {identifier: reached_by(sent, key) for identifier, key in keys}
        token, (active, _) = token or secrets.token_hex(16), keys[0]
        await self._write_down(token, links[0], active, own[active], now, until)
        by_part = {path: frozenset().union(*(each[path] for each in links)) for path in links[0]}
        wanted = sorted({link for each in by_part.values() for link in each})
        rows = await self._engine.read(lambda connection: _newest(connection, token, wanted, since))
        found = tuple(
            SameFile(path, tuple(_reached(row, own, now) for row in rows if row.link in part and row.key in own))
            for path, part in by_part.items()
        )
        return AnnouncedFiles(token, found)

    async def withdraw(self, token: str) -> None:
        """It did not leave."""
        gone = delete(_table).where(_table.c.sending == token)
        await self._engine.write(lambda connection, _: connection.execute(gone).rowcount, locks=False)

    async def purge(self, now: datetime) -> int:
        """Forget what has expired, and all but the newest of a file that very many got. How many."""
        gone = 0
        while found := await self._engine.write(lambda connection, _: _expire(connection, now), locks=False):
            gone += found
        while found := await self._engine.write(lambda connection, _: _thin_out(connection, now), locks=False):
            gone += found
        return gone

    async def _write_down(
        self,
        token: str,
        links: dict[str, frozenset[str]],
        key: str,
        people: frozenset[bytes],
        now: datetime,
        until: datetime,
    ) -> None:
        kept = {
            "sending": token,
            "at": to_micros(now),
            "until": to_micros(until),
            "key": key,
            "people": b"".join(sorted(people)[:MOST_PEOPLE]),
            "retention": RETENTION,
        }
        rows = [{"link": link, **kept} for link in sorted(frozenset().union(*links.values()))]

        def write(connection: Connection, _: Chain) -> None:
            connection.execute(_KEEP, rows)

        await self._engine.write(write, locks=False)


def _newest(connection: Connection, token: str, links: Sequence[str], since: datetime) -> Sequence[Row[Any]]:
    """For each link the newest, so that a file that everybody gets does not hide another one."""
    place = func.row_number().over(partition_by=_table.c.link, order_by=_table.c.at.desc()).label("place")
    ranked = (
        select(*_table.c["link", "sending", "at", "key", "people"], place)
        .where(_table.c.link.in_(links), _table.c.at >= to_micros(since), _table.c.sending != token)
        .subquery()
    )
    return connection.execute(select(ranked).where(ranked.c.place <= MOST_COMPARED)).all()


def _reached(row: Row[Any], own: dict[str, frozenset[bytes]], now: datetime) -> Reached:
    """Beside whom this message reaches, under the key of then."""
    octets: bytes = row.people
    people = (octets[at : at + DIGEST_OCTETS] for at in range(0, len(octets), DIGEST_OCTETS))
    return Reached(frozenset(people) - own[row.key], now - from_micros(row.at))


def _expire(connection: Connection, now: datetime) -> int:
    expired = select(_table.c.link, _table.c.sending).where(_table.c.until <= to_micros(now)).limit(PURGE_BATCH)
    return _remove(connection, connection.execute(expired).all())


def _thin_out(connection: Connection, now: datetime) -> int:
    place = func.row_number().over(partition_by=_table.c.link, order_by=_table.c.at.desc()).label("place")
    settled = _table.c.at < to_micros(now - SETTLED_AFTER)
    ranked = select(_table.c.link, _table.c.sending, place).where(settled).subquery()
    extra = select(ranked.c.link, ranked.c.sending).where(ranked.c.place > MOST_KEPT).limit(PURGE_BATCH)
    return _remove(connection, connection.execute(extra).all())


def _remove(connection: Connection, rows: Iterable[Sequence[str]]) -> int:
    """In one order, so that two nodes that purge at once wait for each other and both succeed."""
    found = sorted(tuple(row) for row in rows)
    if found:
        connection.execute(delete(_table).where(tuple_(_table.c.link, _table.c.sending).in_(found)))
    return len(found)
