"""The quality of rules on a page, and saying that a hold was wrong: as a reviewer, with a decision, as its sender."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mailguard.console.site import Site
from mailguard.core.lifecycle import State
from mailguard.guard.console.rules import FRESH_FOR
from mailguard.guard.entries import plain
from mailguard.guard.records import Entry
from mailguard.guard.wrong_holds import words_of
from tests.console.house import ORIGIN, InForce, browser_on, enters, seen, sends, site_on
from tests.console.test_decide import DECIDE, NOTE, checks, decides, holds_list
from tests.console.test_decide import REF as DECIDED
from tests.console.test_sender import LIST, REF, code_in, fields_of
from tests.core.quality.test_suggestion import decision, observation, verdict
from tests.guard.console.house import House

ADA, SAM, PAT = "ada@elmroad.example", "sam@elmroad.example", "pat@elmroad.example"
HOSTILE = "<script>alert(1)</script> \u202e & 'x'"
CALLED = "hold_called_wrong"
BACK = "wrong_call_withdrawn"
LISTS = b"""version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside the organisation would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
"""


@pytest.fixture
async def sam(house: House, site: Site) -> httpx.AsyncClient:
    return await signed_in(house, site, SAM, "reviewer")


async def signed_in(house: House, site: Site, name: str, *roles: str) -> httpx.AsyncClient:
    await house.account(name, *roles)
    browser = browser_on(site)
    await enters(browser, house, name)
    return browser


async def said(house: House, ref: str) -> list[dict[str, Any]]:
    return [dict(each.fields) async for each in house.store.ledger.entries(ref) if each.kind == CALLED]


async def test_a_reviewer_says_it_on_the_page_of_the_message_and_others_read_why(
    house: House, site: Site, sam: httpx.AsyncClient
) -> None:
    await house.holds(REF, "ann@outside.example", "bob@outside.example", raw=LIST)
    path = f"/m/{REF}/wrong"
    assert path in [href for href, _ in seen(await sam.get(f"/m/{REF}")).links]
    assert (await sam.get(path)).status_code == 200 and not await said(house, REF), "a look says nothing"
    answer = await sends(sam, path, reason=HOSTILE)
    assert answer.status_code == 303 and answer.headers["location"] == path
    page = await sam.get(path)
    assert "You said this at " in seen(page).text and "<textarea" not in page.text
    pat = await signed_in(house, site, PAT, "reviewer")
    read = await pat.get(path)
    assert "alert(1)" in seen(read).text and "<script>alert" not in read.text and "\u202e" not in read.text
    assert SAM in seen(read).text and "Why should it not have been held?" in seen(read).text
    assert "said that MG-7Q4K-3G should not have been held" in seen(await pat.get(f"/m/{REF}")).text
    (entry,) = await said(house, REF)
    assert entry["said_by"] == "reviewer" and "alert" not in str(entry) and "@" not in str(entry)
    assert (await house.store.quarantine.get(REF)).state is State.HELD


async def test_it_is_said_once_and_a_long_reason_is_an_error(house: House, sam: httpx.AsyncClient) -> None:
    await house.holds(REF, "ann@outside.example", raw=LIST)
    path = f"/m/{REF}/wrong"
    answer = await sends(sam, path, reason="x" * 301)
    assert answer.status_code == 422 and "these are 301" in seen(answer).text and "x" * 301 in answer.text
    assert not await said(house, REF)
    assert (await sends(sam, path)).status_code == 303, "no reason is needed"
    again = await sam.post(path, data={"csrf": fields_of(await sam.get("/account"))["csrf"]}, headers=ORIGIN)
    assert again.status_code == 303 and len(await said(house, REF)) == 1


async def test_nobody_says_it_of_their_own_message_by_the_console(house: House, site: Site) -> None:
    await house.holds(REF, "ann@outside.example", raw=LIST)
    nurse = await signed_in(house, site, "nurse@elmroad.example", "reviewer")
    assert (await nurse.get(f"/m/{REF}/wrong")).status_code == 403
    assert f"/m/{REF}/wrong" not in [href for href, _ in seen(await nurse.get(f"/m/{REF}")).links]


@pytest.mark.parametrize(("choice", "tick", "count"), [("original", "1", 1), ("original", "", 0), ("separate", "1", 0)])
async def test_who_sends_it_as_it_is_can_say_so_with_the_decision(
    house: House, sam: httpx.AsyncClient, choice: str, tick: str, count: int
) -> None:
    await holds_list(house)
    assert 'name="wrong"' in (await sam.get(DECIDE)).text
    kept = seen(await checks(sam, choice=choice, why="know", why_note=NOTE, wrong=tick)).hidden
    assert kept.get("wrong", "") == tick
    await decides(sam, choice=choice, why="know", why_note=NOTE, wrong=tick, looked="1")
    assert (await house.store.quarantine.get(DECIDED)).state is State.LEAVING
    assert len(await said(house, DECIDED)) == count
    assert [each.reason for each in await house.wrong_holds.of(DECIDED)] == [NOTE] * count


async def test_the_sender_says_it_by_the_link_with_the_code_and_once(browser: httpx.AsyncClient, house: House) -> None:
    await house.holds(REF, "ann@outside.example", raw=LIST)
    path = f"/s/{await house.link(REF)}"
    assert f"{path}/wrong" in [href for href, _ in seen(await browser.get(path)).links]
    shown = await browser.get(f"{path}/wrong")
    assert shown.status_code == 200 and "ann@" not in shown.text and not await said(house, REF)
    wrong = await browser.post(f"{path}/wrong", data=fields_of(shown, code="ZZZZZ", reason="x"), headers=ORIGIN)
    assert wrong.status_code == 422 and not await said(house, REF)
    fields = fields_of(shown, code=code_in(shown), reason="They know each other", name="Ann")
    for _ in range(2):
        done = await browser.post(f"{path}/wrong", data=fields, headers=ORIGIN)
        assert (done.status_code, done.headers["location"]) == (303, f"{path}/wrong")
    page = await browser.get(f"{path}/wrong")
    assert "You said at 2:02pm" in seen(page).text and 'name="reason"' not in page.text
    (entry,) = await said(house, REF)
    assert (entry["said_by"], entry["actor"]) == ("sender", "sender") and "Ann" not in str(entry)
    (told,) = await house.wrong_holds.of(REF)
    assert (told.by, told.reason) == ("Ann", "They know each other")
    assert (await house.store.quarantine.get(REF)).state is State.HELD, "nothing about the message has changed"


async def test_the_sender_can_say_it_after_the_decision_and_no_dead_link_says_anything(
    browser: httpx.AsyncClient, house: House
) -> None:
    await house.holds(REF, "ann@outside.example", raw=LIST)
    path = f"/s/{await house.link(REF)}"
    await house.review.reject(REF, note="Please use the list", by="Sam", system_user="sam")
    assert f"{path}/wrong" in [href for href, _ in seen(await browser.get(path)).links]
    assert (await browser.get(f"{path}/wrong")).status_code == 200
    assert (await browser.get(f"{path[:-3]}aaa/wrong")).status_code == 404
    house.clock.move(hours=30)
    assert (await browser.get(f"{path}/wrong")).status_code == 404


async def test_a_shared_mailbox_is_asked_for_a_name(browser: httpx.AsyncClient, house: House) -> None:
    sender = "info@elmroad.example"
    await house.holds(REF, "ann@outside.example", raw=LIST.replace(b"nurse@", b"info@"), sender=sender)
    path = f"/s/{await house.link(REF, sender)}/wrong"
    shown = await browser.get(path)
    answer = await browser.post(path, data=fields_of(shown, code=code_in(shown)), headers=ORIGIN)
    assert answer.status_code == 422 and "Enter your name" in seen(answer).text and not await said(house, REF)


async def entered(house: House, in_force: InForce, sizes: dict[int, str | None], first: int = 0) -> None:
    """Holds of visible-list with so many people each, and what became of them: a form, or None for not sent."""
    policy = in_force()
    now = house.clock.at - timedelta(days=30)
    for number, (size, form) in enumerate(sizes.items(), first):
        ref = f"MG-{chr(65 + number // 20)}{chr(65 + number % 20)}AA-22"
        made = decision(verdict(observation(size, 1, False, "jo"), policy))
        ended = plain("message_released", ref, now, form=form, actor="Sam", system_user="sam")
        await house.store.ledger.append(
            [
                plain("message_decided", ref, now, **made),
                plain("message_held", ref, now, state="held"),
                ended if form else plain("release_rejected", ref, now, actor="Sam", system_user="sam"),
            ]
        )


async def test_the_table_says_what_became_of_holds_and_the_page_of_a_rule_proposes(house: House) -> None:
    in_force = InForce(LISTS)
    site = site_on(house, in_force=in_force)
    await entered(house, in_force, {**dict.fromkeys(range(10, 22), "original"), 22: None, 23: "separate"})
    ada = await signed_in(house, site, ADA, "admin")
    page = seen(await ada.get("/policy/quality"))
    assert "visible-list 14 1 (7%) 1 (7%) 12 (86%) 0 0" in page.text
    assert "/policy/quality" in [href for href, _ in seen(await ada.get("/policy")).links]
    (href,) = [href for href, _ in page.links if "rule=" in href]
    rule = await ada.get(href)
    text = seen(rule).text
    assert rule.status_code == 200 and "Proposed: with 22 in place of 10, 12 of 14 holds" in text
    assert "Not proposed, since a message would have left that was changed or not sent, or might have: 23, 24." in text
    assert "<form" not in rule.text.partition("<main")[2].partition("</main")[0], "nothing here changes a policy"
    await entered(house, in_force, {20: None}, 50)
    assert "of 14 holds" in seen(await ada.get(href)).text, "it is read anew after some minutes"
    house.clock.move(seconds=FRESH_FOR.total_seconds() + 1)
    assert "of 15 holds" in seen(await ada.get(href)).text


async def test_it_is_for_who_sees_everybodys_mail_and_a_rule_that_is_not_there_is_not_found(
    house: House, site: Site
) -> None:
    team = await signed_in(house, site, SAM, "reviewer:elm")
    assert (await team.get("/policy/quality")).status_code == 403
    assert "/policy/quality" not in [href for href, _ in seen(await team.get("/policy")).links]
    ada = await signed_in(house, site, ADA, "admin")
    empty = await ada.get("/policy/quality")
    assert empty.status_code == 200 and "No message was held" in seen(empty).text
    for name in ("none", HOSTILE, "x" * 5000):
        answer = await ada.get("/policy/quality", params={"rule": name})
        assert answer.status_code == 404 and "<script>alert" not in answer.text
    off = seen(await ada.get("/policy/quality", params={"rule": "hidden-numbers"}))
    assert "holds nothing (mode: monitor)" in off.text


async def standing(house: House) -> Sequence[Entry]:
    """The words that count."""
    return words_of([each async for each in house.store.ledger.entries(REF)]).standing()


async def test_a_reviewer_takes_it_back_on_the_page_and_it_counts_no_more(
    house: House, site: Site, sam: httpx.AsyncClient
) -> None:
    await house.holds(REF, "ann@outside.example", raw=LIST)
    path = f"/m/{REF}/wrong"
    csrf = fields_of(await sam.get("/account"))["csrf"]
    nothing = await sam.post(path, data={"csrf": csrf, "withdraw": "yes"}, headers=ORIGIN)
    assert nothing.status_code == 303 and BACK not in await house.kinds()
    await sends(sam, path, reason=NOTE)
    assert len(await standing(house)) == 1
    pat = await signed_in(house, site, PAT, "reviewer")
    await sends(pat, path, reason="x")
    shown = await sam.get(path)
    assert "Take it back" in seen(shown).text and "<textarea" not in shown.text
    for _ in range(2):
        answer = await sam.post(path, data=fields_of(shown), headers=ORIGIN)
        assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = await sam.get(path)
    assert "(taken back)" in seen(page).text and NOTE in seen(page).text and "<textarea" in page.text
    assert (await house.kinds()).count(BACK) == 1
    assert len(await standing(house)) == 1, "Pat still says so"
    await pat.post(path, data=fields_of(await pat.get(path)), headers=ORIGIN)
    assert not await standing(house)
    assert "took back that MG-7Q4K-3G should not have been held" in seen(await pat.get(f"/m/{REF}")).text


async def test_the_sender_takes_it_back_with_the_code(browser: httpx.AsyncClient, house: House) -> None:
    await house.holds(REF, "ann@outside.example", raw=LIST)
    path = f"/s/{await house.link(REF)}/wrong"
    shown = await browser.get(path)
    await browser.post(path, data=fields_of(shown, code=code_in(shown), reason="x", name="Ann"), headers=ORIGIN)
    back = await browser.get(path)
    wrong = await browser.post(path, data=fields_of(back, code="ZZZZZ", name="Ann"), headers=ORIGIN)
    assert wrong.status_code == 422 and BACK not in await house.kinds()
    done = await browser.post(path, data=fields_of(back, code=code_in(back), name="Ann"), headers=ORIGIN)
    assert done.status_code == 303 and (await house.kinds()).count(BACK) == 1
    assert 'name="reason"' in (await browser.get(path)).text, "it can be said again"
