"""The audit finds what somebody with the whole store, but no key, does to it. Every column, every kind of attack."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.errors import MailguardError
from mailguard.store import schema
from mailguard.store.audit import verify
from mailguard.store.chain import genesis, hash_body
from mailguard.store.store import Store
from mailguard.store.store_settings import RetentionSettings, StoreSettings
from mailguard.store.walk import Report
from tests.store import samples

ENTRIES = 45
AUDITED = ("entries", "checkpoints", "ledgers", "evidence", "keys")
Attack = Callable[[sqlite3.Connection], None]


async def fill(settings: StoreSettings) -> None:
    """45 entries with checkpoints at every tenth, some evidence erased, some expired."""
    store = await Store.open(settings)
    old = samples.NOW - timedelta(days=500)
    for number in range(40):
        at = old if number < 5 else samples.NOW
        await store.ledger.append([samples.entry(f"MG-{number}", at=at, claims_ref=True)])
    await store.erase_evidence("MG-20", "asked for", "manager", samples.NOW)
    await store.purge(samples.NOW, RetentionSettings(evidence=timedelta(days=400)))
    await store.ledger.append([samples.entry("MG-30", "message_relayed") for _ in range(3)])
    await store.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audited")
    asyncio.run(fill(settings_in(folder)))
    return folder


def settings_in(folder: Path) -> StoreSettings:
    return StoreSettings(url=f"sqlite:///{folder}/mailguard.db", checkpoint_entries=10)


@pytest.fixture
def copy(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(filled, tmp_path_factory.mktemp("attacked"))


def copy_of(filled: Path, target: Path) -> Path:
    shutil.copytree(filled, target, dirs_exist_ok=True)
    return target


async def audit(folder: Path) -> Report:
    store = await Store.open(settings_in(folder))
    try:
        return await verify(store)
    finally:
        await store.close()


def attack(folder: Path, do: Attack) -> Report:
    connection = sqlite3.connect(folder / "mailguard.db")
    with connection:
        do(connection)
    connection.close()
    return asyncio.run(audit(folder))


def test_an_untouched_store_is_whole(copy: Path) -> None:
    report = asyncio.run(audit(copy))
    assert report.whole, report.troubles
    assert report.ledgers == {"main": ENTRIES}
    assert (report.entries, report.evidence, report.evidence_gone) == (ENTRIES, 38, 6)
    assert report.checkpoints >= 4
    assert report.witnessed >= 40


def cells() -> list[tuple[str, str]]:
    return [(name, column.name) for name in AUDITED for column in schema.metadata.tables[name].columns]


def changed(value: object) -> object:
    """Another value of the same kind, as close as can be."""
    if value is None:
        return "MG-X"
    if isinstance(value, int):
        return value + 1
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    text = str(value)
    return text[:-1] + ("0" if text[-1] != "0" else "1") if text else "x"


@pytest.mark.parametrize("table,column", cells())
@settings(max_examples=3)
@given(data=st.data())
def test_an_edit_of_any_cell_is_found(filled: Path, table: str, column: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = copy_of(filled, Path(name))

        def edit(connection: sqlite3.Connection) -> None:
            rows = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()
            rowid, value = rows[data.draw(st.integers(0, len(rows) - 1))]
            connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ?", (changed(value), rowid))
            if connection.execute("SELECT changes()").fetchone() == (0,):
                another = 10**6 if isinstance(value, int) else "MG-OTHER"
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (another, rowid))

        assert not is_whole(folder, edit)


def is_whole(folder: Path, do: Attack) -> bool:
    """Whether the audit calls the store whole. A start that refuses the store has found it too."""
    try:
        return attack(folder, do).whole
    except MailguardError:
        return False


@pytest.mark.parametrize("table", ["entries", "checkpoints", "ledgers", "evidence"])
@settings(max_examples=6)
@given(data=st.data())
def test_a_deleted_row_is_found(filled: Path, table: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = copy_of(filled, Path(name))

        def remove(connection: sqlite3.Connection) -> None:
            rows = connection.execute(f"SELECT rowid FROM {table}").fetchall()
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", rows[data.draw(st.integers(0, len(rows) - 1))])

        assert not is_whole(folder, remove)


@pytest.mark.parametrize("table,place", [("entries", "sequence"), ("checkpoints", "number"), ("evidence", "sequence")])
@settings(max_examples=6)
@given(data=st.data())
def test_two_swapped_rows_are_found(filled: Path, table: str, place: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = copy_of(filled, Path(name))

        def swap(connection: sqlite3.Connection) -> None:
            places = [row[0] for row in connection.execute(f"SELECT {place} FROM {table}")]
            one = data.draw(st.sampled_from(places))
            other = data.draw(st.sampled_from([each for each in places if each != one]))
            for source, target in ((one, -1), (other, one), (-1, other)):
                connection.execute(f"UPDATE {table} SET {place} = ? WHERE {place} = ?", (target, source))

        assert not attack(folder, swap).whole


def recompute(connection: sqlite3.Connection, start: int) -> None:
    """What somebody without the keys can do: make the SHA-256 chain fit again from an entry on, head included."""
    row = connection.execute("SELECT hash FROM entries WHERE sequence = ?", (start - 1,)).fetchone()
    previous = row[0] if row else genesis("main")
    bodies = connection.execute("SELECT sequence, body FROM entries WHERE sequence >= ? ORDER BY sequence", (start,))
    last = start - 1
    for sequence, text in bodies.fetchall():
        body = json.loads(text)
        body["sequence"] = last = last + 1
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        previous = hash_body(previous, text)
        values = (last, text, previous, body["evidence"], sequence)
        connection.execute("UPDATE entries SET sequence=?, body=?, hash=?, evidence_sha256=? WHERE sequence=?", values)
    connection.execute("UPDATE ledgers SET sequence = ?, hash = ?", (last, previous))
    connection.execute(
        "UPDATE checkpoints AS c SET hash = ifnull((SELECT e.hash FROM entries e WHERE e.sequence = c.sequence), hash)"
    )


@pytest.mark.parametrize("sequence", [1, 13, 44])
def test_a_recomputed_chain_is_found(copy: Path, sequence: int) -> None:
    def rewrite(connection: sqlite3.Connection) -> None:
        text = connection.execute("SELECT body FROM entries WHERE sequence = ?", (sequence,)).fetchone()[0]
        text = text.replace('"disposition":"hold"', '"disposition":"relay"')
        connection.execute("UPDATE entries SET body = ? WHERE sequence = ?", (text, sequence))
        recompute(connection, sequence)

    kinds = {trouble.kind for trouble in attack(copy, rewrite).troubles}
    assert "entry-forged" in kinds
    assert "entry-changed" not in kinds


def test_a_deletion_with_a_recomputed_chain_is_found(copy: Path) -> None:
    def remove(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM entries WHERE sequence = 25")
        connection.execute("DELETE FROM evidence WHERE sequence = 25")
        recompute(connection, 25)

    assert "entry-forged" in {trouble.kind for trouble in attack(copy, remove).troubles}


def test_an_inserted_entry_is_found(copy: Path) -> None:
    def insert(connection: sqlite3.Connection) -> None:
        row = list(connection.execute("SELECT * FROM entries WHERE sequence = 10").fetchone())
        body = json.loads(row[7])
        body["sequence"], row[1], row[5] = ENTRIES + 1, ENTRIES + 1, None
        row[7] = json.dumps(body, sort_keys=True, separators=(",", ":"))
        row[8] = hash_body(connection.execute("SELECT hash FROM ledgers").fetchone()[0], row[7])
        connection.execute(f"INSERT INTO entries VALUES ({','.join('?' * len(row))})", row)
        connection.execute("UPDATE ledgers SET sequence = ?, hash = ?", (row[1], row[8]))

    assert not attack(copy, insert).whole


@pytest.mark.parametrize("keep", [0, 1, 9, 30, 40, 44])
def test_a_tail_cut_back_cleanly_is_found_by_the_witness(copy: Path, keep: int) -> None:
    """Head, checkpoints and evidence are cut to fit: only the witness knows better."""

    def cut(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM entries WHERE sequence > ?", (keep,))
        connection.execute("DELETE FROM evidence WHERE sequence > ?", (keep,))
        connection.execute("DELETE FROM checkpoints WHERE sequence > ?", (keep,))
        last = connection.execute("SELECT hash FROM entries WHERE sequence = ?", (keep,)).fetchone()
        signed = connection.execute("SELECT number, sequence FROM checkpoints ORDER BY number DESC").fetchone() or (
            0,
            0,
        )
        head = (keep, last[0] if last else genesis("main"), *signed)
        connection.execute("UPDATE ledgers SET sequence=?, hash=?, checkpoint=?, checkpoint_sequence=?", head)

    report = attack(copy, cut)
    assert {trouble.kind for trouble in report.troubles} >= {"tail-cut"}


def test_a_ledger_deleted_altogether_is_found(copy: Path) -> None:
    def wipe(connection: sqlite3.Connection) -> None:
        for table in ("entries", "evidence", "checkpoints", "ledgers"):
            connection.execute(f"DELETE FROM {table}")

    assert {trouble.kind for trouble in attack(copy, wipe).troubles} >= {"tail-cut"}


def test_an_older_copy_put_back_is_found(sqlite_settings: StoreSettings, tmp_path: Path) -> None:
    async def story() -> Report:
        store = await Store.open(sqlite_settings)
        await store.ledger.append([samples.entry("MG-1")])
        await store.close()
        shutil.copy(tmp_path / "mailguard.db", tmp_path / "older.db")
        store = await Store.open(sqlite_settings)
        await store.ledger.append([samples.entry("MG-2")])
        await store.close()
        shutil.copy(tmp_path / "older.db", tmp_path / "mailguard.db")
        store = await Store.open(sqlite_settings)
        await store.ledger.append([samples.entry("MG-3")])
        report = await verify(store)
        await store.close()
        return report

    assert {trouble.kind for trouble in asyncio.run(story()).troubles} & {"witness-contradicted", "tail-cut"}


def test_witness_attacks_are_found(copy: Path) -> None:
    path = copy / "mailguard.witness"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    forged = json.loads(lines[-1]) | {"sequence": 3}
    for text, kind in (
        ("", "witness-missing"),
        (whole + json.dumps(forged) + "\n", "witness-forged"),
    ):
        path.write_text(text)
        assert kind in {trouble.kind for trouble in asyncio.run(audit(copy)).troubles}
    path.write_text(whole + lines[-1][:40])
    assert asyncio.run(audit(copy)).whole


def test_an_entry_with_a_foreign_type_is_trouble_and_no_crash(copy: Path) -> None:
    def spoil(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE entries SET at = 'yesterday', mac = 5 WHERE sequence = 3")

    assert "unreadable" in {trouble.kind for trouble in attack(copy, spoil).troubles}


async def test_whole_on_either_engine_and_while_entries_are_appended(store: Store) -> None:
    await store.ledger.append([samples.entry(f"MG-{number}") for number in range(600)])

    async def append() -> None:
        for number in range(100):
            await store.ledger.append([samples.entry(f"MG-X{number}")])
        await store.checkpoint()

    async def audits() -> list[Report]:
        return [await verify(store) for _ in range(3)]

    _, reports = await asyncio.gather(append(), audits())
    reports.append(await verify(store))
    assert [report.troubles for report in reports] == [[]] * 4
    assert reports[-1].entries == 700


async def test_an_edit_on_postgresql_is_found(postgresql: object, tmp_path: Path) -> None:
    from sqlalchemy import update

    store = await Store.open(StoreSettings(url=postgresql.new_database(), keys=tmp_path / "keys"))  # type: ignore[attr-defined]
    await store.ledger.append([samples.entry(f"MG-{number}") for number in range(5)])
    table = schema.entries
    edit = update(table).where(table.c.sequence == 3).values(kind="message_relayed")
    await store.engine.write(lambda connection, _: connection.execute(edit))
    report = await verify(store)
    await store.close()
    assert [(trouble.kind, trouble.sequence) for trouble in report.troubles] == [("entry-columns-changed", 3)]


def test_the_hash_is_what_the_documentation_says(copy: Path) -> None:
    """An independent reading: docs/decisions/ledger.md, nothing of ours but the file."""
    connection = sqlite3.connect(copy / "mailguard.db")
    previous = hashlib.sha256(b"mailguard ledger\0main").digest()
    for body, digest in connection.execute("SELECT body, hash FROM entries ORDER BY sequence"):
        previous = hashlib.sha256(previous + body.encode()).digest()
        assert previous.hex() == digest
    connection.close()
