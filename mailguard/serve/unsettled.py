"""What a worker has decided and not finished: kept by the owner, who is asked to record both, and outlives it.

INVARIANT: `left` names exactly the decisions that are in the ledger through this worker and have no outcome there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..store.chain import PreparedEntry


class Unsettled:
    """Of one life of a worker. A reference stands in it from its decision to the next entry about it."""

    def __init__(self) -> None:
        self._refs: set[str] = set()
        self._recording = 0
        self._none_recording = asyncio.Event()
        self._none_recording.set()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Around each append, which goes on when the worker that asked for it has died."""
        self._recording += 1
        self._none_recording.clear()
        try:
            yield
        finally:
            self._recording -= 1
            if not self._recording:
                self._none_recording.set()

    def recorded(self, entries: Sequence[PreparedEntry]) -> None:
        for each in entries:
            if each.ref is not None:
                if each.kind == "message_decided":
                    self._refs.add(each.ref)
                else:
                    self._refs.discard(each.ref)

    def settled(self, ref: str | None) -> None:
        self._refs.discard(ref or "")

    async def left(self) -> frozenset[str]:
        """When the worker is gone, and all that it asked for is recorded or has failed."""
        await self._none_recording.wait()
        return frozenset(self._refs)
