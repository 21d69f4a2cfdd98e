"""What every part of the store asks of an engine, whichever database it is.

Contract: `write` and `append` return when the change is durable and witnessed, or raise with nothing done (after a lost
connection or a time-out: perhaps done). `read` sees only committed data. All raise StoreUnavailable for trouble of the
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from ..guard.records import Entry
from .chain import PreparedEntry
from .group import Operation, Query
from .pulse import Pulse

T = TypeVar("T")


class Engine(Protocol):
    async def write(self, operation: Operation[T], *, locks: bool = True) -> T:
        """Run an operation in a transaction. locks: False for what appends no entries."""
        ...

    async def append(self, prepared: Sequence[PreparedEntry], *, patient: bool = False) -> list[Entry]:
        """patient: without a transaction of its own where another write comes within PATIENCE_SECONDS."""
        ...

    async def read(self, query: Query[T]) -> T: ...

    async def apart(self, query: Query[T]) -> T:
        """Change what may be lost with a crash of the database: in a transaction of its own, which waits neither for
        the disk nor for the writer, and which the writer does not wait for. On SQLite it is a write as any other.
        """
        ...

    async def compact(self) -> None:
        """After a purge: leave no old page behind, as far as the database lets us."""
        ...

    async def close(self) -> None: ...

    @property
    def pulse(self) -> Pulse: ...

    @property
    def witness_failing(self) -> bool: ...

    @property
    def witnessed_at(self) -> float | None:
        """When the witness was last written, in seconds since 1970; None if not since the store was opened."""
        ...

    @property
    def head_forged(self) -> bool:
        """Whether the end of the ledger was changed by somebody else, as far as the last group of writes knows."""
        ...
