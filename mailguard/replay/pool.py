"""Work in several processes, its results in the order of the tasks.

Forked, so that they have the policies as they were loaded. A process that dies (no memory, killed) is replaced, and
what it had to do is done by another one, place by place; what ends a process twice is given up, and counted by whoever
asked. Bounded: each process has some tasks at a time, and nothing is taken from the source far ahead of the results.
"""

from __future__ import annotations

import contextlib
import gc
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

TASKS_EACH = 3
"""At a time: one is worked on, and the next are there already when it ends."""
AHEAD = 24
"""Tasks, for each process, that may be done before the first of them is: one slow message must not stop the others."""
COLLECTED_EACH = 50
"""Tasks, after which all of a process's objects are looked through for cycles, and not only the young ones."""
WAIT_SECONDS = 0.25
END_SECONDS = 5.0

Item = TypeVar("Item")
Result = TypeVar("Result")
_FORK = get_context("fork")


@dataclass(slots=True)
class _Task(Generic[Item]):
    number: int
    items: list[Item]


@dataclass(slots=True)
class _Worker(Generic[Item]):
    process: BaseProcess
    pipe: Connection
    tasks: deque[_Task[Item]] = field(default_factory=deque)


class Pool(Generic[Item, Result]):
    """begin: called in each process, gives what works on one item. lost: the result of an item that ends processes.

    stopped: asked again and again; once it is true `results` ends early. finished: it came to its end. Use it in a
    `with`.
    """

    def __init__(
        self,
        processes: int,
        begin: Callable[[], contextlib.AbstractContextManager[Callable[[Item], Result]]],
        lost: Callable[[Item], Result],
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._begin = begin
        self._lost = lost
        self._stopped = stopped
        self._workers: list[_Worker[Item]] = []
        self._processes = processes
        self.finished = False
        self._left_over: deque[_Task[Item]] = deque()

    def __enter__(self) -> Pool[Item, Result]:
        while len(self._workers) < self._processes:
            self._workers.append(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(END_SECONDS if not self._stopped() else 0.5)
            if worker.process.is_alive():
                worker.process.terminate()
                worker.process.join(END_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()

    def results(self, batches: Iterable[list[Item]]) -> Iterator[Result]:
        """One for each item, in order."""
        source, ended = iter(batches), False
        done: dict[int, list[Result]] = {}
        taken = given = 0
        while not self._stopped():
            while given in done and not self._stopped():
                yield from done.pop(given)
                given += 1
            for worker in self._workers:
                while len(worker.tasks) < TASKS_EACH:
                    task = self._left_over.popleft() if self._left_over else None
                    if task is None and not ended and taken - given < AHEAD * self._processes:
                        items = next(source, None)
                        ended = items is None
                        task = None if items is None else _Task(taken, items)
                        taken += items is not None
                    if task is None:
                        break
                    self._send(worker, task)
            if ended and given == taken:
                self.finished = True
                return
            self._collect(done)

    def _send(self, worker: _Worker[Item], task: _Task[Item]) -> None:
        worker.tasks.append(task)
        with contextlib.suppress(OSError):  # it has died: that is seen when its results are collected
            worker.pipe.send(task.items)

    def _collect(self, done: dict[int, list[Result]]) -> None:
        ready = wait([worker.pipe for worker in self._workers], WAIT_SECONDS)
        for worker in [each for each in self._workers if each.pipe in ready]:
            try:
                results: list[Result] = worker.pipe.recv()
            except (EOFError, OSError):
                self._replace(worker, done)
                continue
            task = worker.tasks.popleft()
            done[task.number] = results

    def _replace(self, worker: _Worker[Item], done: dict[int, list[Result]]) -> None:
        """What it worked on is tried once more, item by item in processes of their own; the rest is given to others."""
        worker.pipe.close()
        worker.process.join()
        worker.process.close()
        self._workers[self._workers.index(worker)] = self._start()
        if worker.tasks:
            task = worker.tasks.popleft()
            done[task.number] = [self._alone(item) for item in task.items]
        self._left_over.extend(worker.tasks)

    def _alone(self, item: Item) -> Result:
        worker = self._start()
        try:
            worker.pipe.send([item])
            (result,) = worker.pipe.recv()
            found: Result = result
            return found
        except (EOFError, OSError):
            return self._lost(item)
        finally:
            worker.pipe.close()
            worker.process.join()
            worker.process.close()

    def _start(self) -> _Worker[Item]:
        ours, theirs = _FORK.Pipe()
        inherited = [ours, *(each.pipe for each in self._workers if not each.pipe.closed)]
        process = _FORK.Process(target=_work, args=(theirs, inherited, self._begin), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _work(
    pipe: Connection,
    inherited: list[Connection],
    begin: Callable[[], contextlib.AbstractContextManager[Callable[[Item], Result]]],
) -> None:
    """Until the other end of the pipe is closed. An interruption from the keyboard is for the parent to act on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for each in inherited:
        each.close()
    # What there is at the fork stays, and a task leaves hardly a cycle: looked for between tasks it takes a tenth less.
    gc.freeze()
    gc.disable()
    with begin() as work, contextlib.suppress(EOFError, OSError):
        for done in count(1):
            pipe.send([work(item) for item in pipe.recv()])
            gc.collect(1 if done % COLLECTED_EACH else 2)
