"""A hold that nobody decides by its deadline ends as not sent, and its sender is told; a delayed message leaves."""

from __future__ import annotations

from collections.abc import Callable

from ..core.errors import AlreadyDecided, UnknownReference
from ..core.lifecycle import Act, State, after
from ..logs import logger
from . import entries
from .notices import Notices
from .ports import Clock, Quarantine
from .records import Held, HeldChange
from .review import Review

log = logger("deadline")

BATCH = 100


class Deadline:
    """Ends what is overdue. `enforce` is called at intervals; it may be called by several processes at once."""

    def __init__(
        self, *, quarantine: Quarantine, notices: Notices, clock: Clock, review: Review, wake: Callable[[], None]
    ) -> None:
        self._quarantine = quarantine
        self._notices = notices
        self._clock = clock
        self._review = review
        self._wake = wake

    async def enforce(self) -> int:
        """Expire every held message whose deadline has passed; let leave what is delayed, and what was decided and can
        be stopped no more. How many.

        One that fails is logged and tried again at the next call; it does not keep the others.
        """
        now = self._clock.now()
        leaving = await self._quarantine.list([State.LEAVING])
        decided = [held for held in leaving if held.leaves_at is not None and held.leaves_at <= now]
        expired = sum([await self._end(held) for held in decided])
        while due := await self._quarantine.due(self._clock.now(), BATCH):
            ended = [await self._end(held) for held in due]
            expired += sum(ended)
            if not any(ended):
                break
        return expired

    async def _end(self, held: Held) -> bool:
        try:
            if held.state in (State.WAITING, State.LEAVING):
                await self._review.leave(held)
                return True
            return await self._expire(held)
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
