"""The outbox at work: what the guard has taken on is tried until it is delivered or bounced.

INVARIANT: a row ends only by a recorded outcome. A row whose lease ran out is tried again: a possible duplicate is
preferred to a loss (DESIGN.md promise 2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from ..core.envelope import Envelope, Recipient
from ..core.errors import MailguardError
from ..core.mail.message import Buffer
from ..core.outcome import Outcome, RecipientOutcome, Transmission
from ..core.rewrite.content import Content
from ..logs import logger
from . import entries
from .leases import AGAIN_SECONDS, LEASE_SECONDS, LeaseLost, Leases
from .notices import Notices
from .ports import Blobs, Clock, Outbox, Smarthost, SmarthostConnection
from .records import Attempt, Delivery, NewDelivery, NewEntry, RecipientResult, result_of
from .steps import bounded
from .watch import Watch

log = logger("delivery")

OWN_MAIL = frozenset({"notice", "dsn"})
"""Rows that nobody can be told of when they fail: they are how people are told."""

NOT_ALLOWED = "may not send here"
"""The trouble of a guard whose own mail the smarthost refuses for lack of a right."""

ORIGINALS_AT_ONCE = 4
"""Stored originals that are kept in memory for their copies; a message may be 50 MB."""

Value = TypeVar("Value")


class Pacing(Protocol):
    async def turn(self, envelope: Envelope) -> None:
        """Return when the message may leave (`messages_per_minute` of the smarthost that it goes to)."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a deferred row is tried again: first, then each time `factor` longer, up to `longest` (RFC 5321 4.5.4.1)."""

    first: timedelta
    factor: float
    longest: timedelta

    def after(self, attempts: int) -> timedelta:
        """The wait after so many attempts."""
        wait = self.first.total_seconds() * self.factor ** min(max(attempts - 1, 0), 64)
        return min(timedelta(seconds=min(wait, 1e9)), self.longest)


