"""Ports that mark what a message of the canary leaves behind, and remember what became of it.

They stand between the stories (submission, review, delivery), which know nothing of the canary, and the real ledger,
quarantine and outbox, which do all that they do for everybody's mail.

INVARIANT: whatever passes here is kept in the canary's class, and its entries have the canary's kind, so that nobody
who counts, lists or decides about everybody's mail ever meets it. Nobody is told of it: its notices end here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ...core.earlier.files import SentFiles
from ...core.earlier.past import NO_PAST
from ...core.earlier.trace import Sending
from ...core.lifecycle import State
from ...core.mail.message import Buffer
from ..ports import Ledger, Outbox, Quarantine
from ..records import (
    Announced,
    AnnouncedFiles,
    Attempt,
    Delivery,
    Entry,
    Held,
    HeldChange,
    NewDelivery,
    NewEntry,
    NewHeld,
)

STEP = "canary_recorded"
"""The kind of every entry of a message of the canary; its field `step` is what real mail's would be."""
DECIDED = "message_decided"
_ABOUT_PEOPLE = frozenset({"notice_queued", "sender_not_told"})
_NOTICES = frozenset({"notice", "dsn"})


class Track:
    """What became of one message so far. run: the name of its class. ref, decision: of the last decision about it.

    held: as it was kept in the quarantine. rows: how many copies the outbox took; ended: how many of them it is done
    with.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.ref: str | None = None
        self.decision: Mapping[str, Any] = {}
        self.held: Held | None = None
        self.rows = 0
        self.ended = 0
        self.changed = asyncio.Event()

    def marked(self, entries: Sequence[NewEntry]) -> list[NewEntry]:
        """The entries as the canary's. They have no evidence: nobody in it exists."""
        for entry in entries:
            if entry.kind == DECIDED:
                self.ref, self.decision = entry.ref, entry.fields
        return [
            replace(entry, kind=STEP, fields={**entry.fields, "step": entry.kind}, evidence=None) for entry in entries
        ]

    def owned(self, deliveries: Sequence[NewDelivery]) -> list[NewDelivery]:
        """The copies among them, as the canary's."""
        return [replace(each, canary=self.run) for each in deliveries if each.kind not in _NOTICES]

    def took(self, rows: int) -> None:
        self.rows += rows
        self.changed.set()

    def finished(self) -> None:
        self.ended += 1
        self.changed.set()

    async def settled(self) -> None:
        """Return when the outbox took something on and is done with all of it."""
        while not self.rows or self.ended < self.rows:
            self.changed.clear()
            await self.changed.wait()


class TrackedLedger:
    """Implements ports.Ledger."""

    def __init__(self, ledger: Ledger, track: Track) -> None:
        self._ledger = ledger
        self._track = track

    async def append(self, entries: Sequence[NewEntry], *, patient: bool = False) -> Sequence[Entry]:
        return await self._ledger.append(self._track.marked(entries), patient=patient)

    def entries(self, ref: str | None = None) -> AsyncIterator[Entry]:
        return self._ledger.entries(ref)


class TrackedQuarantine:
    """Implements ports.Quarantine."""

    def __init__(self, quarantine: Quarantine, track: Track) -> None:
        self._quarantine = quarantine
        self._track = track

    async def hold(
        self, held: NewHeld, raw: Buffer, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]
    ) -> Held:
        steps = self._track.marked(_without_people(entries))
        kept = await self._quarantine.hold(replace(held, canary=self._track.run), raw, steps, ())
        self._track.held = kept
        return kept

    async def get(self, ref: str, canary: str | None = None) -> Held:
        return await self._quarantine.get(ref, self._track.run)

    async def list(self, states: Sequence[State] | None = None, limit: int | None = None) -> Sequence[Held]:
        return await self._quarantine.list(states, limit)

    async def due(self, now: datetime, limit: int) -> Sequence[Held]:
        return await self._quarantine.due(now, limit)

    async def ahead(self, now: datetime, limit: int) -> Sequence[Held]:
        return await self._quarantine.ahead(now, limit)

    async def change(self, change: HeldChange, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> Held:
        rows = self._track.owned(deliveries)
        done = await self._quarantine.change(change, self._track.marked(_without_people(entries)), rows)
        self._track.took(len(rows))
        return done


class TrackedOutbox:
    """Implements ports.Outbox: claims the rows of this run alone."""

    def __init__(self, outbox: Outbox, track: Track) -> None:
        self._outbox = outbox
        self._track = track

    async def add(self, deliveries: Sequence[NewDelivery], raw: Buffer | None, entries: Sequence[NewEntry]) -> int:
        """How many were handed over, although notices among them are not kept."""
        rows = self._track.owned(deliveries)
        steps = self._track.marked(_without_people(entries))
        if await self._outbox.add(rows, raw if rows else None, steps) != len(rows):
            return -1
        self._track.took(len(rows))
        return len(deliveries)

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, limit: int, canary: str | None = None
    ) -> Sequence[Delivery]:
        return await self._outbox.claim(owner, now, lease_seconds, limit, self._track.run)

    async def extend(
        self, owner: str, now: datetime, lease_seconds: float, leases: Collection[str] | None = None
    ) -> int:
        return await self._outbox.extend(owner, now, lease_seconds, leases)

    async def confirm(self, identifier: str, lease: str, now: datetime, lease_seconds: float) -> bool:
        return await self._outbox.confirm(identifier, lease, now, lease_seconds)

    async def record(self, attempt: Attempt, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> bool:
        """Without an entry for each copy: the one about the run says how many there were."""
        recorded = await self._outbox.record(attempt, (), ())
        if recorded and not attempt.remaining:
            self._track.finished()
        return recorded

    async def list(self, limit: int | None = None) -> Sequence[Delivery]:
        return await self._outbox.list(limit)

    async def retry(self, ref: str, now: datetime, entries: Sequence[NewEntry]) -> int:
        return await self._outbox.retry(ref, now, self._track.marked(entries))

    async def drop(self, ref: str, entries: Sequence[NewEntry]) -> int:
        return await self._outbox.drop(ref, self._track.marked(entries))


def _without_people(entries: Sequence[NewEntry]) -> list[NewEntry]:
    return [entry for entry in entries if entry.kind not in _ABOUT_PEOPLE]


class ForgetfulSendings:
    """Implements ports.Sendings: a list that is made anew for each run is no batch, and nothing of it is kept."""

    async def announce(self, sending: Sending, now: datetime, since: datetime, until: datetime) -> Announced:
        return Announced("", NO_PAST)

    async def settle(self, token: str, *, hidden: bool, exposed: bool) -> bool:
        return True

    async def withdraw(self, token: str) -> None: ...


class ForgetfulFilesSent:
    """Implements ports.FilesSent, likewise."""

    async def announce(
        self, sent: SentFiles, now: datetime, since: datetime, until: datetime, token: str | None = None
    ) -> AnnouncedFiles:
        return AnnouncedFiles("", ())

    async def withdraw(self, token: str) -> None: ...
