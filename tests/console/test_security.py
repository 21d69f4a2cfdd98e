"""What every response carries, and which requests are heard (THREATS.md T60, T63, T69)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from mailguard.console import app, assets
from mailguard.console.security import own_hosts
from mailguard.console.site import Site
from mailguard.console.visit import MOST_FIELDS, MOST_OCTETS, csrf_of
from mailguard.core.errors import StoreUnavailable
from tests.console.house import BASE, ORIGIN, browser_on, csrf_in, enters, seen, sends, site_on
from tests.guard.console.house import SECRET, House

CSP = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
JO = "jo@elmroad.example"


def check_headers(answer: httpx.Response) -> None:
    headers = answer.headers
    assert headers.get_list("content-security-policy") == [CSP]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


async def test_every_response_has_the_headers(browser: httpx.AsyncClient, site: Site) -> None:
    pages = ["/", "/sign-in", "/account", "/nothing", f"/start/{'0' * 64}"]
    for path in pages:
        answer = await browser.get(path)
        check_headers(answer)
        assert answer.headers["cache-control"] == "no-store", path
    check_headers(await browser.post("/sign-in", data={}))
    check_headers(await browser.get("/sign-in", headers={"Host": "evil.example"}))
    for asset in assets.read_assets().values():
        answer = await browser.get(asset.path)
        check_headers(answer)
        assert answer.status_code == 200 and answer.headers["cache-control"].endswith("immutable")
        assert "set-cookie" not in answer.headers


async def test_another_host_is_not_the_console(browser: httpx.AsyncClient) -> None:
    for host in ("evil.example", "127.0.0.1", "localhost:8085", "127.0.0.1:8085.evil.example", "", "127.0.0.1:80850"):
        answer = await browser.get("/sign-in", headers={"Host": host})
        assert answer.status_code == 421 and answer.text == f"The console is at {BASE}\n", host
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("base_url", "hosts"),
    [
        ("http://127.0.0.1:8085", {"127.0.0.1:8085"}),
        ("https://mail.elmroad.example", {"mail.elmroad.example", "mail.elmroad.example:443"}),
        ("https://mail.elmroad.example:443", {"mail.elmroad.example", "mail.elmroad.example:443"}),
        ("https://mail.elmroad.example:8443", {"mail.elmroad.example:8443"}),
        ("http://[::1]:8085", {"[::1]:8085"}),
        ("http://localhost", {"localhost", "localhost:80"}),
    ],
)
def test_the_hosts_that_are_the_console(base_url: str, hosts: set[str]) -> None:
    assert own_hosts(base_url) == hosts


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://evil.example"},
        {"Origin": "https://127.0.0.1:8085"},
        {"Origin": "http://127.0.0.1:8085.evil.example"},
        {"Origin": f"{BASE}/"},
        {"Origin": BASE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": BASE, "Sec-Fetch-Site": "same-site"},
        {"Origin": BASE, "Sec-Fetch-Site": "none"},
        {"Referer": f"{BASE}/sign-in"},
    ],
)
async def test_a_form_from_elsewhere_is_refused(
    browser: httpx.AsyncClient, house: House, headers: dict[str, str]
) -> None:
    await house.account(JO, "reviewer")
    await enters(browser, house, JO)
    shown = await browser.get("/account")
    answer = await browser.post("/sign-out", data={"csrf": csrf_in(shown)}, headers=headers)
    assert answer.status_code == 403 and "Nothing was changed" in answer.text
    assert (await browser.get("/account")).status_code == 200


@pytest.mark.parametrize("token", [None, "", "x", "another browser's", "session"])
async def test_a_form_without_its_token_is_refused(browser: httpx.AsyncClient, house: House, token: str | None) -> None:
    await house.account(JO, "reviewer")
    await enters(browser, house, JO)
    shown = csrf_in(await browser.get("/account"))
    fields = {"other": "x"} if token is None else {"csrf": token}
    if token == "another browser's":
        fields = {"csrf": csrf_of("0" * 64)}
    if token == "session":
        fields = {"csrf": str(browser.cookies[app.COOKIE])}
    assert fields.get("csrf") != shown
    answer = await browser.post("/sign-out", data=fields, headers=ORIGIN)
    assert answer.status_code == 403
    assert (await browser.get("/account")).status_code == 200


async def test_signing_in_needs_the_token_of_this_browser_too(browser: httpx.AsyncClient, house: House) -> None:
    """Otherwise somebody could be signed in to an account of the attacker's (login CSRF)."""
    await house.account(JO, "reviewer")
    fields = {"name": JO, "password": SECRET, "code": await house.code(JO), "csrf": csrf_of("0" * 64)}
    assert (await browser.post("/sign-in", data=fields, headers=ORIGIN)).status_code == 403
    await browser.get("/sign-in")
    assert (await browser.post("/sign-in", data=fields, headers=ORIGIN)).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"csrf=x&note=" + b"a" * MOST_OCTETS, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a%d=1" % number for number in range(MOST_FIELDS + 1)), "application/x-www-form-urlencoded", 400),
        (b"a=\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b'{"csrf": 1}', "application/json", 415),
        (b"csrf=x", "text/plain", 415),
        (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b", 415),
    ],
)
async def test_what_is_no_form_of_ours_is_not_read(
    browser: httpx.AsyncClient, body: bytes, kind: str, status: int
) -> None:
    answer = await browser.post("/sign-in", content=body, headers={**ORIGIN, "Content-Type": kind})
    assert answer.status_code == status
    check_headers(answer)


