"""Serves the review console beside the mail, in the same event loop: to browsers, or to consoles of their own.

Contract: a page waits in threads or for the store, so that it does not delay mail.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from ..config import ConsoleSettings
from ..console import words
from ..console.annexe import Annexe
from ..console.app import build
from ..console.site import Site
from ..core.policy.load import load_policy
from ..guard.accounts import Actor
from ..guard.console.assigning import Assigning
from ..guard.console.attachments import Attachments
from ..guard.console.bulk import Bulk
from ..guard.console.deciding import Deciding
from ..guard.console.federation import Federation
from ..guard.console.health import Health
from ..guard.console.list_export import ListExport
from ..guard.console.looking import Looking
from ..guard.console.months import MonthDesk
from ..guard.console.people import People
from ..guard.console.ports import Attempts, ShortLivedRecords
from ..guard.console.preferences import Preferences
from ..guard.console.presence import Presence
from ..guard.console.quality import QualityBoard
from ..guard.console.queue import HeldQueue
from ..guard.console.rules import Rules
from ..guard.console.saved_views import SavedViews
from ..guard.console.sender import SenderDesk
from ..guard.console.sender_code import CodeTries
from ..guard.console.sign_in import ConsoleSignIn
from ..guard.console.timeline import Timeline
from ..guard.console.trail import AuditTrail
from ..guard.console.trial import Trials
from ..guard.escalation import Escalations
from ..guard.quality import RuleQualities
from ..guard.tightening import Sources
from ..guard.wrong_holds import WrongHolds
from ..inspection.inspector import SandboxedInspector
from ..logs import logger
from ..smtp.listen_settings import HostPort
from .console_server import ANYBODY_WHO_CONNECTS, listening_on, server_of, web_server_before
from .console_socket import console_socket, listen_for_consoles
from .parts import Parts, let_in
from .policies import PolicySource
from .rounds import background
from .shared import short_lived_of
from .shown_settings import shown_settings
from .upkeep import StoreUpkeep
from .user_operations import start_url

log = logger("console")


@dataclass(frozen=True, slots=True)
class Works:
    """What only a running service has."""

    attempts: Attempts
    policies: PolicySource
    inspector: SandboxedInspector
    health: Health


OpenAnnexe = Callable[[Parts, AsyncExitStack], Awaitable[Annexe]]


async def start_console(
    settings: ConsoleSettings, parts: Parts, works: Works, house: AsyncExitStack, annexe: OpenAnnexe | None = None
) -> str:
    """Serve it until the house ends. Where: an address, or the socket on which consoles of their own ask for pages.

    annexe: the demo's pages. SettingsError where it cannot be bound.
    """
    site = site_of(settings, parts, works)
    if settings.process == "own":
        path = console_socket(parts.store.settings)
        listening, where = await asyncio.to_thread(listen_for_consoles, path), str(path)
        house.callback(path.unlink, missing_ok=True)
        believed: str | None = ANYBODY_WHO_CONNECTS
    else:
        listening = await listening_on(settings.address)
        where, believed = str(HostPort(*listening.getsockname()[:2])), web_server_before(settings)
    server = server_of(build(site, await annexe(parts, house) if annexe else None), believed)
    serving = asyncio.create_task(server.serve([listening]), name="console")
    house.push_async_callback(server.end, serving)
    house.push_async_callback(site.trail.settle)
    house.push_async_callback(site.months.settle)
    background(_warm(site), house)
    log.info("console_started", address=where)
    await _welcome_first_admin(settings, parts)
    return where


def site_of(settings: ConsoleSettings, parts: Parts, works: Works) -> Site:
    zone = ZoneInfo(parts.settings.organisation.time_zone)
    looking = Looking(
        quarantine=parts.store.quarantine, blobs=parts.store.blobs, ledger=parts.store.ledger, clock=parts.clock
    )
    wrong_holds = WrongHolds(ledger=parts.store.ledger, evidence=parts.store.evidence, clock=parts.clock)
    queue, deciding, kept = _queue(parts, zone), _deciding(settings, parts), short_lived_of(parts.store)
    assigning = Assigning(assignments=parts.store.assignments, clock=parts.clock)
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
        queue=queue,
        exports=ListExport(queue=queue, ledger=parts.store.ledger, clock=parts.clock),
        bulk=Bulk(deciding=deciding, assigning=assigning),
        saved_views=SavedViews(views=parts.store.saved_views, clock=parts.clock, randomness=parts.randomness),
        presence=Presence(parts.clock, kept),
        preferences=Preferences(accounts=parts.store.accounts, clock=parts.clock),
        sender=SenderDesk(
            links=parts.store.sender_links,
            urgent=parts.store.urgent_calls,
            quarantine=parts.store.quarantine,
            review=parts.review,
            notices=parts.notices,
            organisation=parts.organisation,
            clock=parts.clock,
            stop_for=timedelta(seconds=settings.stop_seconds),
            most_urgent=parts.settings.notices.urgent_per_day,
            wrong_holds=wrong_holds,
            tries=CodeTries(kept),
        ),
        looking=looking,
        timeline=Timeline(parts.store.trail),
        attachments=Attachments(looking, works.inspector, parts.store.ledger, parts.clock, kept),
        house=parts.organisation,
        deciding=deciding,
        trail=AuditTrail(
            accounts=parts.store.accounts,
            trail=parts.store.trail,
            ledger=parts.store.ledger,
            clock=parts.clock,
            zone=zone,
            verify=StoreUpkeep(parts.store, parts.clock).verify,
        ),
        rules=Rules(in_force=works.policies, counts=parts.store.rule_counts, clock=parts.clock),
        quality=_quality(parts, works),
        wrong_holds=wrong_holds,
        months=MonthDesk(reports=parts.register.monthly, ledger=parts.store.ledger, clock=parts.clock),
        ways=parts.register.way,
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
        register=parts.register.desk(),
        packs=parts.packs.desk(),
        team_reports=parts.register.team_reports(),
        federation=_federation(settings, parts, kept),
        local_accounts=settings.local_accounts,
        settings=shown_settings(parts.settings),
        teams=tuple(team.name for team in parts.organisation.teams),
        team_list=parts.organisation.teams,
    )


def _queue(parts: Parts, zone: ZoneInfo) -> HeldQueue:
    store = parts.store
    return HeldQueue(
        messages=store.held_messages,
        urgent=store.urgent_calls,
        assignments=store.assignments,
        checked=store.checked,
        organisation=parts.organisation,
        clock=parts.clock,
        zone=zone,
    )


def _quality(parts: Parts, works: Works) -> QualityBoard:
    rules = RuleQualities(
        holds=parts.store.hold_entries,
        sources=Sources(parts.store.passed_entries, parts.store.incidents, parts.store.evidence),
        policies=parts.store.policies,
        in_force=works.policies,
        load=load_policy,
        clock=parts.clock,
    )
    return QualityBoard(rules=rules, in_force=works.policies, clock=parts.clock)


def _federation(settings: ConsoleSettings, parts: Parts, kept: ShortLivedRecords) -> Federation | None:
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
        kept=kept,
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
            lets=let_in(parts.settings).lets,
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
