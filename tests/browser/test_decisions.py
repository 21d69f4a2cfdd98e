"""Checks 13, 14, 19 and 20 of CONSOLE.md section 7, in Chromium: who agrees with whom, broken rules, odd mail."""

from __future__ import annotations

import base64
import signal
import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailguard.core.lifecycle import State
from tests.browser.conftest import Watched, signed_in
from tests.browser.looks import NARROW, overflow
from tests.browser.people import Person, set_up
from tests.browser.test_every_page import CROWD, POLICY, House, held, house, state_of, watched
from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import eventually

__all__ = ["house", "watched"]
WHY = "Agreed with the data protection officer"
PATIENTS = [f"patient{number}@mail{number % 40}.example" for number in range(5_000)]
ODD_SENDER = "Jo \u202egnp.reganaM <jo@elmroad.example>"


def by(browser: Browser, house: House, watched: Watched, person: Person) -> tuple[BrowserContext, Page]:
    context = signed_in(browser.new_context(base_url=house.base), person)
    return context, watched.watch(context.new_page(), house.base)


def decides(page: Page, ref: str, choice: str, *, button: str) -> None:
    page.goto(f"/m/{ref}/decide")
    page.locator(f"#choice-{choice}").check()
    note = page.locator("#send_note")
    if note.count():
        note.fill(WHY)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=button).click()


@pytest.fixture(scope="module")
def second(house: House, browser: Browser) -> Person:
    return set_up(house.service, browser, house.base, "second@elmroad.example", "reviewer")


def test_two_approvals_come_from_two_people_and_never_from_the_sender(
    browser: Browser, house: House, watched: Watched, second: Person
) -> None:
    ref = held(house.service, "Embargo figures")
    own = set_up(house.service, browser, house.base, "embargofigures@elmroad.example", "reviewer")
    context, page = by(browser, house, watched, house.people["reviewer"])
    decides(page, ref, "separate", button="separate copies")
    page.goto(f"/m/{ref}")
    expect(page.locator(".govuk-tag").first).to_have_text("Needs a second approval")
    page.goto(f"/m/{ref}/decide")
    assert page.locator("#choice-agree").count() == 0, "one person is one approval"
    context.close()

    context, page = by(browser, house, watched, own)
    answer = page.goto(f"/m/{ref}/decide")
    assert answer is not None and answer.status == 403 and "You sent it" in page.content()
    context.close()
    assert state_of(house.service, ref) == State.APPROVED_ONCE

    context, page = by(browser, house, watched, second)
    decides(page, ref, "agree", button="separate copies")
    assert state_of(house.service, ref) == State.LEAVING
    page.goto(f"/audit?ref={ref}")
    for name in ("reviewer@elmroad.example", "second@elmroad.example"):
        expect(page.get_by_text(name).first).to_be_visible()
    context.close()


def test_who_comes_second_reads_who_was_first_and_keeps_their_note(
    browser: Browser, house: House, watched: Watched, second: Person
) -> None:
    ref = held(house.service, "Two at once")
    first_context, first = by(browser, house, watched, house.people["reviewer"])
    late_context, late = by(browser, house, watched, second)
    late.goto(f"/m/{ref}/decide")
    late.locator("#choice-reject").check()
    late.locator("#reject_note").fill("The note of who came second")
    first.goto(f"/m/{ref}/decide")
    first.locator("#choice-reject").check()
    first.locator("#reject_note").fill("Please use the bulk service")
    first.get_by_role("button", name="Continue").click()
    first.get_by_role("button", name="Do not send").click()
    with late.expect_response(lambda answer: answer.request.method == "POST") as answered:
        late.get_by_role("button", name="Continue").click()
    assert answered.value.status == 409
    for said in ("reviewer@elmroad.example", "already decided", "The note of who came second"):
        assert said in late.content()
    assert state_of(house.service, ref) == State.REJECTED
    first_context.close()
    late_context.close()


def test_broken_rules_are_shown_with_their_place_and_the_last_good_ones_stay_in_force(
    browser: Browser, house: House, watched: Watched
) -> None:
    file = house.service.folder / "policies" / "policy.yaml"
    context, page = by(browser, house, watched, house.people["admin"])
    try:
        file.write_text(POLICY.replace("action: hold\n    rewrite: separate", "action: hodl\n    rewrite: separate"))
        house.service.signal(signal.SIGHUP)
        eventually(
            lambda: any(each.get("event") == "policy_rejected" for each in house.service.events()) or shown(page)
        )
        page.goto("/policy")
        expect(page.get_by_text("mailguard is still using version")).to_be_visible()
        expect(page.get_by_text("policy.yaml, line 6, column 13")).to_be_visible()
        expect(page.get_by_text("hold", exact=False).first).to_be_visible()
        before = len(house.service.rows("held", "list"))
        page.goto("/policy/try")
        page.locator("#text").fill(message(CROWD, subject="Tried").decode())
        page.get_by_role("button", name="Try").click()
        expect(page.get_by_text("visible-list").first).to_be_visible()
        assert len(house.service.rows("held", "list")) == before
    finally:
        file.write_text(POLICY)
        house.service.signal(signal.SIGHUP)
    context.close()


def shown(page: Page) -> bool:
    page.goto("/policy")
    return "is still using version" in page.content()


def shown_after(page: Page, path: str) -> float:
    """Seconds. Of what a busy machine adds, another page in the same minute gets as much."""
    began = time.monotonic()
    page.goto(path)
    return time.monotonic() - began


def test_a_large_and_odd_message_is_shown_at_once_and_runs_over_nothing(
    browser: Browser, house: House, watched: Watched
) -> None:
    listed = ",\r\n ".join(PATIENTS)
    part = '--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="{}.txt"\r\n\r\nx\r\n'
    parts = "".join(part.format(f"{number}{'n' * 150}") for number in range(200))
    name = base64.b64encode(ODD_SENDER.partition(" <")[0].encode()).decode()
    raw = (
        f"From: =?utf-8?B?{name}?= <jo@elmroad.example>\r\nTo: jo@elmroad.example\r\nCc: {listed}\r\nSubject:\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\n\r\n\u0441ouncil.example \u202e and 300 letters: {'y' * 300}\r\n{parts}--b--\r\n"
    ).encode()
    code, text = submit(house.service.port, raw, PATIENTS, "odd@elmroad.example", ("SMTPUTF8", "BODY=8BITMIME"))
    assert code == 250, text
    context, page = by(browser, house, watched, house.people["reviewer"])
    ordinary = min(shown_after(page, f"/m/{house.refs[State.HELD]}") for _ in range(3))
    took = shown_after(page, f"/m/{text.rpartition(' ')[2]}")
    print(
        f"\na message to 5,000 people with 200 attachments was shown after {took:.2f} s, another after {ordinary:.2f} s"
    )
    assert took < max(2, 20 * ordinary)
    assert "[U+202E]" in page.content() and "\u202e" not in page.content()
    assert overflow(page) <= 0
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert overflow(page) <= 0
    context.close()
