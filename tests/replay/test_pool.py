"""Work in several processes: results in order, whatever dies."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailguard.replay.pool import Pool

DEADLY = -1


def work(number: int) -> int:
    if number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * 2


@contextmanager
def begin() -> Iterator[Callable[[int], int]]:
    yield work


def results(numbers: list[int], processes: int = 2, size: int = 5) -> list[int]:
    batches = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    with Pool(processes, begin, lambda number: -99) as pool:
        return list(pool.results(batches))


def test_results_come_in_order_from_any_number_of_processes() -> None:
    numbers = list(range(500))
    assert results(numbers, 1) == results(numbers, 3, 7) == [2 * number for number in numbers]
    assert results([]) == []


def test_what_ends_its_process_is_given_up_and_the_rest_is_done() -> None:
    numbers = [*range(20), DEADLY, *range(20, 40), DEADLY]
    assert results(numbers) == [*range(0, 40, 2), -99, *range(40, 80, 2), -99]


def test_it_ends_early_where_somebody_wants_it_to_and_leaves_no_process() -> None:
    taken = 0
    with Pool(2, begin, lambda number: -99, lambda: taken >= 10) as pool:
        processes = [worker.process.pid for worker in pool._workers]
        for _ in pool.results([each] for each in range(10_000)):
            taken += 1
    assert 10 <= taken < 10_000
    for pid in processes:
        assert pid is not None
        assert not os.path.exists(f"/proc/{pid}")


def test_nothing_is_taken_far_ahead_of_the_results() -> None:
    asked = 0

    def source() -> Iterator[list[int]]:
        nonlocal asked
        for number in range(10_000):
            asked += 1
            yield [number]

    with Pool(1, begin, lambda number: -99) as pool:
        for given, _ in enumerate(pool.results(source()), 1):
            assert asked <= given + 30


def test_no_process_is_left_when_the_one_that_asked_is_killed() -> None:
    """Each has the pipes of those before it closed, or one would keep the other waiting for ever."""
    read, write = os.pipe()
    asking = os.fork()
    if asking == 0:
        try:
            with Pool(3, begin, lambda number: -99) as pool:
                pids = " ".join(str(worker.process.pid) for worker in pool._workers)
                os.write(write, pids.encode())
                signal.pause()
        finally:
            os._exit(1)
    pids = os.read(read, 1000).decode().split()
    assert len(pids) == 3
    os.kill(asking, signal.SIGKILL)
    os.waitpid(asking, 0)
    os.close(read)
    os.close(write)
    assert eventually(lambda: not any(is_running(pid) for pid in pids))


def is_running(pid: str) -> bool:
    """A process that nobody has waited for yet does not run."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False
