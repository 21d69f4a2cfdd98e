"""The half of an engine that faces its callers, the same for both databases: every write is a job in one queue.

Contract: a caller waits until its job's group is durable, at most `timeout_seconds`; what it then gets is
StoreUnavailable, and the job may have happened. What is asked in one turn of the event loop is queued together, at its
end, so that it is one group. Who takes the jobs out of the queue, and how, is the engine's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from ..core.errors import StoreUnavailable
from ..guard.records import Entry
from .chain import Chain, HeadRow, PreparedEntry
from .deadlines import Deadlines
from .group import Job, Operation, unavailable
from .keys import Keyring
from .pulse import Pulse
from .store_settings import StoreSettings
from .witness import Witness

T = TypeVar("T")

PATIENCE_SECONDS = 0.02
"""How long the outcome of a message stands back for the next write: so much more of what was sent may lack its outcome
after a kill -9, and a guard under load makes about half of its transactions."""


class Jobs(Protocol):
    """A queue that takes a job without waiting; None ends it."""

    def put_nowait(self, job: Job | None, /) -> None: ...


class QueuedEngine:
    """What SqliteEngine and PostgresqlEngine share."""

    def __init__(self, settings: StoreSettings, keyring: Keyring, witness: Witness, jobs: Jobs) -> None:
        self._settings = settings
        self._keyring = keyring
        self._witness = witness
        self._queue = jobs
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop, settings.timeout_seconds)
        self._closed = False
        self._hurries = False
        self._patient: list[Job] = []
        self._patience: asyncio.TimerHandle | None = None
        self.pulse = Pulse()
        self.head_forged = False
        self._head_row: HeadRow | None = None

    @property
    def witness_failing(self) -> bool:
        return self._witness.failing

    @property
    def witnessed_at(self) -> float | None:
        return self._witness.written_at

    async def write(self, operation: Operation[T], *, locks: bool = True) -> T:
        value: T = await self._submit(Job(self._loop.create_future(), operation=operation, locks=locks))
        return value

    async def append(self, prepared: Sequence[PreparedEntry], *, patient: bool = False) -> list[Entry]:
        value: list[Entry] = await self._submit(Job(self._loop.create_future(), appends=prepared), patient)
        return value

    async def _submit(self, job: Job, patient: bool = False) -> Any:
        self._refuse_closed()
        self._patient.append(job)
        if not patient:
            if not self._hurries:
                # Not at once: it would wake the writer for each, and the tasks of one turn would make a group apiece.
                self._hurries = True
                self._loop.call_soon(self._hurry)
        elif self._patience is None:
            self._patience = self._loop.call_later(PATIENCE_SECONDS, self._hurry)
        self._deadlines.add(job.future)
        try:
            return await job.future
        finally:
            self._deadlines.forget()

    def _hurry(self) -> None:
        """All that stands back, in its order."""
        self._hurries = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        waiting, self._patient = self._patient, []
        for job in waiting:
            self.pulse.asked()
            self._queue.put_nowait(job)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")

    def _heed(self, chain: Chain) -> None:
        """What a group found of the ledger's end, and how it leaves it."""
        self._head_row = chain.row
        if chain.forged is not None:
            self.head_forged = chain.forged

    def _new_chain(self) -> Chain:
        return Chain(self._settings.ledger, self._keyring, self._settings.checkpoint_entries, self._head_row)


def fail(jobs: Sequence[Job], error: BaseException) -> None:
    """Nothing of these jobs was done, as far as is known, and this is why."""
    for job in jobs:
        job.error = unavailable(error)
