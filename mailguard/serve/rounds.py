"""What the service does at intervals, beside the mail. A fault in one round is logged, and the next round comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from ..guard.canary.canary import Canary
from ..guard.deadline import Deadline
from ..guard.late_notices import LateNotices
from ..guard.ports import Clock
from ..guard.register.clock_reminders import ClockReminders
from ..guard.reminders import Reminders
from ..guard.weekly import WeeklySummary
from ..logs import logger
from ..smtp.certificate import Certificate
from ..smtp.routes import SmarthostRoutes
from .metrics import Metrics
from .nodes import BEAT_SECONDS, NodeRoll
from .observing import StoreGauges
from .parts import Parts
from .policies import PolicySource

log = logger("serve")

DEADLINE_SECONDS = 5.0
NOTICE_SECONDS = 15.0
REMINDER_SECONDS = 15.0
WEEK_SECONDS = 60.0
CLOCK_SECONDS = 300.0
GAUGE_SECONDS = 5.0
NEAR_MISS_SECONDS = 5.0
PURGE_SECONDS = 3600.0
CERTIFICATE_SECONDS = 1.0
REFRESH_SECONDS = 60.0
CANARY_SECONDS = 1.0
OBJECT_SECONDS = 30.0
ORPHAN_SECONDS = 6 * 3600.0
WITNESS_SECONDS = 60.0
"""What one node's administrator cuts off its ledger sooner than this after it was written, no other node has seen."""
CANCEL_AGAIN_SECONDS = 0.2


class Purging(Protocol):
    async def purge(self, now: datetime) -> object:
        """Remove what retention no longer keeps."""
        ...


def go_rounds(
    parts: Parts,
    metrics: Metrics,
    policies: PolicySource,
    smarthost: SmarthostRoutes,
    stored: StoreGauges,
    certificates: Sequence[Certificate],
    canary: Canary,
    roll: NodeRoll,
    house: AsyncExitStack,
) -> None:
    """Begin all of them; the house ends them."""

    async def set_gauges() -> None:
        metrics.canary_failing.set(canary.is_failing or canary.is_overdue)
        await stored.read()

    async def witness() -> None:
        await parts.store.witness_others(parts.clock.now())

    async def look_at_certificates() -> None:
        for certificate in certificates:
            await certificate.look()

    for name, seconds, step in (
        ("deadlines", DEADLINE_SECONDS, _deadline(parts).enforce),
        ("notices", NOTICE_SECONDS, _late_notices(parts).tell),
        ("reminders", REMINDER_SECONDS, _reminders(parts).remind),
        ("72 hours", CLOCK_SECONDS, _clock_reminders(parts).remind),
        ("week", WEEK_SECONDS, _weekly(parts).tell),
        ("gauges", GAUGE_SECONDS, set_gauges),
        ("near misses", NEAR_MISS_SECONDS, parts.register.near_misses.enter),
        ("smarthost", REFRESH_SECONDS, smarthost.refresh),
        ("retention", PURGE_SECONDS, partial(purge, parts.store, parts.clock, roll)),
        ("certificates", CERTIFICATE_SECONDS, look_at_certificates),
        ("canary", CANARY_SECONDS, canary.look),
        ("witness", WITNESS_SECONDS, witness),
    ):
        background(every(name, seconds, step), house)
    background(every("nodes", BEAT_SECONDS, roll.beat, roll.hurry), house)
    background(parts.hints.run(), house)
    if (bodies := parts.store.bodies) is not None:
        # Before mail needs it, so that health tells of it in time.
        background(every("object store", OBJECT_SECONDS, bodies.attend), house)
        background(every("orphans", ORPHAN_SECONDS, lambda: bodies.remove_orphans(parts.clock.now())), house)
    background(policies.watch(), house)


async def purge(store: Purging, clock: Clock, roll: NodeRoll) -> None:
    """Remove what retention no longer keeps. Not by a clock that is off: what goes too early does not come back, and
    another guard, or this one when its clock is right, removes it soon enough.
    """
    if roll.clock_agrees:
        await store.purge(clock.now())


def _deadline(parts: Parts) -> Deadline:
    return Deadline(
        review=parts.review,
        quarantine=parts.store.quarantine,
        notices=parts.notices,
        clock=parts.clock,
        wake=parts.wake.set,
    )


def _late_notices(parts: Parts) -> LateNotices:
    return LateNotices(
        notices=parts.notices,
        outbox=parts.store.outbox,
        quarantine=parts.store.quarantine,
        ledger=parts.store.ledger,
        clock=parts.clock,
        wake=parts.wake.set,
    )


def _reminders(parts: Parts) -> Reminders:
    return Reminders(
        undecided=parts.store.held_messages,
        notices=parts.notices,
        outbox=parts.store.outbox,
        clock=parts.clock,
        wake=parts.wake.set,
    )


def _clock_reminders(parts: Parts) -> ClockReminders:
    return ClockReminders(
        incidents=parts.store.incidents,
        ledger=parts.store.ledger,
        notices=parts.notices,
        outbox=parts.store.outbox,
        clock=parts.clock,
        wake=parts.wake.set,
    )


def _weekly(parts: Parts) -> WeeklySummary:
    return WeeklySummary(
        to=parts.settings.notices.weekly,
        messages=parts.store.held_messages,
        ledger=parts.store.ledger,
        notices=parts.notices,
        outbox=parts.store.outbox,
        clock=parts.clock,
        zone=ZoneInfo(parts.settings.organisation.time_zone),
        wake=parts.wake.set,
    )


async def every(
    name: str, seconds: float, step: Callable[[], Awaitable[object]], hurry: asyncio.Event | None = None
) -> None:
    """Do a step at once and then at intervals, for ever. hurry: set when it is not to wait for the next one."""
    while True:
        if hurry is not None:
            hurry.clear()
        try:
            await step()
        except Exception as cause:
            log.error("round_failed", round=name, cause=cause)
        if hurry is None:
            await asyncio.sleep(seconds)
            continue
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await hurry.wait()


def background(work: Coroutine[Any, Any, object], house: AsyncExitStack) -> None:
    """Do the work until the house ends it."""
    house.push_async_callback(cancel, asyncio.create_task(work))


async def cancel(task: asyncio.Task[Any]) -> None:
    """End a task, however often that has to be said.

    Before Python 3.12 asyncio.wait_for, which aiosmtplib uses, swallows a cancellation that comes with its result.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
