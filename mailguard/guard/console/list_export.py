"""The list of held messages as rows to take along.

INVARIANT: it holds what the list holds for this visitor and nothing else; that it was taken along, and how many rows,
is in the ledger before the first of them leaves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ..ports import Clock, Ledger
from .queue import Asked, HeldQueue
from .queue_records import Item
from .sessions import Visitor, noted

AT_ONCE = 50
"""Messages that are open at the same time, however many there are."""

Row = Item | str
"""A message; or the reference of one that cannot be read, so that no row is missing without a word."""


class ListExport:
    def __init__(self, *, queue: HeldQueue, ledger: Ledger, clock: Clock) -> None:
        self._queue = queue
        self._ledger = ledger
        self._clock = clock

    async def begin(self, visitor: Visitor, asked: Asked) -> AsyncIterator[Sequence[Row]]:
        """Record it; the rows of all pages then come a few at a time, in the order that was asked for."""
        refs = await self._queue.refs(visitor.powers, asked)
        await self._ledger.append([noted("held_exported", visitor.account, self._clock, rows=len(refs))])
        return self._rows(visitor, refs)

    async def _rows(self, visitor: Visitor, refs: Sequence[str]) -> AsyncIterator[Sequence[Row]]:
        for start in range(0, len(refs), AT_ONCE):
            some = refs[start : start + AT_ONCE]
            items = {each.ref: each for each in await self._queue.items(visitor.powers, some)}
            yield [items.get(ref, ref) for ref in some]
