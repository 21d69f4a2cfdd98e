"""The log in a file: opened anew by itself when it was moved or removed, so that rotating it needs no signal.

Contract: a line goes whole to the file that bears the name when it is written; one that cannot be written (a full disk)
goes to stderr and stops no mail. It knows nothing of what a line says.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from ..core.errors import SettingsError

MODE = 0o640
"""Owner and group, before the umask: readers of logs are often in a group such as adm."""


class LogFile:
    """What structlog writes to. Opened at once, so that a file that cannot be is a start error."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._descriptor = -1
        try:
            self._open()
        except OSError as cause:
            raise SettingsError(f'the log file "{path}" (log_file) cannot be opened: {cause.strerror}') from cause

    def write(self, text: str) -> int:
        with self._lock:
            try:
                self._follow()
                _write_all(self._descriptor, text.encode("utf-8", "backslashreplace"))
            except OSError:
                sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Every line is with the kernel when `write` returns."""

    def _follow(self) -> None:
        try:
            named = os.stat(self._path)  # noqa: PTH116 - a line is written for every message
        except FileNotFoundError:
            self._open()
            return
        if (named.st_dev, named.st_ino) != self._opened:
            self._open()

    def _open(self) -> None:
        """The old file stays open where the new one cannot be opened: its lines are not lost."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, MODE)
        ours = os.fstat(descriptor)
        self._opened = ours.st_dev, ours.st_ino
        old, self._descriptor = self._descriptor, descriptor
        if old >= 0:
            os.close(old)


def _write_all(descriptor: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(descriptor, octets) :]
