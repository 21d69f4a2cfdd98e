"""A reviewer of one team tells the register of a message that went wrong, and sees nothing of the register by it."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from mailguard.console.site import Site
from mailguard.core.register.reference import incident_of_message
from mailguard.core.register.revision import Revision
from tests.console.house import browser_on, enters, register_on, seen
from tests.console.incidents import filled, fills, posts
from tests.console.test_packs import gets_out
from tests.guard.console.house import SAM, House
from tests.guard.packs.kept import REF

PATH = f"/m/{REF}/report"
INCIDENT = incident_of_message(REF)
WHAT = "A list of patients was sent so that all of them could see each other."
JO = "jo@elmroad.example"


@pytest.fixture
async def jo(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    """A browser of a reviewer of the team whose list got out."""
    await gets_out(house)
    await house.account(JO, "reviewer:elm")
    await enters(browser, house, JO)
    return browser


async def history(house: House) -> list[Revision]:
    return list(await register_on(house).book.history(INCIDENT))


async def test_the_near_miss_becomes_a_breach_by_the_word_of_a_reviewer_of_the_team(
    jo: httpx.AsyncClient, house: House
) -> None:
    assert PATH in [href for href, _ in seen(await jo.get(f"/m/{REF}")).links]
    assert (await jo.get(PATH)).status_code == 200
    answer = await fills(jo, PATH, text=WHAT)
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    last = (await history(house))[-1]
    assert (last.record.kind, last.record.narrative, last.by) == ("breach", WHAT, JO)
    assert last.record.aware_at == house.clock.now() and last.record.message is not None
    page = await jo.get(PATH)
    assert INCIDENT in seen(page).text and "<textarea" not in page.text and WHAT not in page.text
    for path in ("/incidents", f"/incidents/{INCIDENT}", "/incidents/new"):
        assert (await jo.get(path)).status_code == 403, path
    changed = [each async for each in house.store.ledger.entries() if each.kind == "incident_revised"]
    assert WHAT not in str([each.fields for each in changed])


async def test_pressed_twice_and_at_once_it_is_entered_once_and_others_words_do_not_overwrite_it(
    jo: httpx.AsyncClient, house: House, site: Site
) -> None:
    form = filled(await jo.get(PATH))
    answers = await asyncio.gather(*(posts(jo, PATH, {**form, "text": WHAT}) for _ in range(3)))
    assert [each.status_code for each in answers] == [303] * 3
    before = await history(house)
    assert sum(each.act != "derived" for each in before) == 1
    await house.account("kim@elmroad.example", "reviewer:elm")
    async with browser_on(site) as kim:
        await enters(kim, house, "kim@elmroad.example")
        shown = await kim.get(f"/m/{REF}")
        answer = await posts(kim, PATH, {"csrf": filled(shown)["csrf"], "text": "It was all right"})
    assert answer.status_code == 422 and INCIDENT in seen(answer).text
    assert await history(house) == before


async def test_what_a_person_made_of_the_record_stays(jo: httpx.AsyncClient, house: House) -> None:
    register = register_on(house)
    await register.near_misses.enter()
    await register.book.revise(INCIDENT, {"kind": "false_positive"}, "They know each other", SAM)
    page = await jo.get(PATH)
    assert "<textarea" not in page.text and INCIDENT in seen(page).text
    answer = await posts(jo, PATH, {"csrf": filled(await jo.get("/account"))["csrf"], "text": WHAT})
    assert answer.status_code == 422 and (await history(house))[-1].record.kind == "false_positive"


@pytest.mark.parametrize("text", ["  ", "x" * 4_001, "It went to anna@patients.example", "NHS number 999 339 5633"])
async def test_nothing_is_entered_that_says_nothing_or_names_somebody(
    jo: httpx.AsyncClient, house: House, text: str
) -> None:
    answer = await fills(jo, PATH, text=text)
    assert answer.status_code == 422 and "Error: " in answer.text and text.strip() in filled(answer)["text"]
    await register_on(house).near_misses.enter()
    assert {each.act for each in await history(house)} == {"derived"}


async def test_who_keeps_the_register_goes_to_its_form_and_other_teams_and_viewers_get_none(
    house: House, site: Site
) -> None:
    await gets_out(house)
    for name, roles, status in (
        ("keeper", ("reviewer",), 303),
        ("other", ("reviewer:park",), 403),
        ("viewer", ("viewer:elm",), 403),
        ("admin", ("admin",), 403),
    ):
        await house.account(f"{name}@elmroad.example", *roles)
        async with browser_on(site) as browser:
            await enters(browser, house, f"{name}@elmroad.example")
            answer = await browser.get(PATH)
            assert answer.status_code == status, name
            assert status != 303 or answer.headers["location"] == f"/incidents/new?ref={REF}"
            csrf = filled(await browser.get("/account"))["csrf"]
            if status == 403:
                assert (await posts(browser, PATH, {"csrf": csrf, "text": WHAT})).status_code == 403
    await register_on(house).near_misses.enter()
    assert {each.act for each in await history(house)} == {"derived"}
