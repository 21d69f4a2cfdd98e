"""The stores of older schemas (make.py), as fresh copies on either engine."""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, select, text

from mailguard.store import schema
from mailguard.store.chain import insert_rows
from mailguard.store.migrate import on_database, upgrade
from mailguard.store.sqlite_engine import reading_engine
from mailguard.store.store_settings import StoreSettings

HERE = Path(__file__).parent
ADDED_SINCE = {
    "0001": {
        *(
            "accounts",
            "assignments",
            "console_links",
            "console_sessions",
            "exception_uses",
            "occasions",
            "sendings",
            "sending_links",
        ),
        *("compatible", "nodes", "saved_views", "sender_links", "sent_files", "urgent_calls"),
        *("incidents", "register_positions", "objects", "object_spaces"),
        *("paces", "short_lived", "sign_in_counts"),
    }
}


@dataclass(frozen=True)
class Older:
    """A copy: settings to open it, and what make.py says of its content."""

    settings: StoreSettings
    expected: dict[str, Any]


def unpack(folder: Path, revision: str = "0001") -> Older:
    """The SQLite store itself, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(HERE / f"store-{revision}.tar.gz") as archive:
        for member in archive:
            _extract(archive, member, folder / member.name)
    expected = json.loads((HERE / f"store-{revision}.json").read_text())
    return Older(StoreSettings(url=f"sqlite:///{folder}/mailguard.db"), expected)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """For whoever runs the tests, with its mode: keys that others may read are a start error."""
    if member.isdir():
        path.mkdir()
    else:
        content = archive.extractfile(member)
        assert content is not None
        path.write_bytes(content.read())
    path.chmod(member.mode)


async def copy_to_postgresql(url: str, folder: Path, revision: str = "0001") -> Older:
    """The same rows in a database whose schema only the migrations up to that revision have made."""
    older = unpack(folder, revision)
    rows = read_rows(folder / "mailguard.db", revision)
    (folder / "mailguard.db").unlink()
    settings = StoreSettings(url=url, keys=folder / "mailguard.keys", witness=folder / "mailguard.witness")

    def fill(connection: Connection) -> None:
        upgrade(connection, revision)
        for name, found in rows.items():
            insert_rows(connection, schema.metadata.tables[name], found)
        connection.execute(text("SELECT setval(pg_get_serial_sequence('outbox', 'number'), max(number)) FROM outbox"))

    await on_database(settings, fill)
    return Older(settings, older.expected)


def read_rows(path: Path, revision: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a SQLite store, by table."""
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    with reading_engine(copy, 5.0).connect() as connection:
        found = rows_of(connection, revision)
    for each in path.parent.glob("mailguard.copy*"):
        each.unlink()
    return found


def rows_of(connection: Connection, revision: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables that a revision had, in order, of either engine."""
    tables = [table for table in schema.metadata.sorted_tables if table.name not in ADDED_SINCE[revision]]
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in tables
    }


def tables_of(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())
