"""Who accepts the mail: listeners of this process, or workers that have theirs (`workers` in the settings)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from ..guard.canary.canary import Canary
from ..guard.lost_outcomes import LostOutcomes
from ..guard.submission import Submission
from ..smtp.house import Submit
from ..smtp.listener import ConnectionLimits, Listener
from ..smtp.room import Rooms
from ..smtp.routes import SmarthostRoutes
from ..smtp.shared_connections import SharedConnections
from ..smtp.sign_in_limits import Turns
from .in_use import InUse
from .metrics import Metrics
from .parts import Parts, hostname
from .policies import PolicySource
from .reaching_back import ReachingBack
from .rounds import background, every
from .sign_ins import sign_ins
from .worker_process import offered_by
from .workers import Owned, SharedListener, Workers

WORKERS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the doors. attempts: to sign in, those at the console too."""

    parts: Parts
    metrics: Metrics
    policies: PolicySource
    smarthost: SmarthostRoutes
    canary: Canary
    submission: Submission
    attempts: Turns
    lost: LostOutcomes
    reaching_back: ReachingBack


@dataclass(frozen=True, slots=True)
class Doors:
    """listeners: in the order of the settings. connections: of all of them. workers: None where there are none."""

    listeners: Sequence[Listener | SharedListener]
    connections: ConnectionLimits | SharedConnections
    workers: Workers | None = None

    def elsewhere(self) -> Sequence[InUse]:
        """What the workers have open."""
        return () if self.workers is None else self.workers.in_use


async def open_doors(behind: Behind, submit: Submit, house: AsyncExitStack) -> Doors:
    """Accept mail until the house ends it. submit: takes a message. SettingsError."""
    if behind.parts.settings.workers > 1:
        return await _start_workers(behind, submit, house)
    connections = ConnectionLimits(behind.parts.settings.limits)
    return Doors(await _start_listeners(behind, submit, connections, house), connections)


async def _start_listeners(
    behind: Behind, submit: Submit, connections: ConnectionLimits, house: AsyncExitStack
) -> list[Listener]:
    settings, offered = behind.parts.settings, sign_ins(behind.parts, behind.smarthost)
    rooms = Rooms.of_this_process(settings.limits.content_memory_bytes)
    listeners = [
        Listener(
            each,
            settings.limits,
            hostname=hostname(settings),
            submit=submit,
            capabilities=lambda: offered_by(behind.smarthost),
            connections=connections,
            rooms=rooms,
            spool_directory=settings.spool,
            sign_in=offered.get(each.sign_in),
            sign_in_limits=behind.attempts,
            sign_in_watch=behind.metrics.signed_in,
            content_watch=behind.metrics.stages.tallies["content"].observe,
        )
        for each in settings.listen
    ]

    async def end() -> None:
        await asyncio.gather(*(listener.stop(settings.stop_grace_seconds) for listener in listeners))

    house.push_async_callback(end)
    for listener in listeners:
        await listener.start()
    return listeners


async def _start_workers(behind: Behind, submit: Submit, house: AsyncExitStack) -> Doors:
    parts, policies = behind.parts, behind.policies
    owned = Owned(
        store=parts.store,
        metrics=behind.metrics,
        submit=submit,
        remainder=behind.submission.remainder,
        sign_in=sign_ins(parts, behind.smarthost)["local"],
        attempts=behind.attempts,
        lost=behind.lost,
        reaching_back=behind.reaching_back,
        smarthost=behind.smarthost,
        policy=lambda: policies.documents,
        defers=lambda: behind.canary.defers,
    )
    workers = Workers(parts.settings, owned)
    house.push_async_callback(workers.stop)
    policies.told, behind.smarthost.learned = workers.tell_policy, workers.tell_learned
    await workers.start()
    background(every("workers", WORKERS_SECONDS, workers.look), house)
    return Doors(workers.listeners, workers.connections, workers)
