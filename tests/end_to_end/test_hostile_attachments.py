"""Hostile attachments beside ordinary mail, through the real process: ordinary mail keeps its usual time (issue 5).

Times are compared with those of the same mail in the same service before, and printed.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_workbooks import POLICY, WORKBOOKS, carrying, send
from tests.inspection.read.written import packed, parts, sheet

HOSTILE = 5
ORDINARY = 15


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("hostile"), sink.port, policy=POLICY) as found:
        yield found


def takes_long() -> bytes:
    """As many cells as are read at all, none like the other."""
    rows = (
        f'<row r="{number}">' + "".join(f"<c><v>{number * 5 + column}</v></c>" for column in range(5)) + "</row>"
        for number in range(1, 400_000)
    )
    return packed(dict(parts({"Data": ("visible", sheet("".join(rows)))})))


def seconds(service: Service, message: bytes) -> float:
    began = time.monotonic()
    code, said = submit(service.port, message, ["anna@council.example"])
    assert (code, said) == (250, "2.0.0 kept")
    return time.monotonic() - began


def test_ordinary_mail_keeps_its_time_while_hostile_attachments_are_read(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    bomb = takes_long()
    ordinary = {
        "a workbook": carrying((WORKBOOKS / "hidden-sheet-clean.xlsx").read_bytes(), "figures.xlsx"),
        "no attachment": b"From: jo@elmroad.example\r\nTo: anna@council.example\r\nSubject: Hello\r\n\r\nHello\r\n",
    }
    for message in ordinary.values():
        seconds(service, message)
    quiet = {name: [seconds(service, message) for _ in range(ORDINARY)] for name, message in ordinary.items()}
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(send(service, bomb, "bomb.xlsx"))) for _ in range(HOSTILE)]
    for thread in threads:
        thread.start()
    time.sleep(4)  # until they are slow; the first of them are read beside the others by then
    busy: dict[str, list[float]] = {name: [] for name in ordinary}
    for _ in range(ORDINARY):
        for name, message in ordinary.items():
            busy[name].append(seconds(service, message))
    while_read = sum(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join(120)
    assert while_read > 0, "the hostile ones were read all the time"
    assert len(said) == HOSTILE and all("Held for checking" in each for each in said), said
    for name in ordinary:
        before, beside = statistics.median(quiet[name]), statistics.median(busy[name])
        with capsys.disabled():
            print(f"\n{name}: {1000 * before:.0f} ms, beside {HOSTILE} hostile attachments {1000 * beside:.0f} ms")
        assert beside < 10 * before + 0.5, "it waited for them"
