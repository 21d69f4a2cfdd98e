"""A real service whose wall clock can be set while it runs, by a library of our own between it and the system's."""

from __future__ import annotations

import mmap
import struct
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.end_to_end.service import Service

SOURCE = Path(__file__).with_name("faked_clock.c")
_SECONDS = struct.Struct("=q")


class FakedClock:
    """folder: where its file and its library lie."""

    def __init__(self, folder: Path) -> None:
        self._file, self._library = folder / "clock", folder / "faked_clock.so"
        self._file.write_bytes(bytes(_SECONDS.size))
        command = ["gcc", "-O2", "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(self._library), str(SOURCE)]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    def set(self, seconds: int) -> None:
        """So far ahead of the real time, or behind it, from now on."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), _SECONDS.size) as memory:
            memory[:] = _SECONDS.pack(seconds)

    @property
    def prefix(self) -> tuple[str, ...]:
        """The command that runs a service by this clock; the shell stays, as tests/end_to_end/service.py has it."""
        return ("sh", "-c", f"LD_PRELOAD='{self._library}' FAKED_CLOCK='{self._file}' \"$@\"; exit $?", "sh")


class FakedService(Service):
    """clock: of this service alone; the commands that its tests run have the real one."""

    def __init__(self, folder: Path, smarthost_port: int, policy: str | None = None, **settings: Any) -> None:
        super().__init__(folder, smarthost_port, policy, **settings)
        self.clock = FakedClock(folder)

    def start(self, prefix: tuple[str, ...] = (), events_in: Path | None = None) -> Self:
        return super().start((*prefix, *self.clock.prefix), events_in)
