"""The pages of the demo: who may open them, what they show, and that no other console has them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from mailguard.console.annexe import Annexe
from mailguard.console.app import COOKIE, build
from mailguard.console.pages.demo import DemoPages
from mailguard.console.routes import ROUTES, Needs
from mailguard.console.site import Site
from mailguard.console.visit import csrf_of
from mailguard.console.words_demo import BANNER, BAR_OUTSIDE
from mailguard.guard.console.demo_door import DemoDoor, DemoRole
from tests.console.house import BASE, ORIGIN, csrf_in, seen, sends
from tests.guard.console.deciding import TOP
from tests.guard.console.house import SAM, SECRET, House
from tests.guard.console.test_demo_outbox import Arrivals, outbox_on

PEOPLE = {role: f"{role}@elmroad.example" for role in (DemoRole.VIEWER, DemoRole.REVIEWER, DemoRole.ADMIN)}
OWN = {
    ("POST", "/demo/role"),
    ("GET", "/demo"),
    ("GET", "/demo/outbox"),
    ("GET", "/demo/outbox/{number}"),
    ("GET", "/demo/outbox/{number}/message.eml"),
}
INSTEAD = {("GET", "/start/{token}"), ("POST", "/start/{token}"), ("POST", "/sign-out")}
"""Pages of every console that the demo answers first."""
REF = "MG-AAAA-22"


class Demo:
    """A console with the demo's annexe, and a browser in front of it."""

    def __init__(self, house: House, site: Site, browser: httpx.AsyncClient, annexe: Annexe, door: DemoDoor) -> None:
        self.house, self.site, self.browser, self.annexe, self.door = house, site, browser, annexe, door
        self.arrivals = Arrivals()

    async def get(self, path: str) -> httpx.Response:
        return await self.browser.get(path)

    async def enters(self) -> httpx.Response:
        return await sends(self.browser, f"/start/{self.door.make_link()}")

    async def becomes(self, role: str) -> httpx.Response:
        return await sends(self.browser, "/demo/role", "/demo", role=role)


