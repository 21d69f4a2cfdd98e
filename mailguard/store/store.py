"""The store: opens whichever database the settings name and hands out the ports.

Contract: one process owns a SQLite store (lock.py); several may share a PostgreSQL. When `open` returns, schema and
keys are there and the ledger can be appended to. After `close` every call raises StoreUnavailable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from mailguard.logs import logger

from ..core.errors import SettingsError
from . import schema
from .accounts import StoredAccounts
from .assignments import StoredAssignments
from .blobs import StoredBlobs, sweep
from .bodies import Bodies
from .canary import sweep_runs
from .chain import LedgerForged
from .checked import StoredChecked
from .console import StoredLinks, StoredSessions
from .engine import Engine
from .evidence import StoredEvidence
from .exception_uses import StoredExceptionUses
from .guessing import StoredGuessing
from .history import StoredHistory
from .holds import StoredHolds
from .incident_retention import kept_for, purge_records
from .incidents import StoredIncidents
from .instants import optional_moment
from .keys import Keyring
from .lane import in_lane
from .ledger import StoredLedger, preparer
from .lock import OwnerLock
from .migrate import on_database, prepare_database, take_lock
from .month_records import StoredMonthRecords
from .nodes import StoredNodes
from .object_rows import any_kept
from .objects import ObjectStore
from .outbox import StoredOutbox
from .pace import StoredPace
from .passed import StoredPassed
from .policies import StoredPolicies
from .quarantine import StoredQuarantine
from .queue import StoredHeldMessages
from .retention import Due, Purged, count_due, purge_held, sweep_staged
from .rule_counts import StoredRuleCounts
from .saved_views import StoredSavedViews
from .sender import StoredSenderLinks, StoredUrgentCalls
from .sendings import StoredSendings
from .sent_files import StoredFilesSent
from .short_lived import StoredShortLived
from .snapshot import sweep_remains
from .sqlite_engine import SqliteEngine
from .standing import StoreStanding, read_standing
from .store_settings import RetentionSettings, StoreSettings
from .trail import StoredTrail
from .witness import Witness
from .witnessing import Seen, seen_in_witness, witness_others

log = logger("store")

CANARY_LEFT_FOR = timedelta(hours=1)
"""No run of the canary takes that long: what is left of one then was left by a crash."""

CONSOLE_SESSIONS_FOR = timedelta(days=1)
"""None is valid for so long (guard/console/sessions.py)."""
CONSOLE_LINKS_FOR = timedelta(days=30)
"""How long a link that has ended is known as one."""


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """For status and metrics, of everybody's mail, so without the canary's. held: by state.

    oldest_open: when the oldest undelivered row was made.
    """

    held: Mapping[str, int]
    outbox: int
    oldest_open: datetime | None
    entries: int
    evidence: int
    witness_failing: bool


class Store:
    """The ports, and what only the house itself asks for.

    tail_missing: at the start the ledger ended before its witness. contradicted: other ledgers that no longer hold what
    this node had seen in them, as of the last `witness_others`. verified: when an audit last ended since then, and
    whether the ledger was whole. bodies: the originals in the object store, None where the settings name none.
    """

    def __init__(self, settings: StoreSettings, engine: Engine, keyring: Keyring, lock: OwnerLock | None) -> None:
        prepare_all = preparer(settings.ledger, keyring)
        self.settings = settings
        self.engine = engine
        self.keyring = keyring
        self._lock = lock
        self.tail_missing = False
        self.contradicted: tuple[str, ...] = ()
        self._seen: Seen = {}
        self.verified: tuple[datetime, bool] | None = None
        self.prepare = prepare_all
        self.bodies = Bodies(engine, ObjectStore(settings.object_store)) if settings.object_store else None
        self.blobs = StoredBlobs(engine, keyring, self.bodies)
        self.ledger = StoredLedger(engine, prepare_all, settings.ledger)
        self.evidence = StoredEvidence(engine, keyring, prepare_all)
        self.quarantine = StoredQuarantine(engine, keyring, prepare_all, self.blobs)
        self.outbox = StoredOutbox(engine, keyring, prepare_all, self.blobs)
        self.policies = StoredPolicies(engine, keyring)
        self.accounts = StoredAccounts(engine, keyring, prepare_all)
        self.history = StoredHistory(engine, keyring)
        self.sendings = StoredSendings(engine, keyring)
        self.files_sent = StoredFilesSent(engine, keyring)
        self.exception_uses = StoredExceptionUses(engine)
        self.held_messages = StoredHeldMessages(engine, keyring)
        self.console_sessions = StoredSessions(engine, keyring, prepare_all)
        self.console_links = StoredLinks(engine, keyring, prepare_all)
        self.sender_links = StoredSenderLinks(engine, keyring)
        self.urgent_calls = StoredUrgentCalls(engine, keyring, prepare_all)
        self.trail = StoredTrail(engine, keyring)
        self.rule_counts = StoredRuleCounts(engine)
        self.hold_entries = StoredHolds(engine)
        self.passed_entries = StoredPassed(engine)
        self.assignments = StoredAssignments(engine, keyring, prepare_all)
        self.saved_views = StoredSavedViews(engine, keyring, prepare_all)
        self.checked = StoredChecked(engine)
        self.nodes = StoredNodes(engine)
        self.incidents = StoredIncidents(engine, keyring, prepare_all)
        self.month_records = StoredMonthRecords(engine, keyring)
        self.short_lived = StoredShortLived(engine, keyring)
        self.guessing = StoredGuessing(engine, keyring)
        self.pace = StoredPace(engine)

    @classmethod
    async def open(cls, settings: StoreSettings, *, create: bool = True) -> Store:
        """Open the store; with `create`, a new and empty database gets its schema and keys.

        SettingsError: keys missing, another schema. StoreOwned: another process has it. StoreUnavailable.
        """
        settings.keys_folder()
        lock = take_lock(settings)
        try:
            keyring = await on_database(
                settings, lambda connection: prepare_database(connection, settings, create=create)
            )
            witness = Witness(settings.witness_path(), keyring, settings.witness_max_bytes)
            store = cls(settings, _engine(settings, keyring, witness), keyring, lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        try:
            await store._start()
        except BaseException:
            await store._end()
            raise
        return store

    async def _start(self) -> None:
        if self.settings.is_sqlite:
            # Nobody else writes here: what is staged was left by a crash.
            await asyncio.to_thread(sweep_remains, self.settings.sqlite_path())
            await self.engine.write(lambda connection, _: sweep(connection), locks=False)
        await self._open_bodies()
        try:
            await self.checkpoint()
            await self._compare_witness()
        except LedgerForged as error:
            # The audit has to be able to open it; whatever appends is refused.
            log.error("ledger_head_forged", ledger=self.settings.ledger, cause=error)

    async def _open_bodies(self) -> None:
        if self.bodies is not None:
            await self.bodies.open()
        elif await self.engine.read(any_kept):
            raise SettingsError(
                "object_store: held messages lie in an object store, and the settings name none; set it again (with a "
                "large larger_than_bytes if nothing more is to go there)"
            )

    async def _compare_witness(self) -> None:
        """A ledger that ends before its witness was cut, or restored from a backup: `audit verify` proves it."""
        path, ledger = self.settings.witness_path(), self.settings.ledger
        end = select(schema.ledgers.c.sequence).where(schema.ledgers.c.ledger == ledger)
        sequence: int = await self.engine.read(lambda connection: connection.execute(end).scalar_one())
        seen, self._seen = await asyncio.to_thread(seen_in_witness, path, self.keyring, ledger)
        if seen > sequence:
            self.tail_missing = True
            log.error("ledger_tail_missing", ledger=ledger, sequence=sequence, witnessed=seen)

    async def close(self) -> None:
        """Sign the end of the ledger, finish what is queued, give the lock back. Idempotent."""
        try:
            await self.checkpoint()
        except Exception as error:
            log.warning("closing_checkpoint_failed", cause=error)
        await self._end()

    async def _end(self) -> None:
        await self.engine.close()
        if self._lock is not None:
            self._lock.release()

    async def checkpoint(self) -> bool:
        """Sign the ledger as it stands. Whether there was anything new to sign."""
        return await self.engine.write(lambda connection, chain: chain.sign(connection))

    async def witness_others(self, now: datetime) -> None:
        """Record how far the other ledgers of the store have come, in this ledger and in the witness file.

        Where one of them no longer holds what this node had seen in it, that is logged each time. StoreUnavailable.
        """
        seen = self._seen
        found = await self.engine.write(
            lambda connection, chain: witness_others(connection, chain, seen, self.prepare, now)
        )
        self._seen, self.contradicted = found.seen, found.contradicted
        for ledger in found.contradicted:
            log.error("ledger_contradicted", ledger=ledger, witness=self.settings.ledger)

    async def purge(self, now: datetime, retention: RetentionSettings | None = None) -> Purged:
        """Remove what is older than its retention, with its keys. How many of each."""
        keep_for = retention or self.settings.retention
        held = await purge_held(self.engine, self.prepare, now - keep_for.held, now)
        evidence = await self.evidence.purge(now - keep_for.evidence, now)
        records = await purge_records(self.engine, self.prepare, kept_for(keep_for), now)
        staged = await sweep_staged(self.engine, now)
        await self.history.purge(now)
        await self.sendings.purge(now)
        await self.files_sent.purge(now)
        await self.console_sessions.purge(now - CONSOLE_SESSIONS_FOR)
        await self.console_links.purge(now - CONSOLE_LINKS_FOR)
        await self.sender_links.purge(now)
        await self.short_lived.purge(now)
        await sweep_runs(self.engine, now - CANARY_LEFT_FOR)
        if self.bodies is not None:
            await self.bodies.tidy()
        await self.engine.compact()
        return Purged(held, evidence, staged, records)

    async def due(self, now: datetime, retention: RetentionSettings | None = None) -> Due:
        """What `purge` would remove now; nothing is."""
        keep_for = retention or self.settings.retention
        return await self.engine.read(lambda connection: count_due(connection, keep_for, now))

    async def erase_evidence(self, ref: str, reason: str, actor: str, at: datetime | None = None) -> int:
        """Erase what is known of a message's people before its time. How many records. UnknownReference."""
        count = await self.evidence.erase(ref, reason, actor, at or datetime.now(UTC))
        await self.engine.compact()
        return count

    async def standing(self, now: datetime) -> StoreStanding:
        """How it stands, for who operates it. StoreUnavailable."""
        return await self.engine.read(lambda connection: read_standing(connection, self.settings.ledger, now))

    @property
    def ledger_broken(self) -> bool:
        """Whether a ledger is known not to be what was written: its end is another, or an audit said so."""
        known = self.engine.head_forged or self.tail_missing or bool(self.contradicted)
        return known or (self.verified is not None and not self.verified[1])

    @property
    def objects_problem(self) -> str | None:
        """What is wrong with the object store, in a sentence; None where all is well, or there is none."""
        return self.bodies.objects.problem if self.bodies else None

    async def counts(self) -> StoreCounts:
        return await self.engine.read(lambda connection: _count(connection, self.engine.witness_failing))


