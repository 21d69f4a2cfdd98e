"""`mailguard` as somebody types it: a real process, its exit status, and what it prints where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

POLICY = """\
version: 1
rules:
  - id: visible-list
    describe: Three or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 3}}
    action: hold
    rewrite: separate
"""


@dataclass(frozen=True, slots=True)
class Said:
    """status: the exit status; out, err: what stood on stdout and stderr."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)


def _usual() -> dict[str, str]:
    found = {key: value for key, value in os.environ.items() if key != "MAILGUARD_CONFIG"}
    return found | {"PYTHONPATH": str(ROOT)}


class Shell:
    """Runs commands, each in a process of its own. Close it at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._forks = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "end_to_end" / "interface_forks.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_usual(),
        )  # fmt: skip

    def __call__(self, *words: str, cwd: Path, **environment: str) -> Said:
        """Run one command in a folder. environment: variables beside the usual ones."""
        out, err = self._folder / "out", self._folder / "err"
        request = {
            "words": words, "cwd": str(cwd), "environment": _usual() | environment, "out": str(out), "err": str(err),
        }  # fmt: skip
        assert self._forks.stdin is not None and self._forks.stdout is not None
        print(json.dumps(request), file=self._forks.stdin, flush=True)
        status = int(self._forks.stdout.readline())
        return Said(words, status, out.read_text(), err.read_text())

    def each(self, commands: list[tuple[str, ...]], cwd: Path) -> list[Said]:
        return [self(*words, cwd=cwd) for words in commands]

    def close(self) -> None:
        assert self._forks.stdin is not None and self._forks.stdout is not None
        self._forks.stdin.close()
        self._forks.wait(30)
        self._forks.stdout.close()


def cold(*words: str, cwd: Path) -> Said:
    """Run one command in a fresh Python, as a shell does."""
    done = subprocess.run(
        [sys.executable, "-m", "mailguard", *words],
        capture_output=True, text=True, timeout=120, cwd=cwd, stdin=subprocess.DEVNULL, env=_usual(),
    )  # fmt: skip
    return Said(words, done.returncode, done.stdout, done.stderr)


def eml(file: Path, *, to: str = "a@one.example", sender: str = "jo@elmroad.example", subject: str = "Clinic") -> Path:
    """Write a small message as mail programs save it."""
    file.write_text(
        f"From: Jo Reid <{sender}>\nTo: {to}\nSubject: {subject}\nDate: Thu, 12 Mar 2026 09:00:00 +0000\n"
        "Message-ID: <1@elmroad.example>\n\nHello.\n"
    )
    return file


def settings(folder: Path, *, name: str = "mailguard.yaml", policy: str = POLICY, extra: str = "") -> Path:
    """Write settings and a policy folder. Nobody listens at the smarthost's port."""
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "policies" / "policy.yaml").write_text(policy)
    (folder / name).write_text(
        "organisation: {name: Elm Road Surgery, domains: [elmroad.example]}\n"
        "listen: [{address: 127.0.0.1:0}]\n"
        f"smarthost: {{address: 127.0.0.1:9, tls: none}}\n"
        f"store: sqlite:///{folder}/store/mailguard.db\n"
        "policies: policies/\n"
        "notices: {from: mailguard@elmroad.example}\n" + extra
    )
    return folder / name
