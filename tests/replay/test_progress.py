"""The bar of a replay: on a terminal alone."""

from __future__ import annotations

import io

import pytest

from mailguard.replay import progress
from mailguard.replay.progress import Progress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_it_shows_how_far_how_fast_and_how_long_still(clock: list[float]) -> None:
    terminal = Terminal()
    bar = Progress(1_000, terminal)
    clock[0] += 2.0
    for _ in range(100):
        bar.add(2)
    assert bar.line() == "[####....................]  20%  100 messages  50/s  8 s left"
    bar.end()
    assert "\r[" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_what_an_earlier_run_did_counts_as_done_but_not_as_speed(clock: list[float]) -> None:
    bar = Progress(1_000, Terminal())
    bar.know(300, 500)
    clock[0] += 10.0
    for _ in range(100):
        bar.add(1)
    assert bar.rate == pytest.approx(10)
    assert bar.line() == "[##############..........]  60%  400 messages  10/s  40 s left"


def test_where_there_is_no_terminal_nothing_is_shown(clock: list[float]) -> None:
    stream = io.StringIO()
    bar = Progress(10, stream)
    clock[0] += 5.0
    bar.add(1)
    bar.end()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0 s"), (57, "57 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")])
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told
