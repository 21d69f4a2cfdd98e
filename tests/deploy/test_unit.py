"""deploy/mailguard.service and mailguard-console.service: how exposed each is by systemd's own measure, and that the
real process keeps within it.

There is no systemd to run it here: what its sandbox would forbid is looked for in what the real service does (strace).
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from mailguard.config import Settings
from mailguard.serve.console_socket import console_socket
from mailguard.store.store_settings import StoreSettings
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.end_to_end.test_console_process import Edge
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "mailguard.service"
CONSOLE_UNIT = ROOT / "deploy" / "mailguard-console.service"
GUIDE = ROOT / "deploy" / "README.md"
WORST_EXPOSURE = "20"
"""2.0, in the tenths that --threshold counts in."""


def directives(name: str, unit: Path = UNIT) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def low_port_drop_in() -> str:
    (found,) = re.findall(r"```ini\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert "CAP_NET_BIND_SERVICE" in found
    return str(found)


def test_the_folders_that_it_may_write_are_those_of_store_and_log() -> None:
    assert directives("StateDirectory") == directives("LogsDirectory") == ["mailguard"]
    rotated = (ROOT / "deploy" / "mailguard.logrotate").read_text()
    assert re.search(r"^/var/log/mailguard/mailguard\.log \{$", rotated, re.MULTILINE)
    assert directives("ReadWritePaths") == []


def analyze(verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", verb, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("low_port", [False, True])
def test_the_exposure_is_2_or_better(tmp_path: Path, low_port: bool) -> None:
    unit = tmp_path / "mailguard.service"
    unit.write_text(UNIT.read_text().replace("[Install]", (low_port_drop_in() if low_port else "") + "\n[Install]"))
    done = analyze("security", "--offline=true", f"--threshold={WORST_EXPOSURE}", "--no-pager", str(unit))
    found = re.search(r"exposure level for mailguard.service: ([0-9.]+)", done.stdout)
    assert found and float(found[1]) <= 2.0 and done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_the_exposure_of_the_console_is_2_or_better() -> None:
    done = analyze("security", "--offline=true", f"--threshold={WORST_EXPOSURE}", "--no-pager", str(CONSOLE_UNIT))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.mark.parametrize("committed", [UNIT, CONSOLE_UNIT], ids=lambda unit: str(unit.stem))
def test_systemd_reads_every_line_of_it(tmp_path: Path, committed: Path) -> None:
    unit = tmp_path / committed.name
    unit.write_text(committed.read_text().replace("/usr/local/bin/mailguard", "/bin/true"))
    done = analyze("verify", str(unit))
    # verify looks at every unit of this machine; only what it says of ours counts.
    assert committed.name not in done.stderr, done.stderr


def allowed_calls() -> set[str]:
    """The system calls of @system-service without the sets that the unit takes away."""
    assert directives("SystemCallFilter") == ["@system-service", "~@privileged @resources"]
    return call_set("@system-service") - call_set("@privileged") - call_set("@resources")


def call_set(name: str) -> set[str]:
    found = set()
    for line in analyze("syscall-filter", name).stdout.splitlines()[1:]:
        entry = line.strip()
        if entry.startswith("@"):
            found |= call_set(entry)
        elif entry and not entry.startswith("#"):
            found.add(entry)
    assert found, name
    return found


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything that a service asked of the kernel while it relayed, held, released, was backed up, and stopped."""
    folder = tmp_path_factory.mktemp("traced")
    file = folder / "strace"
    with Sink() as sink:
        values = {"smarthost": {"address": f"localhost:{sink.port}"}, "log_file": str(folder / "mailguard.log")}
        service = Service(folder, sink.port, **values)
        service.start(prefix=("strace", "-f", "-qq", "-o", str(file)), events_in=folder / "mailguard.log")
        try:
            assert submit(service.port, message(body="x" * 1_500_000 + "\r\n"), ["a@council.example"])[0] == 250
            assert submit(service.port, message(people(20)), people(20))[0] == 250
            (held,) = service.rows("held", "list")
            service.run("held", "release", held["ref"], "--as", "separate", "--reason", "they asked for it")
            eventually(lambda: sum("@patients.example" in address for address in sink.recipients()) == 20)
            service.run("data", "backup", str(folder / "backup"))
            assert service.stop() == 0
        finally:
            service.kill()
    return file.read_text(errors="replace")


