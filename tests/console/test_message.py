"""The page of one held message: what it shows to whom, and that the ledger knows of it first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mailguard.console.safe_html import POLICY
from mailguard.console.site import Site
from mailguard.core.errors import StoreUnavailable, UnknownReference
from mailguard.core.lifecycle import State
from tests.console.house import browser_on, enters, seen
from tests.guard.console.house import House
from tests.store import samples

REF = "MG-AAAA-22"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202eevil"
RAW = (
    b"From: Jo <nurse@elmroad.example>\r\nTo: p1@outside.example\r\nSubject: Flu clinic\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nDear all, the secret date is Monday.\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<h1>Flu clinic</h1><img src=cid:logo@elm><script>alert(1)</script>\r\n"
    b"--b\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo@elm>\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--b--\r\n"
)
PEOPLE = tuple(f"p{number}@h{number % 3}.example" for number in range(250))
DECISION = {
    "schema": 1,
    "rules": [
        {
            "id": "visible-list",
            "mode": "enforce",
            "matched": True,
            "reason": "250 people would see each other",
            "values": {},
        },
        {
            "id": "hidden-sheets",
            "mode": "enforce",
            "matched": True,
            "reason": "its attachments hold 2 findings",
            "values": {},
        },
        {"id": "watched", "mode": "monitor", "matched": True, "reason": "only watched", "values": {}},
    ],
    "visible": list(PEOPLE[:-1]),
    "findings": [{"detector": "d", "kind": "k", "where": "w", "count": 2, "summary": f"2 hidden sheets {HOSTILE}"}],
}


async def test_a_message_of_the_canary_is_nobodys_to_see_or_decide(browser: httpx.AsyncClient, house: House) -> None:
    """It lies in the quarantine for a moment, and its reference stands in the audit trail."""
    await house.account("ada@elmroad.example", "admin", "reviewer")
    await enters(browser, house, "ada@elmroad.example")
    await house.holds(REF, *PEOPLE, raw=RAW, canary="run-1")
    before = await house.kinds()
    for page in ("", "/body", "/decide", "/outcome", "/notes", "/parts/1", "/download"):
        answer = await browser.get(f"/m/{REF}{page}")
        assert answer.status_code == 404 and "secret date" not in answer.text and "Flu clinic" not in answer.text, page
    who: dict[str, Any] = {"by": "Ada", "system_user": "root"}
    for act in (
        house.review.release(REF, form="original", reason="r", **who),
        house.review.reject(REF, note="n", **who),
        house.review.cancel(REF, **who),
        house.review.stop(REF, version=1, **who),
    ):
        with pytest.raises(UnknownReference):
            await act
    assert await house.kinds() == before and not await house.store.outbox.list()
    assert (await house.store.quarantine.get(REF, "run-1")).state is State.HELD


@pytest.fixture
async def reviewer(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    await house.account("sam@elmroad.example", "reviewer:elm")
    await enters(browser, house, "sam@elmroad.example")
    await house.holds(
        REF, *PEOPLE, team="elm", raw=RAW, decision=DECISION, rules=("visible-list", "hidden-sheets"),
        reason="250 people would see each other",
    )  # fmt: skip
    return browser


@pytest.fixture
async def viewer(site: Site, house: House) -> AsyncIterator[httpx.AsyncClient]:
    await house.account("vi@elmroad.example", "viewer:elm")
    async with browser_on(site) as opened:
        await enters(opened, house, "vi@elmroad.example")
        yield opened


async def looks(house: House) -> list[str]:
    return [str(each.fields["what"]) async for each in house.store.ledger.entries(REF) if each.kind == "content_viewed"]


async def test_why_who_what_and_the_text(reviewer: httpx.AsyncClient, house: House) -> None:
    page = seen(await reviewer.get(f"/m/{REF.lower()}"))
    for said in (
        "Flu clinic é – mailguard",
        "250 people would see each other. Rule visible-list.",
        "Its attachments hold 2 findings. Rule hidden-sheets.",
        "It has not been sent to anyone.",
        "If nobody decides by then, it will not be sent and its sender will be told.",
        "From nurse@elmroad.example. To 250 people. Outside your organisation: 250 of 250.",
        "h0.example 84",
        "Also going to people who stand in no list that the others could read: 1.",
        "2 hidden sheets <script>alert(1)</script>",
        "logo.png, image/png, about",
        "Dear all, the secret date is Monday.",
        "Safe view.",
    ):
        assert said in page.text, said
    assert "only watched" not in page.text and "script" not in page.tags and "img" not in page.tags
    assert await looks(house) == ["page", "text"]


async def test_people_are_shown_a_hundred_a_page(reviewer: httpx.AsyncClient) -> None:
    first, third = seen(await reviewer.get(f"/m/{REF}")), seen(await reviewer.get(f"/m/{REF}?people=3"))
    assert "p99@h0.example" in first.text and "p100@" not in first.text
    assert "p249@h0.example (hidden)" in third.text and "p199@" not in third.text
    for typed in ("0", "99999", "x", "²", "-1"):
        assert (await reviewer.get(f"/m/{REF}?people={typed}")).status_code == 200


async def test_the_html_stands_in_a_frame_of_its_own(reviewer: httpx.AsyncClient, house: House) -> None:
    page = seen(await reviewer.get(f"/m/{REF}?view=html"))
    assert ("iframe", "sandbox", "") in page.attributes and ("iframe", "src", f"/m/{REF}/body") in page.attributes
    assert "secret date" not in page.text
    answer = await reviewer.get(f"/m/{REF}/body")
    assert answer.headers.get_list("content-security-policy") == [POLICY]
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    framed = seen(answer)
    assert "data:image/png;base64,iVBORw==" in answer.text and "script" not in framed.tags
    assert await looks(house) == ["page", "html", "html"]


async def test_who_may_not_read_is_shown_why_and_nothing_else(
    reviewer: httpx.AsyncClient, viewer: httpx.AsyncClient, house: House
) -> None:
    answer = await viewer.get(f"/m/{REF}")
    page = seen(answer)
    assert page.text.startswith(f"Held message {REF} – mailguard") and "250 people would see each other" in page.text
    assert "To 250 people. Outside your organisation: 250 of 250." in page.text
    assert "Your role shows that it is held and why, not what it says." in page.text
    for hidden in ("Flu clinic", "nurse", "example.", "@h", "h0.example", "secret", "logo.png", "hidden sheets"):
        assert hidden not in answer.text.replace("manager@elmroad.example.", ""), hidden
    body = await viewer.get(f"/m/{REF}/body")
    assert body.status_code == 403 and "Flu clinic" not in body.text
    assert await looks(house) == []


async def test_another_teams_message_is_not_shown(browser: httpx.AsyncClient, house: House) -> None:
    await house.account("pat@elmroad.example", "reviewer:park", "admin")
    await house.account("oak@elmroad.example", "reviewer:park")
    await house.holds(REF, team="elm")
    await house.holds("MG-BBBB-22", team=None)
    await enters(browser, house, "oak@elmroad.example")
    for path in (f"/m/{REF}", f"/m/{REF}?view=html", f"/m/{REF}/body"):
        answer = await browser.get(path)
        said = "You cannot see this message. It belongs to elm. Ask manager@elmroad.example if you need access."
        assert answer.status_code == 403 and said in seen(answer).text and "Flu clinic" not in answer.text
    assert "It belongs to no team." in seen(await browser.get("/m/MG-BBBB-22")).text
    await enters(browser, house, "pat@elmroad.example")
    assert (await browser.get(f"/m/{REF}")).status_code == 200
    assert (await browser.get(f"/m/{REF}/body")).status_code == 403, "an admin does not read"
    assert await looks(house) == []


@pytest.mark.parametrize("ref", ["MG-ZZZZ-22", "x", "MG-AAAA-22x", "%00", "MG-0000-00", "..%2f"])
async def test_what_is_no_reference_is_no_page(reviewer: httpx.AsyncClient, ref: str) -> None:
    assert (await reviewer.get(f"/m/{ref}")).status_code == 404
    assert (await reviewer.get(f"/m/{ref}/body")).status_code == 404


async def test_nothing_is_shown_that_could_not_be_recorded(
    reviewer: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_: object) -> None:
        raise StoreUnavailable("full")

    monkeypatch.setattr(house.store.ledger, "append", full)
    for path in (f"/m/{REF}", f"/m/{REF}/body"):
        answer = await reviewer.get(path)
        assert answer.status_code == 503 and "Flu clinic" not in answer.text


async def test_a_stored_message_that_is_another_is_not_shown(reviewer: httpx.AsyncClient, house: House) -> None:
    await house.holds("MG-BBBB-22", team="elm", content_sha256="0" * 64)
    answer = await reviewer.get("/m/MG-BBBB-22")
    assert answer.status_code == 500 and "Sorry, something went wrong" in answer.text and "Hello" not in answer.text


async def test_nothing_that_people_wrote_is_markup(reviewer: httpx.AsyncClient, house: House) -> None:
    raw = f"From: {HOSTILE}\r\nTo: {HOSTILE}\r\nSubject: {HOSTILE}\r\n\r\n{HOSTILE}\r\n\x1b[31m\r\n".encode()
    await house.holds(
        "MG-BBBB-22", f'"{HOSTILE}"@{HOSTILE}', team="elm", raw=raw, subject=HOSTILE, sender=HOSTILE, reason=HOSTILE,
        rules=(HOSTILE,),
    )  # fmt: skip
    answer = await reviewer.get("/m/MG-BBBB-22")
    page = seen(answer)
    assert answer.status_code == 200 and not {"script", "img"} & set(page.tags)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert "\x1b" not in answer.text and "\u202e" not in answer.text


async def test_what_was_decided_says_so(reviewer: httpx.AsyncClient, house: House) -> None:
    change = samples.change(REF, 1, State.HELD, State.REJECTED, at=house.clock.at, actor="Sam Patel")
    await house.store.quarantine.change(change, [], [])
    page = seen(await reviewer.get(f"/m/{REF}"))
    assert "Not sent – rejected" in page.text and "Decided by Sam Patel at" in page.text
    assert "If nobody decides" not in page.text
