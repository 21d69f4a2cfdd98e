"""A browser's view of the console, without a browser: the real application on a real store."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from mailguard.console.app import COOKIE, build
from mailguard.console.assets import read_assets
from mailguard.console.site import Site
from mailguard.core.document import Diagnostic
from mailguard.core.errors import MailguardError
from mailguard.core.inventory import Inventory
from mailguard.core.mail.message import Message
from mailguard.core.one_time_code import code_at
from mailguard.core.policy.load import Policy, load_policy
from mailguard.core.register.lists import load_lists
from mailguard.core.verdict import Finding, Inspection
from mailguard.guard.console.health import Wellbeing
from mailguard.guard.console.list_export import ListExport
from mailguard.guard.console.months import MonthDesk
from mailguard.guard.console.people import People
from mailguard.guard.console.preferences import Preferences
from mailguard.guard.console.presence import Presence
from mailguard.guard.console.quality import QualityBoard
from mailguard.guard.console.rules import Rules
from mailguard.guard.console.saved_views import SavedViews
from mailguard.guard.console.timeline import Timeline
from mailguard.guard.console.trial import Trials
from mailguard.guard.memory import InvitationMemory
from mailguard.guard.quality import RuleQualities
from mailguard.guard.settings import NoticeSettings
from mailguard.guard.tightening import Sources
from mailguard.serve.packs import Packs
from mailguard.serve.register import Register, packaged_lists
from tests.guard.console.attachments import attachments_on
from tests.guard.console.deciding import bulk_on, deciding_on
from tests.guard.console.house import ORGANISATION, SECRET, START, House

BASE = "http://127.0.0.1:8085"
ORIGIN = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}


POLICY = b"""version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside the organisation would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
    sender_may: [cancel, separate]
  - id: hidden-numbers
    describe: Two or more NHS numbers leave in a file, ask caldicott@elmroad.example.
    when: {finding: {kind: nhs-number, count: {at_least: 2}}}
    action: reject
    mode: monitor
  - id: resting
    describe: Nothing <b>yet</b>.
    when: {envelope_recipients: {at_least: 500}}
    action: rewrite
    rewrite: bcc
    mode: "off"
