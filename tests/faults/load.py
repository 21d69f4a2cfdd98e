"""What the tests of load share: a benign client in a process of its own, and what the service's process has used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STEADY = Path(__file__).parent / "steady.py"


@dataclass
class Measured:
    """What a benign client met. seconds, began and codes of each message; filled when it has ended."""

    seconds: list[float]
    began: list[float]
    codes: list[int]

    def percentile(self, share: float) -> float:
        """Seconds within which so large a share of the messages was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def __str__(self) -> str:
        return (
            f"{len(self.seconds)} messages, median {self.percentile(0.5) * 1000:.0f} ms, 99 % within "
            f"{self.percentile(0.99) * 1000:.0f} ms, longest {max(self.seconds) * 1000:.0f} ms"
        )


@contextmanager
def steady_client(port: int, every: float = 0.05, source: str | None = None) -> Iterator[Measured]:
    """While the block runs, ordinary messages are sent one after the other. source: the address it comes from."""
    measured = Measured([], [], [])
    arguments = [sys.executable, str(STEADY), str(port), str(every), *([source] if source else [])]
    client = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert client.stdout is not None
        client.stdout.readline()
        yield measured
        said, _ = client.communicate(timeout=130)
        found = json.loads(said)
        measured.seconds += found["seconds"]
        measured.began += found["began"]
        measured.codes += found["codes"]
    finally:
        client.kill()
        client.wait()


def peak_kilobytes(pid: int) -> int:
    """The most memory that the process has had at once (VmHWM, proc(5)), in kB."""
    return _status(pid, "VmHWM")


def resident_kilobytes(pid: int) -> int:
    """What it has now (VmRSS), in kB."""
    return _status(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """From here on VmHWM counts anew (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def processor_seconds(pid: int) -> float:
    """Processor time of a process with its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stretch:
    """How many times slower than its processor time the service ran since this was made: the processor was others'.

    From what the kernel says of its main thread, which is its event loop: nanoseconds on a processor, and ready but
    waiting for one (/proc/PID/task/TID/schedstat).
    """

    def __init__(self, pid: int) -> None:
        self._file = Path(f"/proc/{pid}/task/{pid}/schedstat")
        self._begun = self._read()

    def __call__(self) -> float:
        ran, waited = (now - then for now, then in zip(self._read(), self._begun, strict=True))
        return (ran + waited) / max(ran, 1)

    def _read(self) -> tuple[int, int]:
        ran, waited, _ = self._file.read_text().split()
        return int(ran), int(waited)


def _status(pid: int, name: str) -> int:
    line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith(name))
    return int(line.split()[1])
