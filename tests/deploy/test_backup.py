"""docs/operating.md "Backups" and "Restoring": a backup of a real service under load, and what it is restored to."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink

RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: separate-five
    describe: Five to nine people outside get separate copies.
    when: {visible_external_recipients: {at_least: 5, at_most: 9}}
    action: rewrite
    rewrite: separate
  - id: think-again
    describe: Mail to four people outside waits an hour.
    when: {visible_external_recipients: {at_least: 4, at_most: 4}}
    action: hold
    rewrite: separate
    delay: 1h
"""
LATE = "late@patients.example"


@contextmanager
def load(port: int, replies: list[tuple[int, str]]) -> Iterator[None]:
    """Three clients that relay, separate and hold without a pause."""
    ending = threading.Event()

    def send(kind: int) -> None:
        number = kind * 100_000
        while not ending.is_set():
            number += 1
            to = [f"load{number}-{each}@patients.example" for each in range((1, 6, 11)[kind])]
            replies.append(submit(port, message(to, number=number), to))

    threads = [threading.Thread(target=send, args=(kind,)) for kind in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(replies) > 20)
        yield
        seen = len(replies)
        eventually(lambda: len(replies) > seen + 20)
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def copies(sink: Sink) -> Counter[tuple[str, str]]:
    """How often each patient got each message, and the sender each notice (the reviewers' are counted by nobody)."""
    found: Counter[tuple[str, str]] = Counter()
    for taken in list(sink.taken):
        identifier = re.search(rb"^Message-ID: (<[^>]+>)", taken.content, re.MULTILINE)
        assert identifier
        for recipient in taken.recipients:
            if recipient != "manager@elmroad.example":
                found[recipient, identifier[1].decode()] += 1
    return found


@dataclass
class Lost:
    """A guard that was backed up under load, worked on, and was then lost. held, waiting: references in the backup."""

    folder: Path
    backup: Path
    keys: Path
    sink: Sink
    held: str
    waiting: str


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    folder, elsewhere = tmp_path_factory.mktemp("guard"), tmp_path_factory.mktemp("elsewhere")
    backup, keys = elsewhere / "2026-03-12", tmp_path_factory.mktemp("safe") / "keys"
    replies: list[tuple[int, str]] = []
    with Sink() as sink, Service(folder, sink.port, RULES) as service:
        submit(service.port, message(people(20), number=1), people(20))
        (held,) = service.rows("held", "list")
        submit(service.port, message(people(4, "four.example"), number=4), people(4, "four.example"))
        (waiting,) = service.rows("held", "list", "--state", "waiting")
        sink.refusals[LATE.encode()] = b"450 4.2.1 try later"
        submit(service.port, message(number=2), ["a@council.example", LATE])
        late = eventually(lambda: [row for row in service.rows("outbox", "list") if row["kind"] == "deferred"])[0]
        with load(service.port, replies):
            done = service.run("data", "backup", str(backup), "--keys", str(keys))
        assert "The keys are in" in done.stderr and "The backup is in" in done.stdout
        sink.refusals.clear()
        service.run("outbox", "retry", late["ref"])
        service.run("held", "release", waiting["ref"], "--as", "separate", "--reason", "it may leave now")
        for person in (LATE, *people(4, "four.example")):
            eventually(lambda person=person: person in sink.recipients(), what="delivery after the backup")
        eventually(lambda: service.rows("outbox", "list") == [], what="an outbox that the load no longer fills")
        assert {code for code, _ in replies} == {250}, "the backup disturbed the mail"
        service.kill()
        yield Lost(folder, backup, keys, sink, held["ref"], waiting["ref"])


def elsewhere(folder: Path, lost: Lost) -> Service:
    """Another machine, with settings and policies of the backup, before anything is restored."""
    service = Service(folder, lost.sink.port, RULES)
    kept = lost.backup / "settings"
    assert (kept / "policies" / "policy.yaml").read_text() == RULES
    assert (kept / "mailguard.yaml").read_bytes() == (lost.folder / "mailguard.yaml").read_bytes()
    return service


def test_a_backup_says_what_it_is_and_only_its_owner_reads_it(lost: Lost) -> None:
    assert {path.stat().st_mode & 0o777 for path in lost.backup.rglob("*") if path.is_file()} == {0o600}
    folders = {lost.backup, lost.keys, *(path for path in lost.backup.rglob("*") if path.is_dir())}
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert list(lost.backup.rglob("*.key")) == [], "never beside what they open"
    assert [path.name for path in lost.backup.parent.iterdir()] == [lost.backup.name], "nothing half is left"
    manifest = json.loads((lost.backup / "manifest.json").read_text())
    on_disk = {str(path.relative_to(lost.backup)) for path in lost.backup.rglob("*") if path.is_file()}
    assert on_disk == {*manifest["files"], "manifest.json"} and manifest["schema"] and manifest["entries"] > 20