@pytest.fixture
async def demo(house: House, site: Site) -> AsyncIterator[Demo]:
    for role, name in PEOPLE.items():
        await house.book.add(name, SECRET, [role], SAM)
    door = DemoDoor(accounts=house.store.accounts, sessions=house.sessions, randomness=house.randomness, people=PEOPLE)
    arrivals = Arrivals()
    pages = DemoPages(door, outbox_on(arrivals), domain="elmroad.example", address=lambda: "127.0.0.1:2525")
    annexe = pages.annexe()
    transport = httpx.ASGITransport(build(site, annexe), raise_app_exceptions=True, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as browser:
        made = Demo(house, site, browser, annexe, door)
        made.arrivals = arrivals
        yield made


def where(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_the_annexe_has_these_pages_and_a_real_console_has_none_of_them(
    demo: Demo, browser: httpx.AsyncClient
) -> None:
    """browser: in front of the console that `mailguard serve` builds."""
    assert {(route.method, route.path) for route in demo.annexe.routes} == OWN | INSTEAD
    assert all(route.needs is Needs.ANYBODY for route in demo.annexe.routes)
    assert not OWN & {(route.method, route.path) for route in ROUTES}
    await demo.enters()
    token = demo.browser.cookies[COOKIE]
    browser.cookies.set(COOKIE, token)  # the store is the same: even who is signed in finds nothing
    assert (await browser.get("/account")).status_code == 200
    for method, path in sorted(OWN):
        path = path.format(number=1)
        answer = await browser.request(method, path, data={"csrf": csrf_of(token), "role": "admin"}, headers=ORIGIN)
        assert answer.status_code == 404, (method, path)
    link = await browser.get(f"/start/{demo.door.make_link()}")
    assert link.status_code == 404 and "already used" in link.text
    for path in ("/queue", "/account", "/nothing"):
        assert BANNER not in (await browser.get(path)).text and "/demo" not in (await browser.get(path)).text


def test_the_code_of_the_demo_is_not_even_loaded_by_serve() -> None:
    """Beside the contract in pyproject.toml, which looks at imports: this looks at a process."""
    script = (
        "import sys, mailguard.cli.main, mailguard.serve.composition\n"
        "print(*(each for each in sys.modules if 'demo' in each and each.startswith('mailguard')))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    # The command, which loads the rest when it is run, and the samples, which `serve` tries itself with.
    assert set(ran.stdout.split()) <= {"mailguard.cli.demo", "mailguard.serve.demo_samples"}


async def test_opening_the_link_changes_nothing_and_it_signs_in_once(demo: Demo) -> None:
    assert where(await demo.get("/queue")) == "/sign-in?why=first"
    path = f"/start/{demo.door.make_link()}"
    for _ in range(3):
        assert (await demo.get(path)).status_code == 200
        assert (await demo.browser.head(path)).status_code == 200
    assert await demo.house.kinds() == ["account_added"] * 3
    assert where(await sends(demo.browser, path)) == "/demo"
    assert (await demo.get("/queue")).status_code == 200
    again = await demo.get(path)
    assert again.status_code == 404 and "already used" in again.text
    token = demo.browser.cookies[COOKIE]
    twice = await demo.browser.post(path, data={"csrf": csrf_of(token)}, headers=ORIGIN)
    assert twice.status_code == 404


async def test_who_has_not_come_by_the_link_sees_none_of_it_and_becomes_nobody(demo: Demo) -> None:
    demo.arrivals.add("a@out.example", "a@out.example")
    shown = await demo.get("/sign-in")
    assert BANNER in shown.text and BAR_OUTSIDE in shown.text and "/demo" not in shown.text
    for path in ("/demo", "/demo/outbox", "/demo/outbox/1", "/demo/outbox/1/message.eml"):
        assert where(await demo.get(path)) == "/sign-in?why=first", path
    form = {"csrf": csrf_in(shown), "role": "admin"}
    assert where(await demo.browser.post("/demo/role", data=form, headers=ORIGIN)) == "/sign-in?why=first"
    assert where(await demo.get("/queue")) == "/sign-in?why=first"


async def test_changing_who_one_is_wants_a_form_of_our_own(demo: Demo) -> None:
    await demo.enters()
    token = demo.browser.cookies[COOKIE]
    assert (await demo.get("/demo/role")).status_code == 404
    for form, headers in (
        ({"csrf": csrf_of(token)}, {"Origin": "https://elsewhere.example"}),
        ({"csrf": "x"}, ORIGIN),
        ({"csrf": csrf_of(token)}, {}),
    ):
        answer = await demo.browser.post("/demo/role", data={**form, "role": "admin"}, headers=headers)
        assert answer.status_code == 403
    assert (await demo.becomes("nobody")).status_code == 400
    assert (await demo.get("/account")).text.count("reviewer@elmroad.example") == 1


async def test_each_role_sees_what_it_sees_in_every_console(demo: Demo) -> None:
    await demo.house.holds(REF, top=TOP)
    await demo.enters()
    for role, read, health in (("viewer", 403, 403), ("reviewer", 200, 403), ("admin", 403, 200)):
        assert where(await demo.becomes(role)) == "/queue"
        page = await demo.get("/queue")
        assert re.search(rf'value="{role}" aria-current="true"', page.text) and page.text.count('name="role"') == 4
        assert (await demo.get(f"/m/{REF}/decide")).status_code == read, role
        assert (await demo.get("/health")).status_code == health, role
    assert where(await demo.becomes("sender")) == "/demo/outbox#notices"
    assert where(await demo.get("/queue")) == "/sign-in?why=first"
    assert (await demo.get("/demo/outbox")).status_code == 200
    assert where(await demo.becomes("reviewer")) == "/queue"


async def test_every_page_has_the_banner_errors_too(demo: Demo) -> None:
    await demo.house.holds(REF, top=TOP)
    await demo.enters()
    link = await demo.house.link(REF)
    paths = ["/demo", "/demo/outbox", "/queue", f"/m/{REF}", f"/m/{REF}/decide", "/audit", "/policy", "/policy/try"]
    paths += ["/account", "/checked", "/health", "/nothing", f"/s/{link}", f"/s/{'0' * 64}", "/demo/outbox/7"]
    for path in paths:
        assert BANNER in (await demo.get(path)).text, path


async def test_on_the_page_of_a_sender_a_link_leads_to_the_switch(demo: Demo) -> None:
    """A form there would say "Origin: null" (security.py)."""
    await demo.house.holds(REF, top=TOP)
    await demo.enters()
    page = await demo.get(f"/s/{await demo.house.link(REF)}")
    assert 'name="role"' not in page.text and ("/demo", "Change who you are") in seen(page).links


async def test_signing_out_ends_the_session_and_the_browser_may_still_look_as_somebody(demo: Demo) -> None:
    await demo.enters()
    assert where(await sends(demo.browser, "/sign-out", "/queue")) == "/sign-in?why=out"
    assert where(await demo.get("/queue")) == "/sign-in?why=first"
    assert where(await demo.becomes("admin")) == "/queue"
    demo.browser.cookies.clear()
    assert where(await sends(demo.browser, "/sign-out", "/sign-in")) == "/sign-in?why=out"


async def test_a_session_that_has_ended_leaves_the_switch(demo: Demo) -> None:
    await demo.enters()
    demo.house.clock.move(minutes=21)
    assert where(await demo.get("/queue")) == "/sign-in?why=first"
    page = await demo.get("/sign-in")
    assert 'name="role"' in page.text and "aria-current" not in page.text
    assert where(await demo.becomes("reviewer")) == "/queue"


async def test_the_outbox_shows_copies_as_one_and_whom_they_show(demo: Demo) -> None:
    for name in "abc":
        demo.arrivals.add(f"{name}@out.example", f"{name}@out.example", subject="Walk <b>now</b>\x1b")
    demo.arrivals.add("a@out.example, b@out.example", "a@out.example", "b@out.example", subject="List")
    await demo.enters()
    page = await demo.get("/demo/outbox")
    text = seen(page).text
    assert "3 copies, each to one person Nobody can read anybody else’s address in their copy." in text
    assert "To 2 people Whoever gets it can read 2 addresses in To and Cc." in text
    assert "<b>" not in page.text and "Walk <b>now</b>␛" in text
    assert ("/demo/outbox/2", "b@out.example") in seen(page).links
    one = await demo.get("/demo/outbox/2")
    assert "Delivered to b@out.example" in seen(one).text
    saved = await demo.get("/demo/outbox/2/message.eml")
    assert saved.content == demo.arrivals.kept[1].raw and "attachment" in saved.headers["content-disposition"]
    for path in (
        "/demo/outbox/5",
        "/demo/outbox/0",
        "/demo/outbox/x",
        "/demo/outbox/1e2",
        "/demo/outbox/9/message.eml",
    ):
        assert (await demo.get(path)).status_code == 404, path


async def test_links_lead_on_out_of_notices_alone_and_to_our_pages_alone(demo: Demo) -> None:
    token = "ab" * 32
    body = (
        f"See {BASE}/s/{token}, {BASE}/m/{REF}. Not {BASE}/s/{token}0, {BASE}.evil.example/s/{token},"
        f" https://elsewhere.example/s/{token} nor {BASE}/people/add <a href=x>y</a>"
    )
    demo.arrivals.add("jo@elmroad.example", "jo@elmroad.example", subject="Not sent yet", body=body)
    demo.arrivals.add("a@out.example", "a@out.example", body=body)
    await demo.enters()
    own = {f"/s/{token}", f"/m/{REF}"}
    notice, message = await demo.get("/demo/outbox/1"), await demo.get("/demo/outbox/2")
    leads = [href for href, _ in seen(notice).links if href.startswith(("/s/", "/m/", "http"))]
    assert leads == [f"/s/{token}", f"/m/{REF}"] and set(leads) == own
    assert not [href for href, _ in seen(message).links if href.startswith(("/s/", "/m/", "http"))]
    assert "&lt;a href=x&gt;" in message.text and body in seen(message).text
