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
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from ..core.errors import StoreUnavailable
from .store_settings import StoreSettings

RESERVE_OCTETS = 100_000_000
"""What stays free for mail while a copy is taken."""


STEPS_BETWEEN_LOOKS = 10_000
"""Of SQLite's virtual machine, a millisecond or so."""


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
    ended = threading.Event()
    # Unlike interrupt() it also stops a statement that begins only after the cancellation.
    reader.set_progress_handler(ended.is_set, STEPS_BETWEEN_LOOKS)
    copying = asyncio.ensure_future(asyncio.to_thread(_copy_and_close, reader, path))
    try:
        return await asyncio.shield(copying)
    except asyncio.CancelledError:
        ended.set()
        copying.add_done_callback(_let_go)
        await asyncio.wait({copying})
        raise
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"the store cannot be copied: {_reason(error)}") from error


def _copy_and_close(reader: sqlite3.Connection, store: Path) -> Snapshot:
    """In one thread: closing a connection that copies would keep the event loop waiting for the copy."""
    try:
        return _copy(reader, store)
    finally:
        reader.close()


def _let_go(copying: asyncio.Future[Snapshot]) -> None:
    if not copying.cancelled() and not copying.exception():
        copying.result().file.close()


def _open(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    try:
        uri = f"file:{quote(str(path))}?mode=ro"
        return sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the store cannot be copied: {_reason(error)}") from error


def sweep_remains(store: Path) -> None:
    """Remove what a killed service or command left beside a store. For its owner: nobody else copies it."""
    for path in store.parent.glob(f".{store.name}.*.part"):
        shutil.rmtree(path, ignore_errors=True)


def folder_beside(store: Path) -> Path:
    """A new folder of mode 0700 that `sweep_remains` knows."""
    return Path(tempfile.mkdtemp(prefix=f".{store.name}.", suffix=".part", dir=store.parent))


def _copy(reader: sqlite3.Connection, store: Path) -> Snapshot:
    """In the folder of the store, where an administrator has seen to room; never so much of it that mail has none."""
    _refuse_without_room(reader, store.parent)
    folder = folder_beside(store)
    try:
        path = folder / "copy.db"
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        reader.execute("VACUUM INTO ?", (str(path),))
        revision, entries = inspect_copy(path)
        return Snapshot(path.open("rb"), path.stat().st_size, revision, entries)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_without_room(reader: sqlite3.Connection, folder: Path) -> None:
    pages, unused, octets = (
        reader.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    needed, free = (pages - unused) * octets + RESERVE_OCTETS, shutil.disk_usage(folder).free
    if free < needed:
        raise StoreUnavailable(
            f'the store cannot be copied: "{folder}" has {free // 1_000_000} MB free, and the copy needs '
            f"{needed // 1_000_000} MB for a while, with what mail needs meanwhile"
        )


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
