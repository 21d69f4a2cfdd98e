"""Signing in with the organisation's own service in Debian's Chromium: a certified provider, its real pages, and ours.

What the policy of our pages stops (`form-action` counts for where a form is sent on to, too) only a browser shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import signed_in
from tests.browser.looks import faults
from tests.browser.people import Person, first_admin
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console_decides import held_at
from tests.end_to_end.test_oidc import ADA, JO, house
from tests.provider.certified import CertifiedProvider

PROVIDERS_BUTTON = "Sign in with your Elm Road account"


@dataclass
class House:
    service: Service
    provider: CertifiedProvider
    base: str
    admin: Person


@pytest.fixture(scope="module")
def oidc(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[House]:
    with Sink() as sink, house(tmp_path_factory.mktemp("oidc"), sink) as (service, provider, base):
        guest, sly = {**JO, "groups": ["staff"]}, {**JO, "email_verified": False}
        provider.knows(jo=JO, ada=ADA, guest=guest, sly=sly)
        service.start()
        yield House(service, provider, base, first_admin(service, browser, base))


@dataclass
class Way:
    """A browser of its own. complaints: what it says against a page of the console, and what such a page asks of
    another host; the provider's pages are its own affair, but nothing leaves this computer for them either.
    """

    house: House
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def keep_inside(self) -> None:
        self.context.route(lambda url: not url.startswith((self.house.base, self.house.provider.issuer)), self._asked)

    def _asked(self, route: Route) -> None:
        if route.request.frame.url.startswith(self.house.base):
            self.complaints.append(route.request.url)
        route.abort()

    def _said(self, message: Any) -> None:
        expected = re.search(r"server responded with a status of (4\d\d|503)", message.text) is not None
        if message.type == "error" and not expected and message.location["url"].startswith(self.house.base):
            self.complaints.append(message.text)


@pytest.fixture(params=[True, False], ids=["javascript", "no-javascript"])
def either_way(request: pytest.FixtureRequest, oidc: House, browser: Browser) -> Iterator[Way]:
    yield from opened(oidc, browser, javascript=request.param)


@pytest.fixture
def way(oidc: House, browser: Browser) -> Iterator[Way]:
    yield from opened(oidc, browser, javascript=True)


def opened(oidc: House, browser: Browser, *, javascript: bool) -> Iterator[Way]:
    context = browser.new_context(base_url=oidc.base, java_script_enabled=javascript)
    found = Way(oidc, context)
    found.keep_inside()
    yield found
    context.close()
    assert found.complaints == []


def at_the_provider(page: Page, issuer: str, subject: str) -> None:
    """What somebody does there: their name, and that mailguard may know it."""
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    assert page.url.startswith(f"{issuer}/interaction/"), page.url
    page.get_by_placeholder("Enter any login").fill(subject)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_somebody_goes_to_the_provider_and_comes_back_signed_in(either_way: Way) -> None:
    house = either_way.house
    ref = held_at(house.service)
    page = either_way.page()
    page.goto(f"/m/{ref}")
    page.get_by_role("button", name=PROVIDERS_BUTTON).click()
    at_the_provider(page, house.provider.issuer, "jo")
    expect(page.get_by_role("heading", name="Why this is held")).to_be_visible()
    assert page.url == f"{house.base}/m/{ref}", "where they wanted to go, with nothing of the way behind it"
    page.goto("/account")
    expect(page.get_by_text("jo@elmroad.example").first).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.goto("/queue")
    expect(page.get_by_role("button", name=PROVIDERS_BUTTON)).to_be_visible()


def test_the_sign_in_pages_look_as_they_must(way: Way) -> None:
    page = way.page()
    page.goto("/sign-in")
    found = faults(page, "provider-sign-in")
    page.reload()
    page.get_by_text("Use a mailguard account").click()
    found += faults(page, "provider-sign-in-unfolded")
    # The page that leads on stays for as long as the provider says nothing that a browser could show (204).
    issuer = way.house.provider.issuer
    way.context.route(f"{issuer}/**", lambda route: route.fulfill(status=204))
    page.get_by_role("button", name=PROVIDERS_BUTTON).click()
    expect(page.get_by_role("link", name="Go to the sign-in page")).to_be_visible()
    assert page.url.startswith(f"{way.house.base}/sign-in/provider?state=")
    found += faults(page, "provider-onwards")
    way.context.unroute(f"{issuer}/**")
    page.get_by_role("link", name="Go to the sign-in page").click()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("did not sign you in")
    expect(page).to_have_title(re.compile("^Error: "))
    found += faults(page, "provider-refused")
    page.goto("/sign-in/provider/back?state=old&code=x")
    expect(page.get_by_role("alert")).to_contain_text("took too long")
    found += faults(page, "provider-stale")
    assert found == []


@pytest.mark.parametrize(
    ("subject", "said"),
    [("guest", "you have not been given access to mailguard"), ("sly", "that it has confirmed")],
)
def test_who_is_kept_out_reads_why(way: Way, subject: str, said: str) -> None:
    page = way.page()
    page.goto("/sign-in")
    page.get_by_role("button", name=PROVIDERS_BUTTON).click()
    at_the_provider(page, way.house.provider.issuer, subject)
    expect(page.get_by_text(said)).to_be_visible()
    assert faults(page, f"provider-kept-out-{subject}") == []


def test_an_admin_tries_it_with_their_own_account(way: Way) -> None:
    house = way.house
    signed_in(way.context, house.admin)
    page = way.page()
    page.goto("/settings/sign-in")
    found = faults(page, "provider-settings")
    page.get_by_role("button", name="Test with my account").click()
    at_the_provider(page, house.provider.issuer, "ada")
    expect(page.get_by_text("You would be let in.")).to_be_visible()
    assert page.url == f"{house.base}/settings/sign-in"
    found += faults(page, "provider-settings-tried")
    page.goto("/people")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "ada@elmroad.example" not in page.content(), "a test makes no account"
    assert found == []


def test_a_service_that_falls_silent_is_told_on_both_pages(way: Way) -> None:
    """The last test here: the provider is not started again."""
    house = way.house
    house.provider.stop()
    way.context.route(f"{house.provider.issuer}/**", lambda route: route.fulfill(body="The last page before the fall."))
    page = way.page()
    page.goto("/sign-in")
    page.get_by_role("button", name=PROVIDERS_BUTTON).click()
    page.goto(back(page, house))
    expect(page.get_by_role("alert")).to_contain_text("The sign-in service is not answering")
    expect(page.get_by_label("Account name")).to_be_visible()
    found = faults(page, "provider-silent")
    signed_in(way.context, house.admin)
    page.goto("/settings/sign-in")
    page.get_by_role("button", name="Test with my account").click()
    page.goto(back(page, house))
    expect(page.get_by_text("The service does not answer, or not as it should.")).to_be_visible()
    found += faults(page, "provider-settings-silent")
    assert found == []


def back(page: Page, house: House) -> str:
    """Where a provider would send the browser to. On its way there the browser would cut another journey short."""
    page.wait_for_url(f"{house.provider.issuer}/**")
    (state,) = parse_qs(urlsplit(page.url).query)["state"]
    return f"/sign-in/provider/back?code=x&state={state}&iss={house.provider.issuer}"
