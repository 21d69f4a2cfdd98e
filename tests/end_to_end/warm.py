"""`mailguard` processes that start in a moment: forks of an interpreter that has imported it (warm_process.py).

A process is what subprocess.Popen would give, as far as the tests ask for it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 4_096


class Forked:
    """pid, poll(), wait(seconds): as of subprocess.Popen."""

    def __init__(self, arguments: Sequence[str], pid: int, ended: Future[int]) -> None:
        self.args = arguments
        self.pid = pid
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    def wait(self, timeout: float | None = None) -> int:
        try:
            return self._ended.result(timeout)
        except FutureTimeout:
            raise subprocess.TimeoutExpired(list(self.args), timeout or 0) from None

    def kill(self) -> None:
        """One that has ended meanwhile is waited for elsewhere, so that its id may be gone before its end is told."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, 9)


class Warm:
    """One interpreter for all tests of a run. It ends when the run does, whichever way: its socket closes."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.warm_process", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        theirs.close()
        self._lock = threading.Lock()
        self._started: Future[tuple[int, Future[int]]] = Future()
        self._ends: dict[int, Future[int]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        atexit.register(self.close)

    def close(self) -> None:
        self._control.shutdown(socket.SHUT_RDWR)
        self._process.wait(30)
        self._reader.join(30)
        self._control.close()

    def start(
        self, arguments: Sequence[str], *, env: dict[str, str], cwd: Path, stdout: IO[Any], stderr: IO[Any]
    ) -> Forked:
        request = json.dumps({"argv": list(arguments), "env": env, "cwd": str(cwd)}).encode()
        with self._lock, open(os.devnull, "rb") as nothing:
            self._started = Future()
            socket.send_fds(self._control, [request], [nothing.fileno(), stdout.fileno(), stderr.fileno()])
            return Forked(arguments, *self._started.result(300))

    def _read(self) -> None:
        while said := self._control.recv(LONGEST):
            told = json.loads(said)
            if "pid" in told:
                ended = self._ends[told["pid"]] = Future[int]()
                self._started.set_result((told["pid"], ended))
            else:
                self._ends.pop(told["ended"]).set_result(told["status"])


_warm: list[Warm] = []
_once = threading.Lock()


def start(arguments: Sequence[str], *, env: dict[str, str], cwd: Path, stdout: IO[Any], stderr: IO[Any]) -> Forked:
    """A process of `mailguard` with these arguments, nothing on its input, and a session shared with the tests."""
    with _once:
        if not _warm:
            _warm.append(Warm())
    return _warm[0].start(arguments, env=env, cwd=cwd, stdout=stdout, stderr=stderr)


def run(arguments: Sequence[str], *, env: dict[str, str], seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Such a process to its end, and what it printed. One that takes longer is killed: subprocess.TimeoutExpired."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(arguments, env=env, cwd=Path.cwd(), stdout=out, stderr=err)
        try:
            status = process.wait(seconds)
        finally:
            process.kill()
        printed = []
        for file in (out, err):
            file.seek(0)
            printed.append(file.read().decode())
    return subprocess.CompletedProcess(list(arguments), status, *printed)
