"""The class of what belongs to the canary: it stands in the same tables as everybody's mail, and apart from it.

INVARIANT: no list, deadline, delivery, decision or count of everybody's mail sees a row of this class, whoever knows
its reference, and a run of the canary claims its own rows alone. The class is bound into the seals: a row that is given
it, or rid of it, opens no more.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table

PREFIX = "canary:"


def retention_of(canary: str | None, otherwise: str) -> str:
    """The retention class of a row: the canary's, with its run, or the one that it has otherwise."""
    return otherwise if canary is None else f"{PREFIX}{canary}"


def run_of(retention: str) -> str | None:
    """The run of the canary that a row of this retention class belongs to; None for everybody's mail."""
    return retention.removeprefix(PREFIX) if retention.startswith(PREFIX) else None


def in_lane(table: Table, canary: str | None) -> ColumnElement[bool]:
    """The rows of one run of the canary, or, for None, of everybody's mail."""
    if canary is None:
        return table.c.retention.not_like(f"{PREFIX}%")
    return table.c.retention == f"{PREFIX}{canary}"


def of_any_run(table: Table) -> ColumnElement[bool]:
    return table.c.retention.like(f"{PREFIX}%")


def seal_terms(canary: str | None) -> tuple[str, ...]:
    """What a seal is bound to besides; nothing for everybody's mail, so that older seals still open."""
    return () if canary is None else (f"{PREFIX}{canary}",)
