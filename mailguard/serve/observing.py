"""Where the gauges come from: binds the open parts of a running service to what operations see (standing.py).

Must not keep mail waiting: what is in memory is read by the scraper's thread, what the store knows by a round of its
own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from .. import __version__
from ..core.lifecycle import OPEN
from ..inspection.inspector import SandboxedInspector
from ..smtp.certificate import Certificate
from ..smtp.listen_settings import HostPort
from ..smtp.routes import SmarthostRoutes
from ..store.standing import StoreStanding
from .heartbeat import Heartbeat
from .in_use import InUse, in_use, together
from .metrics import Metrics
from .parts import Parts
from .policies import PolicySource
from .standing import Reading, Source


class Shown(Protocol):
    """A listener. open: its connections, None where nobody counts them alone."""

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]: ...

    @property
    def certificate(self) -> Certificate | None: ...

    @property
    def open(self) -> int | None: ...


class Connections(Protocol):
    """Of all listeners: how many are open, and how many may be."""

    most: int

    @property
    def open(self) -> int: ...


class StoreGauges:
    """What a round read from the store, until it reads again. Ages are those of the moment of the scrape."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._read: tuple[datetime, StoreStanding] | None = None

    async def read(self) -> None:
        """StoreUnavailable."""
        now = self._parts.clock.now()
        self._read = now, await self._parts.store.standing(now)

    def gauges(self) -> Iterator[Reading]:
        if self._read is None:
            return
        (at, found), now = self._read, self._parts.clock.now()
        yield "store_read_timestamp_seconds", (), at.timestamp()
        yield "held_messages", (), sum(found.held.get(state, 0) for state in OPEN)
        for state, count in found.held.items():
            yield "held_state_messages", (state,), count
        yield "held_oldest_seconds", (), _age(found.held_since, now)
        yield "held_overdue_messages", (), found.held_overdue
        yield from _moment("held_next_due_timestamp_seconds", found.held_due)
        yield "outbox_rows", (), sum(found.outbox.values())
        for state, count in found.outbox.items():
            yield "outbox_state_rows", (state,), count
        yield "outbox_oldest_seconds", (), _age(found.outbox_since, now)
        yield "outbox_overdue_seconds", (), _age(found.outbox_due, now)
        yield "ledger_entries", (), found.entries
        yield "ledger_unsigned_entries", (), found.unsigned
        yield from _moment("ledger_checkpoint_timestamp_seconds", found.signed_at)


def observe(
    metrics: Metrics,
    parts: Parts,
    policies: PolicySource,
    listeners: Sequence[Shown],
    connections: Connections,
    smarthost: SmarthostRoutes,
    inspector: SandboxedInspector,
    heartbeat: Heartbeat,
    elsewhere: Callable[[], Sequence[InUse]],
) -> StoreGauges:
    """From now on whoever scrapes sees how these stand. What comes back has to be `read` at intervals.

    elsewhere: what the workers have open.
    """
    parts.store.engine.pulse.watch = metrics
    parts.review.watch = metrics.decided_about
    if parts.store.bodies is not None:
        parts.store.bodies.objects.watch = metrics
    stored = StoreGauges(parts)

    def policy() -> Iterator[Reading]:
        yield "policy_broken", (), policies.problem is not None
        if policies.revision is not None:
            yield "policy_info", (policies.revision,), 1
        yield from _moment("policy_loaded_timestamp_seconds", policies.loaded_at)

    def door() -> Iterator[Reading]:
        yield "client_connections", (), connections.open
        yield "client_connections_limit", (), connections.most
        for listener in listeners:
            if not listener.addresses:
                continue
            name = str(HostPort(*listener.addresses[0]))
            if listener.open is not None:
                yield "listener_connections", (name,), listener.open
            if (certificate := listener.certificate) is not None:
                yield from _moment("certificate_expires_timestamp_seconds", certificate.expires_at, name)
                yield "certificate_broken", (name,), certificate.problem is not None

    def everywhere() -> InUse:
        return together([in_use(smarthost, inspector), *elsewhere()])

    def smarthosts() -> Iterator[Reading]:
        names = _distinct(str(each.settings.address) for each in smarthost.smarthosts)
        limits = (each.connections for each in parts.settings.smarthosts)
        for name, each, limit, open_now in zip(
            names, smarthost.smarthosts, limits, everywhere().smarthosts, strict=True
        ):
            yield "smarthost_up", (name,), each.trouble is None
            for state, count in open_now._asdict().items():
                yield "smarthost_connections", (name, state), count
            yield "smarthost_connections_limit", (name,), limit
        yield "smarthosts_in_trouble", (), sum(each.trouble is not None for each in smarthost.smarthosts)

    def inspection() -> Iterator[Reading]:
        busy, idle, waiting = everywhere().readers
        yield "inspection_workers", ("busy",), busy
        yield "inspection_workers", ("idle",), idle
        yield "inspection_waiting_parts", (), waiting
        yield "inspection_broken", (), inspector.trouble is not None

    def store() -> Iterator[Reading]:
        engine, verified = parts.store.engine, parts.store.verified
        yield "store_waiting_writes", (), engine.pulse.waiting
        yield "store_oldest_write_seconds", (), engine.pulse.oldest_seconds
        yield "witness_failing", (), engine.witness_failing
        yield "ledger_broken", (), parts.store.ledger_broken
        if parts.store.bodies is not None:
            yield "object_store_failing", (), parts.store.bodies.objects.problem is not None
        if engine.witnessed_at is not None:
            yield "ledger_witness_timestamp_seconds", (), engine.witnessed_at
        yield from _moment("ledger_verified_timestamp_seconds", verified[0] if verified else None)

    def itself() -> Iterator[Reading]:
        yield "build_info", (__version__,), 1
        yield "event_loop_late_seconds", (), heartbeat.late_seconds

    for source in (policy, door, smarthosts, inspection, store, itself, stored.gauges):
        metrics.standing.add(source)
    for place, folder in _places(parts).items():
        metrics.standing.add(_disk(place, folder))
    return stored


def _disk(place: str, folder: Path) -> Source:
    """A source for each: one that is not mounted does not hide the others."""

    def disk() -> Iterator[Reading]:
        usage = shutil.disk_usage(folder)
        yield "disk_free_bytes", (place,), usage.free
        yield "disk_size_bytes", (place,), usage.total

    return disk


def _places(parts: Parts) -> dict[str, Path]:
    settings, store = parts.settings, parts.store.settings
    found = {"witness": store.witness_path().parent, "spool": settings.spool or Path(tempfile.gettempdir())}
    if store.is_sqlite:
        found["store"] = store.sqlite_path().parent
    if settings.log_file is not None:
        found["log"] = settings.log_file.parent
    return found


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """Two smarthosts may have one address, each with an account of its own."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = number = seen.get(name, 0) + 1
        yield name if number == 1 else f"{name} ({number})"


def _moment(name: str, at: datetime | None, *labels: str) -> Iterator[Reading]:
    if at is not None:
        yield name, labels, at.timestamp()


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
