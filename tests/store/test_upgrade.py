"""From an older schema to today's, with content that the older code wrote (older/make.py), on both engines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from sqlalchemy import Connection, insert, select, text

from mailguard.core.errors import SettingsError, StoreUnavailable
from mailguard.core.lifecycle import State
from mailguard.core.outcome import Outcome
from mailguard.store import migrate as migrations
from mailguard.store import schema
from mailguard.store.audit import verify
from mailguard.store.lock import is_owned
from mailguard.store.migrate import migrate, on_database, revision
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples
from tests.store.older.stores import ADDED_SINCE, Older, copy_to_postgresql, rows_of, tables_of, unpack


@pytest.fixture
async def older(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Older]:
    """A store of the first schema, with content."""
    if engine_name == "sqlite":
        yield unpack(tmp_path / "older")
        return
    cluster = request.getfixturevalue("postgresql")
    url = cluster.new_database()
    yield await copy_to_postgresql(url, tmp_path / "older")
    cluster.drop_database(url)


async def content(older: Older) -> dict[str, list[tuple[Any, ...]]]:
    return await on_database(older.settings, lambda connection: rows_of(connection, "0001"))


async def state(older: Older) -> tuple[str | None, set[str], dict[str, list[tuple[Any, ...]]]]:
    """Revision, tables and rows: all that an older mailguard could notice."""
    tables = await on_database(older.settings, tables_of)
    return await on_database(older.settings, revision), tables, await content(older)


async def test_the_content_is_of_the_kinds_that_matter(older: Older) -> None:
    rows = await content(older)
    full = (
        "keys",
        "ledgers",
        "entries",
        "checkpoints",
        "evidence",
        "message_keys",
        "blobs",
        "chunks",
        "held",
        "outbox",
    )
    assert not [name for name in (*full, "outcomes", "policies") if not rows[name]]
    assert await on_database(older.settings, revision) == "0001"


async def test_a_start_on_an_older_schema_is_refused_and_changes_nothing(older: Older) -> None:
    before = await state(older)
    with pytest.raises(
        SettingsError, match=r'"0001".* is older than "0013"; back it up, then run `mailguard data migrate`'
    ):
        await Store.open(older.settings)
    assert await state(older) == before


async def test_migrate_keeps_every_row_and_says_what_it_does_before(older: Older) -> None:
    before = await content(older)
    told: list[tuple[str, str]] = []
    assert await migrate(older.settings, lambda *both: told.append(both)) == ("0001", schema.HEAD)
    assert told == [("0001", schema.HEAD)]
    assert await content(older) == before
    assert await migrate(older.settings, lambda *both: told.append(both)) == (schema.HEAD, schema.HEAD)
    assert len(told) == 1


async def test_a_migrated_store_verifies_and_goes_on(older: Older) -> None:
    await migrate(older.settings)
    store = await Store.open(older.settings)
    report = await verify(store)
    assert report.troubles == [] and report.to_json()["entries"] >= older.expected["entries"]
    held = await store.quarantine.get(older.expected["held"])
    assert (held.state, [each.address for each in held.envelope.recipients]) == (
        State.HELD,
        older.expected["recipients"],
    )
    assert held.blob is not None and b"<2@elmroad.example>" in bytes(await store.blobs.read(held.blob))
    assert (await store.quarantine.get(older.expected["rejected"])).state is State.REJECTED
    waiting = await store.outbox.list()
    assert [row.envelope.recipients[0].address for row in waiting] == [to for to, _ in older.expected["waiting"]]
    change = samples.change(held.ref, held.version, State.HELD, State.RELEASING, actor="manager")
    entry = samples.entry(held.ref, "message_released")
    await store.quarantine.change(change, [entry], [samples.delivery(held.ref)])
    claimed = await store.outbox.claim("worker", max(row.not_before for row in waiting), 60, 10)
    assert len(claimed) == 4, "a row of the older code was lost, or its number given again"
    for row in claimed:
        assert await store.outbox.record(samples.attempt(row, Outcome.ACCEPTED), [], [])
    assert (await verify(store)).troubles == []
    await store.close()


async def broken_in_the_middle(monkeypatch: pytest.MonkeyPatch, older: Older) -> None:
    """The table is there, and then something fails."""
    create = op.create_table

    def create_and_fail(*arguments: Any, **named: Any) -> Any:
        create(*arguments, **named)
        raise RuntimeError("power cut")

    monkeypatch.setattr(op, "create_table", create_and_fail)
    with pytest.raises(StoreUnavailable):
        await migrate(older.settings)
    monkeypatch.undo()


async def broken_at_the_end(monkeypatch: pytest.MonkeyPatch, older: Older) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "ensure_ledger", fail)
    with pytest.raises(StoreUnavailable):
        await migrate(older.settings)
    monkeypatch.undo()


async def without_its_keys(_: pytest.MonkeyPatch, older: Older) -> None:
    folder = older.settings.keys_folder()
    folder.rename(folder.with_name("away"))
    with pytest.raises(SettingsError, match="keys"):
        await migrate(older.settings)
    folder.with_name("away").rename(folder)


async def killed(_: pytest.MonkeyPatch, older: Older) -> None:
    """kill -9 once the schema is changed, in a process of its own."""
    code = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from mailguard.store import migrate\n"
        "from mailguard.store.store_settings import StoreSettings\n"
        "migrate.check_keys = lambda *_: os.kill(os.getpid(), 9)\n"
        "settings = StoreSettings(url=sys.argv[1], keys=Path(sys.argv[2]))\n"
        "asyncio.run(migrate.migrate(settings))\n"
    )
    command = [sys.executable, "-c", code, older.settings.url, str(older.settings.keys_folder())]
    root = str(Path(migrations.__file__).parents[2])
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": root}, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("fault", [broken_in_the_middle, broken_at_the_end, without_its_keys, killed])
async def test_a_migration_that_fails_leaves_the_older_store_as_it_was(
    older: Older, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    before = await state(older)
    await fault(monkeypatch, older)
    assert await state(older) == before, "an older mailguard would not find its store again"
    if older.settings.is_sqlite:
        assert not is_owned(older.settings.lock_path())
    assert await migrate(older.settings) == ("0001", schema.HEAD)
    store = await Store.open(older.settings)
    assert (await verify(store)).troubles == []
    await store.close()


async def test_the_first_schema_is_still_what_its_migration_made(older: Older) -> None:
    """What a migration once made is history: 0001 is not edited, or older stores are other than tests believe."""
    _, tables, _ = await state(older)
    assert tables == set(schema.metadata.tables) - ADDED_SINCE["0001"] | {"alembic_version"}


def one_ahead(connection: Connection, says: str | None) -> None:
    """What a later version's migration might do: a table, columns that older code does not fill, an index."""
    for statement in (
        "CREATE TABLE later (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
        "ALTER TABLE held ADD COLUMN later BIGINT",
        "ALTER TABLE outbox ADD COLUMN later TEXT NOT NULL DEFAULT 'none'",
        "ALTER TABLE entries ADD COLUMN later TEXT",
        "CREATE INDEX ix_outbox_later ON outbox (later)",
        "UPDATE alembic_version SET version_num = '0999'",
    ):
        connection.execute(text(statement))
    if says is not None:
        connection.execute(insert(schema.compatible).values(revision="0999", oldest=says))


