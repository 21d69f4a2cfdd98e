"""The links from a reason to what it speaks of: on the page of the same message, and for who may see it there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import update

from mailguard.console.pages.reasons import files_shown, reasons_of, text_shown
from mailguard.console.site import Site
from mailguard.core.place import FIELDS, RECIPIENTS, Place, Where, parts
from mailguard.core.safe_text import OtherPart
from mailguard.store import schema
from tests.console.house import Seen, browser_on, enters, seen
from tests.guard.console.house import House

REF = "MG-AAAA-22"
HOSTILE = '"><script>alert(1)</script>.xlsx'
RAW = (
    b"From: Jo <nurse@elmroad.example>\r\nTo: p1@outside.example\r\nSubject: Flu clinic\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
    b"--c\r\nContent-Type: text/plain\r\n\r\nDear all\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>Dear all\r\n--c--\r\n"
    b"--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    b"--b\r\nContent-Type: application/octet-stream; name*=utf-8''%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E.xlsx"
    b"\r\n\r\nx\r\n--b--\r\n"
)
PLACES = {
    "list": (RECIPIENTS, *parts(["2"])),
    "sheets": parts(["3", "9.9"]),
    "words": parts(["1.1", "1.2"]),
    "subject": (FIELDS,),
    "big": (),
}


def matched(rule: str, reason: str) -> dict[str, object]:
    return {"id": rule, "mode": "enforce", "matched": True, "reason": reason, "values": {}}


@pytest.fixture
async def reviewer(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    await house.account("sam@elmroad.example", "reviewer:elm")
    await enters(browser, house, "sam@elmroad.example")
    decision = {"schema": 1, "rules": [matched(each, f"the reason of {each}") for each in PLACES]}
    await house.holds(
        REF, "p1@outside.example", team="elm", raw=RAW, decision=decision, rules=tuple(PLACES), deciding="sheets",
        reason="the reason of sheets, and more of it. It cannot be rewritten", places=PLACES,
    )  # fmt: skip
    return browser


@pytest.fixture
async def others(site: Site, house: House) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Who may see that it is held, but not what it says."""
    found = []
    for name, roles in (("vi@elmroad.example", ["viewer:elm"]), ("ada@elmroad.example", ["admin", "reviewer:park"])):
        await house.account(name, *roles)
        found.append(browser_on(site))
        await enters(found[-1], house, name)
    yield found
    for each in found:
        await each.aclose()


def inside(page: Seen) -> list[tuple[str, str]]:
    return [(href, text) for href, text in page.links if text.startswith("See ")]


async def test_each_reason_leads_to_what_it_speaks_of(reviewer: httpx.AsyncClient) -> None:
    answer = await reviewer.get(f"/m/{REF}")
    page = seen(answer)
    assert inside(page) == [
        ("#part-3", f"See {HOSTILE}"),
        ("#people", "See the list of people"),
        ("#part-2", "See the invitation"),
        ("#text", "See the text"),
        (f"/m/{REF}?view=html#text", "See the text as a mail program shows it"),
        ("#fields", "See From, To and Subject"),
    ]
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {href[1:] for href, _ in inside(page) if href.startswith("#")} <= set(ids)
    assert "The reason of big. Rule big. It has not been sent" in page.text, "what speaks of no place leads nowhere"
    assert "script" not in page.tags


async def test_the_first_reason_is_that_of_the_rule_that_decided_and_stands_there_once(
    reviewer: httpx.AsyncClient,
) -> None:
    text = seen(await reviewer.get(f"/m/{REF}")).text
    assert "The reason of sheets, and more of it. It cannot be rewritten. Rule sheets." in text
    assert text.count("Rule sheets.") == 1 and text.count("The reason of list. Rule list.") == 1


async def test_beside_the_html_the_links_lead_to_what_is_shown_there(reviewer: httpx.AsyncClient) -> None:
    page = seen(await reviewer.get(f"/m/{REF}?view=html"))
    links = inside(page)
    assert ("#text", "See the text as a mail program shows it") in links and ("#text", "See the text") in links
    assert (f"/m/{REF}#fields", "See From, To and Subject") in links
    ids = {value for _, name, value in page.attributes if name == "id"}
    assert {href[1:] for href, _ in links if href.startswith("#")} <= ids


async def test_who_may_not_read_it_is_led_nowhere(reviewer: httpx.AsyncClient, others: list[httpx.AsyncClient]) -> None:
    for browser in others:
        answer = await browser.get(f"/m/{REF}")
        page = seen(answer)
        assert answer.status_code == 200 and "The reason of list. Rule list." in page.text
        assert inside(page) == [] and not any(href.startswith("#part") for href, _ in page.links)
        for hidden in ("alert(1)", "part-", "#people", "#text", "#fields", "invitation"):
            assert hidden not in answer.text, hidden


async def test_of_what_retention_has_removed_there_is_no_link(reviewer: httpx.AsyncClient, house: House) -> None:
    gone = update(schema.held).where(schema.held.c.ref == REF).values(blob=None)
    await house.store.engine.write(lambda connection, _: connection.execute(gone))
    page = seen(await reviewer.get(f"/m/{REF}"))
    assert "The text was deleted" in page.text and inside(page) == [("#people", "See the list of people")]


async def test_what_was_held_before_places_were_kept_has_no_links(house: House) -> None:
    old = replace(await house.store.quarantine.get(await house.holds(REF)), rules=("a", "b"))
    shown = {**text_shown(REF, "", None, framed=False), **files_shown([OtherPart(("a.csv",), "text/csv", 1, "1")])}
    first, *rest = reasons_of(old, shown)
    assert (old.deciding, first["rule"], first["links"], rest) == (None, "Rule a.", [], [])


def test_parts_without_a_name_are_called_by_their_number() -> None:
    shown = files_shown([OtherPart((), "image/png", 1, "2"), OtherPart(("a.csv",), "text/csv", 1, "3")])
    assert shown == {
        Place(Where.PART, "2"): ("#part-1", "See attachment 1"),
        Place(Where.PART, "3"): ("#part-2", "See a.csv"),
    }
