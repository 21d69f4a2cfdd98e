"""Group commit, the part that both engines share: many writes in one transaction, each in a savepoint of its own.

Contract: a job whose operation raises leaves nothing behind and gets its error; the others go on. What breaks the
transaction itself is raised (GroupFailed), and the engine then answers every job. Runs of plain appends share one
savepoint and one INSERT, and are taken apart only if that fails. A group of nothing but appends, as most are, has no
savepoint at all: if one of them fails, the engine begins the transaction anew and has each job in its own (Unguarded).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from mailguard.logs import logger

from ..core.errors import ReferenceTaken, StoreUnavailable
from ..guard.records import Entry
from .chain import Chain, LedgerForged, PreparedEntry
from .driver import execute

log = logger("store")
T = TypeVar("T")
Operation = Callable[[Connection, Chain], T]
Query = Callable[[Connection], T]


class GroupFailed(Exception):
    """The transaction is lost, and every job of the group. within_job: a job did it, alone the others may pass."""

    def __init__(self, *, within_job: bool) -> None:
        super().__init__("the transaction of a group failed")
        self.within_job = within_job


class Unguarded(Exception):
    """A group that ran without savepoints failed by one of its jobs: roll it back, and run it `guarded`."""


@dataclass(slots=True, eq=False)
class Job:
    """One write. Exactly one of operation and appends is given. locks: whether it takes the ledger's lock at once."""

    future: asyncio.Future[Any]
    operation: Operation[Any] | None = None
    appends: Sequence[PreparedEntry] = ()
    locks: bool = True
    value: Any = None
    error: BaseException | None = None


def run_group(connection: Connection, chain: Chain, jobs: Sequence[Job], *, guarded: bool = False) -> bool:
    """Run the jobs in order inside a transaction that the caller began. Whether the ledger has grown.

    guarded: with savepoints in any case. GroupFailed; Unguarded, never if guarded.
    """
    try:
        if any(job.locks for job in jobs):
            # First of all, so that guards that share a ledger queue here and never deadlock further down.
            _lock(connection, chain)
        if not guarded and not chain.forged and all(job.operation is None for job in jobs):
            _run_unguarded(connection, chain, jobs)
            return chain.save(connection)
        for plain, run in groupby(jobs, key=lambda job: job.operation is None):
            if plain:
                _run_appends(connection, chain, list(run))
            else:
                for job in run:
                    _run_alone(connection, chain, job)
        return chain.save(connection)
    except DBAPIError as error:
        raise GroupFailed(within_job=False) from error


def _lock(connection: Connection, chain: Chain) -> None:
    try:
        chain.load(connection)
    except LedgerForged as error:
        chain.forged = True
        # Each job that appends runs into it by itself; the others need no ledger.
        log.error("ledger_head_forged", ledger=chain.ledger, cause=error)


def _run_unguarded(connection: Connection, chain: Chain, jobs: Sequence[Job]) -> None:
    every = [entry for job in jobs for entry in job.appends]
    try:
        _share_out(chain.append(connection, every, asks_first=False), jobs)
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
            raise GroupFailed(within_job=True) from error
        raise Unguarded from error


def _share_out(appended: list[Entry], jobs: Sequence[Job]) -> None:
    first = 0
    for job in jobs:
        job.value = appended[first : first + len(job.appends)]
        first += len(job.appends)


def _run_appends(connection: Connection, chain: Chain, jobs: list[Job]) -> None:
    every = [entry for job in jobs for entry in job.appends]
    together = Job(jobs[0].future, appends=every)
    _run_alone(connection, chain, together)
    if together.error is None:
        _share_out(together.value, jobs)
    elif len(jobs) == 1:
        jobs[0].error = together.error
    else:
        for job in jobs:
            _run_alone(connection, chain, job)


def _run_alone(connection: Connection, chain: Chain, job: Job) -> None:
    before = chain.head
    job.value = job.error = None
    execute(connection, "SAVEPOINT job")
    try:
        job.value = job.operation(connection, chain) if job.operation else chain.append(connection, job.appends)
    except Exception as error:
        job.error = _explained(error)
        chain.head = before
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
            raise GroupFailed(within_job=True) from error
        execute(connection, "ROLLBACK TO SAVEPOINT job")
    execute(connection, "RELEASE SAVEPOINT job")


def _explained(error: Exception) -> Exception:
    """What the stories get: our own errors as they are, the database's without its text."""
    if isinstance(error, IntegrityError):
        taken = ReferenceTaken("something of this name is stored already")
        taken.__cause__ = error
        return taken
    return unavailable(error) if isinstance(error, SQLAlchemyError) else error


def unavailable(error: BaseException) -> StoreUnavailable:
    answer = StoreUnavailable(f"the store failed ({type(error).__name__})")
    answer.__cause__ = error
    return answer


def answer(jobs: Sequence[Job]) -> None:
    """Resolve the futures, on the event loop. A caller that has gone is not missed."""
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.value)
