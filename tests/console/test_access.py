"""Who may open what: every route of the table, tried by everybody. A route without a row fails (THREATS.md T66)."""

from __future__ import annotations

from typing import Any

import httpx

from mailguard.console.app import COOKIE
from mailguard.console.routes import ROUTES, Needs, Route
from mailguard.console.site import Site
from mailguard.console.visit import csrf_of
from mailguard.guard.console.tokens import new_token
from tests.console.house import ORIGIN, browser_on, register_on
from tests.guard.console.deciding import TOP
from tests.guard.console.house import SAM, House

PEOPLE = ("anonymous", "half", "viewer", "reviewer", "other", "admin")
"""half: with a password and no second factor. reviewer: of the team of the message; other: of another team."""

Row = tuple[int | str, int | str, int | str, int | str, int | str, int | str]
REF = "MG-AAAA-22"
TO_SIGN_IN, TO_FACTOR, HOME = "/sign-in", "/account/second-factor", "/"

MATRIX: dict[tuple[str, str], Row] = {
    # a number is the status of a page; a path is where the browser is sent
    ("GET", "/sign-in"): (200, HOME, HOME, HOME, HOME, HOME),
    ("POST", "/sign-in"): (422, 422, 422, 422, 422, 422),
    # there is no sign-in service in these settings (test_provider.py has one)
    ("POST", "/sign-in/provider"): (404,) * 6,
    ("GET", "/sign-in/provider"): (404,) * 6,
    ("GET", "/sign-in/provider/back"): (404,) * 6,
    ("POST", "/sign-out"): (TO_SIGN_IN,) * 6,
    ("GET", "/start/{token}"): (200,) * 6,
    ("POST", "/start/{token}"): (422,) * 6,
    # the tokens of these links are other ones: each says that it leads nowhere, to everybody (test_sender.py)
    ("GET", "/s/{token}"): (404,) * 6,
    ("POST", "/s/{token}"): (404,) * 6,
    ("GET", "/s/{token}/wrong"): (404,) * 6,
    ("POST", "/s/{token}/wrong"): (404,) * 6,
    ("GET", "/account/second-factor"): (TO_SIGN_IN, 200, *("/queue",) * 4),
    ("POST", "/account/second-factor"): (TO_SIGN_IN, 422, *("/queue",) * 4),
    ("GET", "/queue"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("GET", "/queue/news"): (TO_SIGN_IN, TO_FACTOR, 400, 400, 400, 400),
    ("GET", "/queue/export"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("POST", "/queue/export"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("POST", "/queue/bulk/check"): (TO_SIGN_IN, TO_FACTOR, 422, 422, 422, 422),
    ("POST", "/queue/bulk"): (TO_SIGN_IN, TO_FACTOR, 422, 422, 422, 422),
    ("GET", "/queue/bulk/done"): (TO_SIGN_IN, TO_FACTOR, 404, 404, 404, 404),
    ("GET", "/queue/views"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("POST", "/queue/views"): (TO_SIGN_IN, TO_FACTOR, 422, 422, 422, 422),
    ("POST", "/queue/views/remove"): (TO_SIGN_IN, TO_FACTOR, 404, 404, 404, 404),
    ("GET", "/m/{ref}"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 403, 200),
    ("GET", "/m/{ref}/body"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 403, 403),
    ("GET", "/m/{ref}/decide"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 404, 403),
    ("POST", "/m/{ref}/decide/check"): (TO_SIGN_IN, TO_FACTOR, 403, 409, 404, 403),
    ("POST", "/m/{ref}/decide"): (TO_SIGN_IN, TO_FACTOR, 403, 409, 404, 403),
    ("GET", "/m/{ref}/outcome"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 404, 403),
    ("POST", "/m/{ref}/stop"): (TO_SIGN_IN, TO_FACTOR, 403, 409, 404, 403),
    ("GET", "/m/{ref}/notes"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 404, 403),
    ("POST", "/m/{ref}/notes"): (TO_SIGN_IN, TO_FACTOR, 403, 422, 404, 403),
    ("GET", "/m/{ref}/wrong"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 404, 403),
    ("POST", "/m/{ref}/wrong"): (TO_SIGN_IN, TO_FACTOR, 403, f"/m/{REF}/wrong", 404, 403),
    # who may unmask and take along has rights of their own: test_attachments.py has a matrix of them
    ("GET", "/m/{ref}/parts/{number}"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 403, 403),
    ("POST", "/m/{ref}/parts/{number}/reveal"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("GET", "/m/{ref}/parts/{number}/download"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("POST", "/m/{ref}/parts/{number}/download"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("GET", "/m/{ref}/download"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("POST", "/m/{ref}/download"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    # who keeps the register too goes to its form (test_team_reports.py)
    ("GET", "/m/{ref}/report"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 403, 403),
    ("POST", "/m/{ref}/report"): (TO_SIGN_IN, TO_FACTOR, 403, 422, 403, 403),
    # who keeps the register and reads that message as well: test_packs.py has a matrix of these
    ("GET", "/m/{ref}/pack"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("GET", "/m/{ref}/pack/download"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("POST", "/m/{ref}/pack/download"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("GET", "/m/{ref}/pack/apology"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("POST", "/m/{ref}/pack/apology/check"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("POST", "/m/{ref}/pack/apology"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 403),
    ("GET", "/audit"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("GET", "/audit/check"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/audit/check"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, "/audit/check"),
    ("GET", "/audit/export"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("POST", "/audit/export"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("GET", "/reports"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("GET", "/reports/{month}"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("POST", "/reports/{month}/csv"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("GET", "/policy"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("GET", "/policy/quality"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("GET", "/policy/try"): (TO_SIGN_IN, TO_FACTOR, 403, 200, 200, 200),
    ("POST", "/policy/try"): (TO_SIGN_IN, TO_FACTOR, 403, 422, 422, 422),
    ("GET", "/checked"): (200,) * 6,
    # a record is the whole organisation's: those who review one team keep no register (test_incidents.py has who does)
    ("GET", "/incidents"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("GET", "/incidents/lists"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/incidents/lists"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 400),
    ("GET", "/incidents/new"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/incidents/new"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 422),
    ("GET", "/incidents/{incident}"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("GET", "/incidents/{incident}/revise"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/incidents/{incident}/revise"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 400),
    ("GET", "/incidents/{incident}/decide"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/incidents/{incident}/decide"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 400),
    ("GET", "/incidents/{incident}/link"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/incidents/{incident}/link"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 400),
    ("GET", "/incidents/{incident}/close"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/incidents/{incident}/close"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 400),
    ("GET", "/incidents/{incident}/forms/{form}"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/incidents/{incident}/forms/{form}"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 400),
    ("GET", "/health"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("GET", "/people"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/people/add"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 422),
    ("GET", "/people/one"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("POST", "/people/roles"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("POST", "/people/lock"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("POST", "/people/unlock"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("POST", "/people/sessions"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("POST", "/people/link"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("POST", "/people/again"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("GET", "/settings"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("GET", "/settings/sign-in"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 200),
    ("POST", "/settings/sign-in"): (TO_SIGN_IN, TO_FACTOR, 403, 403, 403, 404),
    ("GET", "/account"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("GET", "/keys"): (TO_SIGN_IN, TO_FACTOR, 200, 200, 200, 200),
    ("POST", "/account/shortcuts"): (TO_SIGN_IN, TO_FACTOR, *("/keys",) * 4),
    ("POST", "/account/sessions/end"): (TO_SIGN_IN, TO_FACTOR, 404, 404, 404, 404),
    ("POST", "/account/sessions/end-others"): (TO_SIGN_IN, TO_FACTOR, *("/account",) * 4),
}


async def tokens_of(house: House) -> dict[str, Any]:
    """For each person a function that signs in anew and gives the browser's token."""
    roles = {"viewer": "viewer:elm", "reviewer": "reviewer:elm", "other": "reviewer:park", "admin": "admin"}
    for person, role in roles.items():
        await house.account(f"{person}@elmroad.example", role)
    await house.book.add("half@elmroad.example", "maple river copper nine", ["reviewer:elm"], SAM)

    async def token_of(person: str) -> str:
        if person == "anonymous":
            return new_token(house.randomness)
        account = await house.store.accounts.find(f"{person}@elmroad.example")
        assert account is not None
        return await house.sessions.begin(account, "", "GEZDGNBVGY3TQOJQ" if person == "half" else None)

    return {person: lambda person=person: token_of(person) for person in PEOPLE}


async def what_happens(site: Site, route: Route, path: str, token: str) -> int | str:
    async with browser_on(site) as browser:
        browser.cookies.set(COOKIE, token)
        if route.method == "GET":
            answer = await browser.get(path)
        else:
            answer = await browser.post(path, data={"csrf": csrf_of(token)}, headers=ORIGIN)
    return answer.headers["location"].partition("?")[0] if answer.status_code == 303 else answer.status_code


async def paths_of(house: House, route: Route, incident: str) -> str:
    link = await house.links.make("half@elmroad.example", SAM)
    return route.path.format(token=link.token, ref=REF, number=1, incident=incident, form="letter", month="2026-11")


async def test_everybody_gets_what_the_matrix_says(house: House, site: Site) -> None:
    tokens = await tokens_of(house)
    raw = (
        b"From: nurse@elmroad.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
        b"--b\r\nContent-Type: text/csv; name=a.csv\r\n\r\na,b\r\n--b--\r\n"
    )
    await house.holds(REF, team="elm", raw=raw, top=TOP)
    entered = await register_on(house).book.add({"kind": "breach", "narrative": "A letter went astray"}, SAM)
    found: dict[tuple[str, str], Any] = {}
    for route in ROUTES:
        path = await paths_of(house, route, entered.incident)
        row = [await what_happens(site, route, path, await tokens[person]()) for person in PEOPLE]
        found[route.method, route.path] = tuple(row)
    assert found == MATRIX


def test_every_route_is_in_the_table_once_and_says_who_may() -> None:
    assert [(route.method, route.path) for route in ROUTES] == list(MATRIX)
    for route in ROUTES:
        if MATRIX[route.method, route.path][0] != TO_SIGN_IN:
            assert route.needs is Needs.ANYBODY


async def test_a_path_that_is_in_no_table_is_no_page(browser: httpx.AsyncClient) -> None:
    for path in ("/nothing", "/account/", "/sign-in/", "/static/mailguard.css", "/../etc/passwd", "/%2e%2e/", "/\\"):
        assert (await browser.get(path)).status_code == 404, path
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert (await browser.request(method, "/sign-in")).status_code == 404, method
    assert (await browser.get("/sign-out")).status_code == 404
    assert (await browser.head("/sign-in")).status_code == 200


async def test_who_comes_from_a_link_in_an_email_goes_on_there_after_signing_in(
    browser: httpx.AsyncClient, house: House
) -> None:
    await house.account("jo@elmroad.example", "reviewer:elm")
    sent = await browser.get("/account/second-factor")
    assert sent.headers["location"] == "/sign-in?why=first&to=/account/second-factor"
