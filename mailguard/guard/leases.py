"""The leases of the rows that this process sends, where other guards may take them over.

INVARIANT: on a shared store nothing is sent of a row that is not certainly ours still: each lease is confirmed
before its transmission begins, and a transmission is broken off once its lease may have ended for somebody else. A
process that stood still (SIGSTOP, a paused machine) and comes back so sends nothing that others have sent since. What
no lease can undo is content whose final dot was on its way already: at most that one is sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ..core.errors import MailguardError
from .nodes import CLOCK_OFF_SECONDS
from .ports import Clock, Outbox
from .records import Delivery
from .steps import bounded

LEASE_SECONDS = 45.0
"""A living owner extends its leases every third of this; the rows of a dead one are free after it."""
CERTAIN_SECONDS = LEASE_SECONDS - 2 * CLOCK_OFF_SECONDS
"""For how long a lease is ours for everybody, also where the clocks of two guards are off in opposite directions."""
AGAIN_SECONDS = 1.0
"""After a store that did not answer: leases that cannot be extended end transmissions."""


class LeaseLost(MailguardError):
    """Another guard has the row now, or may have it."""


class Leases:
    """Of one owner. shared: whether others may take rows over. may_claim: whether leases can be trusted now."""

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        owner: str,
        *,
        port_seconds: float,
        shared: bool = False,
        may_claim: Callable[[], bool] = lambda: True,
    ) -> None:
        self.may_claim = may_claim
        self._outbox = outbox
        self._clock = clock
        self._owner = owner
        self._port_seconds = port_seconds
        self.shared = shared
        self._under_way: set[asyncio.Timeout] = set()
        self._tokens: dict[str, str] = {}

    def claimed(self, row: Delivery) -> bool:
        """A row was claimed. False where it is being sent already: that goes on under the new lease."""
        begun = row.identifier in self._tokens
        self._tokens[row.identifier] = row.lease or ""
        return not begun

    def ended(self, row: Delivery) -> None:
        self._tokens.pop(row.identifier, None)

    def clear(self) -> None:
        self._tokens.clear()

    def token(self, row: Delivery) -> str:
        return self._tokens.get(row.identifier, row.lease or "")

    async def give_back(self) -> None:
        """Every row that is ours. Whatever the store raises."""
        await bounded(self._outbox.extend(self._owner, self._clock.now(), 0.0), self._port_seconds)

    async def extend(self) -> None:
        """Keep the rows that we know of, and give back those of a claim whose answer was lost: extended with the others
        they would never be anybody's again. Whatever the store raises.
        """
        began = asyncio.get_running_loop().time()
        known = set(self._tokens.values())
        extend = self._outbox.extend(self._owner, self._clock.now(), LEASE_SECONDS, known)
        await bounded(extend, self._port_seconds)
        for each in self._under_way:
            if not each.expired():
                each.reschedule(began + CERTAIN_SECONDS)

    @asynccontextmanager
    async def sending(self, row: Delivery) -> AsyncIterator[None]:
        """Around a transmission. LeaseLost before or in the middle of it; whatever the store raises."""
        if not self.shared:
            yield
            return
        began = asyncio.get_running_loop().time()
        confirm = self._outbox.confirm(row.identifier, self.token(row), self._clock.now(), LEASE_SECONDS)
        if await bounded(confirm, self._port_seconds) is not True:
            raise LeaseLost("another guard has this row")
        certain = asyncio.timeout_at(began + CERTAIN_SECONDS)
        try:
            async with certain:
                self._under_way.add(certain)
                try:
                    yield
                finally:
                    self._under_way.discard(certain)
        except TimeoutError as cause:
            if certain.expired():
                raise LeaseLost("another guard may have this row by now") from cause
            raise
