"""What the smarthost did not take of a message that it took for others: the guard's to finish.

INVARIANT: when `take_over` returns, the rest is in the outbox or its sender is told of it, durably, with the outcome of
what left (DESIGN.md promise 2).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ..core.envelope import Envelope, Recipient
from ..core.mail.message import Buffer
from ..core.mail.parse import parse
from ..core.outcome import RecipientOutcome
from ..core.rewrite.content import Content, Edit
from ..core.session import Session
from . import entries
from .judged import delivery
from .keeping import Keeper
from .notices import Notices
from .records import NewDelivery, NewEntry, result_of


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that has left for some. raw: as it was judged; edits: what was sent otherwise. at: when it came."""

    session: Session
    envelope: Envelope
    raw: Buffer
    at: datetime
    ref: str
    edits: tuple[Edit, ...]


class TakesOver(Protocol):
    """Does what Remainder does, here or in another process."""

    async def take_over(
        self, sent: Sent, waiting: tuple[Recipient, ...], refused: tuple[RecipientOutcome, ...], entry: NewEntry
    ) -> None: ...


class Remainder:
    """Implements TakesOver. give_up_after: how long what the smarthost deferred is tried."""

    def __init__(self, keeper: Keeper, notices: Notices, give_up_after: timedelta) -> None:
        self._keeper = keeper
        self._notices = notices
        self._give_up_after = give_up_after

    async def take_over(
        self, sent: Sent, waiting: tuple[Recipient, ...], refused: tuple[RecipientOutcome, ...], entry: NewEntry
    ) -> None:
        """waiting: tried again. refused: their sender is told. entry: the outcome of what left."""
        rows: list[NewDelivery] = []
        records = [entry]
        raw = None
        if waiting:
            raw = sent.raw
            content = Content(raw, sent.edits)
            rows.append(delivery(sent, sent.ref, "deferred.0", waiting, content, self._give_up_after))
            records.append(entries.plain("recipients_queued", sent.ref, sent.at, count=len(waiting)))
        if refused:
            message = await asyncio.to_thread(parse, sent.raw)
            results = tuple(map(result_of, refused))
            told, told_entries = entries.told(
                sent.ref,
                sent.at,
                self._notices.refused(sent.session, sent.envelope, message, results, sent.ref, sent.at),
            )
            rows.extend(told)
            records.extend(told_entries)
        if rows:
            await self._keeper.add(rows, raw, records)
        else:
            await self._keeper.append(records)
