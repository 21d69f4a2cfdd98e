"""A SQLite store into an empty PostgreSQL: every row as it is, so that the ledger there is the same ledger.

Contract: one transaction makes the schema, fills it and compares each table with what was read, in order of its primary
key; what differs, fails or is cut off leaves the database empty. The caller owns the SQLite store meanwhile. What is
sealed is not opened: seals are bound to keys and rows, not to a database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, func, select, text, tuple_

from ..core.errors import SettingsError, StoreUnavailable
from . import schema
from .chain import insert_rows
from .keys import load_keys
from .migrate import check_keys, ensure_ledger, on_database, revision, upgrade
from .sqlite_engine import reading_engine
from .store_settings import StoreSettings

NOT_COPIED = frozenset({"compatible", "nodes"})
"""What the schema says of itself, and who runs on the other store."""
PAGE_ROWS = 1000
PAGE_CHUNKS = 16
"""A chunk of an original is a quarter of a megabyte."""


async def copy_store(
    source: StoreSettings, target: StoreSettings, progress: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Copy a SQLite store of today's schema into an empty PostgreSQL, whole or not at all. How many rows.

    progress: told of the rows so far and of all. SettingsError: another schema, a database that is not empty, other
    keys. StoreUnavailable.
    """
    keyring = load_keys(target.keys_folder())
    reader = reading_engine(source.sqlite_path(), source.busy_timeout_seconds)

    def work(writing: Connection) -> int:
        if revision(writing) is not None:
            raise SettingsError("store: there is a mailguard store in that database already; give an empty one")
        with reader.connect() as reading:
            if revision(reading) != schema.HEAD:
                raise SettingsError("store: its schema is not that of this version; run `mailguard data migrate` first")
            upgrade(writing)
            total = sum(reading.execute(select(func.count()).select_from(each)).scalar_one() for each in _tables())
            done = 0
            for table in _tables():
                for rows in _pages(reading, table):
                    insert_rows(writing, table, [tuple(row) for row in rows])
                    done += len(rows)
                    progress(done, total)
                if _digest(reading, table) != _digest(writing, table):
                    raise StoreUnavailable(f'the rows of "{table.name}" did not arrive as they were; nothing was kept')
        highest = "SELECT setval(pg_get_serial_sequence('outbox', 'number'), max(number)) FROM outbox"
        writing.execute(text(highest))
        check_keys(writing, keyring, target.keys_folder())
        ensure_ledger(writing, keyring, target.ledger)
        return done

    try:
        return await on_database(target, work)
    finally:
        reader.dispose()


def _tables() -> list[Table]:
    return [table for table in schema.metadata.sorted_tables if table.name not in NOT_COPIED]


def _pages(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    key, place = list(table.primary_key), None
    size = PAGE_CHUNKS if table is schema.chunks else PAGE_ROWS
    while True:
        page = select(table).order_by(*key).limit(size)
        if place is not None:
            page = page.where(tuple_(*key) > place)
        rows = connection.execute(page).all()
        if rows:
            yield rows
        if len(rows) < size:
            return
        place = tuple(getattr(rows[-1], column.name) for column in key)


def _digest(connection: Connection, table: Table) -> tuple[int, int]:
    """The number of rows, and the sum of their hashes: the two databases may order text in two ways."""
    count = total = 0
    for rows in _pages(connection, table):
        for row in rows:
            said = repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
            total += int.from_bytes(hashlib.sha256(said.encode()).digest(), "big")
            count += 1
    return count, total
