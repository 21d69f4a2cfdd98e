"""Working the list in Chromium: CONSOLE.md section 7, checks 8, 17 and 18, and news that moves nothing."""

from __future__ import annotations

import csv
import io
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Console, Watched, letter, screen, signed_in
from tests.browser.people import PASSWORD, Person, set_up
from tests.browser.test_console import addressed, overflow, violations
from tests.end_to_end.mailing import submit

FORMULA = '=HYPERLINK("http://evil.example","press")'
NOTE = "Please send a separate email to each person, so that nobody sees the others."
LEADING_AWAY = (("?",), ("g", "h"), ("d", "Enter"))
EVERY_KEY = ("h", *string.ascii_letters.replace("gh", "hg"), *string.digits, *string.punctuation.replace("?", ""))


@pytest.fixture(scope="module")
def worker(console: Console, browser: Browser) -> Person:
    """A reviewer of everybody's mail, with a colleague to ask. What is held here is of a team of its own."""
    console.service.run("user", "add", "colleague@elmroad.example", "--role", "reviewer", "--generate")
    return set_up(console.service, browser, console.base, "worker@elmroad.example", "reviewer")


@pytest.fixture
def desk(context: BrowserContext, console: Console, watched: Watched, worker: Person) -> Page:
    signed_in(context, worker)
    return watched.watch(context.new_page(), console.base)


@pytest.fixture
def plain(browser: Browser, console: Console) -> Iterator[Page]:
    """A browser that runs no script."""
    context = browser.new_context(java_script_enabled=False, base_url=console.base, accept_downloads=True)
    yield context.new_page()
    context.close()


def holds(console: Console, subject: str, sender: str = "pat@elmroad.example") -> None:
    raw, addresses, path = letter(11, subject, sender)
    assert submit(console.service.port, raw, addresses, path, ("SMTPUTF8",))[0] == 250


def decisions(console: Console) -> list[str]:
    """What stands in the ledger of people who decided."""
    ends = ("release_", "message_released", "hold_cancelled", "decision_escalated", "message_assigned")
    return [row["kind"] for row in console.service.rows("audit", "list") if row["kind"].startswith(ends)]


def saved_rows(page: Page, folder: Path) -> list[list[str]]:
    with page.expect_download() as begun:
        page.get_by_role("button", name="Save the table").click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") and re.fullmatch(r"held-messages-[\d-]{10}\.csv", path.name)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_without_javascript_everything_is_done(plain: Page, console: Console, worker: Person, tmp_path: Path) -> None:
    """Check 8: sign in, search, filter, decide, reject several with a note, save a view, export."""
    for subject in ("Plain one", "Plain two", "Plain three"):
        holds(console, subject)
    plain.goto("/")
    plain.get_by_label("Account name").fill(worker.name)
    plain.get_by_label("Password").fill(PASSWORD)
    plain.get_by_label("Six-digit code").fill(worker.code())
    plain.get_by_role("button", name="Sign in").click()
    plain.get_by_label("Search by subject, person or reference").fill("plain")
    plain.get_by_role("button", name="Search").click()
    expect(plain.locator("li.mg-card")).to_have_count(3)
    plain.get_by_role("link", name="Export this list (CSV)").click()
    expect(plain.get_by_text("a table of 3 messages")).to_be_visible()
    assert len(saved_rows(plain, tmp_path)) == 4
    plain.goto("/queue?q=plain&sort=newest")
    for number in (0, 1):
        plain.get_by_role("checkbox").nth(number).check()
    plain.get_by_role("button", name="Do not send").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Do not send these 2 messages")
    plain.get_by_label("Note to the senders").fill(NOTE)
    plain.get_by_role("button", name="Do not send 2 messages").click()
    expect(plain.get_by_role("status")).to_contain_text("2 done. They are not sent.")
    plain.get_by_role("link", name="Back to the list").click()
    expect(plain.locator("li.mg-card")).to_have_count(1)
    expect(plain.locator("li.mg-card")).to_contain_text("Plain one")
    plain.locator("li.mg-card a").click()
    plain.get_by_role("link", name="Go to the decision").click()
    plain.get_by_label("Do not send. Tell").check()
    plain.get_by_label("Note to").first.fill(NOTE)
    plain.get_by_role("button", name="Continue").click()
    plain.get_by_role("button", name="Do not send it").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("Not sent")
    assert decisions(console).count("release_rejected") >= 3


