"""Puts what a submission decides and takes on where it is durable, within a time; a port that only seems to do it is an
error.

INVARIANT: a method that returns has been told by the store that everything was kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from ..core.errors import MailguardError
from ..core.mail.message import Buffer
from ..logs import logger
from .ports import Clock, Ledger, Outbox, Quarantine
from .records import NewDelivery, NewEntry, NewHeld
from .steps import bounded
from .watch import Watch

log = logger("submission")


class Keeper:
    """seconds: for each step. wake: called when the outbox has got something."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        quarantine: Quarantine,
        outbox: Outbox,
        clock: Clock,
        watch: Watch,
        wake: Callable[[], None],
        seconds: float,
    ) -> None:
        self._ledger = ledger
        self._quarantine = quarantine
        self._outbox = outbox
        self._clock = clock
        self._watch = watch
        self._wake = wake
        self._seconds = seconds
        self._background: set[asyncio.Task[None]] = set()

    async def append(self, records: Sequence[NewEntry], *, patient: bool = False) -> None:
        kept = await bounded(self._ledger.append(self._as_of_now(records), patient=patient), self._seconds)
        if kept is None or len(kept) != len(records):
            raise MailguardError("the ledger did not say that it kept the entries")

    async def add(self, rows: Sequence[NewDelivery], raw: Buffer | None, records: Sequence[NewEntry]) -> None:
        """Into the outbox. raw: the original that the rows name, None where none of them needs one."""
        if await bounded(self._outbox.add(rows, raw, self._as_of_now(records)), self._seconds) != len(rows):
            raise MailguardError("the outbox did not say that it kept the rows")
        self._wake()

    async def hold(self, held: NewHeld, raw: Buffer, records: Sequence[NewEntry], told: Sequence[NewDelivery]) -> None:
        """Into the quarantine, with the notices about it."""
        kept = await bounded(self._quarantine.hold(held, raw, self._as_of_now(records), told), self._seconds)
        if kept is None or kept.ref != held.ref:
            raise MailguardError("the quarantine did not say that it kept the message")
        self._wake()

    def append_later(self, records: Sequence[NewEntry]) -> None:
        """The outcome of a message, behind its reply; see `later`."""
        self._behind(self._append_outcome(records))

    def later(self, step: Awaitable[Any]) -> None:
        """Outcomes follow the reply: a fault in them is told to the log, it no longer changes what happened."""
        self._behind(bounded(step, self._seconds))

    def _behind(self, step: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._finish(step))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self) -> None:
        """Wait until every outcome that is on its way is recorded."""
        while self._background:
            await asyncio.wait(self._background)

    async def _append_outcome(self, records: Sequence[NewEntry]) -> None:
        with self._watch.stage("outcome"):
            await self.append(records, patient=True)

    async def _finish(self, step: Coroutine[Any, Any, Any]) -> None:
        try:
            await step
        except Exception as cause:
            self._watch.unrecorded()
            log.error("outcome_not_recorded", cause=cause)

    def _as_of_now(self, records: Sequence[NewEntry]) -> list[NewEntry]:
        """An entry is dated when it is recorded (a decision names the clock that it was judged by beside that), or an
        outcome would seem to be older than what other messages left in the ledger before it.
        """
        now = self._clock.now()
        return [_dated(each, now) for each in records]


def _dated(entry: NewEntry, at: datetime) -> NewEntry:
    """As dataclasses.replace, which takes four times as long."""
    return NewEntry(
        entry.kind,
        entry.ref,
        at,
        entry.fields,
        entry.recipients,
        entry.evidence,
        entry.claims_ref,
        entry.exceptions,
    )
