"""The rules as people read them, and trying a message: what would happen, why, and that nothing comes of it."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.console.multipart import boundary_of, read_parts
from mailguard.console.pages import trial
from mailguard.console.site import Site
from mailguard.core.document import Diagnostic
from mailguard.core.inventory import Inventory
from mailguard.core.lifecycle import State
from mailguard.core.verdict import Finding
from mailguard.guard.console.rules import FRESH_FOR, without_numbers
from mailguard.guard.entries import plain
from tests.console.house import InForce, Inspector, browser_on, csrf_in, enters, seen, site_on
from tests.console.test_queue import HOSTILE
from tests.guard.console.house import RAW, House
from tests.store import samples

ADA, SAM, VI = "ada@elmroad.example", "sam@elmroad.example", "vi@elmroad.example"
MANY = b"From: nurse@elmroad.example\r\nCc: %s\r\nSubject: Flu\r\n\r\nHello\r\n" % b", ".join(
    b"p%d@patients.example" % number for number in range(12)
)
SHEET = (
    b"From: nurse@elmroad.example\r\nTo: a@council.example\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    b'--b\r\nContent-Type: application/vnd.ms-excel; name="f.xls"\r\n'
    b'Content-Disposition: attachment; filename="f.xls"\r\n\r\nx\r\n--b--\r\n'
)


async def browser_of(site: Site, house: House, name: str, *roles: str) -> httpx.AsyncClient:
    if await house.store.accounts.find(name) is None:
        await house.account(name, *roles)
    browser = browser_on(site)
    await enters(browser, house, name)
    return browser


async def tries(browser: httpx.AsyncClient, raw: bytes = b"", **fields: str) -> httpx.Response:
    csrf = csrf_in(await browser.get("/policy/try"))
    files = {"file": ("../../x\u202e.eml", raw, "message/rfc822")} if raw else {"none": ("", b"")}
    headers = {"Origin": "http://127.0.0.1:8085"}
    return await browser.post("/policy/try", data={"csrf": csrf, **fields}, files=files, headers=headers)


async def test_rules_are_sentences_with_what_became_of_messages(house: House, site: Site) -> None:
    now = house.clock.at
    ends: tuple[tuple[str, dict[str, Any]], ...] = (
        ("MG-AAAA-22", {"disposition": "hold"}),
        ("MG-BBBB-22", {"disposition": "hold"}),
        ("MG-CCCC-22", {"disposition": "relay"}),
        ("MG-DDDD-22", {"disposition": "relay", "rewrite": "separate"}),
        ("MG-EEEE-22", {"disposition": "reject"}),
    )
    for ref, fields in ends:
        rules = [{"id": "visible-list", "matched": True}, {"id": "hidden-numbers", "matched": ref == "MG-CCCC-22"}]
        await house.store.ledger.append([plain("message_decided", ref, now, rules=rules, **fields)])
    old = plain("message_decided", "MG-FFFF-22", now - timedelta(days=8), rules=[{"id": "resting", "matched": True}])
    await house.store.ledger.append([old])
    for ref in ("MG-AAAA-22", "MG-BBBB-22"):
        await house.holds(ref, team="elm")
    reject = samples.change("MG-BBBB-22", 1, State.HELD, State.REJECTED, at=now)
    await house.store.quarantine.change(reject, [], [])
    async with await browser_of(site, house, VI, "viewer") as browser:
        answer = await browser.get("/policy")
    text = seen(answer).text
    assert text.startswith("Rules – mailguard") and "3 rules" in text
    assert "Ten or more people outside the organisation would see each other's addresses." in text
    assert "In force The message waits until somebody decides." in text
    assert "The sender may cancel it or send separate copies without asking anybody." in text
    matched = "It matched 5 messages: 1 left so that people do not see each other, 1 left unchanged, 2 did not leave"
    assert f"{matched}, 1 not decided yet." in text and "It matched 1 message: 1 left unchanged." in text
    assert "Only recorded While it is only recorded, nothing is stopped" in text
    assert "It is switched off" in text and "Rule visible-list, in default.yaml line 3" in text
    assert "<b>" not in answer.text and "/policy/try" not in answer.text
    async with await browser_of(site, house, SAM, "reviewer:elm", "viewer:park") as browser:
        of_teams = seen(await browser.get("/policy")).text
    assert "shown to people who see every team's mail" in of_teams and "It is switched off" in of_teams
    assert "matched 1" not in of_teams and "matched 5" not in of_teams and "did not match" not in of_teams


async def test_counting_is_not_done_with_each_page(house: House, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    counts = house.store.rule_counts.counts

    async def counted(since: Any) -> Any:
        nonlocal asked
        asked += 1
        return await counts(since)

    monkeypatch.setattr(house.store.rule_counts, "counts", counted)
    await asyncio.gather(*(site.rules.book() for _ in range(5)))
    assert asked == 1
    house.clock.at += FRESH_FOR
    await site.rules.book()
    assert asked == 2


async def test_a_broken_file_says_where_and_what_is_still_in_force(house: House) -> None:
    in_force = InForce()
    in_force.problem = "1 error; `mailguard policy check` says where"
    line = "    visible_external_recipient: 10  # <script>"
    in_force.diagnostics = (Diagnostic("default.yaml", 7, 5, 'unknown key "x"', "visible_external_recipients", line),)
    await house.store.policies.keep(in_force().revision, {}, house.clock.at)
    site = site_on(house, in_force=in_force)
    async with await browser_of(site, house, ADA, "admin") as admin:
        answer = await admin.get("/policy")
    text = seen(answer).text
    assert "The files with the rules were changed but have errors. mailguard is still using version 1." in text
    assert "default.yaml, line 7, column 5" in text and "Did you mean visible_external_recipients?" in text
    assert "<pre>    visible_external_recipient: 10  # &lt;script&gt;\n    ^</pre>" in answer.text
    assert "script" not in seen(answer).tags
    async with await browser_of(site, house, VI, "viewer:elm") as viewer:
        text = seen(await viewer.get("/policy")).text
    assert "line 7, column 5" in text and "visible_external_recipient: 10" not in text


async def test_without_a_policy_the_page_says_what_that_means(house: House) -> None:
    site = site_on(house, in_force=InForce(None))
    async with await browser_of(site, house, VI, "viewer:elm") as browser:
        text = seen(await browser.get("/policy")).text
        assert text.startswith("No rules can be read")
        assert "The list cannot be shown just now" in seen(await browser.get("/checked")).text


async def test_what_is_checked_is_for_everybody_and_helps_nobody_to_evade(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/checked")
    text = seen(answer).text
    assert answer.status_code == 200 and "Several people outside the organisation would see each other" in text
    assert "Several NHS numbers leave in a file, ask (an address)" in text
    listed = text.partition("is checked by mailguard")[2].partition("What happens then")[0].lower()
    assert not any(word in listed for word in ("ten", "two", "10", "caldicott", "nothing yet"))
    assert "manager@elmroad.example" in text


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ("Ten or more people", "Several people"),
        ("More than 1,204 NHS numbers", "Several NHS numbers"),
        ("Between 5 and 9 people, at least 50 %", "Several people, several"),
        ("twenty-one or a dozen people", "several or several people"),
        ("The message names its sender more than once.", "The message names its sender more than once."),
        ("It can be read in more than one way", "It can be read in more than one way"),
        ("ask jo@elmroad.example at once", "ask (an address) at once"),
        ("10+ people", "Several people"),
    ],
)
def test_descriptions_lose_their_numbers(described: str, said: str) -> None:
    assert without_numbers(described) == said


@given(st.text(alphabet="1234567890 tenwofivdz,.-%+", max_size=80))
def test_no_digit_is_left(described: str) -> None:
    assert not any(character.isdigit() for character in without_numbers(described))


async def test_a_file_is_tried_and_nothing_comes_of_it(house: House, site: Site) -> None:
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        before = await house.kinds()
        counts = await house.store.counts()
        answer = await tries(browser, MANY)
        text = seen(answer).text
        assert answer.status_code == 200 and "This message would be held." in text
        assert text.index("This message would be held.") < text.index("Why:") < text.index("Every rule")
        assert "12 people" in text and "It was tried for 12 recipients." in text
        assert "visible-list: matched" in text and "resting: is switched off" in text
        assert "visible external recipients {at_least: 10} 12 Yes" in text
        assert "p0@patients.example" not in text
        sent = seen(await tries(browser, RAW)).text
        assert "This message would be sent as it is." in sent and "{at_least: 10} 1 No" in sent
        as_others = await tries(browser, RAW, sender="<>", recipients="a@b.example, c@d.example")
        assert "It was tried for 2 recipients." in seen(as_others).text
    assert await house.kinds() == before
    after = await house.store.counts()
    assert (after.held, after.outbox, after.entries) == (counts.held, counts.outbox, counts.entries)


async def test_what_an_attachment_carries_is_told(house: House) -> None:
    found = Finding("rows", "nhs-number", f"f.xls, hidden sheet {HOSTILE}", 3, f"3 NHS numbers {HOSTILE}", True)
    site = site_on(house, inspector=Inspector(found, unread=f"it is broken {HOSTILE}"))
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        answer = await tries(browser, SHEET)
    page = seen(answer)
    assert "3 NHS numbers" in page.text and "hidden sheet" in page.text
    assert "Hidden: you do not see it when you open the file." in page.text
    assert "An attachment could not be looked into: it is broken" in page.text
    assert "This message would be held." in page.text, "the floor"
    assert "hidden-numbers (only recorded)" in page.text.replace(" :", ":")
    assert not {"script", "img"} & set(page.tags) and "\x1b" not in answer.text and "\u202e" not in answer.text


async def test_how_much_a_file_hides_is_told(house: House) -> None:
    hides = Inventory(f"f.xls{HOSTILE}", 46, 5, unseen=(("hidden sheet", 41),))
    site = site_on(house, inspector=Inspector(inventory=(hides, Inventory("plain.xls", 3, 3))))
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        page = seen(await tries(browser, SHEET))
    assert "Shows 5 rows and carries 46: 41 in hidden sheet." in page.text and "plain.xls" not in page.text
    assert not {"script", "img"} & set(page.tags)


async def test_a_held_message_is_tried_by_who_may_read_it_and_that_is_recorded(house: House, site: Site) -> None:
    await house.holds("MG-AAAA-22", team="elm")
    await house.holds("MG-BBBB-22", team="park")
    await house.holds("MG-CCCC-22", team="elm", content_sha256=hashlib.sha256(b"other").hexdigest())
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        answer = await tries(browser, ref="mg-aaaa-22")
        assert "This message would be sent as it is." in seen(answer).text
        assert (await house.kinds())[-1] == "content_viewed"
        before = len(await house.kinds())
        for ref in ("MG-BBBB-22", "MG-ZZZZ-22"):
            answer = await tries(browser, ref=ref)
            assert answer.status_code == 422 and "it is not yours to read" in answer.text
        assert "could not be tried" in (await tries(browser, ref="MG-CCCC-22")).text
        assert len(await house.kinds()) == before
    async with await browser_of(site, house, ADA, "admin") as admin:
        assert "it is not yours to read" in (await tries(admin, ref="MG-AAAA-22")).text
        assert "This message would be sent" in (await tries(admin, RAW)).text


@pytest.mark.parametrize(
    ("raw", "fields", "said"),
    [
        (b"", {}, "Choose a file, paste an email"),
        (RAW, {"text": "From: x"}, "Choose only one"),
        (RAW, {"ref": "MG-AAAA-22"}, "Choose only one"),
        (b"", {"ref": "<b>x"}, "is no reference"),
        (RAW, {"recipients": "a@b.example nobody<x>"}, "is no address"),
        (RAW, {"sender": "<script>"}, "is no address"),
    ],
)
async def test_what_cannot_be_tried_is_said_at_the_top(
    house: House, site: Site, raw: bytes, fields: dict[str, str], said: str
) -> None:
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        answer = await tries(browser, raw, **fields)
    page = seen(answer)
    assert answer.status_code == 422 and page.text.startswith("Error: Try a message") and said in page.text
    assert "script" not in page.tags and "b" not in page.tags


async def test_any_octets_are_tried(house: House, site: Site) -> None:
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        for raw in (b"\x00\xff" * 500, b"\r\n", b"From: " + HOSTILE.encode() + b"\r\n\r\n", b"--\r\n" * 1000):
            answer = await tries(browser, raw)
            assert answer.status_code == 200 and "This message would be" in answer.text
            assert not {"script", "img"} & set(seen(answer).tags)


async def test_few_messages_are_tried_at_a_time(house: House) -> None:
    going = asyncio.Event()

    class Slow(Inspector):
        async def inspect(self, message: Any, parts: Any) -> Any:
            await going.wait()
            return await super().inspect(message, parts)

    site = site_on(house, inspector=Slow())
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        running = [asyncio.create_task(tries(browser, SHEET)) for _ in range(2)]
        while site.trials._running < 2:
            await asyncio.sleep(0.01)
        busy = await tries(browser, SHEET)
        assert busy.status_code == 503 and "Try again in a minute" in busy.text
        assert (await browser.get("/policy")).status_code == 200
        going.set()
        assert {each.status_code for each in await asyncio.gather(*running)} == {200}
        assert (await tries(browser, SHEET)).status_code == 200


async def test_a_file_that_is_too_large_is_not_read_to_its_end(
    house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        monkeypatch.setattr(trial, "MOST_OCTETS", 1000)
        assert "larger than" in (await tries(browser, b"a" * 1001)).text
        answer = await tries(browser, b"a" * (trial.MOST_FORM_OCTETS + 1))
        assert answer.status_code == 413


async def test_a_file_is_taken_only_from_who_is_signed_in_and_from_our_page(house: House, site: Site) -> None:
    files = {"file": ("x", RAW)}
    origin = {"Origin": "http://127.0.0.1:8085"}
    async with browser_on(site) as nobody:
        csrf = csrf_in(await nobody.get("/sign-in"))
        answer = await nobody.post("/policy/try", data={"csrf": csrf}, files=files, headers=origin)
        assert answer.status_code == 415, "nothing large is read of anybody"
    async with await browser_of(site, house, SAM, "reviewer:elm") as browser:
        assert (await browser.post("/policy/try", data={"csrf": "x"}, files=files, headers=origin)).status_code == 403
        csrf = csrf_in(await browser.get("/policy/try"))
        for headers in ({}, {"Origin": "http://evil.example"}):
            answer = await browser.post("/policy/try", data={"csrf": csrf}, files=files, headers=headers)
            assert answer.status_code == 403
        answer = await browser.post("/sign-out", data={"csrf": csrf}, files=files, headers=origin)
        assert answer.status_code == 415


def test_a_form_with_a_file_comes_apart_as_it_was_put_together() -> None:
    request = httpx.Request("POST", "http://x", data={"a": "1"}, files={"f": ('"name', b"\r\n--x\r\n\x00")})
    boundary = boundary_of(request.headers["content-type"])
    assert boundary is not None
    assert read_parts(request.read(), boundary) == {"a": b"1", "f": b"\r\n--x\r\n\x00"}


@given(st.binary(max_size=200))
def test_any_octets_are_a_form_or_none(body: bytes) -> None:
    for text in (body, b"--b\r\n" + body, b"--b\r\n" + body + b"\r\n--b--", b"--b\r\n\r\n" * 30):
        found = read_parts(text, b"b")
        assert found is None or all(isinstance(value, bytes) for value in found.values())


@pytest.mark.parametrize(
    "kind", ["", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=x", "a; boundary=é"]
)
def test_what_has_no_boundary_is_no_form(kind: str) -> None:
    assert boundary_of(kind) is None
