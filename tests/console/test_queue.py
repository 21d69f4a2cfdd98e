"""The list of held messages: what is on it, for whom, in which order, and what a search finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from mailguard.console.site import Site
from mailguard.core.lifecycle import State
from tests.console.house import browser_on, enters, seen
from tests.guard.console.house import House
from tests.store import samples

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202eevil\x00\x1b[31m"


@pytest.fixture
async def reviewer(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    """Somebody who reads the mail of the team elm."""
    await house.account("sam@elmroad.example", "reviewer:elm")
    await enters(browser, house, "sam@elmroad.example")
    return browser


@pytest.fixture
async def viewer(site: Site, house: House) -> AsyncIterator[httpx.AsyncClient]:
    await house.account("vi@elmroad.example", "viewer:elm")
    async with browser_on(site) as opened:
        await enters(opened, house, "vi@elmroad.example")
        yield opened


async def text_of(browser: httpx.AsyncClient, query: str = "") -> str:
    answer = await browser.get(f"/queue{query}")
    assert answer.status_code == 200, answer.text
    return seen(answer).text


def references(text: str) -> list[str]:
    return [word for word in text.split() if word.startswith("MG-") and word != "MG-7Q4K-2F,"]


async def test_a_card_leads_with_the_consequence(reviewer: httpx.AsyncClient, house: House) -> None:
    people = [f"p{number}@h{number % 3}.example" for number in range(288)]
    await house.holds(
        "MG-AAAA-22",
        *people,
        "in@elmroad.example",
        team="elm",
        reason="288 people in Cc would see each other's addresses. Nothing is left but not sending it",
        rules=("visible-list", "consumer", "floor-malformed"),
        due_at=house.clock.at + timedelta(minutes=40, seconds=1),
    )
    answer = await reviewer.get("/queue")
    page = seen(answer)
    assert page.text.startswith("Held messages (1) – mailguard")
    assert "288 people in Cc would see each other's addresses and 2 more reasons" in page.text
    assert "Subject: Flu clinic é" in page.text
    assert (
        "From nurse@elmroad.example, team elm, to 288 people at 3 domains outside Elm Road Surgery and 1 person inside"
        in page.text
    )
    assert "Due in 40 minutes . Decide by 2:" in page.text.replace("minutes.", "minutes .")
    assert 'datetime="2026-11-20T14:' in answer.text and "Reference MG-AAAA-22" in page.text


async def test_rules_that_say_the_same_are_one_reason_in_the_list_and_on_the_page(
    reviewer: httpx.AsyncClient, house: House
) -> None:
    hidden = "the message carries hidden data about 1,204 people"
    said = (("hidden-people", hidden), ("many-people", hidden), ("to-many", "5 people would see each other"))
    rules = [{"id": name, "matched": True, "mode": "enforce", "reason": reason} for name, reason in said]
    decision = {"schema": 1, "rules": [{**each, "values": {}} for each in rules], "visible": [], "findings": []}
    names = tuple(name for name, _ in said)
    await house.holds("MG-AAAA-22", team="elm", reason=hidden, rules=names, decision=decision)
    listed = await text_of(reviewer)
    assert "hidden data about 1,204 people and 1 more reason" in listed and "2 more reasons" not in listed
    page = seen(await reviewer.get("/m/MG-AAAA-22")).text
    assert "hidden data about 1,204 people. Rules hidden-people and many-people." in page
    assert "5 people would see each other. Rule to-many." in page and page.count("hidden data") == 1


async def test_the_nearest_deadline_comes_first_and_newest_if_asked(reviewer: httpx.AsyncClient, house: House) -> None:
    now = house.clock.at
    for ref, due, received in (("MG-AAAA-22", 5, 1), ("MG-BBBB-22", -1, 3), ("MG-CCCC-22", 2, 2)):
        times = {"due_at": now + timedelta(hours=due), "received_at": now - timedelta(hours=received)}
        await house.holds(ref, team="elm", **times)
    text = await text_of(reviewer)
    assert references(text) == ["MG-BBBB-22", "MG-CCCC-22", "MG-AAAA-22"] and "Overdue by" in text
    assert references(await text_of(reviewer, "?sort=newest")) == ["MG-AAAA-22", "MG-CCCC-22", "MG-BBBB-22"]
    assert references(await text_of(reviewer, "?view=due-soon")) == ["MG-BBBB-22", "MG-CCCC-22"]


async def test_each_view_shows_its_states(reviewer: httpx.AsyncClient, house: House) -> None:
    for ref, state in (("MG-AAAA-22", State.HELD), ("MG-BBBB-22", State.HELD), ("MG-CCCC-22", State.WAITING)):
        await house.holds(ref, team="elm", state=state)
    await house.holds("MG-DDDD-22", team="elm", approvals_needed=2)
    now = house.clock.at
    reject = samples.change("MG-BBBB-22", 1, State.HELD, State.REJECTED, at=now, actor="Sam <b>Patel</b>")
    approve = samples.change(
        "MG-DDDD-22", 1, State.HELD, State.APPROVED_ONCE, at=now, approved_by=("a",), released_as="bcc"
    )
    for change in (reject, approve):
        await house.store.quarantine.change(change, [], [])
    assert references(await text_of(reviewer)) == ["MG-AAAA-22", "MG-DDDD-22"]
    assert references(await text_of(reviewer, "?view=second-approval")) == ["MG-DDDD-22"]
    leaving = await text_of(reviewer, "?view=sent-by-itself")
    assert references(leaving) == ["MG-CCCC-22"] and "unless somebody stops it" in leaving
    decided = await text_of(reviewer, "?view=decided")
    assert references(decided) == ["MG-BBBB-22"] and "Not sent – rejected" in decided
    assert "Decided by Sam <b>Patel</b> at" in decided
    assert len(references(await text_of(reviewer, "?view=all"))) == 4
    house.clock.move(minutes=15)
    assert await text_of(reviewer, "?view=nonsense") == await text_of(reviewer)


async def test_what_is_somebody_elses_is_neither_listed_nor_counted_nor_found(
    reviewer: httpx.AsyncClient, house: House
) -> None:
    await house.holds("MG-AAAA-22", team="park", subject="secret thing")
    await house.holds("MG-BBBB-22", team=None, subject="secret thing")
    searches = ("?view=all", "?q=secret", "?q=MG-AAAA-22", "?q=from:nurse&view=all", "?team=park", "?q=reason:288")
    for query in ("", *searches):
        text = await text_of(reviewer, query)
        assert text.startswith("Held messages (0)") and references(text) == [] and "secret thing" not in text


async def test_a_viewer_sees_why_and_neither_whom_nor_what(viewer: httpx.AsyncClient, house: House) -> None:
    await house.holds("MG-AAAA-22", "patient@outside.example", team="elm", subject="Flu clinic secret")
    answer = await viewer.get("/queue")
    text = seen(answer).text
    assert "288 people would see each other's addresses" in text and "Team elm, to 1 person at 1 domain" in text
    for hidden in ("secret", "nurse", "patient", "outside.example"):
        assert hidden not in answer.text, hidden
    assert "Search by reference Or by one thing: reason:spreadsheet" in text and "from:" not in text
    guesses = ("secret", "from:nurse", "to:patient@outside.example", "domain:outside.example")
    for words in (*guesses, "patient@outside.example"):
        assert references(await text_of(viewer, f"?q={words}")) == [], f"{words} tells"
    assert references(await text_of(viewer, "?q=reason:288")) == ["MG-AAAA-22"]
    assert references(await text_of(viewer, "?q=mg-aaaa-22")) == ["MG-AAAA-22"]


async def test_who_reads_one_team_and_sees_two_searches_only_what_may_be_read(
    browser: httpx.AsyncClient, house: House
) -> None:
    await house.account("sam@elmroad.example", "reviewer:elm", "viewer:park")
    await enters(browser, house, "sam@elmroad.example")
    await house.holds("MG-AAAA-22", team="elm", subject="secret one")
    await house.holds("MG-BBBB-22", team="park", subject="secret two")
    assert references(await text_of(browser)) == ["MG-AAAA-22", "MG-BBBB-22"]
    assert references(await text_of(browser, "?q=secret")) == ["MG-AAAA-22"]
    assert references(await text_of(browser, "?team=park")) == ["MG-BBBB-22"]
    assert "secret two" not in await text_of(browser)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("clinic", ["MG-AAAA-22"]),
        ("CLINIC flu", ["MG-AAAA-22"]),
        ("clinic figures", []),
        ("from:nurse", ["MG-AAAA-22", "MG-BBBB-22"]),
        ("nurse@elmroad.example", ["MG-AAAA-22", "MG-BBBB-22"]),
        ("to:LEE@council.example", ["MG-BBBB-22"]),
        ("lee@council.example", ["MG-BBBB-22"]),
        ("lee@council", []),
        ("domain:council.example", ["MG-BBBB-22"]),
        ("domain:example", ["MG-AAAA-22", "MG-BBBB-22"]),
        ("reason:sheets", ["MG-BBBB-22"]),
        ("reason:hidden-sheets", ["MG-BBBB-22"]),
        ("ref:MG-BBBB-22", ["MG-BBBB-22"]),
        ("mg-bbbb-22 clinic", []),
        ("after:20/11/2026", ["MG-AAAA-22", "MG-BBBB-22"]),
        ("before:19/11/2026", []),
        ("%", []),
        ("' OR 1=1 --", []),
    ],
)
async def test_a_search_finds(reviewer: httpx.AsyncClient, house: House, words: str, found: list[str]) -> None:
    await house.holds("MG-AAAA-22", team="elm", subject="Flu Clinic")
    await house.holds(
        "MG-BBBB-22",
        "Lee@council.example",
        team="elm",
        subject="Figures",
        reason="Referrals has 2 hidden sheets",
        rules=("hidden-sheets",),
    )
    for _ in range(2):
        assert references(await text_of(reviewer, f"?q={quote(words)}")) == found


async def test_what_is_wrong_with_a_search_is_said_at_the_field(reviewer: httpx.AsyncClient) -> None:
    for query, said, where in (
        ("?q=form:jo", "We do not know ‘form:’. Did you mean ‘from:’?", "#q"),
        ("?q=zzz:jo", "We do not know ‘zzz:’", "#q"),
        ("?q=before:soon", "‘soon’ is no day. Write it as 20/11/2026", "#q"),
        ("?from=soon", "‘soon’ is no day", "#from"),
        (f"?q={quote(HOSTILE.replace('<', 'x:<', 1))}", "We do not know", "#q"),
    ):
        answer = await reviewer.get(f"/queue{query}")
        page = seen(answer)
        assert answer.status_code == 422 and page.text.startswith("Error: Held messages –") and said in page.text
        assert any(href == where for href, _ in page.links) and "script" not in page.tags


async def test_an_empty_list_says_why(reviewer: httpx.AsyncClient) -> None:
    assert "No messages need a decision." in await text_of(reviewer)
    assert "There are no messages here." in await text_of(reviewer, "?view=decided")
    found = await text_of(reviewer, "?q=nothing")
    assert "No messages match these filters." in found and "0 messages found Clear filters" in found


async def test_who_has_a_team_that_is_gone_is_told_whom_to_ask(house: House, site: Site) -> None:
    await house.account("sam@elmroad.example", "reviewer:elm")
    async with browser_on(replace(site, teams=("oak",))) as browser:
        await enters(browser, house, "sam@elmroad.example")
        assert "You have no team yet. Ask manager@elmroad.example to add you." in await text_of(browser)


async def test_twenty_five_a_page(reviewer: httpx.AsyncClient, house: House) -> None:
    for number in range(60):
        due = house.clock.at + timedelta(hours=1, minutes=number)
        await house.holds(f"MG-AAAA-{number:02}", team="elm", due_at=due, subject=f"Number {number}")
    first, last = await reviewer.get("/queue?view=all&q=number"), await reviewer.get("/queue?view=all&page=3")
    assert len(references(seen(first).text)) == 25 and "60 messages found" in seen(first).text
    assert references(seen(last).text) == [f"MG-AAAA-{number}" for number in range(50, 60)]
    links = [href for href, _ in seen(first).links]
    assert "/queue?view=all&q=number&page=2" in links and "/queue?view=all&q=number&page=3" in links
    for page in ("0", "-1", "999999", "x", "²", "9" * 50):
        assert (await reviewer.get(f"/queue?page={page}")).status_code == 200


async def test_nothing_that_people_wrote_is_markup(reviewer: httpx.AsyncClient, house: House) -> None:
    await house.holds(
        "MG-AAAA-22",
        f'"{HOSTILE}"@outside.example',
        team="elm",
        subject=HOSTILE,
        sender=f"{HOSTILE}@elmroad.example",
        reason=HOSTILE,
    )
    for query in ("", f"?q={quote(HOSTILE)}", f"?team={quote(HOSTILE)}", f"?view={quote(HOSTILE)}"):
        answer = await reviewer.get(f"/queue{query}")
        page = seen(answer)
        assert not {"script", "img"} & set(page.tags), query
        assert not any(name.startswith("on") for _, name, _ in page.attributes)
        assert "\x00" not in answer.text and "\x1b" not in answer.text
        if not query:
            assert "[U+202E]" in page.text, "what reorders text is made visible"


async def test_a_message_that_cannot_be_opened_does_not_keep_the_others_from_being_seen(
    reviewer: httpx.AsyncClient, house: House
) -> None:
    await house.holds("MG-AAAA-22", team="elm")
    await house.holds("MG-BBBB-22", team="elm")
    await house.store.engine.write(
        lambda connection, _: connection.exec_driver_sql("UPDATE held SET offers = 'bcc' WHERE ref = 'MG-AAAA-22'")
    )
    assert references(await text_of(reviewer)) == ["MG-BBBB-22"]