def _engine(settings: StoreSettings, keyring: Keyring, witness: Witness) -> Engine:
    if settings.is_sqlite:
        return SqliteEngine(settings, keyring, witness)
    # Only here: it brings SQLAlchemy's asynchronous half along, which a start on SQLite need not wait for.
    from .postgresql_engine import PostgresqlEngine

    return PostgresqlEngine(settings, keyring, witness)


def _count(connection: Connection, witness_failing: bool) -> StoreCounts:
    held, outbox = schema.held, schema.outbox
    mine = select(held.c.state, func.count()).where(in_lane(held, None))
    states = connection.execute(mine.group_by(held.c.state)).all()
    is_open = (outbox.c.done_at.is_(None), in_lane(outbox, None))
    waiting = select(func.count(), func.min(outbox.c.created_at)).where(*is_open)
    rows, oldest = connection.execute(waiting).one()
    return StoreCounts(
        held={row[0]: row[1] for row in states},
        outbox=rows,
        oldest_open=optional_moment(oldest),
        entries=int(connection.execute(select(func.coalesce(func.sum(schema.ledgers.c.sequence), 0))).scalar_one()),
        evidence=connection.execute(select(func.count()).select_from(schema.evidence)).scalar_one(),
        witness_failing=witness_failing,
    )
