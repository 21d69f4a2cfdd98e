"""Health in words with what to do, for admins; and the banner that everybody sees when mail is not flowing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mailguard.console import words_health
from mailguard.console.site import Site
from mailguard.core.errors import StoreUnavailable
from mailguard.guard.console.health import Answer, Question
from mailguard.guard.console.trail_records import TrailCheck
from tests.console.house import WELL, Health, browser_on, enters, seen, site_on
from tests.guard.console.house import START, House

ADA, VI = "ada@elmroad.example", "vi@elmroad.example"


async def browser_of(site: Site, house: House, name: str, role: str) -> httpx.AsyncClient:
    await house.account(name, role)
    browser = browser_on(site)
    await enters(browser, house, name)
    return browser


async def health_of(house: House, **changes: Any) -> str:
    site = site_on(house, health=Health(replace(WELL, **changes)))
    async with await browser_of(site, house, ADA, "admin") as admin:
        return seen(await admin.get("/health")).text


async def test_when_all_is_well_each_question_is_answered_and_nothing_is_to_do(house: House) -> None:
    text = await health_of(house)
    for question in Question:
        assert words_health.QUESTIONS[question] in text
    assert text.count("Working") == len(Question) and "What to do" not in text and "Mail is flowing." in text
    assert "The last message was checked at 2:02pm on Friday 20 November 2026." in text
    assert "It never leaves unchecked." in text and "50 GB free" in text and "1,204 entries" in text


@pytest.mark.parametrize(
    ("changes", "question", "answer", "said"),
    [
        ({"policy_in_force": False, "policy_problem": "3 errors"}, Question.RULES, Answer.BROKEN, "no mail is taken"),
        ({"policy_problem": "3 errors"}, Question.RULES, Answer.ATTENTION, "The earlier rules are still in force"),
        ({"canary": "failing", "canary_problems": ("A list left.",)}, Question.CANARY, Answer.BROKEN, "A list left."),
        ({"canary": "overdue"}, Question.CANARY, Answer.ATTENTION, "did not run when it should have"),
        ({"canary": "off"}, Question.CANARY, Answer.ATTENTION, "switched off"),
        (
            {"smarthosts": (("a.example:25", "no_connection"), ("b.example:25", None))},
            Question.SMARTHOST,
            Answer.ATTENTION,
            "a.example:25 could not be used with the last attempt: no connection.",
        ),
        ({"inspection_trouble": "no <b>"}, Question.ATTACHMENTS, Answer.BROKEN, "could not be started: no <b>"),
        (
            {"nodes_problem": "not all guards have the same rules", "nodes": (("guard-2", None, True),)},
            Question.NODES,
            Answer.ATTENTION,
            "guard-2 ended without a word",
        ),
        ({"overdue": 2}, Question.DEADLINES, Answer.ATTENTION, "2 messages should have been decided"),
        ({"witness_failing": True}, Question.LEDGER, Answer.ATTENTION, "witness file"),
        ({"certificate_problem": "it ends tomorrow"}, Question.CERTIFICATE, Answer.ATTENTION, "it ends tomorrow"),
        ({"objects_problem": "it is away"}, Question.DATABASE, Answer.ATTENTION, "it is away"),
        ({"disk_free": 5 * 1024**2}, Question.DISK, Answer.BROKEN, "5 MB free"),
        ({"disk_free": 500 * 1024**2}, Question.DISK, Answer.ATTENTION, "500 MB free"),
        ({"disk_free": None}, Question.DISK, Answer.WORKING, "on a server of its own"),
    ],
)
async def test_what_is_wrong_is_said_with_what_to_do(
    house: House, changes: dict[str, Any], question: Question, answer: Answer, said: str
) -> None:
    assert dict(replace(WELL, **changes).answers())[question] is answer
    text = await health_of(house, **changes)
    assert said in text
    assert (words_health.FIXES[question] in text) is (answer is not Answer.WORKING)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"outbox": 14, "outbox_since": START - timedelta(minutes=10)}, None),
        (
            {"outbox": 14, "outbox_since": START - timedelta(minutes=70)},
            "is not leaving this server since 12:52pm on Friday 20 November 2026. 14 deliveries are waiting.",
        ),
        ({"smarthosts": (("a.example:25", "no_connection"),)}, "The next mail server cannot be reached"),
        ({"policy_in_force": False}, "New mail is not taken just now"),
        ({"canary_defers": True}, "New mail is not taken just now"),
    ],
)
async def test_every_page_says_when_mail_is_not_flowing(
    house: House, changes: dict[str, Any], said: str | None
) -> None:
    being = replace(WELL, **changes)
    assert being.flows is (said is None)
    site = site_on(house, health=Health(being))
    async with await browser_of(site, house, VI, "viewer:elm") as viewer:
        for path in ("/queue", "/audit", "/policy", "/account"):
            text = seen(await viewer.get(path)).text
            assert (said in text) if said else "Tell manager" not in text, path
            assert "See what to do" not in text
    async with browser_on(site) as nobody:
        assert not said or said not in (await nobody.get("/sign-in")).text
    async with await browser_of(site, house, ADA, "admin") as admin:
        assert ("See what to do" in seen(await admin.get("/queue")).text) is (said is not None)


async def test_a_page_is_shown_although_its_banner_cannot_be(house: House) -> None:
    class Broken(Health):
        async def look(self) -> Any:
            raise StoreUnavailable("secret")

    site = site_on(house, health=Broken())
    async with await browser_of(site, house, ADA, "admin") as admin:
        assert (await admin.get("/account")).status_code == 200
        assert (await admin.get("/health")).status_code == 503


async def test_admins_see_on_every_page_that_the_trail_is_broken(house: House, site: Site) -> None:
    house.trail._result = TrailCheck("Jo", START, START, entries=9, trouble_count=2)
    async with await browser_of(site, house, ADA, "admin") as admin:
        text = seen(await admin.get("/queue")).text
        assert "The audit trail does not match what was recorded." in text
        assert "The last check found entries" in seen(await admin.get("/health")).text
    async with await browser_of(site, house, VI, "viewer:elm") as viewer:
        assert "does not match" not in seen(await viewer.get("/queue")).text
