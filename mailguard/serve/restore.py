"""Puts a store back from a backup, so that nothing leaves twice.

Contract: the store gets its name only when its ledger was verified and all that it had taken on is held back
(store/restored.py); until then it lies in a folder of its own, which nothing starts from. What is there is never
overwritten. It knows nothing of how a backup is written (backup.py).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config import Settings
from ..core.errors import BackupBroken, SettingsError, StoreUnavailable
from ..store.audit import verify
from ..store.chain import LedgerForged
from ..store.keys import load_keys, sync_folder
from ..store.migrate import migrate, on_database, take_lock
from ..store.restored import HeldBack, has_programs, hold_back
from ..store.snapshot import folder_beside
from ..store.store import Store
from ..store.store_settings import StoreSettings
from .backup import POSTGRESQL, STORE, Backup, Progress, copy_durably, read_backup
from .control import Conflict, ServiceNotRunning, call, socket_path

WITNESS = "mailguard.witness"


def restore_backup(
    settings: Settings, folder: Path, keys: Path | None, system_user: str, progress: Progress
) -> dict[str, Any]:
    """Put the store back. What it was, and how much waits for a person now.

    SettingsError: there is a store, or no key. StoreOwned: a service runs. BadArguments, BackupBroken: the backup.
    """
    store = settings.store_settings()
    if not store.is_sqlite:
        raise SettingsError(POSTGRESQL)
    backup = read_backup(folder, progress)
    lock = take_lock(store)
    try:
        _refuse_store(store.sqlite_path())
        with _keys(store, keys) as found, _apart(store.sqlite_path()) as part:
            held = _prepare(store, part, found, folder, backup, settings, system_user)
            _put_in_place(store, part, found)
    except OSError as cause:
        raise StoreUnavailable(f"the store cannot be put back: {cause.strerror}") from cause
    finally:
        if lock is not None:
            lock.release()
    return {"taken_at": backup.taken_at, "entries": backup.entries, "apart": backup.apart, **asdict(held)}


def hold_back_store(settings: Settings, system_user: str) -> dict[str, Any]:
    """The same for a store that was put back by other means: pg_restore, an image of the machine."""
    try:
        list(call(socket_path(settings.store_settings()), "status", {}))
    except ServiceNotRunning:
        facts = {"system_user": system_user}
        return asdict(asyncio.run(_hold_back(settings.store_settings(), settings, facts, prove=False)))
    raise Conflict("the service runs, and has begun to deliver; stop it first")


def _refuse_store(path: Path) -> None:
    for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-journal")):
        if each.exists():
            raise SettingsError(f'store: "{each}" is there; move it away first, it is not overwritten')


@contextmanager
def _keys(store: StoreSettings, given: Path | None) -> Iterator[Path]:
    """The keys that the store will have: those that are there, or a copy of those that are given."""
    folder = store.keys_folder()
    if folder.exists() and given is not None:
        raise SettingsError(f'keys: "{folder}" is there already; leave --keys out, or move it away first')
    if folder.exists():
        yield folder
        return
    if given is None:
        raise SettingsError(f'keys: "{folder}" is not there; name the folder of their backup with --keys')
    load_keys(given)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for path in sorted(given.glob("*.key")):
            copy_durably(path, part / path.name)
        sync_folder(part)
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _apart(path: Path) -> Iterator[Path]:
    part = folder_beside(path)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _prepare(
    store: StoreSettings, part: Path, keys: Path, folder: Path, backup: Backup, settings: Settings, system_user: str
) -> HeldBack:
    if copy_durably(folder / STORE, part / STORE) != backup.files[STORE]["sha256"]:
        raise BackupBroken("the backup changed while it was read; restore it again")
    apart = store.model_copy(update={"url": f"sqlite:///{part / STORE}", "keys": keys, "witness": part / WITNESS})
    facts = {"system_user": system_user, "taken_at": backup.taken_at, "guard_version": backup.guard_version}
    return asyncio.run(_hold_back(apart, settings, facts, prove=True))


async def _hold_back(store: StoreSettings, settings: Settings, facts: dict[str, Any], *, prove: bool) -> HeldBack:
    if prove:
        if await on_database(store, has_programs, reads=True):
            raise BackupBroken(
                "the store in the backup holds triggers or views, which none of ours does; take another one"
            )
        await migrate(store)
    opened = await Store.open(store, create=False)
    try:
        held = await hold_back(opened, datetime.now(UTC), settings.deadline, facts)
        if prove:
            await _prove(opened)
        return held
    except LedgerForged as cause:
        raise BackupBroken(f"{cause}; restore another backup") from cause
    finally:
        await opened.close()


async def _prove(store: Store) -> None:
    report = (await verify(store)).to_json()
    if not report["whole"]:
        trouble = report["troubles"][0]
        place = f"{trouble['ledger']} {trouble['sequence'] or ''}".strip()
        raise BackupBroken(f"the ledger in the backup is not whole ({place}: {trouble['detail']}); restore another one")


def _put_in_place(store: StoreSettings, part: Path, keys: Path) -> None:
    """The keys first: a store that has no keys is a start error, keys without a store are not."""
    path, folder = store.sqlite_path(), store.keys_folder()
    if any(each.stat().st_size for each in part.glob(f"{STORE}-*")):
        raise StoreUnavailable("the restored store was not closed; restore it again")
    for each in (part / STORE, store.lock_path()):
        _give_to_owner(each, path.parent)
    if keys != folder:
        for each in (keys, *keys.iterdir()):
            _give_to_owner(each, path.parent)
        keys.rename(folder)
        sync_folder(folder.parent)
    _begin_witness(part / WITNESS, store.witness_path())
    (part / STORE).rename(path)
    sync_folder(path.parent)


def _begin_witness(new: Path, path: Path) -> None:
    """On a new machine the witness begins with the restored store. One that is there has seen more, and stays."""
    if not path.exists() and path.parent.is_dir():
        copy_durably(new, path)
        _give_to_owner(path, path.parent)


def _give_to_owner(path: Path, folder: Path) -> None:
    """What root restores, the user of the service has to be able to write: the owner of the folder that it lies in."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
