"""Counting the uses of exceptions, inside the transaction that appends their decisions.

Contract: a use is counted if and only if its decision is in the ledger. One row for each ledger, rule and exception, so
that guards that share a database never wait for each other's counts (docs/decisions/exceptions.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

RETENTION = "exception"
"""No purge: a row holds two names that an admin chose, a number and a time."""
_COUNT = text(
    "INSERT INTO exception_uses (ledger, rule, exception, uses, last_used_at, retention) "
    "VALUES (:ledger, :rule, :exception, 1, :at, :retention) ON CONFLICT (ledger, rule, exception) "
    "DO UPDATE SET uses = exception_uses.uses + 1, last_used_at = excluded.last_used_at"
)


def count_uses(connection: Connection, ledger: str, used: Sequence[tuple[int, tuple[str, str]]]) -> None:
    """used: the time in microseconds and (rule, exception), one for each use."""
    for at, (rule, exception) in used:
        values = {"ledger": ledger, "rule": rule, "exception": exception, "at": at, "retention": RETENTION}
        connection.execute(_COUNT, values)
