"""The monthly report of a real service, in Chromium: what was mailed and decided, as a page, on paper and as a file."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from mailguard.core.lifecycle import State
from tests.browser.conftest import Watched, signed_in
from tests.browser.looks import NARROW, overflow, violations
from tests.browser.test_every_page import CROWD, House, held, house, state_of, watched
from tests.end_to_end.service import eventually

__all__ = ["house", "watched"]
LONDON = ZoneInfo("Europe/London")
REASON = "The board know each other"


@pytest.fixture(scope="module")
def let_go(house: House) -> str:
    """A message that somebody let go as it was, from the shell."""
    ref = held(house.service, "Board papers")
    house.service.run("held", "release", ref, "--as", "original", "--reason", REASON)
    eventually(lambda: state_of(house.service, ref) == State.RELEASED.value, what="the release")
    return ref


def moment(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"]).astimezone(LONDON)


@pytest.fixture(scope="module")
def month(house: House, let_go: str) -> datetime:
    """In which all of it was mailed and decided: by the ledger, since another one may have begun in the meantime."""
    moments = [moment(each) for each in house.service.rows("audit", "list")]
    assert len({(each.year, each.month) for each in moments}) == 1, "a month began while this was set up"
    return moments[0]


def opened(
    browser: Browser, house: House, watched: Watched, month: datetime, person: str = "viewer", **options: Any
) -> Page:
    context = signed_in(browser.new_context(base_url=house.base, **options), house.people[person])
    page = watched.watch(context.new_page(), house.base)
    answer = page.goto(f"/reports/{month:%Y-%m}")
    assert answer is not None and answer.status == 200
    return page


def table(page: Page, name: str) -> list[list[str]]:
    rows = page.get_by_role("region", name=name, exact=True).locator("tr").all()
    return [[cell.inner_text() for cell in row.locator("th, td").all()] for row in rows]


def test_the_figures_are_those_of_what_was_mailed_and_decided(
    browser: Browser, house: House, watched: Watched, let_go: str, month: datetime
) -> None:
    """Counted a second time out of the printed ledger, in another way."""
    page = opened(browser, house, watched, month, java_script_enabled=False)
    entries = house.service.rows("audit", "list")
    kinds = Counter(each["kind"] for each in entries)
    numbers = {row[0]: row[1] for row in table(page, f"{month:%B %Y} in numbers")[1:]}
    assert int(numbers["Messages checked"]) == kinds["message_decided"]
    assert int(numbers["Held"]) == kinds["message_held"] >= 10
    stopped = [each for each in entries if each["kind"] == "message_decided" and each["disposition"] == "hold"]
    near = [each for each in stopped if any(
        rule["matched"] and "visible_external_recipients" in rule["values"] for rule in each["rules"]
    )]  # fmt: skip
    assert int(numbers["Near misses"]) == len(near)
    people = {each["ref"]: each["facts"]["visible_external_recipients"] for each in near}
    states = {row["ref"]: row["state"] for row in house.service.rows("held", "list")}
    open_ = {"held", "approved_once", "waiting"}
    protected = sum(count for ref, count in people.items() if ref != let_go and states[ref] not in open_)
    assert int(numbers["People protected, at most"]) == protected > 0
    assert int(numbers["Holds that nobody decided in time"]) == kinds["hold_expired"] == 1
    rows = table(page, "Overrides")[1:]
    assert [(row[0], row[3], row[5]) for row in rows] == [(let_go, rows[0][3], REASON)]
    assert rows[0][3].startswith("Reviewer ")
    assert rows[0][4] == str(len(CROWD))
    assert "@elmroad.example" not in page.locator("main").inner_text()
    page.context.close()


def test_bars_are_drawn_as_long_as_their_numbers(
    browser: Browser, house: House, watched: Watched, let_go: str, month: datetime
) -> None:
    page = opened(browser, house, watched, month)
    picture = page.get_by_role("img", name="Rules:")
    expect(picture).to_be_visible()
    boxes = [each.bounding_box() for each in picture.locator(".mg-bar").all()]
    widths = [box["width"] if box else 0.0 for box in boxes]
    quality = [row for row in table(page, "Quality of rules")[1:] if any(int(row[n]) for n in (7, 8, 9))]
    ends = sorted(([int(row[7]), int(row[8]), int(row[9])] for row in quality), key=lambda row: -sum(row))
    drawn = sorted((widths[n : n + 3] for n in range(0, len(widths), 3)), key=lambda row: -sum(row))
    unit = sum(drawn[0]) / sum(ends[0])
    # A border of one pixel stands around the second series.
    for lengths, numbers in zip(drawn, ends, strict=True):
        assert sum(lengths) == pytest.approx(unit * sum(numbers), abs=3)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert overflow(page) == 0
    page.context.close()


def test_on_paper_there_is_the_report_alone_and_nothing_is_cut_off(
    browser: Browser, house: House, watched: Watched, let_go: str, month: datetime
) -> None:
    page = opened(browser, house, watched, month)
    octets = page.pdf(prefer_css_page_size=True, print_background=True)
    pages = PdfReader(io.BytesIO(octets)).pages
    assert float(pages[0].mediabox.width) > float(pages[0].mediabox.height), "the report is printed across"
    text = " ".join(" ".join(each.extract_text() for each in pages).split())
    for said in ("mailguard checked", "Near misses", "Quality of rules", "Load of reviewers", REASON, let_go):
        assert said in text, said
    # The last column of the widest table.
    assert "Share left as it was" in text and "Errors" in text
    for not_said in ("Sign out", "Audit trail", "Download the data", "Skip to"):
        assert not_said not in text, not_said
    page.emulate_media(media="print")
    width = page.evaluate("Math.max(...[...document.querySelectorAll('table')].map(each => each.scrollWidth))")
    assert width <= page.evaluate("document.documentElement.clientWidth")
    page.context.close()


def test_the_file_is_saved_and_has_the_same_numbers(
    browser: Browser, house: House, watched: Watched, let_go: str, month: datetime
) -> None:
    page = opened(browser, house, watched, month, "reviewer", java_script_enabled=False)
    shown = table(page, "Quality of rules")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download the data").click()
    assert saved.value.suggested_filename == f"mailguard-report-{month:%Y-%m}.csv"
    rows = list(csv.reader(io.StringIO(Path(saved.value.path()).read_bytes().decode("utf-8-sig"), newline="")))
    start = rows.index(["Quality of rules"]) + 1
    assert rows[start : start + len(shown)] == shown
    taken = [each for each in house.service.rows("audit", "list") if each["kind"] == "register_exported"]
    assert [each["report"] for each in taken] == [f"month {month:%Y-%m}"]
    page.context.close()


def test_the_document_of_the_command_is_a_page_for_everybody(
    browser: Browser, house: House, let_go: str, tmp_path: Path, month: datetime
) -> None:
    """What `report month --html` prints, opened as a file, asks for nothing and prints on whole pages."""
    ran = house.service.run("report", "month", f"{month:%Y-%m}", "--html")
    (tmp_path / "report.html").write_text(ran.stdout)
    context = browser.new_context(java_script_enabled=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    assert len(asked) == 1
    assert violations(page) == []
    assert page.get_by_role("img").count() >= 3
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert overflow(page) == 0
    text = " ".join(each.extract_text() for each in PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages)
    assert REASON in " ".join(text.split())
    context.close()
