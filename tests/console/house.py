"""A browser's view of the console, without a browser: the real application on a real store."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from mailguard.console.app import COOKIE, build
from mailguard.console.site import Site
from mailguard.core.one_time_code import code_at
from tests.guard.console.deciding import deciding_on
from tests.guard.console.house import ORGANISATION, SECRET, House

BASE = "http://127.0.0.1:8085"
ORIGIN = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}


def site_on(house: House, **changes: Any) -> Site:
    values: dict[str, Any] = {
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
        "deciding": deciding_on(house),
        "looking": house.looking,
        "house": ORGANISATION,
        "teams": ("elm", "park"),
    }
    return Site(**{**values, **changes})


def browser_on(site: Site, base: str = BASE) -> httpx.AsyncClient:
    """A client that keeps cookies and follows nothing. What the application raises would be raised here."""
    transport = httpx.ASGITransport(build(site), raise_app_exceptions=True, client=("192.0.2.1", 40000))
    return httpx.AsyncClient(transport=transport, base_url=base)


@dataclass
class Seen(HTMLParser):
    """What a page holds: its text, its links, the values of its hidden fields, and every attribute."""

    html: str
    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._href: str | None = None
        self.feed(self.html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
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
