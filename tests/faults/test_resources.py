"""A full disk, a store that stands still, no more file descriptors: 4yz, nothing lost, well in ten seconds."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import smtplib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.service import eventually
from tests.fakes.threaded import ThreadedSmarthost
from tests.faults.aims import freeze
from tests.faults.load import Stretch
from tests.faults.planted import CLASSES, PlantedService, arrived, smarthost
from tests.peers.postgresql import Postgresql

WELL_SECONDS = 10.0
CANNOT_CHECK = r"451 4\.3\.0 Cannot check this message now, ref MG-"


@pytest.fixture
def sink() -> Iterator[ThreadedSmarthost]:
    with smarthost() as found:
        yield found


class Trouble:
    """Counts: what clients were told before, during and after, and what came to the smarthost."""

    def __init__(self, service: PlantedService, sink: ThreadedSmarthost) -> None:
        self.service, self.sink = service, sink
        self.taken: list[tuple[str, int]] = []
        self._number = 0

    def ask(self, client: smtplib.SMTP | None = None, ways: Any = CLASSES, timeout: float = 60) -> list[int]:
        """The codes that one message of each way is answered with."""
        codes = []
        for way in ways:
            self._number += 1
            codes.append(self.service.send(way, self._number, client=client, timeout=timeout))
            if codes[-1] == 250:
                self.taken.append((way, self._number))
        return codes

    def recovers(self) -> None:
        """All ways are open again within ten seconds, and then everything acknowledged arrives or is held. Seconds in
        which the service had a processor: those in which others had it are not its own.
        """
        begun, stretch = time.monotonic(), Stretch(self.service.pid)
        while self.ask() != [250, 250, 250]:
            assert time.monotonic() - begun < WELL_SECONDS * max(1.0, stretch()), "no recovery"
            time.sleep(0.2)
        for way, number in self.taken:
            if way != "hold":
                eventually(lambda way=way, number=number: arrived(self.sink, way, number), 20, f"{way} {number}")
        held = {row["subject"] for row in self.service.rows("held", "list")}
        assert len(held) == sum(way == "hold" for way, _ in self.taken)
        assert self.service.run("audit", "verify", check=False).returncode == 0
        self.service.assert_nothing_told()


def assert_deferred(service: PlantedService, codes: list[int], text: str) -> None:
    assert set(codes) == {451}, codes
    said = [each for each in service.replies if each.startswith("451")]
    assert all(re.match(text, each) for each in said), said


def test_a_full_disk(tmp_path: Path, sink: ThreadedSmarthost) -> None:
    """A small file system of its own, filled to the last block: the store, its witness and the spool are on it."""
    store = tmp_path / "guard" / "store"
    store.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(store)], check=True)
    try:
        with PlantedService(tmp_path / "guard", sink.port) as service:
            trouble = Trouble(service, sink)
            assert trouble.ask() == [250, 250, 250]
            fill(store / "filler")
            codes = [code for _ in range(40) for code in trouble.ask()]
            assert 451 in codes and set(codes) <= {250, 451}, codes  # the last blocks are used up first
            assert_deferred(service, trouble.ask() + trouble.ask(), CANNOT_CHECK)
            (store / "filler").unlink()
            trouble.recovers()
    finally:
        subprocess.run(["umount", str(store)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 512, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


def test_files_that_may_not_grow(tmp_path: Path, sink: ThreadedSmarthost) -> None:
    """A quota: writes beyond it fail (EFBIG) in the running process."""
    with PlantedService(tmp_path, sink.port) as service:
        trouble = Trouble(service, sink)
        assert trouble.ask() == [250, 250, 250]
        before = resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
        assert_deferred(service, trouble.ask() + trouble.ask(), CANNOT_CHECK)
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, before)
        trouble.recovers()


def test_a_database_that_another_process_has_locked(tmp_path: Path, sink: ThreadedSmarthost) -> None:
    with PlantedService(tmp_path, sink.port) as service:
        service.plant_account()
        trouble = Trouble(service, sink)
        assert trouble.ask() == [250, 250, 250]
        eventually(lambda: not service.rows("outbox", "list"))
        before = len(sink.messages)
        thaw = freeze(tmp_path / "store" / "mailguard.db")
        assert_deferred(service, trouble.ask(), CANNOT_CHECK)
        assert len(sink.messages) == before
        thaw()
        trouble.recovers()


@pytest.mark.soak  # each of three messages waits for its half a minute
def test_a_postgresql_that_stands_still(tmp_path: Path, sink: ThreadedSmarthost) -> None:
    """SIGSTOP of the whole server: connections stay open and nothing answers. Its password is planted too."""
    cluster = Postgresql()
    try:
        url = cluster.new_database().replace("mailguard@", "mailguard:planted-store-password@")
        keys = str(tmp_path / "store" / "mailguard.keys")
        (tmp_path / "store").mkdir()
        with PlantedService(tmp_path, sink.port, store=url, keys=keys) as service:
            trouble = Trouble(service, sink)
            assert trouble.ask() == [250, 250, 250]
            with stopped(processes(cluster.postmaster())):
                assert_deferred(service, trouble.ask(), CANNOT_CHECK)
            if cluster.process is not None:
                cluster.process.send_signal(signal.SIGCONT)  # runuser stops itself with what it runs
            trouble.recovers()
            assert "planted-store-password" not in service.log_file.read_text() + str(service.replies)
    finally:
        cluster.close()


def processes(pid: int) -> list[int]:
    """It and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


@contextlib.contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_no_file_descriptor_is_left(tmp_path: Path, sink: ThreadedSmarthost) -> None:
    """Whoever is connected hears 451; whoever is not waits or is turned away with 421, and neither stays so."""
    with PlantedService(tmp_path, sink.port) as service:
        trouble = Trouble(service, sink)
        with smtplib.SMTP("127.0.0.1", service.port, timeout=60) as client:
            client.ehlo()
            in_use = len(os.listdir(f"/proc/{service.pid}/fd"))
            before = resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (in_use, 20_000))
            codes = trouble.ask(client) + trouble.ask(ways=["pass"], timeout=2)
            assert set(codes) <= {0, 250, 421, 451}, codes
            assert 451 in codes or 0 in codes or 421 in codes
            resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (before[0], before[1]))
            trouble.recovers()
            assert trouble.ask(client) == [250, 250, 250]
