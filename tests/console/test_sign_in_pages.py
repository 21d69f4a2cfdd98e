"""Signing in, one-time links, the second factor and one's own account, page by page."""

from __future__ import annotations

import re

import httpx
import pytest

from mailguard.console.pages.sign_in import is_own_path
from mailguard.console.site import Site
from tests.console.house import browser_on, code_of, enters, seen, sends, signs_in
from tests.guard.console.house import SAM, SECRET, House

JO = "jo@elmroad.example"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e\x00"


async def test_the_first_admin_from_the_link_to_the_first_page(browser: httpx.AsyncClient, house: House) -> None:
    link = await house.links.make(None, SAM)
    start = f"/start/{link.token}"
    page = seen(await browser.get(start))
    assert "You are setting up the first administrator of mailguard at Elm Road Surgery." in page.text
    answer = await sends(browser, start, name=JO, password=SECRET, again=SECRET)
    assert answer.status_code == 303 and answer.headers["location"] == "/account/second-factor"
    shown = await browser.get("/account/second-factor")
    assert "otpauth://totp/mailguard%20Elm%20Road%20Surgery%3Ajo%40elmroad.example?secret=" in shown.text
    assert shown.text.partition("<ol")[2].count("<li>") == 2, (
        "the three ways to tell the app are one step, and the code is the other"
    )
    found = re.search(r'<p class="mg-secret">([A-Z2-7 ]+)</p>', shown.text)
    assert found
    wrong = await sends(browser, "/account/second-factor", code="123")
    assert wrong.status_code == 422 and seen(wrong).text.startswith("Error: Set up the app on your phone")
    right = await sends(browser, "/account/second-factor", code=code_of(found[1], house))
    assert right.status_code == 303 and right.headers["location"] == "/"
    assert "You look after accounts and settings" in seen(await browser.get("/account")).text
    gone = await browser.get(start)
    assert gone.status_code == 404 and "already used" in gone.text
    assert (await browser.get("/account/second-factor")).headers["location"] == "/queue"


async def test_a_link_is_opened_without_effect_and_used_only_when_all_is_right(
    browser: httpx.AsyncClient, house: House
) -> None:
    link = await house.links.make(None, SAM)
    start = f"/start/{link.token}"
    for _ in range(3):
        assert (await browser.get(start)).status_code == 200
        assert (await browser.head(start)).status_code == 200
    for fields, said in (
        ({"name": JO, "password": SECRET, "again": "other"}, "The two passwords are not the same"),
        ({"name": JO, "password": "short", "again": "short"}, "A password has at least 12 characters"),
        ({"name": "", "password": SECRET, "again": SECRET}, "A name has 1 to 254 characters"),
        ({"name": HOSTILE, "password": SECRET, "again": SECRET}, "A name has no spaces"),
    ):
        answer = await sends(browser, start, **fields)
        assert answer.status_code == 422 and said in seen(answer).text, fields
        assert "script" not in seen(answer).tags and "img" not in seen(answer).tags
        assert SECRET not in answer.text
    assert (await browser.get(start)).status_code == 200
    assert not await house.store.accounts.list()


async def test_an_invitation_does_not_say_that_there_was_a_password(browser: httpx.AsyncClient, house: House) -> None:
    await house.account(JO, "reviewer", factor=False)
    link = await house.links.make(JO, SAM)
    page = seen(await browser.get(f"/start/{link.token}")).text
    assert f"The account is {JO}. If it had a password and an app before, they stop working." in page


@pytest.mark.parametrize(
    ("name", "password", "status", "said"),
    [
        (JO, "maple river copper ten", 403, "is wrong"),
        ("nobody@elmroad.example", SECRET, 403, "is wrong"),
        (HOSTILE, SECRET, 403, "is wrong"),
        ("", SECRET, 422, "Enter your account name"),
        (JO, "", 422, "Enter your password"),
        ("x" * 5000, SECRET, 422, "Enter your account name"),
    ],
)
async def test_what_keeps_somebody_out_is_said_at_the_top(
    browser: httpx.AsyncClient, house: House, name: str, password: str, status: int, said: str
) -> None:
    await house.account(JO, "reviewer")
    answer = await sends(browser, "/sign-in", name=name, password=password, code="1")
    page = seen(answer)
    assert answer.status_code == status and page.text.startswith("Error: Sign in") and said in page.text
    assert "script" not in page.tags and "img" not in page.tags
    assert not password or password not in answer.text
    fields = {value for tag, attribute, value in page.attributes if attribute == "id" and tag == "input"}
    targets = [href.removeprefix("#") for href, _ in page.links if href.startswith("#") and href != "#main"]
    assert targets and set(targets) <= fields, "each problem links to its field"


async def test_after_signing_in_one_is_where_one_wanted_to_be(browser: httpx.AsyncClient, house: House) -> None:
    await house.account(JO, "reviewer")
    for to, where in (("/account", "/account"), ("//evil.example", "/"), ("https://evil.example", "/"), ("", "/")):
        house.clock.move(seconds=60)
        browser.cookies.clear()
        answer = await sends(
            browser, "/sign-in", f"/sign-in?to={to}", name=JO, password=SECRET, code=await house.code(JO), to=to
        )
        assert answer.headers["location"] == where


@pytest.mark.parametrize("to", ["//e", "/\\e", "\\", "e", "", "/\ne", "/é", "javascript:alert(1)", "/" + "x" * 2000])
def test_paths_that_lead_elsewhere(to: str) -> None:
    assert not is_own_path(to)


async def test_a_password_alone_opens_nothing_but_the_second_factor(browser: httpx.AsyncClient, house: House) -> None:
    await house.account(JO, "reviewer", factor=False)
    answer = await sends(browser, "/sign-in", name=JO, password=SECRET)
    assert answer.headers["location"] == "/"
    assert (await browser.get("/account")).headers["location"] == "/account/second-factor"
    page = await browser.get("/account/second-factor")
    assert 'href="/account"' not in page.text and "Sign out" in page.text
    out = await sends(browser, "/sign-out", "/account/second-factor")
    assert out.headers["location"] == "/sign-in?why=out"


async def test_browsers_are_listed_and_signed_out(browser: httpx.AsyncClient, site: Site, house: House) -> None:
    await house.account(JO, "reviewer:elm")
    async with browser_on(site) as other:
        other.headers["User-Agent"] = HOSTILE.replace("\x00", "").replace("\u202e", "") + " Firefox"
        await signs_in(other, house, JO)
        await signs_in(browser, house, JO)
        page = seen(await browser.get("/account"))
        assert "This browser" in page.text and "Another browser" in page.text and "Firefox" in page.text
        assert "script" not in page.tags and "img" not in page.tags
        (there,) = [value for name, value in page.hidden.items() if name == "session"]
        answer = await sends(browser, "/account/sessions/end", "/account", session=there)
        assert answer.headers["location"] == "/account?done=there"
        assert (await other.get("/account")).status_code == 303
        await signs_in(other, house, JO)
        await sends(browser, "/account/sessions/end-others", "/account")
        assert (await other.get("/account")).status_code == 303
    assert "Every other browser is signed out" in seen(await browser.get("/account?done=others")).text


async def test_a_session_that_has_run_out_says_so(browser: httpx.AsyncClient, house: House) -> None:
    await house.account(JO, "reviewer")
    await enters(browser, house, JO)
    house.clock.move(minutes=21)
    sent = await browser.get("/account")
    assert sent.headers["location"] == "/sign-in?why=first&to=/account"
    assert "You may have been away for 20 minutes" in seen(await browser.get(sent.headers["location"])).text
