"""A backup of the store as a folder: written whole or not at all, and read with nothing taken on trust.

    DIR/manifest.json    format, schema, entries of the ledger, size and SHA-256 of each file; written last
    DIR/mailguard.db     the store at one moment (store/snapshot.py)
    DIR/settings/        mailguard.yaml and the policies, to read and to copy; restoring does not touch them

INVARIANT: the keys are never in it. A folder without a manifest is no backup.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from .. import __version__
from ..config import Settings
from ..core.errors import BackupBroken, MailguardError, SettingsError
from ..store.keys import load_keys, sync_folder
from ..store.store_settings import StoreSettings
from .control import BadArguments
from .policies import read_with_included

FORMAT = 1
MANIFEST = "manifest.json"
STORE = "mailguard.db"
BLOCK_OCTETS = 1024 * 1024
POSTGRESQL = (
    "store: a PostgreSQL store is backed up with PostgreSQL's own tools (pg_dump --format=custom, or base backups); "
    "after pg_restore run `mailguard data hold-back`, so that nothing is sent twice; docs/operating.md says how"
)

Progress = Callable[[int, int], None]
"""Octets that were copied, and how many there are."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a manifest says. apart: originals that lie in an object store, and so not in the backup."""

    taken_at: str
    guard_version: str
    schema: str
    entries: int
    files: Mapping[str, Mapping[str, Any]]
    apart: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "mailguard_backup": FORMAT,
            "taken_at": self.taken_at,
            "guard_version": self.guard_version,
            "schema": self.schema,
            "entries": self.entries,
            "originals_in_object_store": self.apart,
            "files": {name: dict(each) for name, each in self.files.items()},
        }


def write_backup(
    folder: Path, items: Iterator[Mapping[str, Any]], settings: Settings, file: Path, at: datetime, progress: Progress
) -> Backup:
    """Write the items of the operation data_backup, with settings and policies. SettingsError where it cannot be."""
    with _whole(folder) as part:
        about = next(items)
        files = {STORE: _write_store(part / STORE, items, int(about["octets"]), progress)}
        for name, source in _settings_files(settings, file).items():
            files[name] = _copy(source, part / name)
        moment, apart = at.isoformat(timespec="seconds"), int(about.get("apart", 0))
        backup = Backup(moment, __version__, about["revision"], about["entries"], files, apart)
        with _new_file(part / MANIFEST) as manifest:
            manifest.write(json.dumps(backup.to_json(), indent=2).encode() + b"\n")
    return backup


def write_keys(store: StoreSettings, folder: Path) -> int:
    """Copy the folder of the keys, whole or not at all. How many files. SettingsError."""
    source = store.keys_folder()
    load_keys(source)
    with _whole(folder) as part:
        names = sorted(path.name for path in source.glob("*.key"))
        for name in names:
            _copy(source / name, part / name)
    return len(names)


def refuse_together(folder: Path, keys: Path) -> None:
    """SettingsError where the keys would lie in the backup that they open, it in them, or they are there already."""
    _refuse_used(keys)
    backup, apart = folder.resolve(), keys.resolve()
    if backup == apart or backup in apart.parents or apart in backup.parents:
        raise SettingsError(f'"{keys}" is with the backup: whoever finds the two can read all mail that is kept')


def read_backup(folder: Path, progress: Progress) -> Backup:
    """What the manifest says, each file compared with it. BadArguments: no backup. BackupBroken: another content."""
    backup = _read_manifest(folder)
    total = sum(int(each["octets"]) for each in backup.files.values())
    done = 0
    for name, each in backup.files.items():
        path = folder / name
        try:
            found = path.stat()
            regular = stat.S_ISREG(found.st_mode)  # reading a pipe would wait for ever
            if not regular or found.st_size != each["octets"] or sha256_of(path) != each["sha256"]:
                raise BackupBroken(f'"{path}" is not what the manifest says: the backup is damaged; take another one')
        except OSError as cause:
            raise BackupBroken(f'"{path}" of the backup cannot be read: {cause.strerror}') from cause
        done += int(each["octets"])
        progress(done, total)
    return backup


