"""Bring the guard under load to a certain stage, so that it is killed there; what else goes on at the time goes on.

Each aim gives back how to undo what it did, once the guard is dead. An aim that does not come about within its time
ends all the same: the traces tell at which stage the kill fell.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.tracing_sink import TracingSink
from tests.faults.traffic import Load, until

WAL_WRITE_LOCK = 120
"""The octet of the file `-shm` that whoever writes has locked (sqlite.org/walformat.html section 2.3)."""
Undo = Callable[[], object]


@dataclass
class Scene:
    load: Load
    sink: TracingSink
    database: Path
    pid: int


def nothing() -> None:
    """There is nothing to undo."""


def freeze(database: Path) -> Undo:
    """The database cannot be written until it is undone, as if another process were writing. No connection is opened:
    a second one that writes or closes could change what is found after a kill."""
    file = os.open(f"{database}-shm", os.O_RDWR)
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, WAL_WRITE_LOCK)
            return lambda: os.close(file)


def any_moment(scene: Scene) -> Undo:
    time.sleep(random.uniform(0, 0.3))
    return nothing


def receiving(scene: Scene) -> Undo:
    scene.load.pause = threading.Event()
    until(lambda: sum(each.stage == "content" for each in scene.load.sent) >= 2)
    return scene.load.pause.set


def not_recorded(scene: Scene) -> Undo:
    thaw = freeze(scene.database)
    until(lambda: scene.load.waiting(seconds=0.1) >= 3)
    return thaw


def just_recorded(scene: Scene) -> Undo:
    """While the messages of several clients, recorded together, are answered."""
    thaw = freeze(scene.database)
    until(lambda: scene.load.waiting("sh", seconds=0.05) >= 2)
    wal = Path(f"{scene.database}-wal")
    before = wal.stat().st_mtime_ns
    thaw()
    deadline = time.monotonic() + 3
    while wal.stat().st_mtime_ns == before and time.monotonic() < deadline:
        pass
    time.sleep(random.uniform(0, 0.012))
    return nothing


def smarthost_out_of_reach(scene: Scene) -> Undo:
    scene.sink.close_gate("banner", "pass")
    until(lambda: scene.load.waiting("p", 0.2) and scene.sink.gate.waiting)
    return nothing


def at_smarthost(stage: str, kind: str) -> Callable[[Scene], Undo]:
    """A session of this kind waits at this stage of the smarthost."""

    def aim(scene: Scene) -> Undo:
        scene.load.big = stage == "content"
        gate = scene.sink.close_gate(stage, kind)
        until(lambda: gate.waiting)
        time.sleep(random.uniform(0, 0.05))
        return nothing

    return aim


def taken_but_unheard(scene: Scene) -> Undo:
    """The smarthost says 250 to a guard that is stopped."""
    gate = scene.sink.close_gate("dot", "pass")
    until(lambda: gate.waiting)
    os.kill(scene.pid, signal.SIGSTOP)
    gate.open()
    until(lambda: not any(each.stage == "dot" for each in list(scene.sink.passages)[-20:]), 1)
    return nothing


def outcome_not_recorded(kind: str) -> Callable[[Scene], Undo]:
    """The smarthost has said 250, and the database cannot be written."""

    def aim(scene: Scene) -> Undo:
        gate = scene.sink.close_gate("dot", kind)
        until(lambda: gate.waiting)
        thaw = freeze(scene.database)
        before = scene.load.answered("p")
        gate.open()
        until(lambda: kind == "pass" and scene.load.answered("p") > before, 0.3)
        return thaw

    return aim


def releasing(scene: Scene) -> Undo:
    """A release is asked for while the database cannot be written."""
    scene.load.reviewing.clear()
    asked = len(scene.load.releases)
    until(lambda: any(each.to_release for each in scene.load.sent[-8:]), 10)
    thaw = freeze(scene.database)
    scene.load.reviewing.set()
    until(lambda: len(scene.load.releases) > asked)
    time.sleep(0.05)
    return thaw


AIMS: dict[str, Callable[[Scene], Undo]] = {
    "any moment": any_moment,
    "receiving": receiving,
    "not recorded": not_recorded,
    "just recorded": just_recorded,
    "smarthost out of reach": smarthost_out_of_reach,
    "pass at its envelope": at_smarthost("rcpt", "pass"),
    "pass in its content": at_smarthost("content", "pass"),
    "pass at its dot": at_smarthost("dot", "pass"),
    "taken but unheard": taken_but_unheard,
    "pass, outcome not recorded": outcome_not_recorded("pass"),
    "copy at its envelope": at_smarthost("rcpt", "copy"),
    "copy at its dot": at_smarthost("dot", "copy"),
    "copy, outcome not recorded": outcome_not_recorded("copy"),
    "notice at its envelope": at_smarthost("rcpt", "notice"),
    "notice at its dot": at_smarthost("dot", "notice"),
    "notice, outcome not recorded": outcome_not_recorded("notice"),
    "releasing": releasing,
    "release at its envelope": at_smarthost("rcpt", "release"),
    "release at its dot": at_smarthost("dot", "release"),
    "release, outcome not recorded": outcome_not_recorded("release"),
}
