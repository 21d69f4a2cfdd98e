"""docs/operating.md "Backups" and "Restoring": the command of that page under load, and what a restored guard does."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
"""
LATE = "late@patients.example"


def documented_copy() -> str:
    """The program of the backup command, as the page has it."""
    page = (ROOT / "docs" / "operating.md").read_text()
    (program,) = re.findall(r"/opt/mailguard/bin/python -c '(import sqlite3.*?)' /var/lib", page, re.DOTALL)
    return program.replace("\n    ", "\n")


def back_up(store: Path, copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", documented_copy(), str(store), str(copy)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


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
    """How often each patient got each message. Notices are not counted."""
    found: Counter[tuple[str, str]] = Counter()
    for taken in list(sink.taken):
        identifier = re.search(rb"^Message-ID: (<\d+@elmroad.example>)", taken.content, re.MULTILINE)
        for recipient in taken.recipients:
            if identifier and recipient.endswith("@patients.example"):
                found[recipient, identifier[1].decode()] += 1
    return found


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Sink, str]]:
    """A guard that was backed up under load, worked on, and was then lost: (folder, backup, sink, a held reference)."""
    folder = tmp_path_factory.mktemp("guard")
    copy = tmp_path_factory.mktemp("elsewhere") / "backup.db"
    store = folder / "store" / "mailguard.db"
    replies: list[tuple[int, str]] = []
    with Sink() as sink, Service(folder, sink.port, RULES) as service:
        submit(service.port, message(people(20), number=1), people(20))
        (held,) = service.rows("held", "list")
        sink.refusals[LATE.encode()] = b"450 4.2.1 try later"
        submit(service.port, message(number=2), ["a@council.example", LATE])
        late = eventually(lambda: [row for row in service.rows("outbox", "list") if row["kind"] == "deferred"])[0]
        with load(service.port, replies):
            back_up(store, copy)
        sink.refusals.clear()
        service.run("outbox", "retry", late["ref"])
        eventually(lambda: LATE in sink.recipients(), what="the late recipient, after the backup")
        eventually(lambda: service.rows("outbox", "list") == [], 40, "an outbox that the load no longer fills")
        assert {code for code, _ in replies} == {250}, "the backup disturbed the mail"
        service.kill()
        yield folder, copy, sink, held["ref"]


def restored(folder: Path, backup: tuple[Path, Path, Sink, str], witness: bool) -> Service:
    """What the page tells to do, up to the start."""
    old, copy, sink, _ = backup
    service = Service(folder, sink.port, RULES)
    shutil.copy(copy, folder / "store" / "mailguard.db")
    shutil.copytree(old / "store" / "mailguard.keys", folder / "store" / "mailguard.keys")
    if witness:
        shutil.copy(old / "store" / "mailguard.witness", folder / "store" / "mailguard.witness")
    return service


def test_a_copy_taken_under_load_is_whole_and_the_store_goes_on(lost: tuple[Path, Path, Sink, str]) -> None:
    folder, copy, _, _ = lost
    for path in (copy, folder / "store" / "mailguard.db"):
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()


def test_a_restored_guard_verifies_releases_and_sends_nothing_twice(
    lost: tuple[Path, Path, Sink, str], tmp_path: Path
) -> None:
    _, _, sink, ref = lost
    service = restored(tmp_path, lost, witness=False)
    assert service.run("audit", "verify").returncode == 0
    before = copies(sink)
    waiting = {row["ref"] for row in service.rows("outbox", "list")}
    assert waiting, "the backup had something to deliver"
    for each in waiting:
        service.run("outbox", "drop", each, "--reason", "delivered before the restore")
    with service:
        assert ref in {row["ref"] for row in service.rows("held", "list")}
        service.run("held", "release", ref, "--as", "separate", "--reason", "they asked for it")
        eventually(lambda: all((person, "<1@elmroad.example>") in copies(sink) for person in people(20)))
        assert submit(service.port, message(number=3), ["new@patients.example"])[0] == 250
        assert service.stop() == 0
    assert set(copies(sink).values()) == {1}
    assert sum(copies(sink).values()) == sum(before.values()) + 21
    assert service.run("audit", "verify").returncode == 0


def test_the_witness_tells_what_a_restore_lacks(lost: tuple[Path, Path, Sink, str], tmp_path: Path) -> None:
    done = restored(tmp_path, lost, witness=True).run("audit", "verify", check=False)
    assert done.returncode == 1 and "witness" in done.stdout


def test_a_copy_without_its_keys_is_refused(lost: tuple[Path, Path, Sink, str], tmp_path: Path) -> None:
    service = restored(tmp_path, lost, witness=False)
    shutil.rmtree(tmp_path / "store" / "mailguard.keys")
    with pytest.raises(AssertionError, match="keys"):
        service.start()