def test_the_copy_is_whole_and_the_store_goes_on(lost: Lost) -> None:
    for path in (lost.backup / "mailguard.db", lost.folder / "store" / "mailguard.db"):
        database = sqlite3.connect(path)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()


def test_a_restored_guard_verifies_releases_and_sends_nothing_twice(lost: Lost, tmp_path: Path) -> None:
    service = elsewhere(tmp_path, lost)
    done = service.run("data", "restore", str(lost.backup), "--keys", str(lost.keys), "--json")
    found = json.loads(done.stdout)
    waiting = service.rows("outbox", "list")
    assert found["rows"] == len(waiting) > 0 and found["waiting"] == 1 and found["held"] >= 2
    assert all(row["held_back"] for row in waiting)
    assert "held back" in service.run("outbox", "list").stdout
    assert service.run("audit", "verify").returncode == 0
    before = copies(lost.sink)
    with service:
        rows = {row["ref"]: row for row in service.rows("held", "list")}
        assert rows[lost.held]["state"] == rows[lost.waiting]["state"] == "held"
        least = datetime.now(UTC) + timedelta(hours=23)
        assert all(datetime.fromisoformat(row["due_at"]) > least for row in rows.values())
        service.run("held", "release", lost.held, "--as", "separate", "--reason", "they asked for it")
        eventually(lambda: all((person, "<1@elmroad.example>") in copies(lost.sink) for person in people(20)))
        assert submit(service.port, message(number=3), ["new@patients.example"])[0] == 250
        # What was released leaves the outbox a moment after it has arrived.
        eventually(lambda: len(service.rows("outbox", "list")) <= len(waiting), what="an outbox without the copies")
        assert len(service.rows("outbox", "list")) == len(waiting), "what was held back is there and waits"
        for each in {row["ref"] for row in waiting}:
            service.run("outbox", "drop", each, "--reason", "delivered before the restore")
        assert service.stop() == 0
    after = copies(lost.sink)
    assert set(after.values()) == {1}
    assert before == before & after
    news = Counter(person for person, _ in (after - before).elements())
    del news["jo@elmroad.example"]  # hears of the release, and of holds that the backup knows no notice of
    assert news == Counter([*people(20), "new@patients.example"])
    assert service.run("audit", "verify").returncode == 0
    kinds = [entry["kind"] for entry in service.rows("audit", "list")]
    assert kinds.count("store_backed_up") == 1 and kinds.count("store_restored") == 1


def test_the_witness_tells_what_a_restore_lacks(lost: Lost, tmp_path: Path) -> None:
    service = elsewhere(tmp_path, lost)
    shutil.copy(lost.folder / "store" / "mailguard.witness", tmp_path / "store" / "mailguard.witness")
    shutil.copytree(lost.folder / "store" / "mailguard.keys", tmp_path / "store" / "mailguard.keys")
    service.run("data", "restore", str(lost.backup))
    done = service.run("audit", "verify", check=False)
    assert done.returncode == 1 and "witness" in done.stdout


def test_a_copy_that_was_put_back_by_other_means_is_held_back_too(lost: Lost, tmp_path: Path) -> None:
    """As pg_restore or an image of a machine does it."""
    service = elsewhere(tmp_path, lost)
    shutil.copy(lost.backup / "mailguard.db", tmp_path / "store" / "mailguard.db")
    shutil.copytree(lost.keys, tmp_path / "store" / "mailguard.keys")
    found = json.loads(service.run("data", "hold-back", "--json").stdout)
    assert found["rows"] == len(service.rows("outbox", "list")) > 0 and found["waiting"] == 1
    with service:
        assert service.run("data", "hold-back", check=False).returncode == 3
        again = service.run("data", "restore", str(lost.backup), check=False)
        assert again.returncode == 3 and "nother process owns the store" in again.stderr


def test_a_copy_without_its_keys_is_refused(lost: Lost, tmp_path: Path) -> None:
    done = elsewhere(tmp_path, lost).run("data", "restore", str(lost.backup), check=False)
    assert done.returncode == 2 and "--keys" in done.stderr
    assert not (tmp_path / "store" / "mailguard.db").exists()


def test_the_page_says_the_same() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for command in ("data backup", "data restore", "data hold-back", "outbox retry", "outbox drop", "audit verify"):
        assert f"mailguard {command}" in page, command