async def works(store: Store, name: str) -> None:
    """Held, released, delivered, recorded, verified."""
    raw = b"Subject: x\r\n\r\nx"
    await store.quarantine.hold(samples.held(name), raw, [samples.entry(name, claims_ref=True)], [])
    held = await store.quarantine.get(name)
    change = samples.change(name, held.version, State.HELD, State.RELEASING, actor="manager")
    await store.quarantine.change(change, [samples.entry(name, "message_released")], [samples.delivery(name)])
    claimed = await store.outbox.claim("worker", samples.NOW, 60, 10)
    assert [row.ref for row in claimed] == [name]
    assert await store.outbox.record(samples.attempt(claimed[0], Outcome.ACCEPTED), [samples.entry(name, "x")], [])
    assert (await store.quarantine.get(name)).state is State.RELEASED
    assert (await verify(store)).troubles == []


async def test_code_of_before_goes_on_on_a_newer_schema_and_may_be_started_on_it(settings: StoreSettings) -> None:
    """A rolling upgrade: the schema changes under a running node, and that node is started again before its turn."""
    running = await Store.open(settings)
    await works(running, "MG-BEFORE")
    if settings.is_sqlite:
        await running.close()  # it has one process; what follows is its start
    await on_database(settings, lambda connection: one_ahead(connection, schema.HEAD))
    if not settings.is_sqlite:
        await works(running, "MG-UNDER")
        await running.close()
    again = await Store.open(settings)
    await works(again, "MG-AFTER")
    await again.close()
    with pytest.raises(SettingsError, match="newer"):
        await migrate(settings)


@pytest.mark.parametrize("says", [None, "0998"])
async def test_a_newer_schema_that_does_not_say_so_is_refused(settings: StoreSettings, says: str | None) -> None:
    await (await Store.open(settings)).close()
    await on_database(settings, lambda connection: one_ahead(connection, says))
    with pytest.raises(SettingsError, match="newer"):
        await Store.open(settings)


async def test_every_migration_says_whose_code_may_be_started_on_its_schema(settings: StoreSettings) -> None:
    """One that forgets it stops every node for an upgrade (docs/decisions/nodes.md, "Versions side by side")."""
    await migrate(settings)
    table = schema.compatible
    query = select(table.c.revision, table.c.oldest).order_by(table.c.revision)
    said = {row[0]: row[1] for row in await on_database(settings, lambda connection: connection.execute(query).all())}
    assert sorted(said) == [f"{number:04}" for number in range(10, int(schema.HEAD) + 1)]
    assert all("0010" <= oldest <= revision for revision, oldest in said.items())
