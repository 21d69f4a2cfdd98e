"""strace shows it: a decision is on disk before the smarthost sees a byte, and before the client hears 250.

kill -9 cannot show a missing sync, because the page cache survives it.
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.faults.traffic import RULES

CALLS = "trace=fdatasync,fsync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
WAYS = ("out", "separated", "held", "out")
PEOPLE = {"out": 1, "separated": 4, "held": 9}
SYNC = ("sync", None)


@contextlib.contextmanager
def traced(pid: int, into: Path) -> Iterator[None]:
    """strace on a running process and all its threads: to trace its start too would take most of the time."""
    command = ["strace", "-f", "-e", CALLS, "-s", "4096", "-o", str(into), "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        try:
            assert b"attached" in tracer.stderr.readline()
            yield
        finally:
            tracer.send_signal(signal.SIGINT)


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_fdatasync_comes_before_the_smarthost_and_before_the_reply(count: int, tmp_path: Path, sink: Sink) -> None:
    trace = tmp_path / "strace.txt"
    with Service(tmp_path, sink.port, RULES) as service, traced(service.pid, trace):
        for number in range(count):
            to = people(PEOPLE[WAYS[number % 4]])
            raw = message(to if len(to) > 1 else None, subject=f"mark-{number}-", number=number)
            assert submit(service.port, raw, to)[0] == 250
            time.sleep(0.02)  # the outcome is on disk too, so that the next sync belongs to the next message
        eventually(lambda: not service.rows("outbox", "list"), 60)
    seen = steps(trace.read_text(errors="replace"))
    for number in range(count):
        way = WAYS[number % 4]
        come_in = seen.index(("in", number))
        later = seen[come_in:]
        synced = later.index(SYNC)
        answered = later.index(("answered" if way == "out" else way, None))
        assert synced < answered, f"message {number} was acknowledged before it was on disk"
        if way == "out":
            assert later.index(("out", number)) < answered
        if way != "held":
            assert synced < later.index(("out", number)), f"message {number} left before its decision was on disk"


def steps(text: str) -> list[tuple[str, int | None]]:
    """What the process did, in order: content in, content out to the smarthost, sync done, a client answered.

    A sync counts when it has returned, a write when it begins.
    """
    found: list[tuple[str, int | None]] = []
    for line in text.splitlines():
        call = re.match(r"\d+ +(?:<\.\.\. )?(\w+)", line)
        if call is None or ("<unfinished" in line and call[1] in ("fdatasync", "fsync")):
            continue
        mark = re.search(r"Subject: mark-(\d+)-", line)
        writes = call[1].startswith(("write", "send"))
        if call[1] in ("fdatasync", "fsync") and "= 0" in line:
            found.append(SYNC)
        elif mark and call[1].startswith(("read", "recv")):
            found.append(("in", int(mark[1])))
        elif mark and writes:
            found.append(("out", int(mark[1])))
        elif writes and "Held for checking" in line:
            found.append(("held", None))
        elif writes and "separate copies, ref" in line:
            found.append(("separated", None))
        elif writes and "250 2.0.0 kept" in line:
            found.append(("answered", None))
    return found
