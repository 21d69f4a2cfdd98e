"""The console in Debian's Chromium: CONSOLE.md section 7, as far as its pages exist."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import SCREENS, Console, Watched, screen, signed_in
from tests.browser.looks import faults, overflow, violations
from tests.browser.people import sign_in

NOBODY, REVIEWER, VIEWER, ADMIN = None, "reviewer", "viewer", "admin"

PAGES = {
    "sign-in": (NOBODY, "/sign-in"),
    "signed-out": (NOBODY, "/sign-in?why=first&to=/account"),
    "not-found": (NOBODY, "/nothing"),
    "link-gone": (NOBODY, f"/start/{'0' * 64}"),
    "queue": (REVIEWER, "/queue"),
    "queue-masked": (VIEWER, "/queue"),
    "queue-admin": (ADMIN, "/queue?sort=newest"),
    "queue-empty": (REVIEWER, "/queue?view=decided"),
    "queue-nothing-found": (REVIEWER, "/queue?q=nothing+like+that"),
    "queue-search-wrong": (REVIEWER, "/queue?q=form:jo&from=soon"),
    "message": (REVIEWER, "/m/{Flu clinic}"),
    "message-hostile": (REVIEWER, "/m/{script}"),
    "message-html": (REVIEWER, "/m/{Newsletter}?view=html"),
    "message-masked": (VIEWER, "/m/{Flu clinic}"),
    "message-not-yours": (REVIEWER, "/m/{Secret}"),
    "account": (REVIEWER, "/account"),
}


def opened(context: BrowserContext, console: Console, watched: Watched, name: str) -> Page:
    person, path = PAGES[name]
    if person:
        signed_in(context, console.people[person])
    page = watched.watch(context.new_page(), console.base)
    page.goto(addressed(console, path))
    return page


def addressed(console: Console, path: str) -> str:
    """The path with the reference of the message whose subject holds what stands in braces."""
    before, brace, rest = path.partition("{")
    wanted, _, after = rest.partition("}")
    if not brace:
        return path
    (ref,) = [row["ref"] for row in console.service.rows("held", "list") if wanted in row["subject"]]
    return f"{before}{ref}{after}"


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_runs_over(
    context: BrowserContext, console: Console, watched: Watched, name: str
) -> None:
    page = opened(context, console, watched, name)
    assert faults(page, name) == []


def test_the_list_leads_with_the_consequence_and_shows_what_may_be_seen(
    context: BrowserContext, console: Console, watched: Watched
) -> None:
    page = opened(context, console, watched, "queue")
    assert page.title() == "Held messages (3) – mailguard"
    first = page.locator("li.mg-card").first
    expect(first.get_by_role("heading", level=3)).to_contain_text("288 people in Cc would see each other's addresses")
    expect(first).to_contain_text("Subject: Flu clinic: new dates")
    expect(first).to_contain_text("to 288 people at 9 domains outside Elm Road Surgery")
    expect(first).to_contain_text("Due in 23 hours")
    assert "Secret of another team" not in page.content()


def test_what_people_wrote_runs_nowhere(context: BrowserContext, console: Console, watched: Watched) -> None:
    page = opened(context, console, watched, "queue")
    expect(page.locator("li.mg-card").nth(1)).to_contain_text("<script>document.title='owned'</script>")
    assert "owned" not in page.title()
    expect(page.locator("li.mg-card").nth(1)).to_contain_text("[U+202E]")


def test_a_viewer_is_not_sent_what_is_not_for_viewers(
    context: BrowserContext, console: Console, watched: Watched
) -> None:
    page = opened(context, console, watched, "queue-masked")
    expect(page.locator("li.mg-card").first).to_contain_text("288 people in Cc")
    for hidden in ("Flu clinic", "jo@", "patient", "mail1.example"):
        assert hidden not in page.content()


def test_search_and_filters_work_without_javascript_and_stand_in_the_address(
    browser: Browser, console: Console
) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=console.base)
    page = signed_in(context, console.people["reviewer"]).new_page()
    page.goto("/queue")
    page.get_by_label("Search by subject, person or reference").fill("flu to:patient3@mail3.example")
    page.get_by_role("button", name="Search").click()
    assert "q=flu+to%3Apatient3%40mail3.example" in page.url
    expect(page.locator("li.mg-card")).to_have_count(1)
    page.reload()
    expect(page.locator("li.mg-card")).to_have_count(1)
    expect(page.get_by_label("Search by subject, person or reference")).to_have_value("flu to:patient3@mail3.example")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("li.mg-card")).to_have_count(3)
    page.get_by_text("More filters").click()
    page.get_by_label("Order").select_option("newest")
    page.get_by_role("button", name="Apply filters").click()
    assert "sort=newest" in page.url
    context.close()


def test_somebody_signs_in_and_out_and_focus_goes_to_what_is_wrong(
    context: BrowserContext, console: Console, watched: Watched
) -> None:
    page = watched.watch(context.new_page(), console.base)
    page.goto("/queue")
    assert page.url == f"{console.base}/sign-in?why=first"
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Error: Sign in – mailguard")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter your account name").click()
    expect(page.locator("#name")).to_be_focused()
    screen(page, "sign-in-wrong")
    assert violations(page) == []
    page.close()
    page = watched.watch(sign_in(context, console.people["reviewer"]), console.base)
    expect(page.get_by_role("heading", level=1)).to_have_text("Held messages")
    assert [cookie["httpOnly"] for cookie in context.cookies()] == [True]
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_text("This browser")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.goto("/queue")
    assert page.url.endswith("/sign-in?why=first")


def test_the_page_of_a_link_and_of_the_second_factor(
    context: BrowserContext, console: Console, watched: Watched
) -> None:
    console.service.run("user", "add", "new@elmroad.example", "--role", "viewer:park", "--generate")
    url = console.service.run("user", "link", "new@elmroad.example").stdout.strip()
    page = watched.watch(context.new_page(), console.base)
    page.goto(url)
    for name in ("start", "second-factor"):
        screen(page, name)
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 800})
        assert overflow(page) <= 0
        page.set_viewport_size({"width": 1280, "height": 800})
        if name == "start":
            page.get_by_label("Password", exact=True).fill("maple river copper nine")
            page.get_by_label("Password again").fill("maple river copper nine")
            page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("img", name="QR code for the app")).to_be_visible()
    page.goto(url)
    expect(page.get_by_text("already used")).to_be_visible()


def test_every_control_is_reached_by_tab_with_a_visible_focus(
    context: BrowserContext, console: Console, watched: Watched
) -> None:
    page = opened(context, console, watched, "queue")
    wanted = page.locator("a:visible, button:visible, input:visible, select:visible, summary:visible").count()
    seen = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "(() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.outerHTML.slice(0, 200), s.outlineStyle !== 'none' || s.boxShadow !== 'none'"
            " || s.backgroundColor === 'rgb(255, 221, 0)']; })()"
        )
        if where[0].startswith("<body"):
            break
        assert where[1], f"no focus to be seen: {where[0]}"
        seen.add(where[0])
    assert len(seen) >= wanted - 2


def test_with_forced_colours_buttons_and_tags_keep_an_edge(browser: Browser, console: Console) -> None:
    context = browser.new_context(base_url=console.base, forced_colors="active")
    page = signed_in(context, console.people["reviewer"]).new_page()
    page.goto("/queue")
    for each in page.locator(".govuk-button:visible, .govuk-tag:visible").all():
        assert float(str(each.evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)"))) >= 1
    context.close()


def test_a_card_leads_to_the_message(context: BrowserContext, console: Console, watched: Watched) -> None:
    page = opened(context, console, watched, "queue")
    page.get_by_role("link", name="288 people in Cc would see each other's addresses").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Flu clinic: new dates")
    page.get_by_text("Show 288 people").click()
    expect(page.get_by_text("patient0@mail0.example", exact=True)).to_be_visible()
    expect(page.get_by_text("Dear all")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Held messages")


def test_the_html_of_a_message_loads_nothing_and_does_nothing(
    context: BrowserContext, console: Console, watched: Watched
) -> None:
    page = opened(context, console, watched, "message-html")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Flu")).to_have_css("color", "rgb(1, 2, 3)")
    assert frame.get_by_alt_text("Logo").evaluate("image => image.naturalWidth") == 1
    expect(frame.get_by_text(f"your bank [{console.canary.url}/link]")).to_be_visible()
    for each in frame.locator("body *").all():
        if each.is_visible():
            each.click(force=True, timeout=2000)
    page.locator("iframe").screenshot(path=SCREENS / "message-frame.png")
    assert console.canary.hits == [] and "owned" not in page.title() and page.url.endswith("?view=html")
    assert len(context.pages) == 1


def test_the_html_by_itself_has_no_origin(context: BrowserContext, console: Console) -> None:
    signed_in(context, console.people["reviewer"])
    page = context.new_page()
    answer = page.goto(addressed(console, "/m/{Newsletter}/body"))
    assert answer is not None and answer.status == 200 and answer.headers["cache-control"] == "no-store"
    assert page.evaluate("self.origin") == "null"
    assert console.canary.hits == []
