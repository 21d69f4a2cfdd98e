"""A copy of a SQLite store as it is at one moment, taken while it is written to.

Contract: the copy is whole (SQLite has checked it) and holds no deleted page; mail goes on meanwhile. It has no name,
only an open file, so that nothing is left of it whatever ends this process. It reads and never writes or checkpoints
(FIELD-NOTES "Store": SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from ..core.errors import StoreUnavailable
from .store_settings import StoreSettings

PREFIX = ".mailguard-snapshot-"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """file: at its beginning; whoever has it closes it. entries: of the ledgers in the copy. revision: its schema."""

    file: BinaryIO
    octets: int
    revision: str
    entries: int


async def take_snapshot(settings: StoreSettings) -> Snapshot:
    """Copy the store. StoreUnavailable, with SQLite's reason. A cancellation ends the copying first."""
    path = settings.sqlite_path()
    reader = _open(path, settings.busy_timeout_seconds)
    copying = asyncio.ensure_future(asyncio.to_thread(_copy, reader, path.parent))
    try:
        return await asyncio.shield(copying)
    except asyncio.CancelledError:
        reader.interrupt()
        await asyncio.wait({copying})
        if not copying.exception():
            copying.result().file.close()
        raise
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"the store cannot be copied: {_reason(error)}") from error
    finally:
        reader.close()


def _open(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    try:
        uri = f"file:{quote(str(path))}?mode=ro"
        return sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the store cannot be copied: {_reason(error)}") from error


def _copy(reader: sqlite3.Connection, beside: Path) -> Snapshot:
    """In the folder of the store: where that has room, the copy has."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=beside))
    try:
        path = folder / "copy.db"
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        reader.execute("VACUUM INTO ?", (str(path),))
        revision, entries = inspect_copy(path)
        return Snapshot(path.open("rb"), path.stat().st_size, revision, entries)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inspect_copy(path: Path) -> tuple[str, int]:
    """The revision and the entries of a database that nobody writes. sqlite3.DatabaseError where it is damaged."""
    copy = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    try:
        if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the copy is damaged, and so is the store")
        (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        (entries,) = copy.execute("SELECT coalesce(sum(sequence), 0) FROM ledgers").fetchone()
        return revision, entries
    finally:
        copy.close()


def _reason(error: BaseException) -> str:
    return (error.strerror or "unknown cause") if isinstance(error, OSError) else str(error)
