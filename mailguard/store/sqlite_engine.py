"""SQLite: one writer thread with group commit, one reading thread.

Contract: WAL, synchronous=FULL, secure_delete; the only connection that writes is the writer thread's (FIELD-NOTES
"Store": SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write). A job whose caller has gone
before its group began does nothing. After an error of the database the connection is made anew: SQLite then recovers
from its WAL.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import Engine as SqlEngine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from mailguard.logs import logger

from .driver import execute
from .group import GroupFailed, Job, Query, Unguarded, answer, run_group, unavailable
from .keys import Keyring, sync_folder
from .queued_engine import QueuedEngine, fail
from .store_settings import StoreSettings
from .witness import Witness

T = TypeVar("T")
log = logger("store")
MAX_GROUP = 256
WAL_FAULT = ((3, 7, 0), (3, 51, 2))
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "journal_size_limit=67108864",
)


def has_wal_fault(version: tuple[int, ...]) -> bool:
    """Whether this SQLite can corrupt a WAL database under two writing connections."""
    return WAL_FAULT[0] <= version <= WAL_FAULT[1]


def make_file(path: Path) -> None:
    """Make the database file for its owner alone; SQLite gives its WAL the same mode. OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_folder(path.parent)


def writing_engine(path: Path, busy_timeout_seconds: float) -> SqlEngine:
    """Connections that neither begin nor end transactions by themselves. Errors come without their parameters."""

    def connect() -> sqlite3.Connection:
        return _connect(f"file:{quote(str(path))}?mode=rw", busy_timeout_seconds, _PRAGMAS)

    return _engine(connect)


def reading_engine(path: Path, busy_timeout_seconds: float) -> SqlEngine:
    def connect() -> sqlite3.Connection:
        pragmas = ("query_only=ON", "temp_store=MEMORY")
        return _connect(f"file:{quote(str(path))}?mode=ro", busy_timeout_seconds, pragmas)

    return _engine(connect)


def _connect(uri: str, busy_timeout_seconds: float, pragmas: Sequence[str]) -> sqlite3.Connection:
    """A connection with its pragmas; one that cannot have them (a file that is no database) is closed again."""
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=busy_timeout_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _engine(connect: Any) -> SqlEngine:
    return create_engine(
        "sqlite+pysqlite://", creator=connect, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
    )


class SqliteEngine(QueuedEngine):
    """The engine of one process that owns the file (its lock is taken by the store)."""

    def __init__(self, settings: StoreSettings, keyring: Keyring, witness: Witness) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        super().__init__(settings, keyring, witness, self._jobs)
        path = settings.sqlite_path()
        self._writing = writing_engine(path, settings.busy_timeout_seconds)
        self._reading = reading_engine(path, settings.busy_timeout_seconds)
        self._connection: Connection | None = None
        self._reader: Connection | None = None
        self._path = path
        self._identity = _identity(path)
        self._truncating = False
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="mailguard-store-read")
        self._thread = threading.Thread(target=self._work, name="mailguard-store-write", daemon=True)
        self._thread.start()
        if has_wal_fault(sqlite3.sqlite_version_info):
            log.warning("wal_fault_possible", sqlite=sqlite3.sqlite_version)

    async def read(self, query: Query[T]) -> T:
        self._refuse_closed()
        reading = self._loop.run_in_executor(self._readers, self._read, query)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await reading
        except TimeoutError as error:
            raise unavailable(error) from error

    async def apart(self, query: Query[T]) -> T:
        return await self.write(lambda connection, _: query(connection), locks=False)

    async def compact(self) -> None:
        """Empty the WAL into the database, whose deleted content secure_delete has overwritten."""
        self._truncating = True
        await self.write(lambda connection, chain: None, locks=False)

    async def close(self) -> None:
        """Finish what is queued, then close. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._hurry()
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        self._drop_reader()
        self._drop_connection()
        self._witness.close()

    def _work(self) -> None:
        """The writer thread: take what is queued, commit it together, until None ends the queue."""
        running = True
        while running:
            jobs: list[Job] = []
            job = self._jobs.get()
            while job is not None:
                jobs.append(job)
                if len(jobs) == MAX_GROUP or self._jobs.empty():
                    break
                job = self._jobs.get()
            running = job is not None
            began = self.pulse.began()
            self._run([each for each in jobs if not each.future.done()])
            if jobs:
                self.pulse.ended(len(jobs), began)

    def _run(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        try:
            self._commit(jobs)
        except GroupFailed as failure:
            self._drop_connection()
            self.pulse.watch.group_failed()
            log.error("group_failed", cause=failure.__cause__ or failure, count=len(jobs))
            if failure.within_job and len(jobs) > 1:
                for job in jobs:
                    self._run([job])
                return
            fail(jobs, failure.__cause__ or failure)
        except BaseException as error:
            # Whatever it is, nobody may wait for ever for this thread.
            self._drop_connection()
            self.pulse.watch.group_failed()
            fail(jobs, error)
        self._answer(jobs)

    def _commit(self, jobs: list[Job]) -> None:
        chain = self._new_chain()
        try:
            self._witness.settle()
            self._refuse_another_file()
            connection = self._connected()
            execute(connection, "BEGIN IMMEDIATE")
        except (DBAPIError, OSError) as error:
            raise GroupFailed(within_job=False) from error
        try:
            grown = run_group(connection, chain, jobs)
        except Unguarded:
            chain = self._new_chain()
            _begin_anew(connection)
            grown = run_group(connection, chain, jobs, guarded=True)
        self._heed(chain)
        try:
            execute(connection, "COMMIT")
        except DBAPIError as error:
            raise GroupFailed(within_job=False) from error
        if grown:
            self._witness.note(chain.ledger, chain.head, chain.others)
        if self._truncating:
            self._truncate_wal(connection)

    def _refuse_another_file(self) -> None:
        """SQLite writes on into a file whose name is gone: what it then called durable would end with the process."""
        if _identity(self._path) != self._identity:
            raise FileNotFoundError("the file of the store was removed or replaced; restart to use what is there now")

    def _truncate_wal(self, connection: Connection) -> None:
        try:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._truncating = False
        except DBAPIError as error:
            # The next group tries again; nothing but old pages depends on it.
            log.warning("wal_truncation_failed", cause=error)

    def _answer(self, jobs: list[Job]) -> None:
        try:
            self._loop.call_soon_threadsafe(answer, jobs)
        except RuntimeError:
            log.warning("answer_lost", count=len(jobs))

    def _read(self, query: Query[T]) -> T:
        try:
            if self._reader is None:
                self._reader = self._reading.connect()
            self._reader.exec_driver_sql("BEGIN")
            try:
                return query(self._reader)
            finally:
                self._reader.exec_driver_sql("ROLLBACK")
        except SQLAlchemyError as error:
            self._drop_reader()
            raise unavailable(error) from error

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._writing.connect()
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        _close(connection)

    def _drop_reader(self) -> None:
        connection, self._reader = self._reader, None
        _close(connection)


def _begin_anew(connection: Connection) -> None:
    try:
        execute(connection, "ROLLBACK")
        execute(connection, "BEGIN IMMEDIATE")
    except DBAPIError as error:
        raise GroupFailed(within_job=False) from error


def _identity(path: Path) -> tuple[int, int]:
    """What stays the same while a name means the same file. OSError where there is none."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _close(connection: Connection | None) -> None:
    if connection is None:
        return
    try:
        connection.close()
    except DBAPIError as error:
        log.warning("connection_close_failed", cause=error)
