"""The ombudsman's case as somebody types it into the form, and what else the tests of the register's pages share."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import httpx

from tests.console.house import ORIGIN, csrf_in

OMBUDSMAN = {
    "kind": "breach",
    "narrative": "A spreadsheet with a casework report was sent in answer to a request. It carried hidden tables.",
    "mechanism.hidden_sheet": "yes",
    "occurred_from": "5/3/2020",
    "occurred_to": "5/3/2020",
    "detected_at": "28/4/2020 9am",
    "detected_how": "recipient",
    "aware_at": "28 April 2020 10:00",
    "aware_by": "Data-protection officer",
    "subjects.0.type": "complainants",
    "subjects.0.known": "5,305",
    "subjects.0.max": "5305",
    "subjects.2.type": "caseworkers",
    "subjects.2.known": "197",
    "subjects.2.max": "197",
    "count_basis": "counted",
    "records_known": "5502",
    "records_max": "5502",
    "data_categories.basic_identifiers": "yes",
    "data_categories.complaints": "yes",
    "special_category": "no",
    "criminal": "no",
    "consequences_likely": "People could be recognised as complainants, and be distressed by it.",
    "measures_containment.0.what": "The recipient was asked to delete the file",
    "measures_containment.0.asked": "1",
    "measures_containment.0.confirmed": "1",
    "measures_mitigation.0.what": "A telephone line for questions",
    "measures_prevention.0.what": "Spreadsheets leave as CSV files",
    "measures_prevention.0.due": "30/6/2020",
    "notified_ico_at": "28/4/2020 4.30pm",
    "organisation.name": "Parliamentary and Health Service Ombudsman",
    "dpo.name": "Robin Lake",
    "dpo.email": "dpo@ombudsman.example",
}


class Fields(HTMLParser):
    """What a browser would send of the forms on a page that are POSTs, as they are filled in."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.values: dict[str, str] = {}
        self.opened: list[str] = []
        self._area: str | None = None
        self._select: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, Any] = dict(attrs)
        if tag == "input" and found.get("name"):
            if found.get("type") in ("radio", "checkbox") and "checked" not in found:
                return
            self.values[found["name"]] = found.get("value") or ""
        elif tag == "textarea":
            self._area = found["name"]
            self.values[found["name"]] = ""
        elif tag == "select":
            self._select = found["name"]
            self.values[found["name"]] = ""
        elif tag == "option" and self._select and "selected" in found:
            self.values[self._select] = found["value"]
        elif tag == "details" and "open" in found:
            self.opened.append(found["id"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            # A browser leaves out the first line end of a text area (HTML, 4.10.11).
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def filled(response: httpx.Response) -> dict[str, str]:
    return Fields(response.text).values


async def fills(browser: httpx.AsyncClient, page: str, **changed: str) -> httpx.Response:
    """Open the page of a form, change some of it, and send all of it, as a browser does."""
    shown = await browser.get(page)
    assert shown.status_code == 200, shown.text
    return await posts(browser, page.partition("?")[0], {**filled(shown), **changed})


async def posts(browser: httpx.AsyncClient, path: str, fields: dict[str, str]) -> httpx.Response:
    return await browser.post(path, data=fields, headers=ORIGIN)


async def enters_case(browser: httpx.AsyncClient, **changed: str) -> str:
    """Enter the ombudsman's case; its reference."""
    shown = await browser.get("/incidents/new")
    assert csrf_in(shown)
    answer = await posts(browser, "/incidents/new", {**filled(shown), **OMBUDSMAN, **changed})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0].rpartition("/")[2]
