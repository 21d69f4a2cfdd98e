"""The weekly summary: on Monday morning, to each sender who had a hold and to whoever decides (CONSOLE.md 3.5).

A week is told of once, whatever restarts and however many guards share a store: the entry that says so claims the name
of the week, in the same durable step as the notices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ..core.envelope import Path
from ..core.errors import ReferenceTaken
from ..core.lifecycle import State
from ..core.powers import Scope
from ..logs import logger
from .console.ports import HeldMessages
from .console.queue_records import HeldFilter
from .entries import plain
from .notices import Notices
from .ports import Clock, Ledger, Outbox
from .records import Held, NewDelivery
from .settings import Weekly
from .week import Week, tally, week_before

log = logger("deadline")

FROM_HOUR = 7
LAST_DAY = 1
"""Tuesday: a guard that was off on Monday tells a day later; one that is set up in the middle of a week does not."""
BATCH = 200


class WeeklySummary:
    """`tell` is called at intervals."""

    def __init__(
        self,
        *,
        to: Weekly,
        messages: HeldMessages,
        ledger: Ledger,
        notices: Notices,
        outbox: Outbox,
        clock: Clock,
        zone: ZoneInfo,
        wake: Callable[[], None],
    ) -> None:
        self._to = to
        self._messages = messages
        self._ledger = ledger
        self._notices = notices
        self._outbox = outbox
        self._clock = clock
        self._zone = zone
        self._wake = wake
        self._done: str | None = None

    async def tell(self) -> int:
        """Queue the summaries of the last week, where it is time and nobody has. How many."""
        now = self._clock.now().astimezone(self._zone)
        week = week_before(now)
        if self._to == "nobody" or not _is_time(now) or self._done == week.name:
            return 0
        rows = await self._rows(week) if not await self._was_told(week) else ()
        self._done = week.name
        if not rows:
            return 0
        at = self._clock.now()
        told = replace(plain("week_summarised", ref_of(week), at, told=len(rows)), claims_ref=True)
        try:
            await self._outbox.add(rows, None, [told])
        except ReferenceTaken:
            # Another guard on the same store told of it in this moment.
            return 0
        self._wake()
        log.info("week_summarised", week=week.name, notices=len(rows))
        return len(rows)

    async def _was_told(self, week: Week) -> bool:
        return bool([entry.kind async for entry in self._ledger.entries(ref_of(week))])

    async def _rows(self, week: Week) -> tuple[NewDelivery, ...]:
        held = await self._held(week)
        if not held:
            return ()
        rows = list(self._notices.week.for_reviewers(ref_of(week), week, tally(held), self._clock.now()))
        if self._to == "everybody":
            senders: dict[str, tuple[Path, list[Held]]] = {}
            for each in held:
                path = each.envelope.reverse_path
                if path is not None and each.notify_sender:
                    senders.setdefault(path.address, (path, []))[1].append(each)
            for number, (path, messages) in enumerate(senders.values()):
                summary = tally(messages)
                rows.append(self._notices.week.for_sender(ref_of(week), week, summary, path, number, self._clock.now()))
        return tuple(rows)

    async def _held(self, week: Week) -> list[Held]:
        every = HeldFilter(
            Scope(everybody=True), frozenset(State), received_from=week.since, received_before=week.until
        )
        refs = await self._messages.refs(every)
        found: list[Held] = []
        for start in range(0, len(refs), BATCH):
            opened = await self._messages.opened(refs[start : start + BATCH])
            # Nobody was to decide about what waited and left by itself: it was never held.
            found += [each for each in opened if each.state is not State.WAITING and not each.left_by_itself]
        return found


def ref_of(week: Week) -> str:
    """What its entry and its notices stand under: no message has such a reference."""
    return f"WEEK-{week.name}"


def _is_time(now: datetime) -> bool:
    return now.weekday() <= LAST_DAY and (now.weekday() > 0 or now.hour >= FROM_HOUR)
