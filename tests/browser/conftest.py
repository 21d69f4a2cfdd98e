"""A real service with a console, real messages held in it, and Debian's Chromium in front of it."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from asyncio.events import _set_running_loop
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.people import Person, first_admin, set_up
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT, Service
from tests.end_to_end.sink import Sink
from tests.ports import free_port

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

# As long as an action waits. The five seconds of playwright are too few where a browser shares its processors.
expect.set_options(timeout=30_000)


class Canary:
    """A web server that counts who comes: no page and no message may send a browser there."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        hits = self.hits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.append(self.path)
                self.send_response(204)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, format: str, *arguments: Any) -> None:
                """Hits are counted, not told."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def newsletter(canary: Canary) -> tuple[bytes, list[str], str]:
    """HTML that tries all it can to be noticed, with a picture that the message carries."""
    to = canary.url
    markup = (
        f"<html><head><style>@import url({to}/import.css); h1 {{ color: rgb(1, 2, 3) }}"
        f" body {{ background: url({to}/background.png) }} @font-face {{ font-family: f; src: url({to}/font.woff) }}"
        f" p {{ font-family: f }}</style><meta http-equiv=refresh content='0;url={to}/refresh'>"
        f"<link rel=stylesheet href='{to}/link.css'><base href='{to}/'></head><body><h1>Flu</h1><p>Dear all</p>"
        f"<script>top.document.title = 'owned'; fetch('{to}/script')</script><img src='cid:logo@elm' alt='Logo'>"
        f"<img src='{to}/image.png'><video src='{to}/video' autoplay></video><iframe src='{to}/frame'></iframe>"
        f"<form action='{to}/form' method=post><button>Press</button></form>"
        f"<a href='{to}/link' target=_top onclick=\"location='{to}/click'\">your bank</a>"
        f"<svg><image href='{to}/svg'/></svg><table background='{to}/table'><tr><td>x</td></tr></table></body></html>"
    )
    raw, addresses, path = letter(20, "Newsletter")
    header = raw.partition(b"\r\n\r\n")[0]
    body = (
        (
            "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            f"{base64.encodebytes(markup.encode()).decode()}"
            "\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <logo@elm>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            f"{PICTURE}\r\n--b--\r\n"
        )
        .replace("\r\n", "\n")
        .replace("\n", "\r\n")
    )
    kind = b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    return header + kind + body.encode(), addresses, path


@dataclass
class Console:
    """A service with a console, and the people who have signed in to it once."""

    service: Service
    base: str
    canary: Canary
    people: dict[str, Person] = field(default_factory=dict)


def letter(people: int, subject: str, sender: str = "jo@elmroad.example") -> tuple[bytes, list[str], str]:
    addresses = [f"patient{number}@mail{number % 9}.example" for number in range(people)]
    listed = ",\r\n ".join(addresses)
    raw = f"From: {sender}\r\nTo: {sender}\r\nCc: {listed}\r\nSubject: {subject}\r\n\r\nDear all\r\n"
    return raw.encode("utf-8"), addresses, sender


HERE = Path(__file__).parent
PLAYWRIGHTS_LOOP = pytest.StashKey[asyncio.AbstractEventLoop]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Between its calls Playwright leaves its loop marked as the one that runs in this thread, so no one else could
    run a loop of their own until the browser is closed. It needs the mark when it is called again: the tests of this
    folder have it, and no others (pytest asks this hook about all).
    """
    loop = item.config.stash.get(PLAYWRIGHTS_LOOP, None)
    if loop is not None and item.path.parent == HERE:
        _set_running_loop(loop)
    try:
        return (yield)
    finally:
        _set_running_loop(None)


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        loop = pytestconfig.stash[PLAYWRIGHTS_LOOP] = asyncio.get_running_loop()
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield opened
        # The last test of all may be of another folder.
        _set_running_loop(loop)
        opened.close()
    del pytestconfig.stash[PLAYWRIGHTS_LOOP]


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Console]:
    """With the messages that the tests look at; `admin`, `reviewer` and `viewer` have set up their accounts."""
    folder = tmp_path_factory.mktemp("console")
    port = free_port()
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
        canary = Canary()
        assert submit(service.port, *newsletter(canary))[0] == 250
        found = Console(service, base, canary)
        found.people["admin"] = first_admin(found.service, browser, base)
        for name, role in (("reviewer", "reviewer:elm"), ("viewer", "viewer:elm")):
            found.people[name] = set_up(service, browser, base, f"{name}@elmroad.example", role)
        yield found
        canary.stop()


@dataclass
class Watched:
    """What a browser complained about, and where it asked for something else than the console.

    That the frame of a message may not load what it asks of the canary, and may run nothing, is as it should be: the
    browser tells of it, and the canary counts what got through.
    """

    canary: Canary
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page, base: str) -> Page:
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => console.error('VIOLATION ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        # What a browser gives up because the page is left before its icon has come is no failure of a page.
        aborted = "net::ERR_ABORTED"
        page.on("requestfailed", lambda request: self._asked(request.url, base, failed=request.failure != aborted))
        page.on("request", lambda request: self._asked(request.url, base))
        return page

    def _asked(self, url: str, base: str, *, failed: bool = False) -> None:
        if not url.startswith((self.canary.url, "data:")) and (failed or not url.startswith(base)):
            self.complaints.append(url)

    def _said(self, message: Any) -> None:
        # Chromium reports the status of a page that is an error by design.
        of_the_frame = self.canary.url in message.text or "document's frame is sandboxed" in message.text
        expected = re.search(r"server responded with a status of 4\d\d", message.text) is not None
        if message.type == "error" and not expected and not of_the_frame:
            self.complaints.append(message.text)


@pytest.fixture
def watched(console: Console) -> Iterator[Watched]:
    """Every test ends with no complaint, and nobody has come to the canary."""
    found = Watched(console.canary)
    yield found
    assert found.complaints == [] and console.canary.hits == []


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
