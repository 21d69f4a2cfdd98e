"""The register of incidents in a real browser, without JavaScript and with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Console, Watched, letter, signed_in
from tests.browser.looks import faults, overflow, violations
from tests.end_to_end.mailing import submit


@pytest.fixture
def keeper(browser: Browser, console: Console) -> Iterator[BrowserContext]:
    """Somebody who keeps the register, without JavaScript, as everything must work."""
    context = signed_in(browser.new_context(base_url=console.base, java_script_enabled=False), console.people["admin"])
    yield context
    context.close()


def types_case(page: Page, narrative: str) -> None:
    page.goto("/incidents")
    page.get_by_role("link", name="Enter an incident").click()
    page.get_by_label("A breach: personal data").check()
    page.get_by_label("What happened", exact=True).fill(narrative)
    page.get_by_label("When it happened, or began").fill("5/3/2020")
    page.get_by_label("When your organisation knew").fill("28/4/2020 10:00")
    page.get_by_label("A workbook carried hidden sheets").check()
    row = page.get_by_role("group", name="People by type 1")
    row.get_by_label("Type").select_option("Complainants")
    row.get_by_label("Certainly affected").fill("5305")


def test_an_incident_is_entered_changed_and_decided_without_javascript(
    keeper: BrowserContext, watched: Watched, console: Console
) -> None:
    page = watched.watch(keeper.new_page(), console.base)
    types_case(page, "Ask jo@outside.example")
    page.get_by_role("button", name="Enter it in the register").click()
    expect(page).to_have_title(re.compile("^Error: Enter an incident"))
    expect(page.locator(".govuk-error-summary")).to_contain_text("it holds email addresses")
    expect(page.get_by_label("When it happened, or began")).to_have_value("5/3/2020")
    expect(page.get_by_label("A workbook carried hidden sheets")).to_be_checked()
    page.get_by_label("What happened", exact=True).fill("A spreadsheet with hidden sheets was sent out.")
    page.get_by_role("button", name="Enter it in the register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Breach: A workbook carried hidden sheets")
    expect(page.get_by_text("The 72 hours to tell the Information Commissioner ended")).to_be_visible()
    record = page.url.partition("?")[0]
    page.get_by_role("link", name="What may come of it").click()
    expect(page.get_by_label("Likely consequences")).to_be_visible()
    expect(page.get_by_label("What happened", exact=True)).to_be_hidden()
    page.get_by_label("Likely consequences").fill("People could be distressed.")
    page.get_by_label("Why you change it").fill("We know more")
    page.get_by_role("button", name="Save as a new revision").click()
    expect(page.get_by_role("status")).to_have_text("The change was saved as revision 2.")
    expect(page.get_by_text("Why: We know more")).to_be_visible()
    page.get_by_role("link", name="Decide whether to report it").click()
    page.get_by_label("No, do not report it").check()
    page.get_by_label("Who decided").fill("The data-protection officer")
    page.get_by_role("button", name="Record the decision").click()
    page.get_by_label("Why", exact=True).fill("The file came back unopened")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("It was decided not to tell the Information Commissioner.").first).to_be_visible()
    page.get_by_role("link", name="Letter to the people affected").click()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as text").click()
    assert "distressed" in saving.value.path().read_text("utf-8")
    page.goto(record + "/close")
    page.get_by_label("Why it is closed").fill("Nothing more to do")
    page.get_by_role("button", name="Close the record").click()
    expect(page.get_by_role("link", name="Open the record again")).to_be_visible()


def test_focus_is_in_the_error_summary_and_its_link_leads_to_the_field(
    context: BrowserContext, watched: Watched, console: Console
) -> None:
    page = watched.watch(signed_in(context, console.people["admin"]).new_page(), console.base)
    types_case(page, "x")
    page.get_by_text("How it ended").click()
    page.get_by_label("Fine", exact=True).fill("lots")
    page.keyboard.press("Enter")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Fine", exact=True)).to_be_focused()
    expect(page.get_by_label("Fine", exact=True)).to_have_value("lots")
    # Every part opens and closes from the keyboard.
    summary = page.locator("summary", has_text="Harm and likelihood")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Likelihood", exact=True)).to_be_visible()
    assert violations(page) == [] and overflow(page) <= 0


def test_a_conflict_looks_as_it_must_and_what_is_printed_has_nothing_around_it(
    context: BrowserContext, watched: Watched, console: Console
) -> None:
    service = console.service
    (made,) = service.rows("incident", "add", "--narrative", "A letter went astray", "--mechanism", "posted_wrongly")
    incident = made["incident"]
    page = watched.watch(signed_in(context, console.people["admin"]).new_page(), console.base)
    page.goto(f"/incidents/{incident}/close")
    service.run("incident", "revise", incident, "--set", "fine=7", "--why", "they decided")
    page.get_by_label("Why it is closed").fill("Nothing more")
    page.get_by_role("button", name="Close the record").click()
    expect(page.get_by_role("alert")).to_contain_text("What you typed was not saved")
    expect(page.get_by_label("Why it is closed")).to_have_value("Nothing more")
    assert faults(page, "incident-conflict") == []
    page.goto(f"/incidents/{incident}/forms/notification")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Save as text")).to_be_hidden()
    expect(page.locator("header.mg-header")).to_be_hidden()
    expect(page.get_by_role("heading", name="Nature of the breach")).to_be_visible()
    page.emulate_media(media="screen")


def test_a_reviewer_of_a_team_tells_the_register_that_a_message_was_a_breach(
    browser: Browser, watched: Watched, console: Console
) -> None:
    code, text = submit(console.service.port, *letter(12, "Shown to all"))
    ref = text.rpartition(" ")[2]
    assert code == 250, text
    console.service.run("held", "release", ref, "--as", "original", "--reason", "agreed")
    context = signed_in(browser.new_context(base_url=console.base), console.people["reviewer"])
    page, found = watched.watch(context.new_page(), console.base), []
    page.goto(f"/m/{ref}")
    page.get_by_role("link", name="Tell who keeps the register").click()
    found += faults(page, "report")
    page.get_by_label("What went wrong?").fill("Ask jo@outside.example")
    page.get_by_role("button", name="Enter it in the register").click()
    expect(page).to_have_title(re.compile("^Error: "))
    found += faults(page, "report-wrong")
    page.get_by_label("What went wrong?").fill("Twelve people saw each other.")
    page.get_by_role("button", name="Enter it in the register").click()
    expect(page.get_by_text("This message is in the register of incidents, as IR-")).to_be_visible()
    found += faults(page, "report-done")
    context.close()
    assert found == []
