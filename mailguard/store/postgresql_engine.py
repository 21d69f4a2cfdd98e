"""PostgreSQL over asyncpg: the same operations, queued and committed in groups by one task a process.

Contract: as engine.py says. Several guards may share the database; each ledger has a head row, locked by the group that
appends to it, so that the chain never forks. A lost connection fails its group and is replaced for the next.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mailguard.logs import logger

from .chain import Chain
from .driver import execute
from .group import GroupFailed, Job, Query, Unguarded, answer, run_group, unavailable
from .keys import Keyring
from .queued_engine import QueuedEngine, fail
from .store_settings import StoreSettings
from .witness import Witness

T = TypeVar("T")
log = logger("store")
MAX_GROUP = 256
CONNECT_SECONDS = 10.0
DRIVER = "postgresql+asyncpg"
_OF_SQLALCHEMY = frozenset({"prepared_statement_cache_size", "prepared_statement_name_func", "async_creator_fn"})
"""What a URL may say that the driver does not know."""


def connect_arguments(settings: StoreSettings) -> dict[str, Any]:
    """What asyncpg has to be told to reach the database as the engine does: where, as whom, and whether by TLS alone.

    Not the URL as it is: asyncpg reads it as libpq does, where `ssl=require` is no word for TLS.
    """
    url = settings.parsed_url().set(drivername=DRIVER)
    _, arguments = url.get_dialect()().create_connect_args(url)
    return {name: value for name, value in arguments.items() if name not in _OF_SQLALCHEMY}


def asynchronous_engine(settings: StoreSettings) -> AsyncEngine:
    """Errors come without their parameters. A commit waits for the disk, whatever the server's default is."""
    return create_async_engine(
        settings.parsed_url().set(drivername=DRIVER),
        pool_size=settings.connections,
        max_overflow=0,
        pool_timeout=settings.timeout_seconds,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": settings.timeout_seconds,
            "server_settings": {"application_name": "mailguard", "synchronous_commit": "on"},
        },
    )


class PostgresqlEngine(QueuedEngine):
    """One task that writes, and as many readers as there are further connections."""

    def __init__(self, settings: StoreSettings, keyring: Keyring, witness: Witness) -> None:
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        super().__init__(settings, keyring, witness, self._jobs)
        self._engine = asynchronous_engine(settings)
        self._writer = asyncio.create_task(self._work(), name="mailguard-store-write")

    async def read(self, query: Query[T]) -> T:
        self._refuse_closed()
        try:
            async with asyncio.timeout(self._settings.timeout_seconds), self._engine.connect() as connection:
                return await connection.run_sync(query)
        except _TROUBLE as error:
            raise unavailable(error) from error

    async def apart(self, query: Query[T]) -> T:
        def run(connection: Connection) -> T:
            execute(connection, "SET LOCAL synchronous_commit TO off")
            return query(connection)

        self._refuse_closed()
        try:
            async with asyncio.timeout(self._settings.timeout_seconds), self._engine.begin() as connection:
                return await connection.run_sync(run)
        except _TROUBLE as error:
            raise unavailable(error) from error

    async def compact(self) -> None:
        """PostgreSQL reclaims by its own autovacuum; docs/decisions/store.md says what stays until then."""

    async def close(self) -> None:
        """Finish what is queued, then close. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._hurry()
        self._jobs.put_nowait(None)
        await self._writer
        await self._engine.dispose()
        self._witness.close()

    async def _work(self) -> None:
        running = True
        while running:
            jobs: list[Job] = []
            job = await self._jobs.get()
            while job is not None:
                jobs.append(job)
                if len(jobs) == MAX_GROUP or self._jobs.empty():
                    break
                job = self._jobs.get_nowait()
            running = job is not None
            began = self.pulse.began()
            await self._run([each for each in jobs if not each.future.done()])
            if jobs:
                self.pulse.ended(len(jobs), began)

    async def _run(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                chain, grown = await self._commit(jobs)
        except GroupFailed as failure:
            self.pulse.watch.group_failed()
            log.error("group_failed", cause=failure.__cause__ or failure, count=len(jobs))
            if failure.within_job and len(jobs) > 1:
                for job in jobs:
                    await self._run([job])
                return
            fail(jobs, failure.__cause__ or failure)
        except Exception as error:
            self.pulse.watch.group_failed()
            log.error("group_failed", cause=error, count=len(jobs))
            fail(jobs, error)
        else:
            if grown:
                await asyncio.to_thread(self._witness.note, chain.ledger, chain.head, chain.others)
        answer(jobs)

    async def _commit(self, jobs: list[Job]) -> tuple[Chain, bool]:
        if self._witness.failing:
            await asyncio.to_thread(self._witness.settle)
        try:
            return await self._transact(jobs, guarded=False)
        except Unguarded:
            return await self._transact(jobs, guarded=True)

    async def _transact(self, jobs: list[Job], *, guarded: bool) -> tuple[Chain, bool]:
        chain = self._new_chain()
        async with self._engine.begin() as connection:

            def run(synchronous: Connection) -> bool:
                grown = run_group(synchronous, chain, jobs, guarded=guarded)
                self._heed(chain)
                return grown

            return chain, await connection.run_sync(run)


_TROUBLE = (SQLAlchemyError, OSError, TimeoutError)
