"""The pages of signing in with the organisation's own sign-in service (THREATS.md T63)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mailguard.console import drafts
from mailguard.core.errors import NotBelieved, ServiceSilent
from mailguard.guard.console.people import People
from mailguard.guard.console.sessions import LetIn
from tests.console.house import browser_on, csrf_in, enters, seen, sends, site_on
from tests.guard.console.house import House
from tests.guard.console.provider import ISSUER, SignInService, federation_on, identity

JO = "jo@elmroad.example"


@pytest.fixture
def service() -> SignInService:
    return SignInService(identity("jo", "reviewers"))


def site_with(house: House, service: SignInService, **changes: Any) -> Any:
    federation, sessions = federation_on(house, service)
    let_in = LetIn(federation="x", issuer=ISSUER)
    people = People(book=house.book, links=house.links, sessions=sessions, randomness=house.randomness, let_in=let_in)
    return site_on(house, federation=federation, sessions=sessions, people=people, **changes)


@pytest.fixture
async def browser(house: House, service: SignInService) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_on(site_with(house, service)) as opened:
        yield opened


async def begins(browser: httpx.AsyncClient, **fields: str) -> str:
    """Its state."""
    sent = await sends(browser, "/sign-in/provider", "/sign-in", **fields)
    assert sent.status_code == 303, sent.text
    return str(httpx.URL(sent.headers["location"]).params["state"])


async def comes_back(browser: httpx.AsyncClient, state: str, **query: str) -> httpx.Response:
    return await browser.get("/sign-in/provider/back", params={"code": "c", "state": state, **query})


async def test_the_browser_is_led_on_by_a_page_and_comes_back_signed_in(browser: httpx.AsyncClient) -> None:
    state = await begins(browser, to="/account")
    page = await browser.get("/sign-in/provider", params={"state": state})
    there = f"{ISSUER}/authorize?state={state}&amp;nonce="
    assert page.status_code == 200 and f'content="0; url={there}' in page.text and f'href="{there}' in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    before = browser.cookies["mailguard"]
    came = await comes_back(browser, state)
    assert came.status_code == 303 and came.headers["location"] == "/account"
    assert browser.cookies["mailguard"] != before, "the session has a token that nobody knew before"
    assert JO in (await browser.get("/account")).text
    assert (await browser.get("/people")).status_code == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
async def test_nobody_is_led_elsewhere_after_signing_in(browser: httpx.AsyncClient, to: str) -> None:
    assert (await comes_back(browser, await begins(browser, to=to))).headers["location"] == "/"


async def test_a_state_counts_once_in_time_and_in_its_own_browser(
    browser: httpx.AsyncClient, house: House, service: SignInService
) -> None:
    """Login CSRF: who sends somebody the end of his own sign-in signs nobody in to his account."""
    state = await begins(browser)
    async with browser_on(site_with(house, service)) as victim:
        await victim.get("/sign-in")
        out = await comes_back(victim, state)
        assert out.status_code == 403 and "Your sign-in took too long. Start again" in seen(out).text
    for wrong in ("", "x", "0" * 64, state[:-1] + ("0" if state[-1] != "0" else "1")):
        assert (await comes_back(browser, wrong)).status_code == 403
    assert not service.asked
    assert (await comes_back(browser, state)).status_code == 303
    assert (await comes_back(browser, state)).status_code == 403 and len(service.asked) == 1
    browser.cookies.clear()
    state = await begins(browser)
    house.clock.move(minutes=11)
    assert (await comes_back(browser, state)).status_code == 403 and len(service.asked) == 1
    assert (await browser.get("/sign-in/provider", params={"state": state})).status_code == 403


async def test_a_sign_in_is_begun_from_our_own_page_alone(browser: httpx.AsyncClient) -> None:
    shown = await browser.get("/sign-in")
    form = {"csrf": csrf_in(shown)}
    for headers in ({}, {"Origin": "https://evil.example"}):
        assert (await browser.post("/sign-in/provider", data=form, headers=headers)).status_code == 403


@pytest.mark.parametrize(
    ("identified", "status", "said"),
    [
        (identity("jo", "others"), 403, f"You are signed in to Elm Road Surgery as {JO}, but you have not been given"),
        (identity("jo", "reviewers", mailbox=None), 403, "does not tell mailguard an email address of yours"),
        (NotBelieved("the ID token is of another sign-in"), 403, "The sign-in service did not sign you in"),
        (ServiceSilent("it cannot be reached"), 503, "The sign-in service is not answering. If this is urgent"),
    ],
)
async def test_who_is_kept_out_is_told_why_in_plain_words(
    browser: httpx.AsyncClient, house: House, service: SignInService, identified: Any, status: int, said: str
) -> None:
    service.identified = identified
    out = await comes_back(browser, await begins(browser))
    assert out.status_code == status and said in seen(out).text and "manager@elmroad.example" in out.text
    assert "ID token" not in out.text and "reached" not in out.text
    assert (await browser.get("/account")).status_code == 303 and not await house.store.accounts.list()


async def test_hostile_words_of_the_service_stay_words(browser: httpx.AsyncClient, service: SignInService) -> None:
    hostile = '"><script>alert(1)</script>'
    service.identified = identity("jo", hostile, mailbox=hostile)
    out = await comes_back(browser, await begins(browser))
    assert out.status_code == 403 and "script" not in seen(out).tags
    out = await comes_back(browser, hostile, error=hostile, error_description=hostile)
    assert out.status_code == 403 and "script" not in seen(out).tags and "alert(" not in out.text


async def test_what_was_typed_comes_through_the_sign_in(browser: httpx.AsyncClient, service: SignInService) -> None:
    draft = drafts.to_text(drafts.Draft("MG-AAAA-22", "notes", {"note": "Ask the nurse"}))
    state = await begins(browser, to="/m/MG-AAAA-22/notes", draft=draft)
    service.identified = ServiceSilent("it cannot be reached")
    out = await comes_back(browser, state)
    assert seen(out).hidden["draft"] == draft and seen(out).hidden["to"] == "/m/MG-AAAA-22/notes"
    service.identified = identity("jo", "reviewers")
    came = await comes_back(browser, await begins(browser, to="/m/MG-AAAA-22/notes", draft=draft))
    assert came.headers["location"] == "/m/MG-AAAA-22/notes"
    assert "Ask the nurse" not in str(came.url) and "Ask the nurse" not in str(service.asked)


async def test_while_the_service_is_silent_accounts_of_our_own_are_offered(
    browser: httpx.AsyncClient, house: House, service: SignInService
) -> None:
    folded = await browser.get("/sign-in")
    assert "Use a mailguard account" in folded.text and "<details class" in folded.text and " open>" not in folded.text
    service.trouble = ServiceSilent("it did not answer within 10 seconds")
    out = await sends(browser, "/sign-in/provider", "/sign-in")
    assert out.status_code == 503 and " open>" in out.text
    text = seen(out).text
    assert "somebody with a mailguard account can sign in below: ask manager@elmroad.example" in text
    async with browser_on(site_with(house, service, local_accounts=False)) as other:
        shown = await other.get("/sign-in")
        assert "<details" not in shown.text
        out = await sends(other, "/sign-in/provider", "/sign-in")
        assert "If this is urgent, ask manager@elmroad.example" in seen(out).text
        out = await sends(other, "/sign-in", name=JO, password="maple river copper nine")
        assert out.status_code == 403 and "switched off" in out.text


async def test_an_admin_sees_what_a_sign_in_would_give_and_nothing_changes(
    browser: httpx.AsyncClient, house: House, service: SignInService
) -> None:
    await house.account("admin@elmroad.example", "admin")
    await enters(browser, house, "admin@elmroad.example")
    service.identified = identity("jo", "reviewers", "leads", "<b>others</b>")
    before = await house.kinds()
    sent = await sends(browser, "/settings/sign-in")
    state = httpx.URL(sent.headers["location"]).params["state"]
    assert (await comes_back(browser, state)).headers["location"] == "/settings/sign-in"
    text = seen(await browser.get("/settings/sign-in")).text
    for each in ("You would be let in", JO, "<b>others</b>", "Reviewer", "Whom others turn to", "Viewer"):
        assert each in text
    for wrong, said in (
        (identity("jo"), "none of your groups"),
        (NotBelieved("x"), "cannot be trusted"),
        (identity("jo", "reviewers", mailbox=None), "no email address that it has confirmed"),
    ):
        service.identified = wrong
        sent = await sends(browser, "/settings/sign-in")
        await comes_back(browser, httpx.URL(sent.headers["location"]).params["state"])
        assert said in seen(await browser.get("/settings/sign-in")).text
    assert await house.kinds() == before and len(await house.store.accounts.list()) == 1
    assert "admin@elmroad.example" in (await browser.get("/account")).text
    house.clock.move(minutes=11)
    assert "no email address" not in (await browser.get("/settings/sign-in")).text


async def test_people_from_there_are_listed_and_locked_and_nothing_else(
    browser: httpx.AsyncClient, house: House, service: SignInService
) -> None:
    await comes_back(browser, await begins(browser))
    async with browser_on(site_with(house, service)) as admin:
        await house.account("admin@elmroad.example", "admin")
        await enters(admin, house, "admin@elmroad.example")
        listed = seen(await admin.get("/people"))
        assert "Signs in with your Elm Road account" in listed.text
        (href,) = [href for href, text in listed.links if text.endswith(JO)]
        one = await admin.get(href)
        assert "Reviewer: sees held messages whole, and decides (team elm)" in seen(one).text
        assert 'action="/people/roles"' not in one.text and 'action="/people/link"' not in one.text
        name = seen(one).hidden["name"]
        for path in ("/people/roles", "/people/link", "/people/again"):
            out = await sends(admin, path, href, name=name, **{"role.admin": "on"})
            assert out.status_code == 422 and "sign-in service" in out.text, path
        assert (await sends(admin, "/people/lock", href, name=name)).status_code == 303
        assert (await browser.get("/account")).status_code == 303
        browser.cookies.clear()
        assert (await comes_back(browser, await begins(browser))).status_code == 403
        assert (await sends(admin, "/people/unlock", href, name=name)).status_code == 303
    assert (await comes_back(browser, await begins(browser))).status_code == 303
