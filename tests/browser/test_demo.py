"""Checks 1, 2, 9, 10, 11, 12 and 15 of CONSOLE.md section 7 in Debian's Chromium, on the demo that anybody can start.

Everything is done as a person does it, by what stands on the pages; what left is read from the files that they offer.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Canary, Watched, screen
from tests.browser.test_console import overflow, violations
from tests.end_to_end.demo import Demo
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import eventually

BANNER = "Demo. Nothing is really sent."
PROVIDERS = rb"[a-z.0-9]+@(?:mailbox|post|webmail|broadband|home)\.example"
FORMS = {"separate": "Send a separate copy to each person", "bcc": "Move everyone to Bcc and send"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(tmp_path_factory.mktemp("demo")) as started:
        started.wait_for(r"(Whatever else is sent)")
        yield started


@pytest.fixture(scope="module")
def looking(browser: Browser, demo: Demo) -> Iterator[BrowserContext]:
    """The browser that has come by the link (check 1)."""
    context = browser.new_context(base_url=demo.base)
    page = context.new_page()
    page.goto("/queue")
    assert page.url.endswith("/sign-in?why=first"), "without the link nobody is in"
    expect(page.get_by_text(BANNER)).to_be_visible()
    page.goto(demo.link)
    page.get_by_role("button", name="Look around").click()
    expect(page).to_have_url(f"{demo.base}/demo")
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(looking: BrowserContext, demo: Demo) -> Iterator[Page]:
    """A page of that browser, as reviewer; the test fails where the browser complains."""
    canary = Canary()
    watched = Watched(canary)
    opened = watched.watch(looking.new_page(), demo.base)
    become(opened, "Reviewer")
    yield opened
    opened.close()
    canary.stop()
    assert watched.complaints == [] and canary.hits == []


def become(page: Page, name: str) -> None:
    page.goto("/demo")
    page.get_by_role("button", name=name, exact=True).click()


def arrives(demo: Demo, page: Page, subject: str, people: int = 288) -> str:
    """A list that somebody sends is held; its reference. Each sender sends one: five notices would come as one."""
    sender = f"{subject.partition(' ')[0].lower()}@elmroad.example"
    addresses = [f"person{number}@post.example" for number in range(people)]
    listed = ",\r\n ".join(addresses)
    identifier = f"Message-ID: <{subject.replace(' ', '')}@elmroad.example>\r\n"
    body = f"Dear all, about {subject}.\r\n" + "".join(f"Line {number}.\r\n" for number in range(40))
    header = f"From: {sender}\r\nTo: {sender}\r\nCc: {listed}\r\nSubject: {subject}\r\n{identifier}"
    code, said = submit(demo.port, f"{header}\r\n{body}".encode(), addresses, sender)
    found = re.search(r"MG-[0-9A-Z]{4}-[0-9A-Z]{2}", said)
    assert code == 250 and found, said
    return found[0]


def left(page: Page, subject: str) -> list[bytes]:
    """Every message with this subject that the next mail server got."""
    page.goto("/demo/outbox")
    card = page.locator("li.mg-card", has_text=f"Subject: {subject}")
    if not card.count():
        return []
    hrefs = card.locator("a[href^='/demo/outbox/']").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    return [page.request.get(f"{href}/message.eml").body() for href in dict.fromkeys(hrefs)]


def chooses(page: Page, ref: str, form: str) -> None:
    """To the summary of a decision."""
    page.goto(f"/m/{ref}/decide")
    page.get_by_label(FORMS[form]).check()
    page.get_by_role("button", name="Continue").click()


def test_1_the_link_works_once_and_the_page_is_there_soon(browser: Browser, demo: Demo, page: Page) -> None:
    assert demo.ready_cpu < 10, "in less than ten seconds, where nothing else runs"
    page.goto("/queue")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Held messages")
    another = browser.new_context(base_url=demo.base).new_page()
    another.goto(demo.link)
    expect(another.get_by_text("already used")).to_be_visible()
    another.goto("/demo/outbox")
    assert another.url.endswith("/sign-in?why=first")
    another.context.close()


def test_2_the_first_card_leads_with_the_consequence(page: Page) -> None:
    page.goto("/queue")
    cards = page.locator("li.mg-card")
    assert page.title() == f"Held messages ({cards.count()}) – mailguard"
    card = cards.filter(has_text="Flu clinic on Saturday")
    expect(cards.first).to_contain_text("Flu clinic on Saturday")
    expect(card.get_by_role("heading", level=3).get_by_role("link")).to_have_text(
        "288 people in Cc would see each other's addresses"
    )
    expect(card).to_contain_text("reception@elmroad.example")
    expect(card).to_contain_text("288 people at 5 domains outside Elm Road Surgery")
    expect(card).to_contain_text("Due in 23 hours")
    times = page.locator("li.mg-card time").evaluate_all("all => all.map(each => each.dateTime)")
    assert times == sorted(times) and len(times) == cards.count()


def test_9_nothing_is_chosen_beforehand_and_nothing_leaves_before_the_last_button(demo: Demo, page: Page) -> None:
    ref = arrives(demo, page, "Two steps")
    page.goto(f"/m/{ref}/decide")
    assert page.locator("input[type=radio]:checked").count() == 0
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.locator(".govuk-error-summary a").click()
    expect(page.locator("input[name=choice]").first).to_be_focused()
    chooses(page, ref, "separate")
    expect(page.get_by_role("button", name="Send 288 separate copies")).to_be_visible()
    expect(page.locator("main")).to_contain_text("288 people")
    assert left(page, "Two steps") == []


def test_10_each_person_gets_a_copy_that_shows_them_alone(demo: Demo, page: Page) -> None:
    ref = arrives(demo, page, "Separate copies")
    chooses(page, ref, "separate")
    page.get_by_role("button", name="Send 288 separate copies").click()
    expect(page.get_by_text("You can stop this for 15 seconds")).to_be_visible()
    card = page.locator("li.mg-card", has_text="Subject: Separate copies")
    all_left = "288 copies, each to one person"
    eventually(lambda: page.goto("/demo/outbox") and card.count() == 1 and all_left in card.inner_text(), 120)
    screen(page, "demo-outbox-copies")
    recipients, bodies = set(), set()
    for raw in left(page, "Separate copies"):
        header, _, body = raw.partition(b"\r\n\r\n")
        (shown,) = set(re.findall(PROVIDERS, header))
        assert re.search(rb"(?im)^To: .*" + re.escape(shown), header) and not re.search(rb"(?im)^b?cc:", header)
        recipients.add(shown)
        bodies.add(hashlib.sha256(body).hexdigest())
    assert len(recipients) == 288 and len(bodies) == 1
    become(page, "Sender")
    page.get_by_role("link", name=re.compile("Being sent: Separate copies")).click()
    expect(page.locator(".mg-text")).to_contain_text("as separate copies to 288 people outside Elm Road Surgery")


def test_11_bcc_is_warned_of_and_shows_nobody(demo: Demo, page: Page) -> None:
    ref = arrives(demo, page, "With Bcc")
    page.goto(f"/m/{ref}/decide")
    expect(page.locator("main")).to_contain_text("For health or other sensitive matters, the ICO advises against")
    chooses(page, ref, "bcc")
    page.get_by_role("button", name=re.compile("^Send to 288 people with Bcc")).click()
    eventually(lambda: left(page, "With Bcc"), 120)
    (raw,) = left(page, "With Bcc")
    assert not re.search(PROVIDERS, raw.partition(b"\r\n\r\n")[0])
    card = page.locator("li.mg-card", has_text="Subject: With Bcc")
    expect(card.get_by_role("heading")).to_have_text("To 288 people")
    assert card.locator("tbody tr").count() == 288


def test_12_what_is_stopped_does_not_leave(demo: Demo, page: Page) -> None:
    ref = arrives(demo, page, "Stopped in time")
    chooses(page, ref, "separate")
    page.get_by_role("button", name="Send 288 separate copies").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped. Nothing was sent.")
    page.goto(f"/m/{ref}")
    expect(page.locator("main")).to_contain_text("Needs a decision")
    time.sleep(18)
    assert left(page, "Stopped in time") == []
    page.goto(f"/audit?q={ref}")
    expect(page.locator("main")).to_contain_text(re.compile("stopped", re.IGNORECASE))
    assert page.locator("main").text_content().count("robin.reviewer@elmroad.example") >= 2


def test_15_opening_a_senders_link_does_nothing_and_what_they_cancel_is_cancelled(
    browser: Browser, demo: Demo, page: Page
) -> None:
    ref = arrives(demo, page, "Sender cancels")
    page.goto("/demo/outbox")
    eventually(lambda: (page.reload(), page.get_by_role("link", name="Not sent yet: Sender cancels").count())[1])
    page.get_by_role("link", name="Not sent yet: Sender cancels").click()
    link = demo.base + (page.locator(".mg-text a").first.get_attribute("href") or "")
    chooses(page, ref, "separate")  # a reviewer has it open meanwhile

    sender = browser.new_context().new_page()  # no account, no cookie
    assert sender.request.get(link).status == 200 and sender.request.head(link).status == 200
    sender.goto(link)
    sender.wait_for_timeout(10_000)  # whatever a script on the page would do
    expect(sender.get_by_role("heading", level=1)).to_have_text("What should happen to your email?")
    sender.get_by_label("Cancel it").check()
    sender.get_by_role("button", name="Continue").click()
    sender.get_by_label("code").last.fill(sender.locator(".mg-code").text_content() or "")
    sender.get_by_role("button", name=re.compile("Cancel|cancel")).click()
    expect(sender.get_by_role("heading", level=1)).to_contain_text(re.compile("cancelled", re.IGNORECASE))
    sender.goto(link)
    expect(sender.get_by_role("heading", level=1)).to_contain_text(re.compile("cancelled", re.IGNORECASE))
    assert sender.locator("main form").count() == 0

    altered = link[:-1] + ("0" if link[-1] != "0" else "1")
    for wrong in (altered, f"{demo.base}/s/{'0' * 64}"):
        answer = sender.goto(wrong)
        assert answer is not None and answer.status == 404
    sender.context.close()

    with page.expect_response(lambda response: response.request.method == "POST") as answered:
        page.get_by_role("button", name="Send 288 separate copies").click()
    assert answered.value.status == 409
    expect(page.get_by_role("heading", level=1)).to_have_text("The sender cancelled this email")
    assert left(page, "Sender cancels") == []


def test_the_demos_own_pages_are_as_accessible_as_the_others(demo: Demo, page: Page) -> None:
    page.goto("/demo/outbox")
    one = page.get_by_role("link", name="Not sent yet: Carers' evening on Tuesday").get_attribute("href") or ""
    for name, path in (("guide", "/demo"), ("outbox", "/demo/outbox"), ("notice", one), ("queue", "/queue")):
        page.goto(path)
        expect(page.get_by_text(BANNER)).to_be_visible()
        screen(page, f"demo-{name}")
        assert violations(page) == [] and overflow(page) <= 0, path
        page.set_viewport_size({"width": 320, "height": 800})
        screen(page, f"demo-{name}-320")
        assert overflow(page) <= 0, f"{path} at 320 pixels"
        page.set_viewport_size({"width": 1280, "height": 800})
        page.evaluate("document.documentElement.style.fontSize = '400%'")
        assert overflow(page) <= 0, f"{path} with text of 400 %"


def test_everybody_is_one_press_away_without_javascript(browser: Browser, looking: BrowserContext, demo: Demo) -> None:
    context = browser.new_context(base_url=demo.base, java_script_enabled=False)
    context.add_cookies(looking.cookies())  # type: ignore[arg-type]
    page = context.new_page()
    for name, sees in (("Viewer", False), ("Admin", False), ("Reviewer", True)):
        become(page, name)
        assert page.url == f"{demo.base}/queue"
        assert ("reception@elmroad.example" in page.content()) is sees, name
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-current", "true")
    become(page, "Sender")
    assert page.url == f"{demo.base}/demo/outbox#notices"
    page.goto("/queue")
    assert page.url.endswith("/sign-in?why=first")
    become(page, "Reviewer")
    looking.clear_cookies()
    looking.add_cookies(context.cookies())  # type: ignore[arg-type]
    context.close()