def _read_manifest(folder: Path) -> Backup:
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_bytes())
        if found["mailguard_backup"] != FORMAT:
            raise BadArguments(f'"{folder}" was written by another version of mailguard; restore it with that one')
        files = {str(name): _file_item(each) for name, each in found["files"].items()}
        if STORE not in files or any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
            raise ValueError
        taken_at = datetime.fromisoformat(found["taken_at"]).isoformat(timespec="seconds")
        apart = int(found.get("originals_in_object_store", 0))
        return Backup(taken_at, str(found["guard_version"]), str(found["schema"]), int(found["entries"]), files, apart)
    except OSError as cause:
        raise BadArguments(f'"{folder}" is no backup, or half of one: its {MANIFEST}: {cause.strerror}') from cause
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise BadArguments(f'"{folder}" is no backup: its {MANIFEST} cannot be read') from cause


def _file_item(each: Mapping[str, Any]) -> dict[str, Any]:
    return {"octets": int(each["octets"]), "sha256": str(each["sha256"])}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_durably(source: Path, target: Path) -> str:
    """Copy to a new file of mode 0600. Its SHA-256. OSError."""
    digest = hashlib.sha256()
    with source.open("rb") as read, _new_file(target) as written:
        while block := read.read(BLOCK_OCTETS):
            digest.update(block)
            written.write(block)
    return digest.hexdigest()


def _write_store(path: Path, items: Iterator[Mapping[str, Any]], octets: int, progress: Progress) -> dict[str, Any]:
    digest, done, promised = hashlib.sha256(), 0, ""
    with _new_file(path) as file:
        for item in items:
            if "sha256" in item:
                promised = str(item["sha256"])
                continue
            block = _decoded(item)
            file.write(block)
            digest.update(block)
            done += len(block)
            progress(done, octets)
    if done != octets or digest.hexdigest() != promised:
        raise BackupBroken("what arrived is not the whole store; nothing was kept, take the backup again")
    return {"octets": octets, "sha256": promised}


def _decoded(item: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(item["chunk"]), validate=True)
    except (KeyError, binascii.Error) as cause:
        raise BackupBroken(
            "the service did not send the store as agreed; restart it, it may be of another version"
        ) from (cause)


def _copy(source: Path, target: Path) -> dict[str, Any]:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = copy_durably(source, target)
    return {"octets": target.stat().st_size, "sha256": digest}


def _settings_files(settings: Settings, file: Path) -> dict[str, Path]:
    """Name in the backup -> file. No key and no password stands in them: those have files of their own."""
    files = {"settings/mailguard.yaml": file}
    policies = settings.policies
    folder = policies.parent if policies.is_file() else policies
    own = [policies] if policies.is_file() else [*policies.glob("*.yaml"), *policies.glob("tests/*.yaml")]
    for path in sorted({*own, *_included(policies)}):
        files[f"settings/policies/{path.relative_to(folder)}"] = path
    return files


def _included(policies: Path) -> list[Path]:
    """What policy files include. A policy that cannot be read does not keep a backup from being made."""
    try:
        return [path for path in read_with_included(policies)[1] if path.is_file()]
    except (MailguardError, OSError):
        return []


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file of mode 0600, durable at the end."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder to fill, which gets its name when all of it is durable, and is removed where something goes wrong."""
    _refuse_used(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    except OSError as cause:
        raise SettingsError(f'"{folder}" cannot be made: {cause.strerror}') from cause
    try:
        yield part
        for path in (part, *(each for each in part.rglob("*") if each.is_dir())):
            sync_folder(path)
        part.rename(folder)
        sync_folder(folder.parent)
    except OSError as cause:
        raise SettingsError(f'"{folder}" cannot be written: {cause.strerror}') from cause
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f'"{folder}" is there already; name a new folder')
