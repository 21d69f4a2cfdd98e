"""What a worker can still do after it has shut itself in: nothing that the mail in it could want."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from mailguard.inspection.syscall_filter import ARCHITECTURES, FREE, LIMITING, MAPPING, syscall_filter

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65_534
PLAIN_PYTHON = "/usr/bin/python3"
"""Which an ordinary user may run wherever this checkout and its environment lie."""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The two modules that shut a process in, where everybody may read them."""
    folder = tmp_path / "mailguard" / "inspection"
    folder.mkdir(parents=True)
    for name in ("sandbox.py", "syscall_filter.py"):
        shutil.copy(ROOT / "mailguard" / "inspection" / name, folder / name)
    (tmp_path / "mailguard" / "__init__.py").touch()
    (folder / "__init__.py").touch()
    shutil.copy(Path(__file__).with_name("inside.py"), tmp_path / "inside.py")
    for each in (*tmp_path.rglob("*"), *tmp_path.parents[:2], tmp_path):
        if each.stat().st_uid == os.getuid():
            each.chmod(each.stat().st_mode | (0o055 if each.is_dir() else 0o044))
    return tmp_path


def shut_in(packages: Path, as_user: int | None, python: str) -> dict[str, object]:
    user = {} if as_user is None else {"user": as_user, "group": as_user, "extra_groups": []}
    done = subprocess.run(
        [python, "-I", "-B", str(packages / "inside.py"), str(packages), "/etc/hostname"],
        capture_output=True,
        timeout=60,
        cwd="/",
        **user,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("ordinary", [False, True], ids=["as we are", "as an ordinary user"])
def test_nothing_can_be_opened_sent_started_or_traced(packages: Path, ordinary: bool) -> None:
    as_user = NOBODY if ordinary and os.getuid() == 0 else None
    found = shut_in(packages, as_user, PLAIN_PYTHON if as_user else sys.executable)
    attempts = found["attempts"]
    assert isinstance(attempts, dict) and len(attempts) >= 30
    assert set(attempts.values()) == {"EPERM"}, {name: said for name, said in attempts.items() if said != "EPERM"}


def test_memory_is_limited_and_ordinary_work_is_not_hindered(packages: Path) -> None:
    found = shut_in(packages, None, sys.executable)
    assert found["memory"] == "MemoryError" and found["allowed"] == [10_000_000, 4096, 4, 30]


def run_filter(program: bytes, audit: int, number: int, arguments: tuple[int, ...] = (0,) * 6) -> int:
    """What the kernel would do: a machine for the instructions that the program uses (linux/filter.h)."""
    data = struct.pack("<iIQ6Q", number, audit, 0, *arguments)
    code = list(struct.iter_unpack("<HBBI", program))
    at, value = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == 0x06:
            return int(operand)
        if operation == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
            continue
        holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
        at += if_true if holds else if_false


ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050001


def numbers(machine: str) -> dict[str, int]:
    """Of the kernel's own headers."""
    found = []
    for header in ("asm-generic/unistd.h",) if machine == "aarch64" else ("x86_64-linux-gnu/asm/unistd_64.h",):
        text = Path("/usr/include", header).read_text()
        found += re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_numbers_are_those_of_the_kernel(machine: str) -> None:
    known = numbers(machine)
    calls = ARCHITECTURES[machine].calls
    assert set(calls) == {*FREE, *MAPPING, LIMITING}
    assert calls == {name: known[name] for name in calls}


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_only_what_is_in_the_table_passes(machine: str) -> None:
    architecture = ARCHITECTURES[machine]
    program = syscall_filter(architecture)
    passing = {number for number in range(1024) if run_filter(program, architecture.audit, number) != REFUSE}
    assert passing == set(architecture.calls.values())


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_another_table_of_calls_kills(machine: str) -> None:
    architecture = ARCHITECTURES[machine]
    program = syscall_filter(architecture)
    for other in (0x40000003, *(each.audit for each in ARCHITECTURES.values() if each is not architecture)):
        assert run_filter(program, other, architecture.calls["read"]) == KILL
    assert run_filter(program, architecture.audit, 0x40000000 | architecture.calls["read"]) == KILL


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_memory_is_never_executable_and_only_own_processor_time_is_limited(machine: str) -> None:
    architecture = ARCHITECTURES[machine]
    program, audit = syscall_filter(architecture), architecture.audit
    for name in MAPPING:
        number = architecture.calls[name]
        for protection in range(8):
            wanted = REFUSE if protection & 4 else ALLOW
            assert run_filter(program, audit, number, (0, 4096, protection, 34, 2**64 - 1, 0)) == wanted
    number = architecture.calls[LIMITING]
    for process, kind, wanted in ((0, 0, ALLOW), (0, 9, REFUSE), (1, 0, REFUSE), (4321, 0, REFUSE)):
        assert run_filter(program, audit, number, (process, kind, 0, 0, 0, 0)) == wanted
