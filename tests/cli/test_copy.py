"""mailguard data copy: a SQLite store into a real PostgreSQL, whole or not at all, with the ledger that it had."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailguard.store import copying
from tests.peers.postgresql import Postgresql

from .conftest import Run, hold, queue


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    cluster = Postgresql()
    yield cluster
    cluster.close()


@pytest.fixture
def filled(settings: Path) -> Path:
    """Settings of a store with a held message and a row of the outbox."""
    hold(settings, "MG-7Q4K-2F")
    queue(settings, "MG-2222-2F")
    return settings


@pytest.fixture
def target(filled: Path, postgresql: Postgresql) -> Path:
    """The same settings with a new database, and the same keys."""
    text = filled.read_text().replace("sqlite:///mailguard.db", postgresql.new_database())
    file = filled.with_name("shared.yaml")
    file.write_text(text + "keys: mailguard.keys\nwitness: shared.witness\nledger: guard-1\n")
    return file


def shown(run: Run, settings: Path) -> list[Any]:
    """What the commands say of all of it."""
    wanted = (("held", "list"), ("outbox", "list"))
    found: list[Any] = [run("-C", str(settings), *each, "--json").items() for each in wanted]
    return [*found, run("-C", str(settings), "explain", "MG-7Q4K-2F").out]


def entries(run: Run, settings: Path) -> list[dict[str, Any]]:
    return [
        {**each, "ledger": "main"}
        for each in run("-C", str(settings), "audit", "list", "--json").items()
        if each["kind"] not in ("content_viewed", "store_copied")
    ]


def test_a_store_is_moved_with_its_ledger_intact(run: Run, filled: Path, target: Path) -> None:
    before, chain = shown(run, filled), entries(run, filled)
    ran = run("-C", str(filled), "data", "copy", str(target), "--json")
    assert ran.status == 0, ran.err
    (said,) = ran.items()
    assert said["entries"] >= len(chain) and said["aside"].endswith("mailguard.db.copied")
    assert not filled.with_name("mailguard.db").exists(), "no service starts on it"
    assert run("-C", str(target), "audit", "verify").status == 0
    assert entries(run, target) == chain, "hash by hash"
    assert shown(run, target) == before
    rows = run("-C", str(target), "audit", "list", "--json").items()
    assert [each["ledger"] for each in rows if each["kind"] == "store_copied"] == ["guard-1"]
    assert run("-C", str(target), "held", "release", "MG-7Q4K-2F", "--as", "separate", "--reason", "x").status == 0
    assert len(run("-C", str(target), "outbox", "list", "--json").items()) > len(before[1]), "its numbers go on"


def test_a_database_with_a_store_in_it_is_refused(run: Run, filled: Path, target: Path) -> None:
    assert run("-C", str(target), "data", "migrate").status == 0
    ran = run("-C", str(filled), "data", "copy", str(target))
    assert ran.status == 2 and "give an empty one" in ran.err
    assert run("-C", str(filled), "audit", "verify").status == 0


def test_what_fails_in_the_middle_leaves_both_as_they_were(
    run: Run, filled: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(run, filled)
    monkeypatch.setattr(copying, "_digest", lambda connection, table: (connection.dialect.name, table.name))
    ran = run("-C", str(filled), "data", "copy", str(target))
    assert ran.status == 3 and "did not arrive as they were" in ran.err
    assert shown(run, filled) == before
    monkeypatch.undo()
    ran = run("-C", str(filled), "data", "copy", str(target))
    assert ran.status == 0, "the database was empty still: " + ran.err


def test_a_ledger_that_is_not_whole_is_not_copied(run: Run, filled: Path, target: Path) -> None:
    with sqlite3.connect(filled.with_name("mailguard.db")) as connection:
        connection.execute("UPDATE entries SET kind = 'another' WHERE sequence = 1")
    connection.close()
    ran = run("-C", str(filled), "data", "copy", str(target))
    assert ran.status == 1 and "ledger is not whole" in ran.err
    assert filled.with_name("mailguard.db").exists()


def test_other_keys_are_refused(run: Run, filled: Path, target: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.keys"
    other.mkdir(mode=0o700)
    for key in filled.with_name("mailguard.keys").glob("*.key"):
        made = other / key.name.replace("-1.key", "-9.key")
        made.write_bytes(bytes(reversed(key.read_bytes())))
        made.chmod(0o600)
    target.write_text(target.read_text().replace("keys: mailguard.keys", f"keys: {other}"))
    ran = run("-C", str(filled), "data", "copy", str(target))
    assert ran.status == 2 and "keys" in ran.err and filled.with_name("mailguard.db").exists()


def test_it_copies_into_postgresql_alone(run: Run, filled: Path) -> None:
    ran = run("-C", str(filled), "data", "copy", str(filled))
    assert ran.status == 2 and "SQLite store into a PostgreSQL" in ran.err
