"""Builds the house from its settings: `serve` starts the whole service, runs it until it is told to stop, stops it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..config import Settings
from ..core.errors import SettingsError
from ..guard.canary.canary import Canary
from ..guard.delivery import Deliveries, Schedule
from ..guard.lost_outcomes import LostOutcomes
from ..guard.ports import Inspector, Smarthost
from ..guard.submission import Submission
from ..inspection.inspector import SandboxedInspector
from ..logs import logger
from ..smtp.certificate import Certificate
from ..smtp.listen_settings import HostPort
from ..smtp.routes import SmarthostRoutes
from ..smtp.sign_in_limits import Turns
from ..smtp.smarthost import SmarthostPool
from ..smtp.smarthost_settings import SmarthostSettings
from ..store.lock import StoreOwned
from .canary import canary_of, health, readiness
from .control import ControlServer, socket_path
from .dkim_keys import DkimKeys
from .doors import Behind, open_doors
from .fit import why_unfit
from .health import HealthServer
from .heartbeat import Heartbeat
from .inspecting import OwnKinds, start_inspector
from .metrics import Metrics
from .nodes import NodeRoll, on_the_roll
from .notify import READY, STOPPING, ServiceManager
from .observing import observe
from .own_right import why_refused
from .parts import Parts, hostname, open_parts
from .policies import PolicySource
from .reaching_back import ReachingBack
from .rounds import background, cancel, go_rounds
from .shared import SharedTurns, pace_of, turns_of
from .upkeep import operations_on
from .wellbeing import ServiceHealth
from .worker_process import shared_out, shared_reading
from .workers import Workers, owners_share

if TYPE_CHECKING:
    from .console import OpenAnnexe

log = logger("serve")

POLICY = "policy"
"""What guards tell each other when one has another revision in force."""
STORE_FREE_SECONDS = 5.0
"""A command without a service takes the store for about a second: `mailguard status` in a cron job must not keep the
service from starting.
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A service that takes mail. listeners: (host, port) as bound. health_port: of /metrics, None where it is off.
    console: where the review console listens, None where it is off. workers: None where this process accepts mail.
    """

    parts: Parts
    listeners: tuple[tuple[str, int], ...]
    health_port: int | None
    deliveries: Deliveries
    policies: PolicySource
    smarthost: SmarthostRoutes
    canary: Canary
    certificates: tuple[Certificate, ...] = ()
    console: str | None = None
    workers: Workers | None = None
    roll: NodeRoll | None = None

    def status(self) -> dict[str, Any]:
        """What `mailguard status` says of a running service. Implements operations.Live."""
        return {
            "workers": self.workers.running if self.workers else 1,
            "listening": [str(HostPort(*address)) for address in self.listeners],
            "console": self.console,
            "metrics": self._metrics_address(),
            "policy_revision": self.policies.revision,
            "policy_problem": self.policies.problem,
            "smarthost_trouble": self.smarthost.trouble,
            "smarthosts": [_reached(each) for each in self.smarthost.smarthosts],
            "certificate_problem": next((each.problem for each in self.certificates if each.problem), None),
            "canary": self.canary.status(),
            "nodes": self.roll.shown() if self.roll else [],
            "nodes_problem": self.roll.problem if self.roll else None,
            "object_store_problem": self.parts.store.objects_problem,
        }

    def wake(self) -> None:
        """There may be something to deliver now. Implements operations.Live."""
        self.parts.wake.set()

    async def run_canary(self) -> Mapping[str, Any]:
        """Implements operations.Live."""
        return (await self.canary.run()).to_json()

    def _metrics_address(self) -> str | None:
        metrics = self.parts.settings.metrics
        return str(HostPort(metrics.address.host, self.health_port)) if metrics and self.health_port else None


def _reached(smarthost: SmarthostPool) -> dict[str, Any]:
    """known: it was reached since the start."""
    settings = smarthost.settings
    found: dict[str, Any] = {"address": str(settings.address), "trouble": smarthost.trouble}
    return found | {"sender_domains": list(settings.sender_domains), "known": smarthost.capabilities is not None}


async def serve(
    settings: Settings,
    *,
    ready: Callable[[Running], None] | None = None,
    stop: asyncio.Event | None = None,
    annexe: OpenAnnexe | None = None,
) -> int:
    """Run the service until `stop` is set or SIGTERM or SIGINT arrives. Exit status 0. annexe: what `mailguard demo`
    adds to the console, and nobody else.

    Raises SettingsError and StoreUnavailable for what keeps it from starting.
    """
    stop = stop or asyncio.Event()
    manager = ServiceManager.of(os.environ)
    async with AsyncExitStack() as house:
        running = await _start(settings, house, stop, manager, annexe)
        if ready is not None:
            # Before anybody is told that it has started: what is done once for a start holds up no mail.
            ready(running)
        log.info(
            "service_started",
            addresses=[str(HostPort(*address)) for address in running.listeners],
            health_port=running.health_port,
            policy=running.policies.revision,
        )
        manager.tell(READY)
        await stop.wait()
        manager.tell(STOPPING)
        log.info("service_stopping")
    log.info("service_stopped")
    return 0


async def _start(
    settings: Settings,
    house: AsyncExitStack,
    stop: asyncio.Event,
    manager: ServiceManager,
    annexe: OpenAnnexe | None = None,
) -> Running:
    """Start every part, each after what it stands on; the house stops them in the opposite order."""
    _heed_stops(stop, house)
    parts = await _open_when_free(settings)
    house.push_async_callback(parts.close)
    parts.dkim_keys.load()
    metrics = Metrics()
    policies = await _policies(parts, metrics)
    lost = LostOutcomes(parts.store.ledger, parts.store.ledger, parts.store.evidence, parts.clock)
    await lost.look_back()
    inspector = start_inspector(shared_reading(settings), house, metrics.worker_ended)
    roll = await on_the_roll(parts, policies, house)
    canary = await canary_of(parts, metrics, policies, inspector)
    house.push_async_callback(canary.stop)
    certificates: list[Certificate] = []
    own_kinds = OwnKinds(settings.inspection, inspector)
    reloads: list[Callable[[], None]] = [canary.hurry]
    _heed_reloads(policies, parts.dkim_keys, own_kinds, certificates, reloads, stop, house, manager)
    smarthost = SmarthostRoutes(
        _for_this_process(settings),
        hostname=hostname(settings),
        connect_watch=metrics.stages.tallies["connect"].observe,
        pace=lambda each: pace_of(each, parts.store),
    )
    house.push_async_callback(smarthost.close)
    await smarthost.refresh()
    deliveries = await _start_deliveries(parts, metrics, smarthost, roll, house)
    reaching_back = ReachingBack(smarthost)
    submission = _submission(parts, metrics, policies, reaching_back, inspector)
    house.push_async_callback(submission.settle)
    submit = canary.guarded(submission.submit)
    attempts = turns_of(settings.limits, parts.store)
    if isinstance(attempts, SharedTurns):
        house.push_async_callback(attempts.settled)
    doors = await open_doors(
        Behind(parts, metrics, policies, smarthost, canary, submission, attempts, lost, reaching_back), submit, house
    )
    if doors.workers is not None:
        reloads.append(doors.workers.tell_reload)
    listeners = doors.listeners
    certificates.extend(each.certificate for each in listeners if each.certificate is not None)
    addresses = tuple(address for listener in listeners for address in listener.addresses)
    heartbeat = Heartbeat(metrics.loop_lag.only)
    background(heartbeat.beat(), house)
    metrics.standing.add(roll.gauges)
    policies.follow(roll.hurry.set)
    roll.changed = partial(parts.hints.tell, POLICY)
    parts.hints.listen(POLICY, roll.hurry.set)
    stored = observe(
        metrics, parts, policies, listeners, doors.connections, smarthost, inspector, heartbeat, doors.elsewhere
    )
    go_rounds(parts, metrics, policies, smarthost, stored, certificates, canary, roll, house)
    well = ServiceHealth(
        parts=parts,
        metrics=metrics,
        policies=policies,
        smarthost=smarthost,
        inspector=inspector,
        canary=canary,
        certificates=certificates,
        roll=roll,
    )
    running = Running(
        parts,
        addresses,
        _start_health(parts, metrics, policies, canary, roll, house),
        deliveries,
        policies,
        smarthost,
        canary,
        tuple(certificates),
        await _start_console(parts, attempts, policies, inspector, well, house, annexe),
        doors.workers,
        roll,
    )
    control = ControlServer(socket_path(settings.store_settings()), operations_on(parts, running, policies))
    await control.start()
    house.push_async_callback(control.stop)
    background(manager.keep_alive(lambda: _writer_answers(parts)), house)
    return running


async def _open_when_free(settings: Settings) -> Parts:
    """Open the parts, waiting a little for a command that has the store open just now. StoreOwned after that."""
    until = asyncio.get_running_loop().time() + STORE_FREE_SECONDS
    while True:
        try:
            return await open_parts(settings)
        except StoreOwned:
            if asyncio.get_running_loop().time() >= until:
                raise
        await asyncio.sleep(0.05)


async def _writer_answers(parts: Parts) -> None:
    """An empty write, through the same queue and the same writer as every decision."""
    await parts.store.engine.write(lambda connection, chain: None, locks=False)


async def _policies(parts: Parts, metrics: Metrics) -> PolicySource:
    """The policy in force. A broken one is no reason not to start: all mail is deferred until it is mended."""
    policies = PolicySource(
        parts.settings.policies,
        parts.store.policies,
        parts.store.ledger,
        parts.clock,
        veto=lambda policy: why_refused(parts.settings, policy) or why_unfit(parts.settings, policy),
        watch=metrics.reloaded,
    )
    await policies.reload()
    if policies.vetoed:
        raise SettingsError(policies.problem or "the policy cannot be used with these settings")
    return policies


def _submission(
    parts: Parts, metrics: Metrics, policies: PolicySource, smarthost: Smarthost, inspector: Inspector
) -> Submission:
    parts.sent_before.follow(policies)
    return Submission(
        organisation=parts.organisation,
        policy=policies,
        ledger=parts.store.ledger,
        quarantine=parts.store.quarantine,
        outbox=parts.store.outbox,
        inspector=inspector,
        memory=parts.memory,
        sent_before=parts.sent_before,
        smarthost=smarthost,
        notices=parts.notices,
        clock=parts.clock,
        randomness=parts.randomness,
        watch=metrics,
        rewriting=parts.rewriting,
        deadline=parts.settings.deadline,
        give_up_after=parts.settings.outbox.give_up_after,
        wake=parts.wake.set,
    )


async def _start_deliveries(
    parts: Parts, metrics: Metrics, smarthost: SmarthostRoutes, roll: NodeRoll, house: AsyncExitStack
) -> Deliveries:
    settings = parts.settings
    owner = "this-machine" if settings.store.startswith("sqlite:") else parts.randomness.octets(8).hex()
    deliveries = Deliveries(
        outbox=parts.store.outbox,
        blobs=parts.store.blobs,
        smarthost=smarthost.for_outbox(),
        notices=parts.notices,
        clock=parts.clock,
        owner=owner,
        watch=metrics,
        schedule=Schedule(settings.outbox.first_retry, settings.outbox.factor, settings.outbox.longest_retry),
        pacing=smarthost,
        wake=parts.wake,
        shared=not parts.store.settings.is_sqlite,
        may_claim=lambda: roll.clock_agrees,
    )
    ending = asyncio.Event()
    task = asyncio.create_task(deliveries.run(ending), name="deliveries")

    async def end() -> None:
        ending.set()
        await asyncio.wait({task}, timeout=settings.stop_grace_seconds)
        await cancel(task)

    house.push_async_callback(end)
    return deliveries


def _for_this_process(settings: Settings) -> tuple[SmarthostSettings, ...]:
    """The smarthosts with the connections that are ours, where workers have theirs."""
    if settings.workers == 1:
        return settings.smarthosts
    shares = [owners_share(each.connections, settings.workers) for each in settings.smarthosts]
    return shared_out(settings.smarthosts, shares)


async def _start_console(
    parts: Parts,
    attempts: Turns,
    policies: PolicySource,
    inspector: SandboxedInspector,
    well: ServiceHealth,
    house: AsyncExitStack,
    annexe: OpenAnnexe | None,
) -> str | None:
    """Where it listens, None where it is off."""
    settings = parts.settings.console
    if settings is None:
        return None
    # Only here: Starlette, uvicorn, Jinja and all pages are a third of what a service without a console would import.
    from .console import Works, start_console

    return await start_console(settings, parts, Works(attempts, policies, inspector, well), house, annexe)


def _start_health(
    parts: Parts,
    metrics: Metrics,
    policies: PolicySource,
    canary: Canary,
    roll: NodeRoll,
    house: AsyncExitStack,
) -> int | None:
    if parts.settings.metrics is None:
        return None
    address = parts.settings.metrics.address
    try:
        server = HealthServer(
            address.host,
            address.port,
            metrics.registry,
            lambda: readiness(policies, canary),
            lambda: health(policies, canary, roll, parts.store.objects_problem),
        )
    except OSError as error:
        raise SettingsError(
            f'cannot serve metrics on "{address}": {error.strerror or "the address cannot be used"}'
        ) from error
    server.start()
    house.callback(server.stop)
    return server.port


def _heed_stops(stop: asyncio.Event, house: AsyncExitStack) -> None:
    """Registered before any part is started, so that a second signal does not cut the stop short."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
        house.callback(loop.remove_signal_handler, number)


def _heed_reloads(
    policies: PolicySource,
    dkim_keys: DkimKeys,
    own_kinds: OwnKinds,
    certificates: Sequence[Certificate],
    further: Sequence[Callable[[], None]],
    stop: asyncio.Event,
    house: AsyncExitStack,
    manager: ServiceManager,
) -> None:
    """certificates: those of the listeners, as they are when the signal comes. further: what is told of it then."""
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    async def reload_and_tell() -> None:
        manager.tell_reloading()
        try:
            others = (each.reload() for each in certificates)
            await asyncio.gather(policies.reload(), dkim_keys.reload(), own_kinds.reload(), *others)
            for each in further:
                each()
        finally:
            manager.tell(READY)

    def reload() -> None:
        if not stop.is_set():
            reloads.add(task := loop.create_task(reload_and_tell()))
            task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    house.callback(loop.remove_signal_handler, signal.SIGHUP)
