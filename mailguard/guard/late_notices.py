"""Notices that were put off while much was held at once (CONSOLE.md section 3: one combined notice) leave here."""

from __future__ import annotations

from collections.abc import Callable

from . import entries
from .notices import Notices
from .ports import Clock, Outbox


class LateNotices:
    """`tell` is called at intervals."""

    def __init__(self, *, notices: Notices, outbox: Outbox, clock: Clock, wake: Callable[[], None]) -> None:
        self._notices = notices
        self._outbox = outbox
        self._clock = clock
        self._wake = wake

    async def tell(self) -> int:
        """Queue the combined notices that are due. How many."""
        now = self._clock.now()
        rows = self._notices.overdue(now)
        for row in rows:
            await self._outbox.add([row], None, [entries.plain("notice_queued", row.ref, now, notice=row.kind)])
        if rows:
            self._wake()
        return len(rows)
