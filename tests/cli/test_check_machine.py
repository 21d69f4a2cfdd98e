"""mailguard check about this machine: what a start or a restart would fail at there, each a finding with a sentence."""

from __future__ import annotations

import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.service import ROOT, Service
from tests.end_to_end.sink import Sink
from tests.ports import free_port

from .conftest import SETTINGS, Ran, Run, hold


@pytest.fixture
def sound(settings: Path, sink: str) -> Path:
    """Settings with which a start would work."""
    settings.write_text(SETTINGS.format(listen=0, smarthost=sink.rpartition(":")[2]))
    return settings


def change(settings: Path, **values: Any) -> None:
    found = yaml.safe_load(settings.read_text())
    settings.write_text(yaml.safe_dump({**found, **values}))


def problems(ran: Ran) -> dict[str, str]:
    return {item["part"]: item["sentence"] for item in ran.items() if not item["ok"]}


def notes(ran: Ran) -> dict[str, str]:
    return {item["part"]: item["sentence"] for item in ran.items() if item["sentence"].startswith("note: ")}


def _spool_missing(settings: Path) -> None:
    change(settings, spool="nowhere/")


def _log_folder_missing(settings: Path) -> None:
    change(settings, log_file="nowhere/mailguard.log")


def _log_is_a_folder(settings: Path) -> None:
    change(settings, log_file="policies")


def _in_the_way_of_the_socket(settings: Path) -> None:
    (settings.parent / "mailguard.db.sock").write_text("")


def _long_name(settings: Path) -> None:
    change(settings, store=f"sqlite:///{'x' * 100}.db")


@pytest.mark.parametrize(
    ("part", "breaks", "says"),
    [
        ("spool", _spool_missing, "does not exist"),
        ("log", _log_folder_missing, "would not start"),
        ("log", _log_is_a_folder, "cannot be written"),
        ("socket", _in_the_way_of_the_socket, "in the way"),
        ("socket", _long_name, "too long"),
    ],
)
def test_each_problem_is_a_finding(run: Run, sound: Path, part: str, breaks: Callable[[Path], None], says: str) -> None:
    breaks(sound)
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1 and list(problems(ran)) == [part], ran.out
    assert says in problems(ran)[part]


def test_two_lines_with_one_address(run: Run, sound: Path) -> None:
    port = free_port()
    change(sound, listen=[{"address": f"127.0.0.1:{port}"}], metrics={"address": f"127.0.0.1:{port}"})
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1
    assert problems(ran) == {f"metrics 127.0.0.1:{port}": "cannot be opened: Address already in use"}


def test_listeners_of_both_families_on_one_port(run: Run, sound: Path) -> None:
    port = free_port()
    change(sound, listen=[{"address": f"127.0.0.1:{port}"}, {"address": f"[::1]:{port}"}])
    assert run("-C", str(sound), "check", "--json").status == 0


@pytest.mark.parametrize(("free", "ok"), [(1_000_000, False), (500_000_000, True)])
def test_little_room(run: Run, sound: Path, monkeypatch: pytest.MonkeyPatch, free: int, ok: bool) -> None:
    # What this machine is told besides: one in a chroot or a container has no namespaces to grant.
    besides = set(notes(run("-C", str(sound), "check", "--json")))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - free, free))
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == (0 if ok else 1)
    found = set(notes(ran)) - besides if ok else set(problems(ran))
    assert found == {"store", "spool"} and f"{free // 1_000_000} MB free" in ran.out


@pytest.mark.parametrize(("limits", "found"), [((1024, 1024), problems), ((1024, 8192), notes)])
def test_too_few_open_files(
    run: Run, sound: Path, monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], found: Callable[..., Any]
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    ran = run("-C", str(sound), "check", "--json")
    assert "500 connections need 1200" in found(ran)["files"]
    change(sound, limits={"connections": 400})
    assert "files" not in found(run("-C", str(sound), "check", "--json"))


