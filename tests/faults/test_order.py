"""strace shows it: a decision is on disk before the smarthost sees a byte, a hold before the client hears 250."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink

MESSAGES = 100


def test_fdatasync_comes_before_the_smarthost_and_before_the_reply(tmp_path: Path, sink: Sink) -> None:
    trace = tmp_path / "strace.txt"
    calls = "trace=fdatasync,fsync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    service = Service(tmp_path, sink.port)
    service.start(("strace", "-f", "-e", calls, "-s", "4096", "-o", str(trace)))
    try:
        for number in range(MESSAGES):
            held = number % 4 == 3
            raw = message(people(20) if held else None, subject=f"mark-{number}-", number=number)
            code, _ = submit(service.port, raw, people(20) if held else ["one@council.example"])
            assert code == 250
            time.sleep(0.02)  # the outcome is on disk too, so that the next sync belongs to the next message
    finally:
        service.stop()
    seen = steps(trace.read_text(errors="replace"))
    relayed = [number for number in range(MESSAGES) if number % 4 != 3]
    for number in range(MESSAGES):
        come_in = seen.index(("in", number))
        later = seen[come_in:]
        end = later.index(("out", number)) if number in relayed else later.index(("held", None))
        assert ("sync", None) in later[:end], f"message {number} went on before its decision was on disk"


def steps(text: str) -> list[tuple[str, int | None]]:
    """What the process did, in order: content in, content out to the smarthost, sync done, a hold answered."""
    found: list[tuple[str, int | None]] = []
    for line in text.splitlines():
        call = re.match(r"\d+ +(?:<\.\.\. )?(\w+)", line)
        if call is None or ("<unfinished" in line and call[1] in ("fdatasync", "fsync")):
            continue
        mark = re.search(r"Subject: mark-(\d+)-", line)
        if call[1] in ("fdatasync", "fsync") and "= 0" in line:
            found.append(("sync", None))
        elif mark and call[1].startswith(("read", "recv")):
            found.append(("in", int(mark[1])))
        elif mark and call[1].startswith(("write", "send")):
            found.append(("out", int(mark[1])))
        elif "Held for checking" in line and call[1].startswith(("write", "send")):
            found.append(("held", None))
    return found
