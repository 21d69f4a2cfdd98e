"""The workers: as many as the settings say, each replaced as soon as it is gone, and a queue of bounded length.

Promises: a part waits for its own turn only; whatever happens to one worker touches no other. Never blocks the loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ..core.errors import MailguardError
from ..logs import logger
from .examine import Examined
from .process import Job, SandboxRefused, Worker, WorkerLost, start_worker
from .settings import InspectionSettings

log = logger("inspection")

WAITING_FOR_EACH = 50
"""Parts that may wait, for each worker. Beyond that mail is deferred: its clients try again."""

CLOSE_SECONDS = 5.0


class InspectionBusy(MailguardError):
    """Too many parts wait already."""


class WorkerPool:
    """Starts nothing before it is asked to. One object serves the whole service."""

    def __init__(
        self,
        settings: InspectionSettings,
        start: Callable[[InspectionSettings], Awaitable[Worker]] = start_worker,
    ) -> None:
        self._settings = settings
        self._start = start
        self._turns = asyncio.Semaphore(settings.workers)
        self._open = 0
        self._ready: deque[asyncio.Future[Worker]] = deque()
        self._busy: set[Worker] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self.trouble: str | None = None
        """Why the last worker could not be started; None where it could."""

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
            async with self._turns:
                worker = await self._take()
                began = time.monotonic()
                answer = await self._read(worker, job, seconds)
                return answer, time.monotonic() - began
        finally:
            self._open -= 1

    async def _read(self, worker: Worker, job: Job, seconds: float) -> Examined:
        self._busy.add(worker)
        self._idle.clear()
        try:
            answer = await worker.run(job, seconds)
        except WorkerLost as lost:
            log.warning("inspection_worker_lost", jobs=worker.jobs, why=str(lost))
            self._replace()
            return Examined(unread=str(lost))
        except BaseException:
            self._replace()
            raise
        finally:
            self._busy.discard(worker)
            if not self._busy:
                self._idle.set()
        if answer.error is not None:
            log.error("inspection_failed", error=answer.error)
        if worker.usable:
            self._ready.append(_done(worker))
        else:
            await worker.kill()
            self._replace()
        return answer

    async def _take(self) -> Worker:
        while self._ready:
            waiting = self._ready.popleft()
            try:
                worker = await asyncio.shield(waiting)
            except asyncio.CancelledError:
                self._ready.appendleft(waiting)
                raise
            if worker.usable:
                return worker
            await worker.kill()
        waiting = self._begin()
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            self._ready.append(waiting)
            raise

    def _replace(self) -> None:
        if not self._closed:
            self._ready.append(self._begin())

    def _begin(self) -> asyncio.Future[Worker]:
        task = asyncio.ensure_future(self._start(self._settings))
        task.add_done_callback(self._begun)
        return task

    def _begun(self, task: asyncio.Future[Worker]) -> None:
        if task.cancelled():
            return
        cause = task.exception()
        self.trouble = None
        if cause is not None:
            self.trouble = str(cause) if isinstance(cause, MailguardError) else type(cause).__name__
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


def _done(worker: Worker) -> asyncio.Future[Worker]:
    future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
    future.set_result(worker)
    return future


def _tell(cause: BaseException) -> None:
    if isinstance(cause, SandboxRefused):
        log.error("inspection_refused", why=str(cause))
    else:
        log.error("inspection_not_started", cause=cause)
