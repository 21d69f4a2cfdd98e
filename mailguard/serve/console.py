"""Serves the review console beside the mail, in the same event loop: uvicorn without what the house does for itself.

Contract: signals are heeded by the house and not by uvicorn; nothing of a request is logged; a page waits in threads or
for the store, so that it does not delay mail. A slow or endless request costs its own connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import uvicorn

from ..config import ConsoleSettings
from ..console import words
from ..console.app import build
from ..console.site import Site
from ..core.errors import SettingsError
from ..guard.accounts import Actor
from ..guard.console.deciding import Deciding
from ..guard.console.federation import Federation
from ..guard.console.health import Health
from ..guard.console.looking import Looking
from ..guard.console.people import People
from ..guard.console.ports import Attempts
from ..guard.console.queue import HeldQueue
from ..guard.console.rules import Rules
from ..guard.console.sender import SenderDesk
from ..guard.console.sign_in import ConsoleSignIn
from ..guard.console.trail import AuditTrail
from ..guard.console.trial import Trials
from ..guard.escalation import Escalations
from ..guard.ports import Inspector
from ..logs import logger
from ..smtp.listen_settings import HostPort
from .parts import Parts, let_in
from .policies import PolicySource
from .rounds import background, cancel
from .shown_settings import shown_settings
from .upkeep import StoreUpkeep
from .user_operations import start_url

log = logger("console")

MOST_CONNECTIONS = 200
IDLE_SECONDS = 5
STOP_SECONDS = 5
MOST_HEADER_OCTETS = 32 * 1024


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The house has its own, and is asked by them to stop everything."""
        yield


