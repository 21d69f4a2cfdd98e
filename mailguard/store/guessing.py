"""Failures of sign-ins that all guards of a store count together, and the turns that attempts get (core/guessing.py).

Contract: addresses and accounts are known by keyed hashes. Times are those of the database's clock, so that it does not
matter whose own is wrong. A step is a short transaction of its own that waits neither for the disk nor in the writer's
queue: who guesses does not delay mail. Of one process one step runs at a time.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from ..core import guessing
from ..core.guessing import KNOWN_SECONDS, MOST_KEYS, Bounds, Count, Turn
from ..core.sign_in import SignInOutcome
from . import schema
from .engine import Engine
from .keys import Keyring
from .nodes import database_clock

_table = schema.sign_in_counts
KNOWN = "known"
RETENTION = "sign-in"
TRIM_EVERY = 200
SECOND = 1_000_000


class StoredGuessing:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring
        self._one = asyncio.Lock()
        self._steps = 0

    async def reserve(self, bounds: Bounds, client: bytes, account: bytes, now: float) -> Turn | None:
        """As core.guessing.reserve. now: seconds of the caller's clock, by which the turn starts. StoreUnavailable."""
        names = self._hash(client), self._hash(account)

        def step(connection: Connection) -> Turn | None:
            _alone(connection, *names)
            at = _seconds(connection)
            turn = guessing.reserve(_Rows(connection), bounds, *names, at)
            return turn and replace(turn, starts=now + turn.starts - at)

        async with self._one:
            self._steps += 1
            if self._steps % TRIM_EVERY == 1:
                await self._engine.apart(_trim)
            return await self._engine.apart(step)

    async def settle(self, turn: Turn, outcome: SignInOutcome) -> None:
        """As core.guessing.settle. StoreUnavailable: then it stays counted as failed."""

        def step(connection: Connection) -> None:
            _alone(connection, turn.pair[:16], turn.pair[16:])
            guessing.settle(_Rows(connection), turn, outcome, _seconds(connection))

        async with self._one:
            await self._engine.apart(step)

    def _hash(self, name: bytes) -> bytes:
        return bytes.fromhex(self._keyring.hash_address(f"sign-in\0{name.hex()}"))


class _Rows:
    """Implements core.guessing.Counts in a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, kind: str, key: bytes) -> Count | None:
        query = select(_table).where(_table.c.kind == kind, _table.c.key == key.hex())
        row = self._connection.execute(query).first()
        return None if row is None else Count(row.failures, row.at / SECOND, row.turn / SECOND)

    def put(self, kind: str, key: bytes, count: Count) -> None:
        values = {"failures": count.failures, "at": round(count.at * SECOND), "turn": round(count.turn * SECOND)}
        known = update(_table).where(_table.c.kind == kind, _table.c.key == key.hex()).values(values)
        if not self._connection.execute(known).rowcount:
            named = {"kind": kind, "key": key.hex(), "retention": RETENTION}
            self._connection.execute(insert(_table), [named | values])

    def forget(self, kind: str, key: bytes) -> None:
        self._connection.execute(delete(_table).where(_table.c.kind == kind, _table.c.key == key.hex()))

    def known_at(self, pair: bytes) -> float | None:
        found = self.get(KNOWN, pair)
        return None if found is None else found.at

    def know(self, pair: bytes, now: float) -> None:
        self.put(KNOWN, pair, Count(0.0, now, now))


def _alone(connection: Connection, client: bytes, account: bytes) -> None:
    """Nobody else counts for this address or this account meanwhile. In one order, so that two never wait for each
    other."""
    if connection.dialect.name == "postgresql":
        for name in sorted({client.hex(), account.hex()}):
            number = func.hashtextextended(f"sign-in {name}", 0)
            connection.execute(select(func.pg_advisory_xact_lock(number)))


def _seconds(connection: Connection) -> float:
    return database_clock(connection, datetime.now(UTC)) / SECOND


def _trim(connection: Connection) -> None:
    """What was not used for so long that it says nothing, and of each kind all but the latest."""
    now = database_clock(connection, datetime.now(UTC))
    connection.execute(delete(_table).where(_table.c.at < now - int(KNOWN_SECONDS * SECOND)))
    for kind in (guessing.CLIENT, guessing.ACCOUNT, guessing.PAIR, KNOWN):
        latest = select(_table.c.at).where(_table.c.kind == kind).order_by(_table.c.at.desc())
        first_of_old = connection.execute(latest.offset(MOST_KEYS).limit(1)).scalar()
        if first_of_old is not None:
            connection.execute(delete(_table).where(_table.c.kind == kind, _table.c.at <= first_of_old))