"""


class InForce:
    """A policy in force, or none. Implements guard.console.rules.InForce."""

    def __init__(self, text: bytes | None = POLICY) -> None:
        self.policy = load_policy({"default.yaml": text}) if text is not None else None
        self.problem: str | None = None
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self.loaded_at: datetime | None = START

    def __call__(self) -> Policy:
        if self.policy is None:
            raise MailguardError("no policy could be loaded")
        return self.policy


class Inspector:
    """Finds in every part what it was told. Implements guard.ports.Inspector."""

    def __init__(self, *findings: Finding, unread: str | None = None, inventory: tuple[Inventory, ...] = ()) -> None:
        self.findings, self.unread, self.inventory = findings, unread, inventory

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        return [Inspection(part, self.findings, self.unread, inventory=self.inventory) for part in parts]


WELL = Wellbeing(
    at=START,
    version="1",
    started_at=START,
    policy_in_force=True,
    policy_problem=None,
    revision="sha256:abc",
    canary="passing",
    canary_problems=(),
    canary_defers=False,
    canary_passed_at=START,
    last_checked_at=START,
    held=3,
    overdue=0,
    outbox=0,
    outbox_since=None,
    smarthosts=(("mail.example:25", None),),
    inspection_trouble=None,
    entries=1204,
    witness_failing=False,
    certificate_problem=None,
    database="SQLite",
    disk_free=50 * 1024**3,
)


class Health:
    """Says what it was told. Implements guard.console.health.Health."""

    def __init__(self, being: Wellbeing = WELL) -> None:
        self.being = being

    async def look(self) -> Wellbeing:
        return self.being


def register_on(house: House) -> Register:
    lists = load_lists(packaged_lists(), organisation="Elm Road Surgery")
    return Register(
        house.store,
        house.clock,
        house.randomness,
        lists=lambda: lists,
        zone=ZoneInfo("Europe/London"),
        organisation="Elm Road Surgery",
    )


def packs_on(house: House, wake: Callable[[], None] = lambda: None) -> Packs:
    notices = NoticeSettings.model_validate({"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"})
    settings: Any = SimpleNamespace(notices=notices)
    register = register_on(house)
    return Packs(settings, house.store, register, house.notices, ORGANISATION, house.clock, house.randomness, wake)


def trials_on(house: House, in_force: InForce, inspector: Inspector) -> Trials:
    return Trials(
        policy=in_force,
        organisation=ORGANISATION,
        inspector=inspector,
        memory=InvitationMemory(house.store.history, house.clock, timedelta(days=1)),
        quarantine=house.store.quarantine,
        blobs=house.store.blobs,
        ledger=house.store.ledger,
        clock=house.clock,
    )


def qualities_on(house: House, in_force: InForce) -> RuleQualities:
    return RuleQualities(
        holds=house.store.hold_entries,
        sources=Sources(house.store.passed_entries, house.store.incidents, house.store.evidence),
        policies=house.store.policies,
        in_force=in_force,
        load=load_policy,
        clock=house.clock,
    )


def site_on(house: House, **changes: Any) -> Site:
    in_force = changes.pop("in_force", None) or InForce()
    inspector = changes.pop("inspector", None) or Inspector()
    values: dict[str, Any] = {
        "rules": Rules(in_force=in_force, counts=house.store.rule_counts, clock=house.clock),
        "quality": QualityBoard(rules=qualities_on(house, in_force), in_force=in_force, clock=house.clock),
        "wrong_holds": house.wrong_holds,
        "health": Health(),
        "trials": trials_on(house, in_force, inspector),
        "base_url": BASE,
        "organisation": "Elm Road Surgery",
        "contact": "manager@elmroad.example",
        "zone": ZoneInfo("Europe/London"),
        "clock": house.clock,
        "randomness": house.randomness,
        "sessions": house.sessions,
        "sign_in": house.sign_in,
        "links": house.links,
        "queue": house.queue,
        "exports": ListExport(queue=house.queue, ledger=house.store.ledger, clock=house.clock),
        "bulk": bulk_on(house),
        "saved_views": SavedViews(views=house.store.saved_views, clock=house.clock, randomness=house.randomness),
        "presence": Presence(house.clock, house.kept),
        "preferences": Preferences(accounts=house.store.accounts, clock=house.clock),
        "deciding": deciding_on(house),
        "looking": house.looking,
        "timeline": Timeline(house.store.trail),
        "attachments": attachments_on(house),
        "house": ORGANISATION,
        "sender": house.sender,
        "trail": house.trail,
        "months": MonthDesk(reports=register_on(house).monthly, ledger=house.store.ledger, clock=house.clock),
        "ways": register_on(house).way,
        "people": People(book=house.book, links=house.links, sessions=house.sessions, randomness=house.randomness),
        "register": register_on(house).desk(),
        "packs": packs_on(house).desk(),
        "team_reports": register_on(house).team_reports(),
        "settings": (("store", "sqlite:////x"),),
        "teams": ("elm", "park"),
        "team_list": ORGANISATION.teams,
    }
    return Site(**{**values, **changes})


def browser_on(site: Site, base: str = BASE) -> httpx.AsyncClient:
    """A client that keeps cookies and follows nothing. What the application raises would be raised here."""
    transport = httpx.ASGITransport(build(site), raise_app_exceptions=True, client=("192.0.2.1", 40000))
    return httpx.AsyncClient(transport=transport, base_url=base)


@dataclass
class Seen(HTMLParser):
    """What a page holds: its text, its links, the values of its hidden fields, and every attribute. tags: all but the
    script of our own, a file; own_scripts: how often it is asked for.
    """

    html: str
    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    own_scripts: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._href: str | None = None
        self.feed(self.html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "script" and found == {"src": read_assets()["console.js"].path, "defer": ""}:
            self.own_scripts += 1
            return
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in found.items()]
        if tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"]] = found.get("value", "")
        if tag == "a":
            self._href = found.get("href", "")
            self.links.append((self._href, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"
        if self._href is not None:
            href, text = self.links[-1]
            self.links[-1] = (href, f"{text} {data}".strip())


def seen(response: httpx.Response) -> Seen:
    return Seen(response.text)


def csrf_in(response: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', response.text)
    assert found, "the page has no form"
    return found[1]


async def sends(browser: httpx.AsyncClient, path: str, page: str | None = None, **fields: str) -> httpx.Response:
    """Fill in the form of a page (of `path` unless another is named) and send it."""
    shown = await browser.get(page or path)
    return await browser.post(path, data={"csrf": csrf_in(shown), **fields}, headers=ORIGIN)


async def signs_in(browser: httpx.AsyncClient, house: House, name: str) -> httpx.Response:
    """Sign in with both factors. It takes a minute of the clock."""
    house.clock.move(seconds=60)
    answer = await sends(browser, "/sign-in", name=name, password=SECRET, code=await house.code(name))
    assert answer.status_code == 303, answer.text
    return answer


async def enters(browser: httpx.AsyncClient, house: House, name: str) -> None:
    """As if signed in, without the pages of signing in."""
    browser.cookies.set(COOKIE, await house.token(name))


def code_of(secret_on_page: str, house: House) -> str:
    """What an app shows that was given the key on the page."""
    plain = secret_on_page.replace(" ", "")
    octets = base64.b32decode(plain + "=" * (-len(plain) % 8))
    return code_at(octets, int(house.clock.at.timestamp() // 30))