@pytest.fixture(scope="module")
def console_trace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything that a console of its own asked of the kernel while it served, and did not reach the service."""
    folder = tmp_path_factory.mktemp("console")
    file = folder / "strace"
    console: dict[str, Any] = {**console_on(free_port()), "process": "own"}
    service = Service(folder, 9, console=console)
    with Edge(service, prefix=("strace", "-f", "-qq", "-o", str(file))) as edge:
        assert httpx.get(f"{edge.base}/sign-in", timeout=60).status_code == 503
        assert httpx.get(f"{edge.base}/sign-in", headers={"Host": "evil.example"}, timeout=60).status_code == 421
        assert edge.stop() == 0
    return file.read_text(errors="replace")


def test_the_console_does_nothing_that_its_unit_forbids(console_trace: str) -> None:
    for name in ("SystemCallFilter", "RestrictAddressFamilies", "MemoryDenyWriteExecute", "ProcSubset"):
        assert directives(name, CONSOLE_UNIT) == directives(name), "what is allowed is what the service may do"
    made = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", console_trace, re.MULTILINE))
    assert "accept4" in made and made <= allowed_calls(), made - allowed_calls()
    families = set(re.findall(r"^\d+ +socket(?:pair)?\((AF_[A-Z0-9]+)", console_trace, re.MULTILINE))
    assert "AF_UNIX" in families
    assert families - {"AF_NETLINK"} <= set(directives("RestrictAddressFamilies", CONSOLE_UNIT)[0].split())
    assert not [line for line in console_trace.splitlines() if "PROT_WRITE|PROT_EXEC" in line]


def test_the_console_sees_nothing_of_the_store_but_its_own_socket() -> None:
    socket = console_socket(StoreSettings(url="sqlite:////var/lib/mailguard/mailguard.db"))
    assert directives("TemporaryFileSystem", CONSOLE_UNIT) == ["/var/lib:ro"]
    assert directives("BindReadOnlyPaths", CONSOLE_UNIT) == [f"-{socket.parent}"]
    assert directives("StateDirectory", CONSOLE_UNIT) == directives("ReadWritePaths", CONSOLE_UNIT) == []


def test_it_makes_no_system_call_that_the_unit_forbids(trace: str) -> None:
    made = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", trace, re.MULTILINE))
    assert {"sendto", "fdatasync", "accept4"} & made and "execve" in made
    # SQLite gives its WAL the owner of the database, but only as root (os_unix.c, robustFchown); tests may be root.
    made -= {"fchown"}
    assert made <= allowed_calls(), made - allowed_calls()


def test_it_uses_no_socket_family_that_the_unit_forbids(trace: str) -> None:
    families = set(re.findall(r"^\d+ +socket(?:pair)?\((AF_[A-Z0-9]+|\w+)", trace, re.MULTILINE))
    (allowed,) = directives("RestrictAddressFamilies")
    # The C library asks the kernel over netlink which address families there are, and takes all where it may not ask.
    assert families - {"AF_NETLINK"} <= set(allowed.split()), families


def test_it_makes_no_memory_both_writable_and_executable(trace: str) -> None:
    assert "PROT_WRITE" in trace
    assert not [line for line in trace.splitlines() if "PROT_WRITE|PROT_EXEC" in line]
    assert not [line for line in trace.splitlines() if re.search(r"mprotect\(.*PROT_EXEC", line)]


def test_it_needs_nothing_of_proc_that_the_unit_hides(trace: str) -> None:
    opened = set(re.findall(r'openat\([^"]*"(/proc/[^"]*)".* = \d', trace))
    # Each is read by a library that goes on without it where it may not: prometheus_client asks when the machine
    # started, glibc how to give back the memory of a thread that ends (malloc/arena.c, malloc-sysdep.h).
    opened -= {"/proc/stat", "/proc/sys/vm/overcommit_memory"}
    assert all(re.match(r"/proc/(self|\d+)(/|$)", path) for path in opened), opened


def test_systemd_waits_longer_than_a_graceful_stop_takes() -> None:
    (seconds,) = directives("TimeoutStopSec")
    assert int(seconds) >= 2 * Settings.model_fields["stop_grace_seconds"].default + 10
    assert directives("Type") == ["notify"] and int(directives("WatchdogSec")[0]) >= 60
