"""The port ShortLivedRecords: what consoles of several guards keep for minutes, so that each of them finds it.

Contract: keys and groups are known by keyed hashes; what is kept is sealed and bound to them and to its end, so that
write access without keys makes nobody's sign-in or look into hidden values. No change waits for the disk, and none in
the writer's queue, so that a flood of them does not delay mail; a crash of the database may lose the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, func, insert, select

from ..guard.console.records import ShortLived
from ..guard.console.short_lived import COUNT
from ..logs import logger
from . import schema
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring
from .sealing import SealBroken, context, seal_json, unseal_json, unwrap

T = TypeVar("T")
log = logger("store")
_table = schema.short_lived
RETENTION = "short-lived"


class StoredShortLived:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def keep(self, one: ShortLived, most: int, most_of_group: int | None = None) -> None:
        await self._alone(one.kind, lambda connection: self._keep(connection, one, most, most_of_group))

    async def find(self, kind: str, key: str, now: datetime) -> ShortLived | None:
        return await self._engine.read(lambda connection: self._found(connection, kind, key, now))

    async def take(self, kind: str, key: str, now: datetime) -> ShortLived | None:
        def take(connection: Connection) -> ShortLived | None:
            found = self._found(connection, kind, key, now)
            connection.execute(delete(_table).where(_table.c.kind == kind, _table.c.key == self._hash(kind, key)))
            return found

        return await self._alone(kind, take)

    async def of_groups(self, kind: str, groups: Collection[str], now: datetime) -> Sequence[ShortLived]:
        by_hash = {self._hash(kind, each): each for each in groups}
        theirs = (_table.c.kind == kind, _table.c.group.in_(list(by_hash)), _table.c.until > to_micros(now))
        query = select(_table).where(*theirs).order_by(_table.c.at, _table.c.key)
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        found = [self._read(row, "", by_hash[row.group]) for row in rows]
        return [each for each in found if each is not None]

    async def count(self, kind: str, key: str, now: datetime, until: datetime, most: int) -> int:
        def count(connection: Connection) -> int:
            before = self._found(connection, kind, key, now)
            number = (int(before.value[COUNT]) if before is not None else 0) + 1
            self._keep(connection, ShortLived(kind, key, "", {COUNT: number}, now, until), most, None)
            return number

        return await self._alone(kind, count)

    async def counted(self, kind: str, key: str, now: datetime) -> int:
        found = await self.find(kind, key, now)
        return int(found.value[COUNT]) if found is not None else 0

    async def purge(self, now: datetime) -> int:
        """Remove those whose time is over. How many."""
        old = delete(_table).where(_table.c.until <= to_micros(now))
        return await self._engine.apart(lambda connection: int(connection.execute(old).rowcount))

    async def _alone(self, kind: str, operation: Callable[[Connection], T]) -> T:
        """Nobody else changes anything of the kind meanwhile."""

        def run(connection: Connection) -> T:
            if connection.dialect.name == "postgresql":
                number = func.hashtextextended(f"short-lived {kind}", 0)
                connection.execute(select(func.pg_advisory_xact_lock(number)))
            return operation(connection)

        return await self._engine.apart(run)

    def _keep(self, connection: Connection, one: ShortLived, most: int, most_of_group: int | None) -> None:
        row = self._row(one)
        mine = _table.c.kind == one.kind
        over = (_table.c.until <= to_micros(one.at)) | (_table.c.key == row["key"])
        connection.execute(delete(_table).where(mine, over))
        if most_of_group is not None:
            _drop_oldest(connection, one.kind, row["group"], most_of_group - 1)
        groups = select(_table.c.group, func.count().label("number")).where(mine).group_by(_table.c.group)
        counts = {each.group: each.number for each in connection.execute(groups)}
        if sum(counts.values()) >= most:
            busiest = max(counts, key=lambda group: counts[group])
            _drop_oldest(connection, one.kind, busiest, counts[busiest] - 1)
        connection.execute(insert(_table), [row])

    def _found(self, connection: Connection, kind: str, key: str, now: datetime) -> ShortLived | None:
        mine = (_table.c.kind == kind, _table.c.key == self._hash(kind, key), _table.c.until > to_micros(now))
        row = connection.execute(select(_table).where(*mine)).first()
        return None if row is None else self._read(row, key, "")

    def _read(self, row: Row[Any], key: str, group: str) -> ShortLived | None:
        """None where it does not open. key, group: as far as the asker knows them."""
        bound_to = _bound_to(row.kind, row.key, row.group, row.until)
        try:
            value = unseal_json(unwrap(self._keyring, row.master, row.wrapped_key, bound_to), bound_to, row.sealed)
        except SealBroken as cause:
            log.error("short_lived_forged", cause=cause)
            return None
        return ShortLived(row.kind, key, group, value, from_micros(row.at), from_micros(row.until))

    def _row(self, one: ShortLived) -> dict[str, Any]:
        key, group, until = self._hash(one.kind, one.key), self._hash(one.kind, one.group), to_micros(one.until)
        bound_to = _bound_to(one.kind, key, group, until)
        data_key = self._keyring.new_data_key(bound_to)
        return {
            "kind": one.kind,
            "key": key,
            "group": group,
            "at": to_micros(one.at),
            "until": until,
            "retention": RETENTION,
            "master": data_key.master,
            "wrapped_key": data_key.wrapped,
            "sealed": seal_json(data_key, bound_to, dict(one.value)),
        }

    def _hash(self, kind: str, name: str) -> str:
        return self._keyring.hash_address(f"{kind}\0{name}")


def _drop_oldest(connection: Connection, kind: str, group: str, left: int) -> None:
    """So that so many are left in the group."""
    theirs = (_table.c.kind == kind, _table.c.group == group)
    kept = select(_table.c.key).where(*theirs).order_by(_table.c.at.desc(), _table.c.key).limit(max(0, left))
    keys = list(connection.execute(kept).scalars())
    connection.execute(delete(_table).where(*theirs, _table.c.key.not_in(keys)))


def _bound_to(kind: str, key: str, group: str, until: int) -> bytes:
    return context("short-lived", kind, key, group, str(until))