class _Complaints(logging.Handler):
    """What uvicorn has to say, by its class alone: its text may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        log.warning("console_server_failed", cause=cause or record.levelname)


@dataclass(frozen=True, slots=True)
class Works:
    """What only a running service has."""

    attempts: Attempts
    policies: PolicySource
    inspector: Inspector
    health: Health


async def start_console(settings: ConsoleSettings, parts: Parts, works: Works, house: AsyncExitStack) -> HostPort:
    """Serve it until the house ends. Where it listens. SettingsError where the address cannot be bound."""
    site = site_of(settings, parts, works)
    server = _Server(_config(settings, site))
    listening = await _listening(settings.address)
    found = HostPort(*listening.getsockname()[:2])
    task = asyncio.create_task(server.serve([listening]), name="console")

    async def end() -> None:
        server.should_exit = True
        await asyncio.wait({task}, timeout=STOP_SECONDS + 1)
        await cancel(task)

    house.push_async_callback(end)
    house.push_async_callback(site.trail.settle)
    background(_warm(site), house)
    log.info("console_started", address=str(found))
    await _welcome_first_admin(settings, parts)
    return found


def site_of(settings: ConsoleSettings, parts: Parts, works: Works) -> Site:
    zone = ZoneInfo(parts.settings.organisation.time_zone)
    return Site(
        base_url=settings.base_url,
        organisation=parts.settings.organisation.name,
        contact=parts.settings.notices.contact or words.CONTACT_UNKNOWN,
        zone=zone,
        clock=parts.clock,
        randomness=parts.randomness,
        sessions=parts.sessions,
        sign_in=ConsoleSignIn(
            accounts=parts.store.accounts,
            passwords=parts.passwords,
            sessions=parts.sessions,
            attempts=works.attempts,
            clock=parts.clock,
            randomness=parts.randomness,
        ),
        links=parts.links,
        queue=HeldQueue(
            messages=parts.store.held_messages,
            urgent=parts.store.urgent_calls,
            organisation=parts.organisation,
            clock=parts.clock,
            zone=zone,
        ),
        sender=SenderDesk(
            links=parts.store.sender_links,
            urgent=parts.store.urgent_calls,
            quarantine=parts.store.quarantine,
            review=parts.review,
            notices=parts.notices,
            organisation=parts.organisation,
            clock=parts.clock,
            stop_for=timedelta(seconds=settings.stop_seconds),
        ),
        looking=Looking(
            quarantine=parts.store.quarantine, blobs=parts.store.blobs, ledger=parts.store.ledger, clock=parts.clock
        ),
        house=parts.organisation,
        deciding=_deciding(settings, parts),
        trail=AuditTrail(
            trail=parts.store.trail,
            ledger=parts.store.ledger,
            clock=parts.clock,
            zone=zone,
            verify=StoreUpkeep(parts.store, parts.clock).verify,
        ),
        rules=Rules(in_force=works.policies, counts=parts.store.rule_counts, clock=parts.clock),
        trials=Trials(
            policy=works.policies,
            organisation=parts.organisation,
            inspector=works.inspector,
            memory=parts.memory,
            quarantine=parts.store.quarantine,
            blobs=parts.store.blobs,
            ledger=parts.store.ledger,
            clock=parts.clock,
        ),
        health=works.health,
        people=People(
            book=parts.account_book,
            links=parts.links,
            sessions=parts.sessions,
            randomness=parts.randomness,
            let_in=let_in(parts.settings),
        ),
        federation=_federation(settings, parts),
        local_accounts=settings.local_accounts,
        settings=shown_settings(parts.settings),
        teams=tuple(team.name for team in parts.organisation.teams),
        team_list=parts.organisation.teams,
    )


def _federation(settings: ConsoleSettings, parts: Parts) -> Federation | None:
    """The libraries behind it are loaded only where they are needed: they take a second of a start."""
    if settings.oidc is None:
        return None
    from ..oidc.service import OidcService

    return Federation(
        label=settings.oidc.label,
        issuer=settings.oidc.issuer,
        mapping=settings.oidc.mapping,
        service=OidcService(settings.oidc, settings.base_url, parts.clock),
        accounts=parts.store.accounts,
        sessions=parts.sessions,
        clock=parts.clock,
        randomness=parts.randomness,
    )


def _deciding(settings: ConsoleSettings, parts: Parts) -> Deciding:
    store = parts.store
    return Deciding(
        review=parts.review,
        escalations=Escalations(
            quarantine=store.quarantine,
            accounts=store.accounts,
            notices=parts.notices,
            clock=parts.clock,
            wake=parts.wake.set,
        ),
        rewriting=parts.rewriting,
        notices=parts.notices,
        quarantine=store.quarantine,
        blobs=store.blobs,
        ledger=store.ledger,
        evidence=store.evidence,
        organisation=parts.organisation,
        clock=parts.clock,
        stop_for=timedelta(seconds=settings.stop_seconds),
    )


async def _warm(site: Site) -> None:
    """So that the first search is as quick as the next."""
    try:
        await site.queue.warm()
    except Exception as cause:
        log.warning("console_not_warmed", cause=cause)


def _config(settings: ConsoleSettings, site: Site) -> uvicorn.Config:
    behind_a_web_server = site.secure and settings.address.loopback
    complaints = logging.getLogger("uvicorn")
    complaints.handlers, complaints.propagate = [_Complaints(logging.WARNING)], False
    return uvicorn.Config(
        build(site),
        http="h11",
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # The address that attempts to sign in count for. Only a web server on this machine is believed.
        proxy_headers=behind_a_web_server,
        forwarded_allow_ips="127.0.0.1,::1",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=MOST_HEADER_OCTETS,
    )


async def _listening(address: HostPort) -> socket.socket:
    loop = asyncio.get_running_loop()
    try:
        ((family, kind, _, _, where), *_) = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        listening = socket.socket(family, kind)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(where)
            listening.listen()
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise SettingsError(
            f'cannot serve the console on "{address}": {error.strerror or "the address cannot be used"}'
        ) from error
    return listening


async def _welcome_first_admin(settings: ConsoleSettings, parts: Parts) -> None:
    """On a terminal, a link for the first admin; where there is none, nobody may find it in a log: a word about how."""
    if not settings.local_accounts or await parts.links.has_admin():
        return
    log.warning("console_without_admin")
    if sys.stderr.isatty():
        link = await parts.links.make(None, Actor("mailguard serve", "mailguard"))
        print(
            "Nobody can look after the review console yet. For the first admin, once, within 30 minutes:\n"
            f"  {start_url(settings.base_url, link.token)}",
            file=sys.stderr,
        )
