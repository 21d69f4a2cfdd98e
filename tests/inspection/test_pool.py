"""The workers: whatever a reader is made to do ends as an unread part, in bounded time, and hurts no other part."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailguard.core.excerpt import Excerpt
from mailguard.core.mail.parse import parse
from mailguard.inspection import process
from mailguard.inspection.examine import NO_MEMORY, Examined
from mailguard.inspection.inspector import SandboxedInspector
from mailguard.inspection.pool import SLOW_FOR_EACH, SLOW_SECONDS, InspectionBusy, WorkerPool
from mailguard.inspection.process import SLOW_PRIORITY, Job, Worker, start_worker
from mailguard.inspection.settings import InspectionSettings
from mailguard.inspection.worker import TOO_MUCH_SAID
from tests.inspection.hostile_worker import PROGRAM

SETTINGS = InspectionSettings(workers=2, cpu_seconds=1).model_copy(update={"wall_seconds": 120})
"""A slow part gives way to every other program: where two are busy all the time, its second takes half a minute."""


async def hostile(settings: InspectionSettings, *, kinds: bytes | None) -> Worker:
    return await start_worker(settings, PROGRAM, kinds=kinds)


def job(function: str) -> Job:
    return Job(function.encode(), "application/x-test", ())


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(SETTINGS, hostile)
    yield pool
    await pool.close()


async def read(pool: WorkerPool, function: str, seconds: float = 120) -> Examined:
    return (await pool.run(job(function), seconds))[0]


async def behaves(pool: WorkerPool) -> bool:
    people = (await read(pool, "behave")).people
    return people is not None and people.text == ("read@well.example",)


ENDS = {
    "spin": "reading it takes too much processor time",
    "crash": "it broke the process that read it",
    "leave": "it broke the process that read it",
    "eat": NO_MEMORY,
    "raise": "it cannot be read",
    "recurse": "it cannot be read",
    "chatter": "it could not be read",
    "lie": "it could not be read",
    "name_many": TOO_MUCH_SAID,
}


@pytest.mark.parametrize(("function", "why"), ENDS.items())
async def test_whatever_a_reader_does_is_an_unread_part_and_the_next_is_read(
    pool: WorkerPool, function: str, why: str
) -> None:
    began = time.monotonic()
    answer = await read(pool, function)
    assert answer.unread == why and answer.people is None
    assert "secret" not in repr(answer)
    assert time.monotonic() - began < 120
    assert await behaves(pool)


async def test_whatever_a_reader_does_the_beginning_of_a_part_says_why_there_is_none(pool: WorkerPool) -> None:
    """What people are shown of an attachment (excerpts.py) is taken by the same workers."""
    inspector = SandboxedInspector(SETTINGS, pool)
    for function, why in ENDS.items():
        if function != "name_many":  # of that nothing is said
            shown = await inspector.excerpt(parse(f"Content-Type: application/x-test\n\n{function}".encode()), "")
            assert shown == Excerpt(unread=why), function
    shown = await inspector.excerpt(parse(b"Content-Type: application/x-test\n\nlie_about_the_beginning"), "")
    assert shown == Excerpt(unread="it could not be read")
    assert await behaves(pool)


async def test_a_reader_that_waits_for_ever_is_ended() -> None:
    pool = WorkerPool(SETTINGS.model_copy(update={"wall_seconds": 2}), hostile)
    try:
        assert (await read(pool, "sleep")).unread == "reading it takes too long"
        assert await behaves(pool)
    finally:
        await pool.close()


async def test_a_worker_that_is_killed_in_the_middle_hurts_its_own_part_only(pool: WorkerPool) -> None:
    victim = int((await read(pool, "pid")).unread or 0)
    slow = asyncio.create_task(read(pool, "sleep"))
    await asyncio.sleep(0.1)
    others = [asyncio.create_task(behaves(pool)) for _ in range(20)]
    assert all(await asyncio.gather(*others))
    os.kill(victim, signal.SIGKILL)
    assert (await slow).unread == "it broke the process that read it"
    assert await behaves(pool)


async def test_how_each_worker_ended_is_told() -> None:
    ended: list[str] = []
    pool = WorkerPool(SETTINGS, hostile, ended.append)
    try:
        for function in ("crash", "chatter"):
            await read(pool, function)
        assert ended == ["crash", "nonsense"]
        task = asyncio.create_task(read(pool, "sleep"))
        while not pool.busy:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        assert ended == ["crash", "nonsense", "cancelled"] and pool.busy == pool.waiting == 0
    finally:
        await pool.close()
    assert len(ended) == 3, "those that end with the pool are not told of"


async def test_a_story_that_is_cancelled_takes_its_worker_along_and_no_other(pool: WorkerPool) -> None:
    victim = int((await read(pool, "pid")).unread or 0)
    slow = asyncio.create_task(read(pool, "sleep"))
    await asyncio.sleep(0.2)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert not Path(f"/proc/{victim}").exists()
    assert await behaves(pool)


async def test_the_event_loop_never_waits_for_a_reader(pool: WorkerPool) -> None:
    tasks = [asyncio.create_task(read(pool, each)) for each in ("spin", "eat", "name_many", "chatter")]
    longest, ticks = 0.0, 0
    while not all(task.done() for task in tasks):
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest, ticks = max(longest, time.monotonic() - before), ticks + 1
    # A blocked loop would tick once or twice; a busy machine may delay single ticks.
    assert ticks > 20 and longest < 5


async def test_more_parts_than_workers_wait_for_their_turn_and_too_many_are_refused() -> None:
    pool = WorkerPool(SETTINGS.model_copy(update={"workers": 1}), hostile)
    try:
        tasks = [asyncio.create_task(behaves(pool)) for _ in range(51)]
        await asyncio.sleep(0)
        with pytest.raises(InspectionBusy):
            await read(pool, "behave")
        assert all(await asyncio.gather(*tasks))
        assert await behaves(pool)
    finally:
        await pool.close()


async def test_slow_parts_step_back_and_let_ordinary_ones_pass() -> None:
    pool = WorkerPool(SETTINGS.model_copy(update={"workers": 1, "cpu_seconds": 4, "wall_seconds": 300}), hostile)
    others = children()
    try:
        began = time.monotonic()
        assert await behaves(pool)
        # What spins comes to its end at the pace that others leave it. Those that sleep end by the wall: so late that
        # on this machine, as busy as it is now, the workers that are needed until then have long been started.
        whole = {"sleep": max(24.0, 20 * (time.monotonic() - began)), "spin": 300.0}
        slow = [asyncio.create_task(read(pool, each, whole[each])) for each in ("sleep", "spin", "sleep")]
        ordinary = asyncio.create_task(behaves(pool))
        assert await ordinary, "behind three that take all the time that they get"
        assert not any(task.done() for task in slow)
        assert all([await behaves(pool) for _ in range(20)])
        assert not any(task.done() for task in slow), "nor do twenty more wait for any of them"
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert {os.getpriority(os.PRIO_PROCESS, child) for child in children() - others} == {
            own,
            max(own, SLOW_PRIORITY),
        }
        ends = [(await task).unread for task in slow]
        assert ends == ["reading it takes too long", ENDS["spin"], "reading it takes too long"]
        assert await behaves(pool)
        assert len(children() - others) == 1, "slow workers are not kept"
    finally:
        await pool.close()


async def test_more_slow_parts_than_may_be_read_beside_the_others_keep_their_turn() -> None:
    pool = WorkerPool(SETTINGS.model_copy(update={"workers": 1, "cpu_seconds": 10, "wall_seconds": 6}), hostile)
    others = children()
    try:
        slow = [asyncio.create_task(read(pool, "sleep")) for _ in range(SLOW_FOR_EACH + 1)]
        await asyncio.sleep(SLOW_FOR_EACH * SLOW_SECONDS + 2)
        assert len(children() - others) <= SLOW_FOR_EACH + 2
        assert await behaves(pool), "as soon as one of them is ended"
        assert {(await task).unread for task in slow} == {"reading it takes too long"}
    finally:
        await pool.close()


def children() -> set[int]:
    """Also those of other tests that stay: a database, say."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(child) for child in listed}