def test_a_filter_stands_in_the_address_gets_a_name_and_is_exported(
    desk: Page, console: Console, watched: Watched, tmp_path: Path
) -> None:
    """Check 18."""
    holds(console, FORMULA)
    desk.goto("/queue")
    desk.get_by_label("Search by subject, person or reference").fill("hyperlink")
    desk.get_by_role("button", name="Search").click()
    expect(desk).to_have_url(re.compile("q=hyperlink"))
    expect(desk.locator("li.mg-card")).to_have_count(1)
    desk.reload()
    expect(desk.locator("li.mg-card")).to_have_count(1)
    desk.get_by_role("link", name="Save this view").click()
    desk.get_by_label("Name of the view").fill("Formulas")
    for name in ("views", "views-320"):
        screen(desk, f"queue-{name}")
        assert violations(desk) == [] and overflow(desk) <= 0
        desk.set_viewport_size({"width": 320, "height": 800})
    desk.set_viewport_size({"width": 1280, "height": 800})
    with desk.expect_navigation():
        desk.get_by_role("button", name="Save the view").click()
    desk.goto("/queue")
    desk.get_by_role("navigation", name="Saved views").get_by_role("link", name="Formulas").click()
    assert "q=hyperlink" in desk.url
    expect(desk.get_by_text("1 message found")).to_be_visible()
    desk.get_by_role("link", name="Export this list (CSV)").click()
    screen(desk, "queue-export")
    assert violations(desk) == [] and overflow(desk) <= 0
    rows = saved_rows(desk, tmp_path)
    assert len(rows) == 2, "as many rows as the list showed, and the headings"
    assert rows[1][rows[0].index("Subject")] == f"'{FORMULA}"
    (entry,) = [row for row in console.service.rows("audit", "list") if row["kind"] == "held_exported"][-1:]
    assert entry["rows"] == 1
    desk.goto("/queue/views")
    desk.get_by_role("button", name="Remove").click()
    expect(desk.get_by_text("There are no saved views yet.")).to_be_visible()


def test_the_pages_of_several_at_once_are_for_everybody(desk: Page, console: Console) -> None:
    holds(console, "Several one")
    holds(console, "Several two")
    desk.goto("/queue?q=several")
    for number in (0, 1):
        desk.get_by_role("checkbox").nth(number).check()
    screen(desk, "queue-ticked")
    desk.get_by_role("button", name="Ask someone else").click()
    for width in (1280, 320):
        desk.set_viewport_size({"width": width, "height": 800})
        screen(desk, f"queue-bulk-{width}")
        assert violations(desk) == [] and overflow(desk) <= 0
    desk.get_by_role("button", name="Ask about 2 messages").click()
    expect(desk).to_have_title(re.compile("^Error:"))
    expect(desk.locator(".govuk-error-summary")).to_be_focused()
    desk.goto("/queue?q=several")
    for number in (0, 1):
        desk.get_by_role("checkbox").nth(number).check()
    desk.get_by_role("button", name="Assign to me").click()
    desk.get_by_role("button", name="Take 2 messages on").click()
    for width in (1280, 320):
        desk.set_viewport_size({"width": width, "height": 800})
        screen(desk, f"queue-bulk-done-{width}")
        assert violations(desk) == [] and overflow(desk) <= 0
    expect(desk.get_by_role("status")).to_contain_text("2 done. You have taken them on.")
    desk.goto("/queue?view=mine")
    expect(desk.locator("li.mg-card")).to_have_count(2)


def test_news_is_told_without_moving_the_list_and_not_while_nobody_looks(desk: Page, console: Console) -> None:
    desk.clock.install()
    desk.goto("/queue")
    cards, title = desk.locator("li.mg-card").count(), desk.title()
    first = desk.locator("li.mg-card").first.text_content()
    expect(desk.locator("#news")).to_be_empty()
    holds(console, "News one")
    holds(console, "News two")
    desk.clock.run_for(31_000)
    expect(desk.locator("#news")).to_have_text("2 new messages. Show them")
    assert desk.locator("#news").get_attribute("role") == "status" and violations(desk) == []
    assert desk.locator("li.mg-card").count() == cards and desk.locator("li.mg-card").first.text_content() == first
    before, after = (int(re.sub(r"\D", "", each)) for each in (title, desk.title()))
    assert after == before + 2
    screen(desk, "queue-news")

    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    desk.clock.run_for(95_000)
    assert asked == [], "it rests while the tab is hidden"
    desk.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    with desk.expect_response(re.compile("/queue/news")):
        desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    desk.get_by_role("link", name="Show them").click()
    expect(desk.locator("li.mg-card").first).to_be_visible()
    expect(desk.locator("#news")).to_be_empty()
    assert desk.locator("li.mg-card").count() == min(25, cards + 2)


