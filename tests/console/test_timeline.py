"""What has happened to a message, at the end of its page: for whoever sees it, in words, without what it says."""

from __future__ import annotations

import httpx

from mailguard.console.site import Site
from mailguard.guard import entries
from mailguard.guard.sender_links import SENDER, acting
from tests.console.house import browser_on, enters, seen
from tests.guard.console.house import House

REF = "MG-AAAA-22"


async def test_the_page_ends_with_what_has_happened(browser: httpx.AsyncClient, site: Site, house: House) -> None:
    await house.account("sam@elmroad.example", "reviewer:elm")
    await house.account("vi@elmroad.example", "viewer:elm")
    await house.holds(REF, team="elm")
    await house.store.ledger.append([entries.plain("message_held", REF, house.clock.at)])
    await enters(browser, house, "sam@elmroad.example")
    await browser.get(f"/m/{REF}")
    await house.review.cancel(REF, by=acting("Jo Reid"), system_user=SENDER)
    for row in ("copy", "notice", "copy"):
        await house.store.ledger.append([entries.plain("copy_delivered", REF, house.clock.at, row=row)])
    page = seen(await browser.get(f"/m/{REF}"))
    story = page.text[page.text.index("What has happened") :]
    events = (
        "It was received",
        f"{REF} was held",
        f"sam@elmroad.example looked at {REF}",
        f"Jo Reid, by the link of its sender, cancelled {REF}",
        "Delivered to the next mail server 2 times, last at",
    )
    places = [story.index(each) for each in events]
    assert (
        places == sorted(places)
        and (f"/audit?ref={REF}", "All entries of this message in the audit trail") in page.links
    )
    async with browser_on(site) as viewer:
        await enters(viewer, house, "vi@elmroad.example")
        answer = await viewer.get(f"/m/{REF}")
        shown = seen(answer).text
        assert f"Its sender cancelled {REF}" in shown and "sam@elmroad.example looked at" in shown
        for secret in ("Jo Reid", "Flu", "nurse@", "patient"):
            assert secret not in shown[shown.index("What has happened") :], secret


async def test_who_may_not_read_it_finds_what_its_sender_called_themselves_nowhere_on_the_page(
    browser: httpx.AsyncClient, site: Site, house: House
) -> None:
    people = {"vi@elmroad.example": "viewer:elm", "ada@elmroad.example": "admin", "sam@elmroad.example": "reviewer:elm"}
    for name, role in people.items():
        await house.account(name, role)
    await house.holds(REF, team="elm")
    await house.review.cancel(REF, by=acting("Jo Reid"), system_user=SENDER)
    for name, role in people.items():
        async with browser_on(site) as one:
            await enters(one, house, name)
            text = (await one.get(f"/m/{REF}")).text
            assert "by sender" in text and ("Jo Reid" in text) is role.startswith("reviewer"), name


async def test_a_viewer_is_not_told_who_called_it_urgent(browser: httpx.AsyncClient, site: Site, house: House) -> None:
    await house.account("vi@elmroad.example", "viewer:elm")
    await house.account("sam@elmroad.example", "reviewer:elm")
    await house.holds(REF, team="elm")
    case = await house.sender.look(await house.link(REF))
    assert case is not None
    await house.sender.call_urgent(case, "The clinic is today", "jo@elmroad.example")
    for name, reads in (("vi@elmroad.example", False), ("sam@elmroad.example", True)):
        async with browser_on(site) as one:
            await enters(one, house, name)
            text = seen(await one.get(f"/m/{REF}")).text
            assert f"said that {REF} cannot wait" in text and ("jo@elmroad.example" in text) is reads, name
