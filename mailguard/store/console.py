"""The console's ports Sessions and Links: who is signed in at which browser, and one-time links.

Contract: a row is found by the hash of its token, and all that decides something is sealed and bound to that hash, so
that whoever can write the tables but has no key makes no session, gives none to another account, and makes none last
longer than it may (`seen_at`, which stands in the clear, only ends one earlier; its whole life counts from `began_at`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from ..guard.console.records import ConsoleLink, ConsoleSession
from ..guard.records import NewEntry
from ..logs import logger
from . import schema
from .chain import Chain
from .engine import Engine
from .instants import from_micros, optional_moment, to_micros
from .keys import Keyring
from .ledger import Prepare
from .readable import readable
from .sealing import SealBroken, context, seal_json, unseal_json, unwrap

log = logger("store")
_sessions = schema.console_sessions
_links = schema.console_links
SESSION, LINK = "session", "link"


class StoredSessions:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def begin(self, session: ConsoleSession, entries: Sequence[NewEntry]) -> None:
        """Keep it, with the entries, in one durable step."""
        body = {
            "name": session.name,
            "began_at": to_micros(session.began_at),
            "browser": session.browser,
            "bound_to": session.bound_to,
            "pending_factor": session.pending_factor,
            "draft": session.draft,
        }
        row = {
            "session": session.key,
            "account": session.account,
            "began_at": to_micros(session.began_at),
            "seen_at": to_micros(session.seen_at),
            "retention": SESSION,
            **_sealed(self._keyring, (SESSION, session.key, session.account), body),
        }
        prepared = self._prepare(entries)

        def begin(connection: Connection, chain: Chain) -> None:
            connection.execute(_sessions.insert(), [row])
            chain.append(connection, prepared)

        await self._engine.write(begin)

    async def find(self, key: str) -> ConsoleSession | None:
        """None where there is none, or what is stored is not what was kept."""
        query = select(_sessions).where(_sessions.c.session == key)
        row = await self._engine.read(lambda connection: connection.execute(query).first())
        try:
            return None if row is None else self._read(row)
        except SealBroken as cause:
            log.error("session_forged", cause=cause)
            return None

    async def of_account(self, account: str) -> Sequence[ConsoleSession]:
        """Those of an account (its identifier), the one used last first."""
        query = select(_sessions, _sessions.c.session.label("ref")).where(_sessions.c.account == account)
        ordered = query.order_by(_sessions.c.seen_at.desc(), _sessions.c.session)
        rows = await self._engine.read(lambda connection: connection.execute(ordered).all())
        return readable(rows, self._read)

    async def seen(self, key: str, at: datetime) -> None:
        """It was used. Nothing where it is gone."""
        moved = update(_sessions).where(_sessions.c.session == key).values(seen_at=to_micros(at))
        await self._engine.write(lambda connection, _: connection.execute(moved).rowcount, locks=False)

    async def end(self, keys: Sequence[str], entries: Sequence[NewEntry]) -> int:
        """End these, with the entries, in one durable step. How many there were."""
        prepared = self._prepare(entries)

        def end(connection: Connection, chain: Chain) -> int:
            ended = connection.execute(delete(_sessions).where(_sessions.c.session.in_(list(keys)))).rowcount
            chain.append(connection, prepared)
            return ended

        return await self._engine.write(end)

    async def purge(self, began_before: datetime) -> int:
        """Forget those that began so long ago that none is valid any more. How many."""
        old = delete(_sessions).where(_sessions.c.began_at < to_micros(began_before))
        return await self._engine.write(lambda connection, _: connection.execute(old).rowcount, locks=False)

    def _read(self, row: Row[Any]) -> ConsoleSession:
        body = _opened(self._keyring, (SESSION, row.session, row.account), row)
        return ConsoleSession(
            key=row.session,
            account=row.account,
            name=body["name"],
            began_at=from_micros(body["began_at"]),
            seen_at=from_micros(row.seen_at),
            browser=body["browser"],
            bound_to=body["bound_to"],
            pending_factor=body["pending_factor"],
            draft=body.get("draft"),
        )


class StoredLinks:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def make(self, link: ConsoleLink, entries: Sequence[NewEntry]) -> None:
        """Keep it, with the entries, in one durable step."""
        body = {
            "name": link.name,
            "made_at": to_micros(link.made_at),
            "expires_at": to_micros(link.expires_at),
            "bound_to": link.bound_to,
        }
        row = {
            "link": link.key,
            "expires_at": to_micros(link.expires_at),
            "used_at": None,
            "retention": LINK,
            **_sealed(self._keyring, (LINK, link.key), body),
        }
        prepared = self._prepare(entries)

        def make(connection: Connection, chain: Chain) -> None:
            connection.execute(_links.insert(), [row])
            chain.append(connection, prepared)

        await self._engine.write(make)

    async def find(self, key: str) -> ConsoleLink | None:
        """None where there is none, or what is stored is not what was kept."""
        query = select(_links).where(_links.c.link == key)
        row = await self._engine.read(lambda connection: connection.execute(query).first())
        try:
            return None if row is None else self._read(row)
        except SealBroken as cause:
            log.error("link_forged", cause=cause)
            return None

    async def use(self, key: str, at: datetime) -> bool:
        """The conditional UPDATE: of several who use it, one does. The sealed time counts, not the one in the clear."""
        link = await self.find(key)
        if link is None or link.expires_at <= at:
            return False
        used = update(_links).where(_links.c.link == key, _links.c.used_at.is_(None)).values(used_at=to_micros(at))
        return await self._engine.write(lambda connection, _: connection.execute(used).rowcount == 1, locks=False)

    async def purge(self, expired_before: datetime) -> int:
        """Forget those that ended before a time. How many."""
        old = delete(_links).where(_links.c.expires_at < to_micros(expired_before))
        return await self._engine.write(lambda connection, _: connection.execute(old).rowcount, locks=False)

    def _read(self, row: Row[Any]) -> ConsoleLink:
        body = _opened(self._keyring, (LINK, row.link), row)
        return ConsoleLink(
            row.link,
            body["name"],
            from_micros(body["made_at"]),
            from_micros(body["expires_at"]),
            optional_moment(row.used_at),
            body.get("bound_to"),
        )


def end_sessions_of(connection: Connection, account: str) -> None:
    """End every session of an account (its identifier): none comes back with what was taken from it."""
    connection.execute(delete(_sessions).where(_sessions.c.account == account))


def forget_all(connection: Connection) -> None:
    """End every session and link: those of a copy that is put back were meant for another time."""
    connection.execute(delete(_sessions))
    connection.execute(delete(_links))


def _sealed(keyring: Keyring, names: tuple[str, ...], body: dict[str, Any]) -> dict[str, Any]:
    bound_to = context("console", *names)
    key = keyring.new_data_key(bound_to)
    return {"master": key.master, "wrapped_key": key.wrapped, "sealed": seal_json(key, bound_to, body)}


def _opened(keyring: Keyring, names: tuple[str, ...], row: Row[Any]) -> Any:
    bound_to = context("console", *names)
    return unseal_json(unwrap(keyring, row.master, row.wrapped_key, bound_to), bound_to, row.sealed)
