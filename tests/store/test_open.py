"""Opening a store: what is made, what is refused, and who owns it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import ValidationError
from sqlalchemy import Connection, text

from mailguard.core.errors import SettingsError, StoreUnavailable, UnknownReference
from mailguard.store import migrate as migrations
from mailguard.store import schema
from mailguard.store.keys import PURPOSES
from mailguard.store.lock import OwnerLock, StoreOwned, is_owned
from mailguard.store.migrate import migrate
from mailguard.store.sqlite_engine import has_wal_fault
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples


async def test_a_new_store_makes_schema_and_keys_for_its_owner_alone(
    sqlite_settings: StoreSettings, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    settings = StoreSettings(url=f"sqlite:///{tmp_path}/deep/er/mailguard.db")
    store = await Store.open(settings)
    await store.quarantine.hold(samples.held("MG-A"), b"raw", [samples.entry("MG-A")], [])
    folder = tmp_path / "deep" / "er"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes.pop("mailguard.keys") == 0o700
    assert set(modes) == {f"mailguard.{end}" for end in ("db", "db-wal", "db-shm", "lock", "witness")}
    assert set(modes.values()) == {0o600}
    keys = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder / "mailguard.keys").iterdir()}
    assert keys == {f"{purpose}-0001.key": 0o600 for purpose in PURPOSES}
    await store.close()


async def test_a_witness_that_cannot_be_read_is_a_start_error(sqlite_settings: StoreSettings, tmp_path: Path) -> None:
    """It was an internal error without a word about the witness."""
    with pytest.raises(SettingsError, match="witness"):
        await Store.open(sqlite_settings.model_copy(update={"witness": tmp_path}))
    await (await Store.open(sqlite_settings)).close()  # nothing was left locked


async def test_a_store_with_content_and_no_key_is_a_start_error(settings: StoreSettings) -> None:
    await (await Store.open(settings)).close()
    folder = settings.keys_folder()
    for purpose in PURPOSES:
        shutil.move(folder / f"{purpose}-0001.key", folder / "away")
        with pytest.raises(SettingsError, match=purpose):
            await Store.open(settings)
        shutil.move(folder / "away", folder / f"{purpose}-0001.key")
    shutil.rmtree(folder)
    with pytest.raises(SettingsError, match="keys"):
        await Store.open(settings)
    assert not folder.exists()


async def test_the_keys_of_another_store_are_a_start_error(settings: StoreSettings, tmp_path: Path) -> None:
    await (await Store.open(settings)).close()
    await (await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/other.db"))).close()
    with pytest.raises(SettingsError, match="keys"):
        await Store.open(settings.model_copy(update={"keys": tmp_path / "other.keys"}))


async def test_keys_that_others_may_read_are_a_start_error(sqlite_settings: StoreSettings) -> None:
    await (await Store.open(sqlite_settings)).close()
    path = sqlite_settings.keys_folder() / "master-0001.key"
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod"):
        await Store.open(sqlite_settings)
    path.chmod(0o600)
    path.write_text("short\n")
    with pytest.raises(SettingsError, match="not a key"):
        await Store.open(sqlite_settings)


async def test_rotated_keys_read_what_the_older_ones_wrote(settings: StoreSettings) -> None:
    from mailguard.store.audit import verify

    store = await Store.open(settings)
    await store.quarantine.hold(samples.held("MG-A"), b"raw", [samples.entry("MG-A")], [samples.notice("MG-A")])
    await store.close()
    for purpose in ("master", "ledger", "signing"):
        samples.rotate_key(settings.keys_folder(), purpose)
    store = await Store.open(settings)
    await store.quarantine.hold(samples.held("MG-B"), b"new", [samples.entry("MG-B")], [])
    assert (await store.blobs.read("MG-A"), await store.blobs.read("MG-B")) == (b"raw", b"new")
    assert (await store.quarantine.get("MG-A")).subject == "Flu clinic \u00e9"
    assert (await verify(store)).troubles == []
    await store.close()


async def test_create_false_makes_nothing(settings: StoreSettings) -> None:
    with pytest.raises(SettingsError, match="no mailguard store"):
        await Store.open(settings, create=False)
    assert not settings.keys_folder().exists()


@pytest.mark.parametrize("revision,says", [("0000", "data migrate"), ("9999", "newer")])
async def test_another_schema_is_a_start_error_that_says_what_to_do(
    settings: StoreSettings, revision: str, says: str
) -> None:
    await (await Store.open(settings)).close()
    change = text("UPDATE alembic_version SET version_num = :revision").bindparams(revision=revision)
    await migrations.on_database(settings, lambda connection: connection.execute(change).rowcount)
    with pytest.raises(SettingsError, match=says):
        await Store.open(settings)


async def test_a_database_of_something_else_is_refused(sqlite_settings: StoreSettings) -> None:
    with sqlite3.connect(sqlite_settings.sqlite_path()) as connection:
        connection.execute("CREATE TABLE entries (id INTEGER)")
    connection.close()
    with pytest.raises(SettingsError, match="other tables"):
        await Store.open(sqlite_settings)


async def test_migrate_makes_an_empty_store_and_may_be_run_twice(settings: StoreSettings) -> None:
    assert await migrate(settings) == (None, schema.HEAD)
    assert await migrate(settings) == (schema.HEAD, schema.HEAD)
    await (await Store.open(settings, create=False)).close()


async def test_the_migrations_make_what_the_code_expects(settings: StoreSettings) -> None:
    await migrate(settings)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))

    assert await migrations.on_database(settings, differences) == []
    folder = Path(migrations.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == schema.HEAD


async def test_a_crash_in_a_migration_leaves_nothing(settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "check_keys", crash)
    with pytest.raises(StoreUnavailable):
        await Store.open(settings)
    monkeypatch.undo()
    assert await migrations.on_database(settings, migrations.revision) is None
    await (await Store.open(settings)).close()


async def test_one_process_owns_a_sqlite_store(sqlite_settings: StoreSettings) -> None:
    path = sqlite_settings.lock_path()
    assert not is_owned(path)
    store = await Store.open(sqlite_settings)
    assert is_owned(path)
    with pytest.raises(StoreOwned):
        await Store.open(sqlite_settings)
    with pytest.raises(StoreOwned):
        await migrate(sqlite_settings)
    code = (
        "import sys; from pathlib import Path; from mailguard.store.lock import is_owned; "
        "print(is_owned(Path(sys.argv[1])))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    await store.close()
    assert not is_owned(path)


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import os, sys; from pathlib import Path; from mailguard.store.lock import OwnerLock; "
        "lock = OwnerLock.take(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    OwnerLock.take(path).release()


def test_the_lock_cannot_be_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        OwnerLock.take(tmp_path / "none" / "lock")


async def test_a_failed_start_gives_the_lock_back(sqlite_settings: StoreSettings) -> None:
    with pytest.raises(SettingsError):
        await Store.open(sqlite_settings, create=False)
    assert not is_owned(sqlite_settings.lock_path())


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///relative.db",
        "sqlite://",
        "mysql://a:geheim@b/c",
        "no url at all",
        "postgresql+psycopg2://a:geheim@b/c",
    ],
)
async def test_what_is_no_store_is_a_settings_error_without_secrets(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        await Store.open(StoreSettings(url=url, keys=tmp_path / "keys"))
    assert "geheim" not in str(caught.value)


async def test_postgresql_needs_a_keys_folder_and_a_server(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="keys"):
        await Store.open(StoreSettings(url="postgresql://u:geheim@127.0.0.1:1/x"))
    with pytest.raises(StoreUnavailable) as caught:
        await Store.open(StoreSettings(url="postgresql://u:geheim@127.0.0.1:1/x", keys=tmp_path / "keys"))
    assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(StoreSettings(url="postgresql://u:geheim@127.0.0.1:1/x"))


def test_settings_are_strict_and_described() -> None:
    with pytest.raises(ValidationError):
        StoreSettings(url="sqlite:////x.db", surprise=1)  # type: ignore[call-arg]
    settings = StoreSettings.model_validate(
        {"url": "sqlite:////x/y.db", "retention": {"held": "14d", "evidence": "36h"}}
    )
    assert (settings.retention.held, settings.retention.evidence) == (timedelta(days=14), timedelta(hours=36))
    for name, field in StoreSettings.model_fields.items():
        assert field.description and "xample" in field.description, name


@pytest.mark.parametrize(
    "version,faulty",
    [((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)],
)
def test_the_versions_with_the_wal_fault_are_known(version: tuple[int, ...], faulty: bool) -> None:
    assert has_wal_fault(version) is faulty


async def test_policies_are_kept_once_and_come_back(store: Store) -> None:
    documents = {"default.yaml": b"version: 1\nrules: []\n# \xff\n", "b.yaml": b""}
    await store.policies.keep("sha256:1", documents, samples.NOW)
    await store.policies.keep("sha256:1", documents, samples.NOW)
    assert await store.policies.get("sha256:1") == documents
    with pytest.raises(UnknownReference):
        await store.policies.get("sha256:2")


async def test_counts_say_what_there_is(store: Store) -> None:
    await store.quarantine.hold(samples.held("MG-A"), b"raw", [samples.entry("MG-A")], [samples.notice("MG-A")])
    counts = await store.counts()
    assert (dict(counts.held), counts.outbox, counts.entries, counts.evidence) == ({"held": 1}, 1, 1, 1)
    assert type(counts.entries) is int
    assert (counts.oldest_open, counts.witness_failing) == (samples.NOW, False)


def test_an_installed_wheel_carries_the_migrations(tmp_path: Path) -> None:
    """Unpacked from a real wheel, away from this checkout."""
    import zipfile

    root = Path(migrations.__file__).parents[2]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import asyncio, sys, mailguard; assert mailguard.__file__.startswith(sys.argv[1]); "
        "from mailguard.store.store import Store; from mailguard.store.store_settings import StoreSettings; "
        "asyncio.run(Store.open(StoreSettings(url='sqlite:///' + sys.argv[1] + '/m.db')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
