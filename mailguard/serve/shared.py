"""What guards on one database keep there together, where a guard that is alone on its store keeps it in memory.

Contract: a guard whose database does not answer gives nobody a turn to sign in, and sends at its own pace.
"""

from __future__ import annotations

import asyncio

from ..core.errors import StoreUnavailable
from ..core.guessing import Turn
from ..core.sign_in import SignInOutcome
from ..guard.console.ports import ShortLivedRecords
from ..guard.console.short_lived import ShortLivedHere
from ..logs import logger
from ..smtp.listen_settings import Limits
from ..smtp.pool import Pace
from ..smtp.sign_in_limits import SignInLimits, TurnsHere, bounds_of, hashes_of
from ..smtp.smarthost_settings import SmarthostSettings
from ..store.guessing import StoredGuessing
from ..store.pace import StoredPace
from ..store.store import Store

log = logger("serve")


class SharedTurns:
    """Implements smtp.sign_in_limits.Turns for all guards of a store."""

    def __init__(self, limits: Limits, guessing: StoredGuessing) -> None:
        self._bounds = bounds_of(limits)
        self._guessing = guessing
        self._settling: set[asyncio.Task[None]] = set()

    async def reserve(self, peer: str, account: str, now: float) -> Turn | None:
        try:
            return await self._guessing.reserve(self._bounds, *hashes_of(peer, account), now)
        except StoreUnavailable as cause:  # nobody may try without a turn: the client hears that it is to come again
            log.error("turn_not_given", cause=cause)
            return None

    def settle(self, turn: Turn, outcome: SignInOutcome, now: float) -> None:
        """Nobody waits for it. Until it is done, and where it cannot be, the attempt counts as failed."""
        if outcome is not SignInOutcome.REFUSED:
            self._settling.add(task := asyncio.get_running_loop().create_task(self._settle(turn, outcome)))
            task.add_done_callback(self._settling.discard)

    async def settled(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._settling)

    async def _settle(self, turn: Turn, outcome: SignInOutcome) -> None:
        try:
            await self._guessing.settle(turn, outcome)
        except StoreUnavailable as cause:
            log.warning("turn_not_settled", cause=cause)


class SharedPace(Pace):
    """At one server, for all guards of a store."""

    def __init__(self, settings: SmarthostSettings, pace: StoredPace) -> None:
        super().__init__(settings.messages_per_minute)
        self._server = str(settings.address)
        self._pace = pace

    async def turn(self) -> None:
        if not self.interval_seconds:
            return
        try:
            seconds = await self._pace.reserve(self._server, self.interval_seconds)
        except StoreUnavailable as cause:
            log.warning("pace_not_shared", cause=cause)
            seconds = self.reserve()
        if seconds > 0:
            await asyncio.sleep(seconds)


def turns_of(limits: Limits, store: Store) -> SharedTurns | TurnsHere:
    return TurnsHere(SignInLimits(limits)) if store.settings.is_sqlite else SharedTurns(limits, store.guessing)


def pace_of(settings: SmarthostSettings, store: Store) -> Pace:
    return Pace(settings.messages_per_minute) if store.settings.is_sqlite else SharedPace(settings, store.pace)


def short_lived_of(store: Store) -> ShortLivedRecords:
    return ShortLivedHere() if store.settings.is_sqlite else store.short_lived
