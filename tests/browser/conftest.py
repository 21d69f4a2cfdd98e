"""A real service with a console, real messages held in it, and Debian's Chromium in front of it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.people import Person, first_admin, set_up
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT, Service
from tests.end_to_end.sink import Sink

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)> \u202egnp.exe " + "A" * 200
TEAMS = [{"name": "elm", "senders": ["jo@elmroad.example"]}, {"name": "park", "senders": ["pat@elmroad.example"]}]
SCREENS = ROOT / ".run" / "screens"


@dataclass
class Console:
    """A service with a console, and the people who have signed in to it once."""

    service: Service
    base: str
    people: dict[str, Person] = field(default_factory=dict)


def letter(people: int, subject: str, sender: str = "jo@elmroad.example") -> tuple[bytes, list[str], str]:
    addresses = [f"patient{number}@mail{number % 9}.example" for number in range(people)]
    listed = ",\r\n ".join(addresses)
    raw = f"From: {sender}\r\nTo: {sender}\r\nCc: {listed}\r\nSubject: {subject}\r\n\r\nDear all\r\n"
    return raw.encode("utf-8"), addresses, sender


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Console]:
    """With the messages that the tests look at; `admin`, `reviewer` and `viewer` have set up their accounts."""
    folder = tmp_path_factory.mktemp("console")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    organisation = {"name": "Elm Road Surgery", "domains": ["elmroad.example"], "teams": TEAMS}
    settings: dict[str, Any] = {
        "organisation": organisation,
        "console": {"address": f"127.0.0.1:{port}", "base_url": base},
    }
    with Sink() as sink, Service(folder, sink.port, **settings) as service:
        for count, subject, sender in (
            (288, "Flu clinic: new dates", "jo@elmroad.example"),
            (12, HOSTILE, "jo@elmroad.example"),
            (40, "Secret of another team", "pat@elmroad.example"),
        ):
            raw, addresses, path = letter(count, subject, sender)
            assert submit(service.port, raw, addresses, path, ("SMTPUTF8",))[0] == 250
        found = Console(service, base)
        found.people["admin"] = first_admin(found.service, browser, base)
        for name, role in (("reviewer", "reviewer:elm"), ("viewer", "viewer:elm")):
            found.people[name] = set_up(service, browser, base, f"{name}@elmroad.example", role)
        yield found


@dataclass
class Watched:
    """What a browser complained about, and where it asked for something else than the console."""

    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page, base: str) -> Page:
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => console.error('VIOLATION ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed {request.url}"))
        page.on("request", lambda request: request.url.startswith(base) or self.complaints.append(request.url))
        return page

    def _said(self, message: Any) -> None:
        # Chromium reports the status of a page that is an error by design.
        if message.type == "error" and not re.search(r"server responded with a status of 4\d\d", message.text):
            self.complaints.append(message.text)


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Every test ends with no complaint."""
    found = Watched()
    yield found
    assert found.complaints == []


@pytest.fixture
def context(browser: Browser, console: Console) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=console.base)
    yield opened
    opened.close()


def screen(page: Page, name: str) -> None:
    """What it looks like, for people: .run/screens is not kept in git."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True)


def signed_in(context: BrowserContext, person: Person) -> BrowserContext:
    context.add_cookies(person.cookies)
    return context
