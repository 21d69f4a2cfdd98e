"""The pages about attachments in Debian's Chromium: a real workbook, masked, unmasked and taken along."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console, letter, screen, signed_in
from tests.browser.people import Person, set_up
from tests.browser.test_console import addressed, overflow, violations
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT

BOOK = (ROOT / "tests" / "fixtures" / "workbooks" / "hidden-sheet.xlsx").read_bytes()
NAME = "Referrals " + "<b>of a month with a long name</b> " * 4 + ".xlsx"
SUBJECT = "Figures with a hidden sheet"


def with_the_book() -> tuple[bytes, list[str], str]:
    """From the team park, so that the lists of the other tests stay as they are."""
    raw, addresses, path = letter(40, SUBJECT, "pat@elmroad.example")
    head = raw.partition(b"\r\n\r\n")[0]
    part = (
        "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee attached.\r\n--b\r\n"
        f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{NAME}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    content = base64.encodebytes(BOOK).replace(b"\n", b"\r\n")
    return head + part.encode() + content + b"--b--\r\n", addresses, path


@pytest.fixture(scope="module")
def reviewer(console: Console, browser: Browser) -> Person:
    assert submit(console.service.port, *with_the_book())[0] == 250
    person = set_up(console.service, browser, console.base, "parker@elmroad.example", "reviewer:park")
    console.service.run("user", "role", person.name, "reviewer:park", "reveal:park", "download:park")
    return person


@pytest.fixture
def page(console: Console, browser: Browser, reviewer: Person) -> Iterator[Page]:
    """Without JavaScript but for what axe needs: it runs over the debugger."""
    context = browser.new_context(base_url=console.base)
    opened = signed_in(context, reviewer).new_page()
    opened.goto(addressed(console, f"/m/{{{SUBJECT}}}"))
    yield opened
    context.close()


def looks_well(page: Page, name: str) -> None:
    for width, size in ((1280, "100%"), (320, "100%"), (1280, "400%")):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
        screen(page, f"{name}-{width}-{size[:-1]}")
        assert overflow(page) <= 0, (name, width, size)
        if size == "100%":
            assert violations(page) == [], (name, width)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '100%'")


def test_from_the_message_to_the_rows_and_the_file(page: Page, tmp_path: Path) -> None:
    looks_well(page, "message-attachment")
    expect(page.get_by_role("heading", name="What has happened")).to_be_visible()
    page.get_by_role("link", name="Look at the first rows of").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<b>of a month")
    hidden = page.get_by_role("region", name="not visible: hidden sheet").first
    expect(hidden).to_contain_text("NHS number")
    masked = hidden.inner_text()
    looks_well(page, "attachment")
    button = page.get_by_role("button", name="Show the values for ten minutes")
    button.click()
    expect(page).to_have_title(re.compile("^Error: "))
    page.get_by_role("link", name="Enter why you need to see the values").click()
    expect(page.locator("#reason")).to_be_focused()
    looks_well(page, "attachment-error")
    page.get_by_label("Why do you need to see them?").fill("Is it the old list?")
    button.click()
    expect(page.get_by_text("because you asked for it")).to_be_visible()
    shown = page.get_by_role("region", name="not visible: hidden sheet").first.inner_text()
    assert "•" in masked and "•" not in shown
    looks_well(page, "attachment-unmasked")
    page.get_by_role("link", name="Take this attachment along as a file").click()
    looks_well(page, "download")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the file").click()
    waiting.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == BOOK
    assert waiting.value.suggested_filename == "b.xlsx", "what stands behind the last slash"
