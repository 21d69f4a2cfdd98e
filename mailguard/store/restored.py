"""What a store that was put back must not do by itself: nobody knows what was done after it was copied.

Contract: in one durable step with its entry in the ledger, every row of the outbox waits until somebody says retry or
drop, every message that would leave by itself waits for a person, and what is held has its whole time again. Nobody is
signed in to the console any more, and no link leads into it. In the object store it writes into a space of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, select, text, update

from ..core.lifecycle import OPEN, Act, State, after
from ..guard.records import HeldChange, NewEntry
from ..logs import logger
from . import schema
from .chain import Chain
from .console import forget_all
from .instants import NEVER, to_micros
from .keys import Keyring
from .object_rows import new_space
from .quarantine import change_held
from .sealing import SealBroken
from .store import Store

log = logger("store")


@dataclass(frozen=True, slots=True)
class HeldBack:
    """rows: of the outbox. waiting: messages that would have left by themselves. held: all that nobody has decided."""

    rows: int
    waiting: int
    held: int


async def hold_back(store: Store, at: datetime, deadline: timedelta, facts: Mapping[str, Any]) -> HeldBack:
    """Let nothing leave by itself of what the store had taken on. facts: for the entry, without personal data.

    deadline: what a held message gets at least.
    """
    moment = to_micros(at)

    def hold(connection: Connection, chain: Chain) -> HeldBack:
        waiting = _stop_waiting(connection) + _stop_leaving(connection, store.keyring, at)
        held = HeldBack(_hold_rows(connection, moment), waiting, _begin_anew(connection, moment, deadline))
        counts = {"rows": held.rows, "waiting": held.waiting, "held": held.held}
        forget_all(connection)
        new_space(connection)
        chain.append(connection, store.prepare([NewEntry("store_restored", None, at, {**facts, **counts})]))
        return held

    return await store.engine.write(hold)


def has_programs(connection: Connection) -> bool:
    """Whether a SQLite file holds triggers or views. Our schema has none: a trigger would act on what is held back, or
    on every message from then on, and the ledger would be whole all the same.
    """
    found = connection.execute(text("SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')"))
    return bool(found.scalar_one())


def _hold_rows(connection: Connection, moment: int) -> int:
    """The time in which a row is tried counts from now too: it had not begun."""
    table = schema.outbox
    times = {"not_before": to_micros(NEVER), "give_up_at": moment + table.c.give_up_at - table.c.created_at}
    lease = {"lease": None, "lease_owner": None, "lease_until": None}
    return connection.execute(update(table).where(table.c.done_at.is_(None)).values({**times, **lease})).rowcount


def _stop_waiting(connection: Connection) -> int:
    table = schema.held
    leaving = update(table).where(table.c.state == State.WAITING.value)
    return connection.execute(leaving.values(state=after(State.WAITING, Act.STOP).value)).rowcount


def _stop_leaving(connection: Connection, keyring: Keyring, at: datetime) -> int:
    """What somebody decided to send just before the copy was taken. Each is opened: its decision is sealed."""
    table = schema.held
    leaving = select(table.c.ref, table.c.version).where(table.c.state == State.LEAVING.value)
    rows = connection.execute(leaving).all()
    for row in rows:
        stop = HeldChange(
            ref=row.ref,
            version=row.version,
            from_state=State.LEAVING,
            to_state=after(State.LEAVING, Act.STOP),
            actor="mailguard",
            at=at,
            approved_by=(),
            approvals=(),
        )
        try:
            change_held(connection, keyring, stop)
        except SealBroken as cause:
            # Nobody can open it, so it does not leave either.
            log.error("row_unreadable", ref=row.ref, cause=cause)
    return len(rows)


def _begin_anew(connection: Connection, moment: int, deadline: timedelta) -> int:
    table = schema.held
    is_open = table.c.state.in_(sorted(state.value for state in OPEN))
    own, least = table.c.due_at - table.c.received_at, deadline // timedelta(microseconds=1)
    due_at = moment + case((own > least, own), else_=least)
    changed = update(table).where(is_open).values(due_at=due_at, version=table.c.version + 1)
    return connection.execute(changed).rowcount