async def test_a_worker_is_replaced_after_its_jobs(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "JOBS", 3)
    seen = [(await read(pool, "pid")).unread for _ in range(7)]
    assert len(set(seen)) == 3 and seen[:3] == [seen[0]] * 3


async def test_processor_time_is_counted_for_each_part_alone(pool: WorkerPool) -> None:
    """A worker whose first part took its time has as much for the next."""
    for _ in range(3):
        assert (await read(pool, "spin")).unread == "reading it takes too much processor time"
    assert await behaves(pool)


async def test_workers_end_with_the_pool() -> None:
    pool = WorkerPool(SETTINGS, hostile)
    pid = (await read(pool, "pid")).unread
    slow = asyncio.create_task(read(pool, "sleep"))
    await asyncio.sleep(0.2)
    await pool.close()
    assert (await slow).unread
    assert not Path(f"/proc/{pid}").exists()


async def test_a_worker_ends_when_the_service_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1])\n"
        "from mailguard.inspection.process import start_worker\n"
        "from mailguard.inspection.settings import InspectionSettings\n"
        "async def main():\n"
        "    worker = await start_worker(InspectionSettings())\n"
        "    print(worker.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, process.PACKAGES, stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    pid = int(await service.stdout.readline())
    service.kill()
    await service.wait()
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists() or ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the worker outlived its service")
