"""What CONSOLE.md asks of a browser, written from it alone: focus, single keys, the frame, small screens, no script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Console, Watched, letter, signed_in
from tests.end_to_end.mailing import submit

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def hold(console: Console, subject: str, people: int = 12) -> str:
    """The reference of a new held message."""
    _, said = submit(console.service.port, *letter(people, subject))
    return re.findall(r"MG-[A-Z2-9]{4}-[A-Z2-9]{2}", said)[0]


def state(console: Console, ref: str) -> str:
    return str(next(row["state"] for row in console.service.rows("held", "list") if row["ref"] == ref))


@pytest.fixture
def desk(context: BrowserContext, console: Console, watched: Watched) -> Page:
    return watched.watch(signed_in(context, console.people["reviewer"]).new_page(), console.base)


@pytest.fixture
def keys(desk: Page) -> Iterator[Page]:
    """With keyboard shortcuts switched on, and off again afterwards."""
    desk.goto("/account")
    desk.get_by_role("button", name="Switch them on").click()
    yield desk
    desk.goto("/account")
    desk.get_by_role("button", name="Switch them off").click()


def test_a_form_without_a_choice_puts_the_focus_on_what_is_wrong_and_leads_to_it(desk: Page, console: Console) -> None:
    desk.goto(f"/m/{hold(console, 'Focus')}/decide")
    desk.get_by_role("button", name="Continue").click()
    expect(desk).to_have_title(re.compile("^Error: "))
    summary = desk.locator(".govuk-error-summary")
    expect(summary).to_be_visible()
    assert summary.evaluate("each => each.contains(document.activeElement)")
    summary.get_by_role("link").first.click()
    assert desk.evaluate("document.activeElement.type === 'radio' && document.activeElement.value === 'separate'")
    assert desk.locator("input[type=radio]:checked, input[type=checkbox]:checked").count() == 0


def test_single_keys_do_nothing_until_somebody_switches_them_on(desk: Page, console: Console) -> None:
    hold(console, "Keys are off")
    desk.goto("/queue")
    here = desk.url
    for key in (*LETTERS, "/", "?", "Enter"):
        desk.keyboard.press(key)
    assert desk.url == here and desk.evaluate("document.activeElement === document.body")
    assert desk.locator("input[type=checkbox]:checked").count() == 0


def test_single_keys_move_about_and_none_of_them_decides(keys: Page, console: Console) -> None:
    ref = hold(console, "Keys are on")
    keys.goto("/queue")
    keys.keyboard.press("/")
    assert keys.evaluate("document.activeElement.name") == "q"
    keys.keyboard.type("jx")
    assert keys.evaluate("document.activeElement.value") == "jx", "letters in a field are letters"
    keys.goto("/queue")
    keys.keyboard.press("j")
    first = keys.evaluate("document.activeElement.getAttribute('href')")
    keys.keyboard.press("j")
    second = keys.evaluate("document.activeElement.getAttribute('href')")
    assert first.startswith("/m/MG-") and second.startswith("/m/MG-") and first != second
    keys.keyboard.press("k")
    assert keys.evaluate("document.activeElement.getAttribute('href')") == first
    keys.keyboard.press("x")
    assert keys.locator("input[type=checkbox]:checked").count() == 1
    keys.keyboard.press("Enter")
    keys.wait_for_url(re.compile(r"/m/MG-"))
    keys.goto(f"/m/{ref}")
    keys.keyboard.press("d")
    assert "decide" in (keys.evaluate("document.activeElement.getAttribute('href')") or "")
    keys.keyboard.press("g")
    keys.keyboard.press("h")
    keys.wait_for_url(re.compile(r"/queue$"))
    keys.keyboard.press("?")
    expect(keys.get_by_role("heading", level=1)).to_contain_text("eyboard")
    for path in (f"/m/{ref}", f"/m/{ref}/decide"):
        keys.goto(path)
        for key in (*LETTERS, *LETTERS.upper(), "Enter", "Delete", "Backspace"):
            if keys.url.endswith(path):
                keys.keyboard.press(key)
    assert state(console, ref) == "held"


def test_without_a_script_a_message_is_sent_and_stopped(
    console: Console, context: BrowserContext, watched: Watched
) -> None:
    ref = hold(console, "Stopped without a script")
    opened = context.browser
    assert opened is not None
    plain = opened.new_context(base_url=console.base, java_script_enabled=False)
    page = signed_in(plain, console.people["reviewer"]).new_page()
    page.goto(f"/m/{ref}/decide")
    page.get_by_label("Send a separate copy to each person").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send 12 separate copies").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("You can stop this for 30 seconds")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped. Nothing was sent.")
    assert state(console, ref) == "held"
    plain.close()


@pytest.mark.parametrize("width, text", [(320, 100), (1280, 400)])
def test_nothing_scrolls_sideways_on_a_small_screen_or_with_large_text(
    desk: Page, console: Console, width: int, text: int
) -> None:
    ref = hold(console, "W" * 300)
    desk.set_viewport_size({"width": width, "height": 800})
    paths = (
        "/queue",
        f"/m/{ref}",
        f"/m/{ref}/decide",
        "/audit",
        "/policy",
        "/account",
        "/queue/views",
        "/queue/export",
    )
    for path in paths:
        desk.goto(path)
        desk.evaluate("size => document.documentElement.style.setProperty('font-size', size + '%')", text)
        wide = desk.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], (path, wide)


def test_what_is_new_is_announced_and_the_list_does_not_move(
    console: Console, context: BrowserContext, watched: Watched
) -> None:
    page = watched.watch(signed_in(context, console.people["reviewer"]).new_page(), console.base)
    page.clock.install()
    page.goto("/queue")
    before = page.locator("h3 a").all_text_contents()
    hold(console, "New one")
    hold(console, "New two")
    page.clock.fast_forward(31_000)
    told = page.get_by_role("status").filter(has_text="2 new messages")
    expect(told).to_be_visible()
    assert page.locator("h3 a").all_text_contents() == before
    told.get_by_text("Show them").click()
    expect(page.locator("h3 a")).not_to_have_count(len(before))
