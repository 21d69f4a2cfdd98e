"""Moves what a SQLite store keeps into a PostgreSQL: proved before, compared while, proved after, and the old one put
aside so that nothing leaves from both.

Contract: until the copy is whole the SQLite store is as it was. It knows nothing of how rows are copied
(store/copying.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config import Settings
from ..core.errors import BackupBroken, SettingsError
from ..guard import entries
from ..store.audit import verify
from ..store.copying import copy_store
from ..store.keys import sync_folder
from ..store.migrate import take_lock
from ..store.object_rows import any_kept
from ..store.store import Store
from ..store.store_settings import StoreSettings
from ..store.walk import Report
from .backup import Progress, copy_durably

ASIDE = ".copied"


def copy_to(settings: Settings, target: Settings, system_user: str, progress: Progress) -> Mapping[str, Any]:
    """Copy the store of these settings into the empty PostgreSQL of those. How many rows and entries, and where the
    old file lies now.

    SettingsError, StoreOwned: a service runs. BackupBroken: the ledger is not whole. StoreUnavailable.
    """
    source, into = settings.store_settings(), target.store_settings()
    if not source.is_sqlite or into.is_sqlite:
        raise SettingsError("store: this copies a SQLite store into a PostgreSQL; PostgreSQL has tools of its own")
    if not source.sqlite_path().exists():
        raise SettingsError(f'store: there is no store at "{source.sqlite_path()}"')
    aside = _aside(source.sqlite_path())
    if aside.exists():
        raise SettingsError(f'store: "{aside}" is there already; move it away first')
    asyncio.run(_prove_whole(source, into))
    lock = take_lock(source)
    try:
        rows = asyncio.run(copy_store(source, into, progress))
        # Nothing is put aside before it is proved: what fails here leaves the old store as it was.
        proved = asyncio.run(_prove_copied(source, into, system_user, rows))
        _put_aside(source.sqlite_path())
    finally:
        if lock is not None:
            lock.release()
    return {"rows": rows, "entries": proved, "aside": str(aside)}


async def _prove_whole(source: StoreSettings, into: StoreSettings) -> None:
    """Closing it signs its end, and leaves one file without a WAL. SettingsError: what lies in an object store would
    not be found from the other settings.
    """
    store = await Store.open(source, create=False)
    try:
        _refuse_broken(await verify(store))
        if _place(into) != _place(source) and await store.engine.read(any_kept):
            raise SettingsError(
                "object_store: large messages lie in an object store, which is not copied; let the other settings name "
                "the same url and endpoint"
            )
    finally:
        await store.close()


async def _prove_copied(source: StoreSettings, into: StoreSettings, system_user: str, rows: int) -> int:
    witness = into.witness_path()
    if not witness.exists() and source.witness_path().exists():
        copy_durably(source.witness_path(), witness)
    after = await Store.open(into, create=False)
    try:
        report = await verify(after)
        _refuse_broken(report)
        copied = entries.plain("store_copied", None, datetime.now(UTC), system_user=system_user, rows=rows)
        await after.ledger.append([copied])
        return report.entries
    finally:
        await after.close()


def _place(store: StoreSettings) -> tuple[str, str] | None:
    return (store.object_store.url, store.object_store.endpoint) if store.object_store else None


def _refuse_broken(report: Report) -> None:
    if report.whole:
        return
    first = report.troubles[0]
    place = f"{first.ledger} {first.sequence or ''}".strip()
    raise BackupBroken(f"the ledger is not whole ({place}: {first.detail}); `mailguard audit verify` says more")


def _aside(path: Path) -> Path:
    return path.with_name(path.name + ASIDE)


def _put_aside(path: Path) -> None:
    """While it is owned still: a service that starts on it would send what the other sends."""
    for end in ("", "-wal", "-shm"):
        each = path.with_name(path.name + end)
        if each.exists():
            each.rename(_aside(path).with_name(_aside(path).name + end))
    sync_folder(path.parent)
