"""A hold that nobody decides by its deadline ends as not sent, and its sender is told; a delayed message leaves.

A delayed message leaves early by no more than the clock jumped forward. One that came later than it is now, because
the clock was set back, is counted by a clock that nobody sets: it waits at most twice as long, and anew after a start.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from ..core.errors import AlreadyDecided, UnknownReference
from ..core.lifecycle import Act, State, after
from ..logs import logger
from . import entries
from .notices import Notices
from .ports import Clock, Quarantine
from .records import Held, HeldChange
from .review import Review
from .steps import Value, bounded

log = logger("deadline")

BATCH = 100


class Deadline:
    """Ends what is overdue. `enforce` is called at intervals; it may be called by several processes at once."""

    def __init__(
        self,
        *,
        quarantine: Quarantine,
        notices: Notices,
        clock: Clock,
        review: Review,
        wake: Callable[[], None],
        steady: Callable[[], float] = time.monotonic,
        step_seconds: float = 60.0,
    ) -> None:
        """steady: seconds by a clock that nobody sets. step_seconds: for what is asked of the store, and for the end of
        one message.
        """
        self._quarantine = quarantine
        self._notices = notices
        self._clock = clock
        self._review = review
        self._wake = wake
        self._steady = steady
        self._step_seconds = step_seconds
        self._ahead_since: dict[str, float] = {}

    async def enforce(self) -> int:
        """Expire every held message whose deadline has passed; let leave what is delayed, and what was decided and can
        be stopped no more. How many.

        One that fails or hangs is logged and tried again at the next call; it does not keep the others.
        """
        now = self._clock.now()
        leaving = await self._within(self._quarantine.list([State.LEAVING]))
        decided = [held for held in leaving if held.leaves_at is not None and held.leaves_at <= now]
        decided += await self._waited_enough(now)
        expired = sum([await self._end(held) for held in decided])
        while due := await self._within(self._quarantine.due(self._clock.now(), BATCH)):
            ended = [await self._end(held) for held in due]
            expired += sum(ended)
            if not any(ended):
                break
        return expired

    async def _waited_enough(self, now: datetime) -> list[Held]:
        """What came later than now is since when it was first seen to: never early, whatever the clock says next."""
        ahead, seen = await self._within(self._quarantine.ahead(now, BATCH)), self._steady()
        self._ahead_since = {held.ref: self._ahead_since.get(held.ref, seen) for held in ahead}
        return [held for held in ahead if seen - self._ahead_since[held.ref] >= _delay_of(held)]

    async def _within(self, step: Awaitable[Value]) -> Value:
        """A change that comes too late for us is in the store or is not: the next call sees which."""
        return await bounded(step, self._step_seconds)

    async def _end(self, held: Held) -> bool:
        try:
            if held.state in (State.WAITING, State.LEAVING):
                await self._within(self._review.leave(held))
                return True
            return await self._within(self._expire(held))
        except (AlreadyDecided, UnknownReference):
            return False
        except Exception as cause:
            log.error("deadline_not_kept", ref=held.ref, cause=cause)
            return False

    async def _expire(self, held: Held) -> bool:
        now = self._clock.now()
        change = HeldChange(
            ref=held.ref,
            version=held.version,
            from_state=held.state,
            to_state=after(held.state, Act.EXPIRE),
            actor="mailguard",
            at=now,
        )
        told, extra = entries.told(held.ref, now, self._notices.expired(held, now))
        await self._quarantine.change(change, [entries.plain("hold_expired", held.ref, now), *extra], told)
        self._wake()
        log.info("held_message_expired", ref=held.ref)
        return True


def _delay_of(held: Held) -> float:
    return (held.due_at - held.received_at).total_seconds()
