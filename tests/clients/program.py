"""What a mail program of the matrix is told, and what it said."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.letter import SENDER, Letter

SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """Where a program submits. tls: starttls or implicit. password, bearer: without both it does not sign in."""

    port: int
    tls: str
    ca_file: Path
    account: str = SENDER
    password: str | None = None
    bearer: str | None = None
    host: str = "localhost"

    @property
    def signs_in(self) -> bool:
        return self.password is not None or self.bearer is not None


@dataclass(frozen=True)
class Said:
    """taken: the program's own word that the message went out. text: all that it said. sent: the message as the
    program made it."""

    taken: bool
    text: str
    sent: bytes = b""


Send = Callable[[Server, Letter, Path], Said]


@dataclass(frozen=True)
class Program:
    """name: a word for domains and tests. version: a command whose first line says it. tokens: the mechanism that it
    uses when it is given a token, None where the matrix does not ask it to."""

    name: str
    title: str
    version: tuple[str, ...]
    send: Send
    tokens: str | None = None

    def version_line(self) -> str:
        done = run(self.version)
        return next(line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip())


def run(
    command: tuple[str, ...] | list[str], give: bytes = b"", folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    assert shutil.which(command[0]), f"{command[0]} is missing: tests/run.sh installs it"
    done = subprocess.run(command, input=give, capture_output=True, timeout=SECONDS, cwd=folder)
    out, err = (each.decode("utf-8", "replace") for each in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(command, done.returncode, out, err)


def run_script(command: list[str], server: Server, letter: Letter, folder: Path) -> Said:
    """A script of scripts/: gets the task as JSON, writes what it sent into a file, ends with 0 if it was taken."""
    raw, sent = folder / "raw.eml", folder / "sent.eml"
    raw.write_bytes(letter.raw)
    task: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "tls": server.tls,
        "ca_file": str(server.ca_file),
        "account": server.account,
        "password": server.password,
        "bearer": server.bearer,
        "sender": SENDER,
        "recipients": letter.recipients,
        "to": letter.to,
        "cc": list(letter.cc),
        "subject": letter.subject,
        "text": letter.text,
        "files": [str(each) for each in letter.files],
        "raw_file": str(raw),
        "sent_file": str(sent),
    }
    done = run(command, json.dumps(task).encode(), folder)
    return Said(done.returncode == 0, done.stdout + done.stderr, sent.read_bytes() if sent.exists() else b"")