class Deliveries:
    """Claims due rows and sends them, several at once on persistent connections, until it is stopped.

    wake: set by whoever fills the outbox; without it, rows are looked for every idle_seconds. shared, may_claim: see
    Leases.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        blobs: Blobs,
        smarthost: Smarthost,
        notices: Notices,
        clock: Clock,
        owner: str,
        watch: Watch,
        schedule: Schedule,
        pacing: Pacing,
        wake: asyncio.Event,
        concurrency: int = 8,
        idle_seconds: float = 5.0,
        transmission_seconds: float = 900.0,
        port_seconds: float = 30.0,
        shared: bool = False,
        may_claim: Callable[[], bool] = lambda: True,
    ) -> None:
        self._outbox = outbox
        self._blobs = blobs
        self._smarthost = smarthost
        self._notices = notices
        self._clock = clock
        self._watch = watch
        self._schedule = schedule
        self._pacing = pacing
        self._concurrency = concurrency
        self._idle_seconds = idle_seconds
        self._transmission_seconds = transmission_seconds
        self._port_seconds = port_seconds
        self._owner = owner
        self._wake = wake
        self._originals: dict[str, asyncio.Future[Buffer]] = {}
        self._unrecorded: dict[str, Transmission] = {}
        self._unsure = False
        self._leases = Leases(outbox, clock, owner, port_seconds=port_seconds, shared=shared, may_claim=may_claim)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what has begun then ends first. Rows of an earlier life are free at once."""
        self._leases.clear()
        claimed: asyncio.Queue[Delivery | None] = asyncio.Queue(self._concurrency)
        await self._lasting(self._leases.give_back())
        heart = asyncio.create_task(self._beat())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._concurrency):
                    group.create_task(self._work(claimed))
                await self._dispatch(claimed, stop)
        finally:
            heart.cancel()
            await self._lasting(self._leases.give_back())

    async def _dispatch(self, claimed: asyncio.Queue[Delivery | None], stop: asyncio.Event) -> None:
        """Claim rows and hand them to the workers. A slow row keeps one worker, never the others.

        A row that a worker has is claimed again where the clock jumped past its lease, or this process stood still for
        so long: its attempt goes on under the new lease, for a second one would be a duplicate.
        """
        while not stop.is_set():
            rows = await self._claim()
            for row in rows:
                if self._leases.claimed(row):
                    await _put_or_stop(claimed, row, stop)
            if not rows:
                self._originals.clear()
                await self._rest(stop)
        while not claimed.empty():
            claimed.get_nowait()  # their leases are given back
        for _ in range(self._concurrency):
            await claimed.put(None)

    async def _claim(self) -> Sequence[Delivery]:
        self._wake.clear()
        if not self._leases.may_claim():
            return ()
        if self._unsure and not await self._lasting(self._leases.extend()):
            return ()
        self._unsure = True
        try:
            claim = self._outbox.claim(self._owner, self._clock.now(), LEASE_SECONDS, self._concurrency * 4)
            rows = await self._within(claim)
        except Exception as cause:
            log.error("outbox_unreachable", cause=cause)
            return ()
        self._unsure = False
        return rows

    async def _work(self, claimed: asyncio.Queue[Delivery | None]) -> None:
        while (row := await claimed.get()) is not None:
            try:
                await self._deliver(row)
            except LeaseLost:
                log.warning("delivery_lease_lost", ref=row.ref, kind=row.kind)
            except Exception as cause:
                log.error("delivery_failed", ref=row.ref, kind=row.kind, cause=cause)
            finally:
                self._leases.ended(row)

    async def _beat(self) -> None:
        extended = True
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3 if extended else AGAIN_SECONDS)
            extended = await self._lasting(self._leases.extend())

    async def _lasting(self, step: Awaitable[None]) -> bool:
        """Whether the leases are as they should be in the store."""
        try:
            await step
        except Exception as cause:
            log.error("outbox_unreachable", cause=cause)
            return False
        return True

    async def _deliver(self, row: Delivery) -> None:
        """One attempt at one row. What goes wrong inside leaves the row to its lease.

        What was sent but could not be recorded is recorded at the next claim, not sent again: only the death of this
        process makes a duplicate.
        """
        content = await self._content(row)
        transmission = self._unrecorded.get(row.identifier)
        if transmission is None or _recipients(transmission) != row.envelope.recipients:
            await self._pacing.turn(row.envelope)
            async with self._leases.sending(row):
                with self._watch.stage("deliver"):
                    transmission = _as_own_trouble(row, await self._transmit(row, content))
        self._unrecorded[row.identifier] = transmission
        if await self._record(row, content, transmission) or self._leases.shared:
            # Else nobody but us can have it: the clock jumped past its lease, and we have claimed it anew.
            del self._unrecorded[row.identifier]

    async def _transmit(self, row: Delivery, content: Content) -> Transmission:
        connection = await self._within(self._smarthost.connect(None))
        try:
            transmission = await self._within(connection.transmit(row.envelope, content), self._transmission_seconds)
        finally:
            await self._release(connection)
        if len(transmission.recipients) != len(row.envelope.recipients):
            raise MailguardError("the smarthost port did not answer for every recipient")
        return transmission

    async def _release(self, connection: SmarthostConnection) -> None:
        """A connection that cannot be given back changes nothing of what was sent on it."""
        try:
            await self._within(connection.release())
        except Exception as cause:
            log.warning("connection_not_released", cause=cause)

    async def _content(self, row: Delivery) -> Content:
        if row.text is not None:
            return Content(row.text)
        if row.blob is None:
            raise MailguardError("a row of the outbox has neither text nor an original")
        return Content(await self._original(row.blob), row.edits)

    async def _original(self, blob: str) -> Buffer:
        """The original, read once for all the copies that are on their way."""
        if (known := self._originals.get(blob)) is None:
            if len(self._originals) >= ORIGINALS_AT_ONCE:
                self._originals.clear()
            reading = asyncio.ensure_future(self._within(self._blobs.read(blob), self._transmission_seconds))
            known = self._originals[blob] = reading
        try:
            return await asyncio.shield(known)
        except BaseException:
            self._originals.pop(blob, None)
            raise

    async def _record(self, row: Delivery, content: Content, transmission: Transmission) -> bool:
        """False where the row's lease is another one by now: nothing was recorded."""
        now = self._clock.now()
        if transmission.trouble:
            self._watch.trouble(transmission.trouble)
            log.error("smarthost_failed", ref=row.ref, stage=transmission.stage.value, trouble=transmission.trouble)
        ended, remaining = _sort(transmission, final=now >= row.give_up_at)
        refused = tuple(each for each in ended if each.outcome is Outcome.REFUSED)
        attempt = Attempt(
            identifier=row.identifier,
            lease=self._leases.token(row),
            at=now,
            results=ended,
            remaining=remaining,
            not_before=now + self._schedule.after(row.attempts) if remaining else None,
            last_reply=_last_reply(transmission),
        )
        records = self._entries(row, now, content, transmission, remaining, refused)
        bounces, told = self._bounce(row, content, refused, now)
        recorded = await self._within(self._outbox.record(attempt, [*records, *told], bounces))
        if recorded is None:
            raise MailguardError("the outbox did not say that it kept the outcome")
        if not recorded:
            log.warning("delivery_lease_lost", ref=row.ref, kind=row.kind)
            return False
        for each in transmission.recipients:
            self._watch.delivered(row.kind, each.outcome.value)
        if not remaining:
            self._watch.finished(row.kind, (now - row.created_at).total_seconds())
        log.info(
            "delivery_attempted",
            ref=row.ref,
            kind=row.kind,
            attempts=row.attempts,
            accepted=len(transmission.with_outcome(Outcome.ACCEPTED)),
            remaining=len(remaining),
            refused=len(refused),
        )
        if bounces:
            self._wake.set()
        return True

    def _entries(
        self,
        row: Delivery,
        now: datetime,
        content: Content,
        transmission: Transmission,
        remaining: tuple[Recipient, ...],
        refused: tuple[RecipientResult, ...],
    ) -> list[NewEntry]:
        details = {"row": row.kind, "attempt": row.attempts, "sent_sha256": content.sha256()}
        if transmission.with_outcome(Outcome.ACCEPTED):
            kind = "copy_delivered"
        else:
            kind = "copy_deferred" if remaining else "copy_bounced"
        records = [entries.outcome(kind, row.ref, now, transmission, **details)]
        if refused and kind != "copy_bounced":
            records.append(entries.plain("copy_bounced", row.ref, now, row=row.kind, count=len(refused)))
        return records

    def _bounce(
        self, row: Delivery, content: Content, refused: tuple[RecipientResult, ...], now: datetime
    ) -> tuple[tuple[NewDelivery, ...], list[NewEntry]]:
        if not refused or row.kind in OWN_MAIL:
            return (), []
        return entries.told(row.ref, now, self._notices.bounced(row, refused, content.raw, now))

    async def _rest(self, stop: asyncio.Event) -> None:
        wake = asyncio.create_task(self._wake.wait())
        ended = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({wake, ended}, timeout=self._idle_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wake.cancel()
            ended.cancel()

    async def _within(self, step: Awaitable[Value], seconds: float | None = None) -> Value:
        return await bounded(step, seconds or self._port_seconds)


def _as_own_trouble(row: Delivery, transmission: Transmission) -> Transmission:
    """A notice that is refused because the guard may not send (X.7.X, RFC 3463 section 3.8) is tried again, with an
    alarm: with a wrong `trusts_address` or account nobody would ever hear of a hold, and all would look well.
    """
    if row.kind not in OWN_MAIL or not any(map(_lacks_the_right, transmission.recipients)):
        return transmission
    recipients = tuple(
        replace(each, outcome=Outcome.DEFERRED) if _lacks_the_right(each) else each for each in transmission.recipients
    )
    return replace(transmission, recipients=recipients, trouble=transmission.trouble or NOT_ALLOWED)


def _lacks_the_right(each: RecipientOutcome) -> bool:
    status = each.reply.status if each.reply is not None else None
    return each.outcome is Outcome.REFUSED and status is not None and status.startswith("5.7.")


def _recipients(transmission: Transmission) -> tuple[Recipient, ...]:
    return tuple(each.recipient for each in transmission.recipients)


async def _put_or_stop(claimed: asyncio.Queue[Delivery | None], row: Delivery, stop: asyncio.Event) -> None:
    """Hand a row to the workers, unless all are busy until the end."""
    put = asyncio.ensure_future(claimed.put(row))
    ended = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({put, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        put.cancel()
        ended.cancel()


def _sort(transmission: Transmission, *, final: bool) -> tuple[tuple[RecipientResult, ...], tuple[Recipient, ...]]:
    """Who is done with this attempt, and who is still to be tried. At the end of time the deferred are refused."""
    ended: list[RecipientResult] = []
    remaining: list[Recipient] = []
    for each in transmission.recipients:
        if each.outcome in (Outcome.ACCEPTED, Outcome.REFUSED):
            ended.append(result_of(each))
        elif final:
            ended.append(result_of(each, Outcome.REFUSED))
        else:
            remaining.append(each.recipient)
    return tuple(ended), tuple(remaining)


def _last_reply(transmission: Transmission) -> str | None:
    if transmission.reply is None:
        return transmission.trouble
    return f"{transmission.reply.code} {transmission.reply.status or ''}".strip()
