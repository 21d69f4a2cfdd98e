"""The monthly report in the console: the list, a month with charts and tables, the file, and who may see them."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from mailguard.console.security import CONTENT_SECURITY_POLICY
from mailguard.core.errors import StoreUnavailable
from mailguard.core.review_report.month import Month
from mailguard.guard.console.months import MonthDesk
from mailguard.guard.records import NewEntry
from tests.console.house import browser_on, enters, register_on, seen, sends, site_on
from tests.core.review_report.generated_month import Happened, entries_of, happened
from tests.guard.console.house import House

ADA, SAM, VI = "ada@elmroad.example", "sam@elmroad.example", "vi@elmroad.example"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def month() -> list[Happened]:
    """October: the clock of the house stands in November."""
    return happened(200)


@pytest.fixture
async def written(house: House, month: list[Happened]) -> None:
    for each in month:
        await house.store.ledger.append([NewEntry(kind, ref, at, fields) for kind, ref, at, fields in entries_of(each)])


@pytest.fixture
async def admin(browser: httpx.AsyncClient, house: House, written: None) -> httpx.AsyncClient:
    await house.account(ADA, "admin")
    await enters(browser, house, ADA)
    return browser


@pytest.fixture
async def viewer(house: House, written: None) -> AsyncIterator[httpx.AsyncClient]:
    await house.account(VI, "viewer")
    async with browser_on(site_on(house)) as opened:
        await enters(opened, house, VI)
        yield opened


async def test_the_list_has_every_month_that_there_are_records_of(admin: httpx.AsyncClient) -> None:
    page = seen(await admin.get("/reports"))
    links = [each for each in page.links if each[0].startswith("/reports/")]
    assert links == [("/reports/2026-11", "November 2026"), ("/reports/2026-10", "October 2026")]
    assert page.text.count("Not over yet") == 1
    assert ("/reports", "Reports") in page.links


async def test_without_a_checked_message_there_is_no_report(browser: httpx.AsyncClient, house: House) -> None:
    await house.account(ADA, "admin")
    await enters(browser, house, ADA)
    assert "Reports appear when the first message has been checked" in seen(await browser.get("/reports")).text
    assert (await browser.get("/reports/2026-11")).status_code == 404


def table_under(html: str, title: str) -> list[list[str]]:
    found = re.search(rf'aria-label="{title}">(.*?)</table>', html, re.DOTALL)
    assert found, title
    rows = re.findall(r"<tr.*?</tr>", found[1], re.DOTALL)
    return [[cell.strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


async def test_the_page_says_the_months_figures(viewer: httpx.AsyncClient, month: list[Happened]) -> None:
    answer = await viewer.get("/reports/2026-10")
    assert answer.status_code == 200
    text = seen(answer).text
    held = sum(each.is_held for each in month)
    assert f"In October 2026 mailguard checked 200 messages and held {held} ({held / 200:.2%})." in text
    numbers = {row[0]: row[1] for row in table_under(answer.text, "October 2026 in numbers")}
    assert numbers["Messages checked"] == "200"
    assert numbers["Near misses"] == str(sum(each.is_near_miss for each in month))
    protected = [each for each in month if each.is_near_miss and each.fate not in ("original", "open")]
    assert numbers["People protected, at most"] == str(sum(each.people for each in protected))
    overrides = table_under(answer.text, "Overrides")[1:]
    assert [row[0] for row in overrides] == [each.ref for each in month if each.is_held and each.fate == "original"]
    assert {row[-1] for row in overrides} == {"Not known any more: removed by retention"}
    assert "@" not in answer.text.replace(ADA, "").replace("manager@elmroad.example", "").replace("Ask ", "")


async def test_each_chart_is_well_formed_has_words_and_the_numbers_of_its_table(viewer: httpx.AsyncClient) -> None:
    answer = await viewer.get("/reports/2026-10")
    charts = [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", answer.text, re.DOTALL)]
    assert len(charts) == 4
    assert not re.search(r" style=|<style|<script(?! src)", answer.text)
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    names = [chart.attrib["aria-labelledby"].split() for chart in charts]
    assert len({each for pair in names for each in pair}) == 8
    for chart in charts:
        assert chart.attrib["role"] == "img"
        title, about = chart.find(f"{SVG}title"), chart.find(f"{SVG}desc")
        assert title is not None and about is not None and title.text and about.text
    # Heights of the days are as the near misses of the table.
    heights = [float(each.attrib["height"]) for each in charts[0].iter(f"{SVG}rect")]
    days = [int(row[3]) for row in table_under(answer.text, "Day by day")[1:]]
    unit = max(heights) / max(days)
    assert heights == pytest.approx([each * unit for each in days], abs=0.001)


async def test_the_file_has_the_tables_and_the_ledger_says_who_took_it(admin: httpx.AsyncClient, house: House) -> None:
    answer = await sends(admin, "/reports/2026-10/csv", "/reports/2026-10")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mailguard-report-2026-10.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert ["judged", "Messages checked", "200"] in rows and ["Overrides"] in rows
    taken = [each async for each in house.store.ledger.entries() if each.kind == "register_exported"]
    account = await house.store.accounts.find(ADA)
    assert account is not None
    assert [(each.fields["report"], each.fields["account"]) for each in taken] == [
        ("month 2026-10", account.identifier)
    ]
    assert taken[0].fields["rows"] > 50


@pytest.mark.parametrize("typed", ["2026-09", "2026-12", "2026-1", "2026-13", "0000-01", "9999-12", "x", "2026-10 "])
async def test_what_is_no_month_with_records_is_not_found(admin: httpx.AsyncClient, typed: str) -> None:
    answer = await admin.get(f"/reports/{typed}")
    assert answer.status_code == 404
    assert "There is no report for that month" in answer.text


async def test_whoever_sees_a_team_alone_is_refused_and_has_no_link(house: House, written: None) -> None:
    await house.account(SAM, "reviewer:elm")
    async with browser_on(site_on(house)) as browser:
        await enters(browser, house, SAM)
        assert ("/reports", "Reports") not in seen(await browser.get("/queue")).links
        for path in ("/reports", "/reports/2026-10"):
            answer = await browser.get(path)
            assert answer.status_code == 403
            assert "about everybody" in answer.text


class Slow:
    """Reports that are made when the test says so."""

    def __init__(self, house: House) -> None:
        self._real = register_on(house).monthly
        self.may_end = asyncio.Event()
        self.made = 0
        self.trouble: Exception | None = None
        self.months = self._real.months

    async def figures(self, month: Month, progress: Any) -> Any:
        progress(1204)
        await self.may_end.wait()
        self.made += 1
        if self.trouble is not None:
            raise self.trouble
        return await self._real.figures(month)


@pytest.fixture
async def slow(house: House, written: None) -> AsyncIterator[tuple[Slow, MonthDesk, httpx.AsyncClient]]:
    reports = Slow(house)
    desk = MonthDesk(reports=reports, ledger=house.store.ledger, clock=house.clock, waited_seconds=0)  # type: ignore[arg-type]
    await house.account(ADA, "admin")
    async with browser_on(site_on(house, months=desk)) as browser:
        await enters(browser, house, ADA)
        yield reports, desk, browser
    await desk.settle()


async def until_made(browser: httpx.AsyncClient) -> httpx.Response:
    while True:
        answer = await browser.get("/reports/2026-10")
        if "is being put together" not in answer.text:
            return answer
        await asyncio.sleep(0.01)


async def test_a_report_that_takes_long_says_how_far_it_is(slow: tuple[Slow, MonthDesk, httpx.AsyncClient]) -> None:
    reports, _, browser = slow
    assert "is being put together" in (await browser.get("/reports/2026-10")).text
    answer = await browser.get("/reports/2026-10")
    assert "The report for October 2026 is being put together" in answer.text
    assert "1,204 entries of the audit trail" in answer.text
    assert ("/reports/2026-10", "Look again") in seen(answer).links
    # What is not there cannot be taken along.
    assert "is being put together" in (await sends(browser, "/reports/2026-10/csv", "/account")).text
    reports.may_end.set()
    assert "mailguard checked 200 messages" in (await until_made(browser)).text
    # It is made once for all who look within five minutes.
    await browser.get("/reports/2026-10")
    assert reports.made == 1


async def test_after_a_while_it_is_made_anew(house: House, slow: tuple[Slow, MonthDesk, httpx.AsyncClient]) -> None:
    reports, _, browser = slow
    reports.may_end.set()
    await until_made(browser)
    house.clock.move(seconds=301)
    await until_made(browser)
    assert reports.made == 2


async def test_a_report_that_fails_is_tried_again(slow: tuple[Slow, MonthDesk, httpx.AsyncClient]) -> None:
    reports, _, browser = slow
    reports.may_end.set()
    reports.trouble = StoreUnavailable("the database does not answer")
    assert (await until_made(browser)).status_code == 503
    reports.trouble = None
    assert (await until_made(browser)).status_code == 200


async def test_the_end_of_the_service_ends_what_is_being_made(slow: tuple[Slow, MonthDesk, httpx.AsyncClient]) -> None:
    reports, desk, browser = slow
    await browser.get("/reports/2026-10")
    await desk.settle()
    assert reports.made == 0
