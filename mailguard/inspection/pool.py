"""The workers: as many as the settings say, each replaced as soon as it is gone, and a queue of bounded length.

Promises: a part waits for its own turn only; whatever happens to one worker touches no other. Never blocks the loop.
A part that takes long gives its turn to the next one and is read beside it, at a lower priority: ordinary attachments
keep their time while hostile ones are read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from ..core.errors import MailguardError
from ..logs import logger
from .examine import Examined
from .process import Job, SandboxRefused, Worker, WorkerEnd, WorkerLost, start_worker
from .settings import InspectionSettings

log = logger("inspection")

WAITING_FOR_EACH = 50
"""Parts that may wait, for each worker. Beyond that mail is deferred: its clients try again."""

SLOW_SECONDS = 1.0
"""Ordinary attachments take less; after it a part is slow."""
SLOW_FOR_EACH = 3
"""Slow parts that are read beside the others, for each worker. More keep their turn, and others wait for them."""
CLOSE_SECONDS = 5.0


class Start(Protocol):
    """How a worker is started. Raises CannotStart, SandboxRefused."""

    def __call__(self, settings: InspectionSettings, *, kinds: bytes | None) -> Awaitable[Worker]: ...


class InspectionBusy(MailguardError):
    """Too many parts wait already."""


class WorkerPool:
    """Starts nothing before it is asked to. One object serves the whole service. watch: is told how each worker ended
    that did not end with the pool.
    """

    def __init__(
        self,
        settings: InspectionSettings,
        start: Start = start_worker,
        watch: Callable[[WorkerEnd], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._start = start
        self._watch = watch
        self._kinds: bytes | None = None
        self._turns = asyncio.Semaphore(settings.workers)
        self._slow_left = settings.workers * SLOW_FOR_EACH
        self._open = 0
        self._ready: deque[asyncio.Future[Worker]] = deque()
        self._busy: set[Worker] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self.trouble: str | None = None
        """Why the last worker could not be started; None where it could."""

    @property
    def busy(self) -> int:
        """Workers that read a part now."""
        return len(self._busy)

    @property
    def idle(self) -> int:
        """Workers that wait for a part, or start."""
        return len(self._ready)

    @property
    def waiting(self) -> int:
        """Parts that wait for a worker."""
        return max(0, self._open - len(self._busy))

    def look_for(self, kinds: bytes | None) -> None:
        """From now on parts are read by workers that know these kinds of identifiers; what is being read goes on."""
        self._kinds = kinds

    def warm(self) -> None:
        """Start a worker ahead of the first job. What keeps it from starting is logged."""
        if not self._ready:
            self._ready.append(self._begin())

    async def run(self, job: Job, seconds: float) -> tuple[Examined, float]:
        """Have a part read, in so many seconds at most; how many it took stands beside the answer.

        A part that broke its worker is unread, with the reason.
        Raises InspectionBusy, CannotStart, SandboxRefused: nothing was read then.
        """
        if self._open >= self._settings.workers * (1 + WAITING_FOR_EACH):
            raise InspectionBusy("too many attachments wait to be read")
        self._open += 1
        try:
            async with _Turn(self) as turn:
                worker = await self._take()
                began = time.monotonic()
                slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, turn.give_up, worker)
                try:
                    answer = await self._read(worker, job, seconds)
                finally:
                    slow.cancel()
                return answer, time.monotonic() - began
        finally:
            self._open -= 1

    def spare_one_for_slow(self) -> bool:
        """Whether one more slow part may be read beside the others; then another worker starts for its turn."""
        if self._slow_left == 0 or self._closed:
            return False
        self._slow_left -= 1
        self._turns.release()
        self._replace()
        return True

    async def wait_for_turn(self) -> None:
        await self._turns.acquire()

    def end_turn(self, *, slow: bool) -> None:
        if slow:
            self._slow_left += 1
        else:
            self._turns.release()

    async def _read(self, worker: Worker, job: Job, seconds: float) -> Examined:
        self._busy.add(worker)
        self._idle.clear()
        try:
            answer = await worker.run(job, seconds)
        except WorkerLost as lost:
            log.warning("inspection_worker_lost", jobs=worker.jobs, why=str(lost))
            self._watch(lost.end)
            self._replace(worker)
            return Examined(unread=str(lost))
        except BaseException:
            self._watch(WorkerEnd.CANCELLED)
            self._replace(worker)
            raise
        finally:
            self._busy.discard(worker)
            if not self._busy:
                self._idle.set()
        if answer.error is not None:
            log.error("inspection_failed", error=answer.error)
        if self._can_use(worker) and not worker.slow:
            self._ready.append(_done(worker))
        else:
            self._watch(WorkerEnd.SLOW if worker.slow else WorkerEnd.RETIRED)
            await worker.kill()
            self._replace(worker)
        return answer

    async def _take(self) -> Worker:
        while self._ready:
            waiting = self._ready.popleft()
            try:
                worker = await asyncio.shield(waiting)
            except asyncio.CancelledError:
                self._ready.appendleft(waiting)
                raise
            if self._can_use(worker):
                return worker
            self._watch(WorkerEnd.CRASH if worker.is_gone else WorkerEnd.RETIRED)
            await worker.kill()
        waiting = self._begin()
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            self._ready.append(waiting)
            raise

    def _can_use(self, worker: Worker) -> bool:
        return worker.usable and worker.kinds == self._kinds

    def _replace(self, worker: Worker | None = None) -> None:
        """Start another. In the place of a slow one it has been started already."""
        if not self._closed and not (worker and worker.slow):
            self._ready.append(self._begin())

    def _begin(self) -> asyncio.Future[Worker]:
        task = asyncio.ensure_future(self._start(self._settings, kinds=self._kinds))
        task.add_done_callback(self._begun)
        return task

    def _begun(self, task: asyncio.Future[Worker]) -> None:
        if task.cancelled():
            return
        cause = task.exception()
        self.trouble = None
        if cause is not None:
            self.trouble = str(cause) if isinstance(cause, MailguardError) else type(cause).__name__
            self._watch(WorkerEnd.REFUSED if isinstance(cause, SandboxRefused) else WorkerEnd.NOT_STARTED)
            _tell(cause)

    async def close(self) -> None:
        """End all workers. What still runs is cut off."""
        self._closed = True
        while self._ready:
            waiting = self._ready.popleft()
            waiting.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await (await waiting).kill()
        for worker in self._busy:
            worker.strike()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()


class _Turn:
    """The turn of one part, from when it comes until the part is read or the turn is given up."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._slow = False

    async def __aenter__(self) -> _Turn:
        await self._pool.wait_for_turn()
        return self

    async def __aexit__(self, *cause: object) -> None:
        self._pool.end_turn(slow=self._slow)

    def give_up(self, worker: Worker) -> None:
        if self._pool.spare_one_for_slow():
            self._slow = True
            worker.step_back()


def _done(worker: Worker) -> asyncio.Future[Worker]:
    future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
    future.set_result(worker)
    return future


def _tell(cause: BaseException) -> None:
    if isinstance(cause, SandboxRefused):
        log.error("inspection_refused", why=str(cause))
    else:
        log.error("inspection_not_started", cause=cause)
