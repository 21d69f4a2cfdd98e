"""Two versions at once on one PostgreSQL: the one of before schema 0012 (older/README.md) and today's, under load.

The order is that of docs/operating.md "Upgrading": migrate while the older guards work, then one guard after the other.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mailguard.store import schema
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.nodes import node
from tests.end_to_end.service import ROOT, Service, eventually
from tests.faults.crowd import Crowd, assert_counted
from tests.faults.tied import WatchedSink
from tests.faults.traffic import RULES
from tests.peers.postgresql import Postgresql
from tests.ports import free_port

ARCHIVE = Path(__file__).parent / "older" / "mailguard-0011.tar.xz"
KNOWS = "0011"
EIGHT = people(8)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """Where the older package lies."""
    with tarfile.open(ARCHIVE) as archive:
        # Debian 12 has Python 3.11.2, which knows no filter yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(tmp_path / "older")
    return tmp_path / "older"


@pytest.fixture
def database() -> Iterator[str]:
    cluster = Postgresql()
    yield cluster.new_database()
    cluster.close()


def held_by(service: Service, number: int) -> str:
    code, text = submit(service.port, message(EIGHT, subject=f"To release {number}", number=number), EIGHT)
    assert code == 250, text
    return text.rpartition(" ")[2]


def runs(service: Service) -> str:
    """The folder of the package that the process runs, by what the system says of it."""
    environment = Path(f"/proc/{service.pid}/environ").read_bytes().split(b"\0")
    (path,) = (each.partition(b"=")[2].decode() for each in environment if each.startswith(b"PYTHONPATH="))
    return path


def test_mail_goes_through_two_versions_at_once_and_each_is_upgraded_alone(
    tmp_path: Path, older: Path, database: str
) -> None:
    assert f'HEAD = "{KNOWS}"' in (older / "mailguard" / "store" / "schema.py").read_text()
    assert schema.HEAD > KNOWS
    with ExitStack() as house:
        sink = house.enter_context(WatchedSink())
        guards = []
        for name in ("one", "two"):
            listen = [{"address": f"127.0.0.1:{free_port()}"}]
            guards.append(node(tmp_path / "nodes", name, database, sink.port, RULES, listen=listen))
            guards[-1].root = older
            house.enter_context(guards[-1])
        one, two = guards
        kept_by_old = held_by(one, 1)
        crowds = [house.enter_context(Crowd(each.port, 1, pause_seconds=0.3)) for each in guards]
        for crowd in crowds:
            crowd.goes_on(4)

        # Today's version migrates, while the older guards work on.
        one.root = ROOT
        said = one.run("data", "migrate")
        assert f'"{KNOWS}" to "{schema.HEAD}"' in said.stderr + said.stdout
        for crowd in crowds:
            crowd.goes_on(4)

        # One guard is upgraded, the other one is not, and is even started again.
        assert one.stop() == 0
        one.start()
        assert two.stop() == 0
        two.start()
        assert str(older) == runs(two) != runs(one)
        newer = [each for each in two.events() if each["event"] == "store_schema_newer"]
        assert newer and (newer[-1]["known"], newer[-1]["revision"]) == (KNOWS, schema.HEAD)
        for crowd in crowds:
            crowd.goes_on(4)
        # What one version holds, the other one releases; and of what it decided, it can say why.
        kept_by_new = held_by(one, 2)
        two.run("held", "release", kept_by_new, "--as", "separate", "--reason", "They agreed")
        one.run("held", "release", kept_by_old, "--as", "separate", "--reason", "They agreed")
        assert "visible-list" in two.run("explain", kept_by_new).stdout
        assert "visible-list" in one.run("explain", kept_by_old).stdout
        assert two.run("audit", "verify").returncode == 0

        # The other one too.
        assert two.stop() == 0
        two.root = ROOT
        two.start()
        for crowd in crowds:
            crowd.goes_on(4)
        for crowd in crowds:
            crowd.end()
        for crowd, guard in zip(crowds, guards, strict=True):
            assert assert_counted(crowd, sink, guard) == 0, "what stops in order sends nothing twice"
        for number in (1, 2):
            subject = f"Subject: To release {number}\r\n".encode()
            eventually(lambda subject=subject: released(sink, subject) == sorted(EIGHT), 30, "released, once each")


def released(sink: WatchedSink, subject: bytes) -> list[str]:
    return sorted(to for each in list(sink.taken) if subject in each.content for to in each.recipients if to in EIGHT)