@pytest.fixture
async def secure(house: House) -> AsyncIterator[httpx.AsyncClient]:
    base = "https://mail.elmroad.example"
    async with browser_on(site_on(house, base_url=base), base) as opened:
        yield opened


async def test_the_cookie_is_bound_to_the_host_and_to_tls(secure: httpx.AsyncClient, house: House) -> None:
    cookie = (await secure.get("/sign-in")).headers["set-cookie"]
    name, *about = (part.strip() for part in cookie.split(";"))
    assert name.startswith("__Host-mailguard=") and len(name) == len("__Host-mailguard=") + 64
    assert {each.lower() for each in about} == {"httponly", "path=/", "samesite=lax", "secure"}


async def test_the_cookie_of_plain_http_on_this_machine(browser: httpx.AsyncClient) -> None:
    name, *about = (part.strip() for part in (await browser.get("/sign-in")).headers["set-cookie"].split(";"))
    assert name.startswith("mailguard=")
    assert {each.lower() for each in about} == {"httponly", "path=/", "samesite=lax"}


async def test_the_browser_has_a_new_token_after_signing_in_and_none_after_signing_out(
    browser: httpx.AsyncClient, house: House
) -> None:
    await house.account(JO, "reviewer")
    await browser.get("/sign-in")
    before = browser.cookies[app.COOKIE]
    code = await house.code(JO)
    await sends(browser, "/sign-in", name=JO, password=SECRET, code=code)
    after = browser.cookies[app.COOKIE]
    assert before != after
    out = await sends(browser, "/sign-out", "/account")
    assert out.headers["location"] == "/sign-in?why=out" and app.COOKIE not in browser.cookies
    browser.cookies.set(app.COOKIE, after)
    assert (await browser.get("/account")).status_code == 303, "the token is worth nothing any more"


async def test_a_fault_shows_a_reference_and_nothing_from_inside(house: House, site: Site) -> None:
    class Broken:
        async def look(self, token: str, *, counts: bool = True) -> Any:
            raise self.cause

        def __init__(self, cause: Exception) -> None:
            self.cause = cause

    for cause, status, title in (
        (RuntimeError("secret detail jo@elmroad.example"), 500, "Sorry, something went wrong"),
        (StoreUnavailable("secret detail"), 503, "mailguard cannot reach its database"),
    ):
        broken: Any = Broken(cause)
        async with browser_on(replace(site, sessions=broken)) as browser:
            browser.cookies.set(app.COOKIE, "0" * 64)
            answer = await browser.get("/account")
        assert answer.status_code == status
        assert seen(answer).text.count(title) == 2 and "MG-" in answer.text
        assert "secret" not in answer.text and "Error" not in answer.text and "Traceback" not in answer.text
        check_headers(answer)


async def test_no_page_has_a_style_a_script_or_another_host(browser: httpx.AsyncClient, house: House) -> None:
    await house.account(JO, "reviewer:elm", "admin")
    pages = [await browser.get("/sign-in"), await browser.get("/nothing")]
    await enters(browser, house, JO)
    pages.append(await browser.get("/account"))
    for answer in pages:
        page = seen(answer)
        assert not {"script", "style", "base", "object", "embed", "img", "iframe"} & set(page.tags)
        # The one script, a file of our own, is there for who is signed in.
        assert page.own_scripts == (answer is pages[-1]) and answer.text.count("<script") == page.own_scripts
        for tag, name, value in page.attributes:
            assert name != "style" and not name.startswith("on"), (tag, name)
            if name in ("href", "src", "action"):
                assert value.startswith(("/", "#")), value


def test_the_look_asks_for_nothing_and_its_licence_is_there() -> None:
    style = (assets.FOLDER / "mailguard.css").read_text()
    assert "url(" not in style and "@import" not in style and "@font-face" not in style
    assert "GDS Transport" not in style and "govuk-header" not in style and "crown" not in style
    licence = (assets.FOLDER / "govuk-frontend-LICENSE.txt").read_text()
    assert "The MIT License (MIT)" in licence and "Crown Copyright (Government Digital Service)" in licence
    source = Path(assets.FOLDER).parent / "style"
    version = '"govuk-frontend": "6.6.0"'
    assert version in (source / "package.json").read_text() and "govuk-frontend 6.6.0" in licence
