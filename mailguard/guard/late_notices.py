"""Notices that were put off while much was held at once (CONSOLE.md section 3: one combined notice) leave here.

What is put off is remembered in memory; the ledger says of each hold that it was. The first round after a start reads
that back, so that a crash cannot keep somebody in the dark (DESIGN.md promise 5).
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.lifecycle import OPEN, State
from . import entries
from .letterhead import TO_THEM
from .notices import Notices
from .ports import Clock, Ledger, Outbox, Quarantine
from .records import Held
from .told import Reason


class LateNotices:
    """`tell` is called at intervals."""

    def __init__(
        self,
        *,
        notices: Notices,
        outbox: Outbox,
        quarantine: Quarantine,
        ledger: Ledger,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._notices = notices
        self._outbox = outbox
        self._quarantine = quarantine
        self._ledger = ledger
        self._recalled = False
        self._clock = clock
        self._wake = wake

    async def tell(self) -> int:
        """Queue the combined notices that are due. How many."""
        if not self._recalled:
            await self._recall()
            self._recalled = True
        now = self._clock.now()
        rows = self._notices.overdue(now)
        for row in rows:
            to = "reviewers" if row.identifier.endswith(TO_THEM) else "sender"
            await self._outbox.add([row], None, entries.queued(row.ref, now, [row], to))
        if rows:
            self._wake()
        return len(rows)

    async def _recall(self) -> None:
        """Remember the open holds that the sender or the reviewers were to hear of, and had not before the restart."""
        for held in await self._quarantine.list(sorted(OPEN - {State.WAITING})):
            await self._recall_one(held)

    async def _recall_one(self, held: Held) -> None:
        """Nobody is told of a notice of ours that is held."""
        asked = False
        async for entry in self._ledger.entries(held.ref):
            if entry.kind == "sender_not_told":
                asked = asked or entry.fields.get("reason") == Reason.OWN
                if entry.fields.get("instead") == 0:
                    self._notices.recall(held, str(entry.fields.get("reason")))
            asked = asked or (entry.kind == "notice_queued" and entry.fields.get("to") == "reviewers")
        if not asked:
            self._notices.reviewers.recall(held)
