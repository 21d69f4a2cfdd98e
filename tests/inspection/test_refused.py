"""Where a worker cannot shut itself in, nothing is read: what a rule asks about is held, and `check` says why."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT, Service
from tests.end_to_end.sink import Sink

WITHOUT_FILTERS = (sys.executable, str(Path(__file__).with_name("without_filters.py")))
ATTACHED = (
    b"From: jo@elmroad.example\r\nTo: anna@council.example\r\nSubject: Minutes\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee attached.\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\n\r\nFrom: a@elmroad.example\r\nTo: b@elmroad.example\r\n"
    b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nText\r\n--c--\r\n--b--\r\n"
)
POLICY = """
version: 1
rules:
  - {id: unread, describe: An attachment cannot be read., when: {uninspectable: true}, action: hold}
"""


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def test_a_message_that_a_rule_asks_about_is_held_and_others_pass(tmp_path: Path, sink: Sink) -> None:
    service = Service(tmp_path, sink.port, policy=POLICY)
    service.start(prefix=WITHOUT_FILTERS)
    try:
        code, said = submit(service.port, ATTACHED, ["anna@council.example"])
        assert code == 250 and "Held for checking" in said
        code, said = submit(
            service.port, b"From: jo@elmroad.example\r\n\r\nNo attachment\r\n", ["anna@council.example"]
        )
        assert (code, said) == (250, "2.0.0 kept")
        refused = [event for event in service.events() if event["event"] == "inspection_refused"]
        assert refused and "takes no filter" in refused[0]["why"]
    finally:
        service.kill()


def test_on_a_kernel_with_filters_it_is_read_and_passes(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, policy=POLICY) as service:
        assert submit(service.port, ATTACHED, ["anna@council.example"]) == (250, "2.0.0 kept")


def test_check_says_so(tmp_path: Path) -> None:
    service = Service(tmp_path, 9, policy=POLICY)
    done = subprocess.run(
        [*WITHOUT_FILTERS, sys.executable, "-m", "mailguard", "-C", str(service.settings_file), "check", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    (said,) = [each for each in found if each["part"] == "attachments"]
    assert not said["ok"] and "cannot be read safely here" in str(said) and done.returncode == 1
