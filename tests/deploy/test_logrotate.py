"""deploy/mailguard.logrotate with the real logrotate: nothing is lost, and the service goes on logging."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink

LOGROTATE = "/usr/sbin/logrotate"


def rotate(folder: Path, log: Path) -> None:
    text = (ROOT / "deploy" / "mailguard.logrotate").read_text()
    settings = folder / "logrotate.conf"
    settings.write_text(
        text.replace("/var/log/mailguard/mailguard.log", str(log)).replace("su mailguard mailguard", "su root root")
    )
    done = subprocess.run(
        [LOGROTATE, "--force", "--state", str(folder / "state"), str(settings)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr


def lines(log: Path) -> list[dict[str, Any]]:
    """Of all files, each of which has to be JSON."""
    found = []
    for path in log.parent.iterdir():
        octets = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found += [json.loads(line) for line in octets.splitlines()]
    return found


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


def test_nothing_is_lost_while_it_rotates(tmp_path: Path, sink: Sink) -> None:
    log = tmp_path / "log" / "mailguard.log"
    log.parent.mkdir(mode=0o750)
    service = Service(tmp_path, sink.port, log_file=str(log))
    ending, sent = threading.Event(), [0]

    def send() -> None:
        while not ending.is_set():
            assert submit(service.port, message(number=sent[0]), ["a@council.example"])[0] == 250
            sent[0] += 1

    service.start(events_in=log)
    try:
        client = threading.Thread(target=send)
        client.start()
        for _ in range(4):
            seen = sent[0]
            eventually(lambda seen=seen: sent[0] > seen + 5)
            rotate(tmp_path, log)
            time.sleep(1.1)  # dateformat counts in seconds: two rounds in one have one name
        seen = sent[0]
        eventually(lambda: sent[0] > seen + 5)
        ending.set()
        client.join()
        assert any(b"submission_relayed" in line for line in log.read_bytes().splitlines()), "it logs to the new file"
        assert service.stop() == 0
    finally:
        ending.set()
        service.kill()
    assert len([path for path in log.parent.iterdir() if path.suffix == ".gz"]) == 3, "the last is compressed later"
    events = [line["event"] for line in lines(log)]
    assert events.count("submission_relayed") == sent[0]
    assert events.count("service_started") == events.count("service_stopped") == 1
    assert (tmp_path / "log.jsonl").read_bytes() == b"", "nothing goes to stderr"


def test_a_log_that_cannot_be_opened_is_a_start_error(tmp_path: Path, sink: Sink) -> None:
    service = Service(tmp_path, sink.port, log_file=str(tmp_path / "none" / "mailguard.log"))
    done = service.run("serve", check=False)
    assert done.returncode == 2 and "log_file" in done.stderr and "No such file" in done.stderr