def test_a_list_that_cannot_be_refreshed_says_since_when(browser: Browser, console: Console, worker: Person) -> None:
    context = signed_in(browser.new_context(base_url=console.base), worker)
    page = context.new_page()
    page.clock.install()
    page.goto("/queue")
    page.route("**/queue/news*", lambda route: route.abort())
    page.clock.run_for(31_000)
    expect(page.locator("#news")).to_have_text(
        re.compile(r"We could not refresh this list\. It was right at .+\. Refresh")
    )
    page.unroute("**/queue/news*")
    context.clear_cookies()
    page.clock.run_for(31_000)
    expect(page.locator("#news")).to_contain_text("We could not refresh this list.")
    context.close()


def test_keys_do_nothing_until_they_are_switched_on_and_then_move_about(desk: Page, console: Console) -> None:
    holds(console, "Keys one")
    holds(console, "Keys two")
    desk.goto("/queue?q=keys&sort=newest")
    for key in ("j", "x", "/", "?", "g", "h"):
        desk.keyboard.press(key)
    assert desk.evaluate("document.activeElement.tagName") == "BODY" and "q=keys" in desk.url
    desk.goto("/account")
    desk.get_by_role("link", name="Keyboard shortcuts").click()
    desk.get_by_role("button", name="Switch them on").click()
    expect(desk.get_by_text("They are on for your account.")).to_be_visible()
    screen(desk, "keys")
    assert violations(desk) == [] and overflow(desk) <= 0
    desk.goto("/queue?q=keys&sort=newest")
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    expect(desk.get_by_role("checkbox").nth(0)).to_be_checked()
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    desk.keyboard.press("x")
    expect(desk.get_by_role("checkbox").nth(0)).not_to_be_checked()
    desk.keyboard.press("/")
    expect(desk.locator("#q")).to_be_focused()
    desk.keyboard.type("jx?gh")
    expect(desk.locator("#q")).to_have_value(re.compile("jx\\?gh"))
    desk.locator("h1").click()
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Keys two")
    desk.keyboard.press("g")
    desk.keyboard.press("h")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Held messages")
    desk.keyboard.press("?")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Keyboard shortcuts")


@pytest.mark.parametrize("page", ["", "/decide"])
def test_no_key_makes_a_decision(desk: Page, console: Console, page: str) -> None:
    """Check 17: shortcuts are on (the test before), and every key is pressed on a message and on its decision form."""
    before = decisions(console)
    path = addressed(console, "/m/{Keys one}") + page
    desk.goto(path, wait_until="networkidle")
    assert desk.locator("body[data-shortcuts=on]").count() == 1
    desk.keyboard.press("d")
    assert desk.evaluate("document.activeElement.hasAttribute('data-decision')")
    for key in (*EVERY_KEY, "Space", "Escape", "Backspace", "Delete", "ArrowDown", "Home", "F2"):
        desk.keyboard.press("d")
        desk.keyboard.press(key)
    assert desk.url.endswith(path)
    for keys in LEADING_AWAY:
        desk.goto(path, wait_until="networkidle")
        with desk.expect_navigation(wait_until="networkidle"):
            for key in keys:
                desk.keyboard.press(key)
    assert decisions(console) == before
    assert [row["state"] for row in console.service.rows("held", "list") if row["subject"] == "Keys one"] == ["held"]


def test_a_reject_is_done_with_the_keyboard_alone(desk: Page, console: Console) -> None:
    """Check 17: j, Enter, d, then Tab, arrows and Enter, as on any form."""
    holds(console, "Hands only")
    desk.goto("/queue?q=hands")
    for key in ("j", "Enter"):
        desk.keyboard.press(key)
    expect(desk.get_by_role("heading", level=1)).to_have_text("Hands only")
    for key in ("d", "Enter"):
        desk.keyboard.press(key)
    expect(desk.get_by_role("heading", level=1)).to_have_text("What should happen to this message?")
    desk.keyboard.press("d")
    for _ in range(6):
        if desk.evaluate("document.activeElement.value") == "reject" and desk.evaluate(
            "document.activeElement.checked"
        ):
            break
        desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Tab")
    desk.keyboard.type(NOTE)
    expect(desk.locator("#reject_note")).to_be_focused()
    presses(desk, "Continue")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Check before you decide")
    presses(desk, "Do not send it")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Not sent")


def presses(page: Page, name: str) -> None:
    """Tab to a button, and press it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached")
