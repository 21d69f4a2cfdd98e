"""Taking a held message on: others see whose it is. It decides nothing, and keeps nobody from deciding.

Contract: the version of the message stays, so that nobody who is deciding just then is sent back; what was decided, or
taken on by somebody else since the form was shown, stays as it is (AlreadyDecided).
"""

from __future__ import annotations

from dataclasses import replace

from .. import entries
from ..ports import Clock
from ..records import Held
from .deciding import actor_of
from .ports import Assignments
from .records import Assignment
from .sessions import Visitor


class Assigning:
    def __init__(self, *, assignments: Assignments, clock: Clock) -> None:
        self._assignments = assignments
        self._clock = clock

    async def whose(self, ref: str) -> Assignment | None:
        """Who took it on; None for nobody."""
        return next(iter(await self._assignments.of([ref])), None)

    async def take(self, held: Held, visitor: Visitor, version: int, was: str | None) -> None:
        """Make it the visitor's own. was: the account that had it when the form was shown, None for nobody's.

        held: for who may decide about it (Deciding.open). AlreadyDecided, UnknownReference.
        """
        account, now = visitor.account, self._clock.now()
        entry = entries.acted("message_assigned", replace(held, version=version), now, actor_of(visitor))
        assignment = Assignment(held.ref, account.identifier, account.shown, now)
        await self._assignments.assign(assignment, version, was, [entry])
