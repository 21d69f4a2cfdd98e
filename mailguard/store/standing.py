"""How the store stands, for who operates it: what is held, what the outbox has, how far the ledger was signed.

Contract: read every few seconds, so nothing is opened, and of what grows for ever (ledger, evidence) only ends are
read. Of everybody's mail: the canary's own is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, or_, select

from ..core.lifecycle import OPEN, State
from . import schema
from .instants import optional_moment, to_micros
from .lane import in_lane

_TO_DECIDE = (State.HELD, State.APPROVED_ONCE)
"""What waits (`delay`) leaves by itself: nobody has to decide it."""
SENDING, DEFERRED, NEW = "sending", "deferred", "new"
OUTBOX_STATES = (NEW, DEFERRED, SENDING)


@dataclass(frozen=True, slots=True)
class StoreStanding:
    """held: messages by state. held_since: when the oldest undecided one came. held_due: the next deadline of one that
    a person has to decide; held_overdue: undecided past their deadline. outbox: rows that are not done, by state (new:
    never tried; deferred: tried, and to be tried again; sending: in work). outbox_since: when the oldest was made.
    outbox_due: since when the first that is due waits for its turn. entries: of this ledger; unsigned: of those, how
    many no checkpoint covers yet. signed_at: the time of the last entry that one covers.
    """

    held: Mapping[str, int]
    held_since: datetime | None
    held_due: datetime | None
    held_overdue: int
    outbox: Mapping[str, int]
    outbox_since: datetime | None
    outbox_due: datetime | None
    entries: int
    unsigned: int
    signed_at: datetime | None


def read_standing(connection: Connection, ledger: str, now: datetime) -> StoreStanding:
    """As of now."""
    moment = to_micros(now)
    held, held_since, held_due, overdue = _held(connection, moment)
    outbox, outbox_since, outbox_due = _outbox(connection, moment)
    entries, unsigned, signed_at = _ledger(connection, ledger)
    return StoreStanding(
        held=held,
        held_since=optional_moment(held_since),
        held_due=optional_moment(held_due),
        held_overdue=overdue,
        outbox=outbox,
        outbox_since=optional_moment(outbox_since),
        outbox_due=optional_moment(outbox_due),
        entries=entries,
        unsigned=unsigned,
        signed_at=optional_moment(signed_at),
    )


def _held(connection: Connection, now: int) -> tuple[dict[str, int], int | None, int | None, int]:
    """One reading of the table for all of it: with 100,000 held messages that is a tenth of a second of a processor."""
    table = schema.held
    late = func.sum(case((table.c.due_at <= now, 1), else_=0))
    query = select(table.c.state, func.count(), func.min(table.c.received_at), func.min(table.c.due_at), late)
    rows = connection.execute(query.where(in_lane(table, None)).group_by(table.c.state)).all()
    counts = {state.value: 0 for state in State} | {row[0]: row[1] for row in rows}
    undecided = [row for row in rows if row[0] in OPEN]
    since = min((row[2] for row in undecided), default=None)
    due = min((row[3] for row in undecided if row[0] in _TO_DECIDE), default=None)
    return counts, since, due, sum(int(row[4]) for row in undecided)


def _outbox(connection: Connection, now: int) -> tuple[dict[str, int], int | None, int | None]:
    table = schema.outbox
    free = or_(table.c.lease_until.is_(None), table.c.lease_until <= now)
    state = case((~free, SENDING), (table.c.attempts > 0, DEFERRED), else_=NEW)
    due = case((and_(free, table.c.not_before <= now), table.c.not_before))
    query = select(state, func.count(), func.min(table.c.created_at), func.min(due))
    rows = connection.execute(query.where(table.c.done_at.is_(None), in_lane(table, None)).group_by(state)).all()
    counts = dict.fromkeys(OUTBOX_STATES, 0) | {row[0]: row[1] for row in rows}
    since = min((row[2] for row in rows), default=None)
    return counts, since, min((row[3] for row in rows if row[3] is not None), default=None)


def _ledger(connection: Connection, ledger: str) -> tuple[int, int, int | None]:
    table, checkpoints = schema.ledgers, schema.checkpoints
    head = select(table.c.sequence, table.c.checkpoint, table.c.checkpoint_sequence).where(table.c.ledger == ledger)
    row = connection.execute(head).one_or_none()
    if row is None:
        return 0, 0, None
    last = select(checkpoints.c.at).where(checkpoints.c.ledger == ledger, checkpoints.c.number == row.checkpoint)
    return row.sequence, row.sequence - row.checkpoint_sequence, connection.execute(last).scalar()