def test_a_stop_that_takes_longer_than_the_unit_waits(run: Run, sound: Path) -> None:
    unit = (ROOT / "deploy" / "mailguard.service").read_text()
    (waits,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    change(sound, stop_grace_seconds=60)
    assert f"TimeoutStopSec={waits}" in notes(run("-C", str(sound), "check", "--json"))["stop"]


class Other:
    """mailguard check by somebody who is not root, with the folder of the settings theirs."""

    USER = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups")

    def __init__(self, settings: Path) -> None:
        self.settings = settings
        self.path = _code_for_others(settings.parent.parent)
        for path in (settings.parent, *settings.parent.rglob("*")):
            shutil.chown(path, "nobody", "nogroup")
        # A Python in root's own folder can start no other one for somebody else: `check` has to say so.
        started = subprocess.run([*self.USER, "sh", "-c", 'exec "$0" -c ""', sys.executable], capture_output=True)
        self.beyond_reach: set[str] = {"attachments"} if started.returncode else set()

    def check(self, *capabilities: str) -> Ran:
        done = subprocess.run(
            [*self.USER, *capabilities, sys.executable, "-m", "mailguard", "-C", str(self.settings), "check", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
            cwd="/",
            env={**os.environ, "PYTHONPATH": self.path, "XDG_STATE_HOME": str(self.settings.parent), "HOME": "/"},
        )
        return Ran(done.returncode, done.stdout, done.stderr)


def _code_for_others(folder: Path) -> str:
    """PYTHONPATH for somebody else: this checkout, or a copy where it lies in root's own folder."""
    if all(each.stat().st_mode & 0o005 == 0o005 for each in (ROOT, *ROOT.parents)):
        return str(ROOT)
    code, packages = folder / "code", folder / "packages"
    if not code.exists():
        shutil.copytree(ROOT / "mailguard", code / "mailguard")
        subprocess.run(["cp", "-a", "--reflink=auto", sysconfig.get_path("purelib"), str(packages)], check=True)
    return f"{code}:{packages}"


@pytest.fixture
def open_to_all(sound: Path) -> Iterator[Path]:
    """The same settings where everybody gets to: pytest shuts its own folders at each of its starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Path(shutil.copytree(sound.parent, folder / "mailguard")) / sound.name


def test_a_port_below_1024_and_folders_of_others(open_to_all: Path, run: Run) -> None:
    """As nobody: without the right, and with it as deploy/README.md says."""
    sound = open_to_all
    locked = sound.parent / "locked"
    change(sound, listen=[{"address": "127.0.0.1:465"}], spool="locked/")
    locked.mkdir(mode=0o755)
    other = Other(sound)
    shutil.chown(locked, "root", "root")
    ran = other.check()
    found = problems(ran)
    assert ran.status == 1 and set(found) == {"listener 127.0.0.1:465", "spool"} | other.beyond_reach, ran.out + ran.err
    assert "deploy/README.md" in found["listener 127.0.0.1:465"] and "not ours to write" in found["spool"]
    given = re.findall(r"(--(?:inh|ambient)-caps) (\S+)", (ROOT / "deploy" / "README.md").read_text())
    assert len(given) == 2
    assert set(problems(other.check(*(word for pair in given for word in pair)))) == {"spool"} | other.beyond_reach
    assert "as the user of the service" in notes(run("-C", str(sound), "check", "--json"))["user"]


def test_a_store_that_root_made(open_to_all: Path) -> None:
    hold(open_to_all, "MG-7Q4K-2F")
    other = Other(open_to_all)
    assert set(problems(other.check())) == other.beyond_reach
    shutil.chown(open_to_all.parent / "mailguard.db", "root")
    found = problems(other.check())
    assert (
        set(found) == {"store"} | other.beyond_reach and 'belongs to "root" and is not ours to open' in found["store"]
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Sink() as sink:
        listen = [{"address": f"127.0.0.1:{free_port()}"}]
        metrics = {"address": f"127.0.0.1:{free_port()}"}
        with Service(tmp_path / "running", sink.port, listen=listen, metrics=metrics) as found:
            yield found


def test_beside_a_running_service_only_its_own_addresses_are_taken_for_well(service: Service) -> None:
    ran = service.run("check", "--json")
    assert ran.stdout.count("in use by the running service") == 3
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        change(
            service.settings_file, listen=[{"address": f"127.0.0.1:{service.port}"}, {"address": f"127.0.0.1:{port}"}]
        )
        done = service.run("check", "--json", check=False)
    found = problems(Ran(done.returncode, done.stdout, done.stderr))
    assert found == {f"listener 127.0.0.1:{port}": "cannot be opened: Address already in use"}


def test_beside_a_running_service_the_schema_and_the_keys_are_those_that_a_restart_needs(service: Service) -> None:
    store = service.folder / "store"
    keys = store / "mailguard.keys"
    keys.rename(store / "elsewhere")
    done = service.run("check", "--json", check=False)
    assert done.returncode == 1 and "mailguard.keys" in done.stdout
    (store / "elsewhere").rename(keys)
    assert service.stop() == 0
    database = sqlite3.connect(store / "mailguard.db")
    was = database.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    database.close()
    with service:
        # As after an upgrade whose service was not restarted yet.
        database = sqlite3.connect(store / "mailguard.db")
        database.execute("UPDATE alembic_version SET version_num = '0000'")
        database.commit()
        done = service.run("check", "--json", check=False)
        database.execute("UPDATE alembic_version SET version_num = ?", (was,))
        database.commit()
        database.close()
    assert done.returncode == 1 and "data migrate" in done.stdout
