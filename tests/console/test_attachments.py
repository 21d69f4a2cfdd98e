"""The pages about attachments: to whom, what they show, in what form a file leaves, and whatever it is called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mailguard.console.app import COOKIE
from mailguard.console.site import Site
from mailguard.console.visit import csrf_of
from mailguard.core.errors import MailguardError, StoreUnavailable
from mailguard.core.excerpt import Excerpt, ShownCell, ShownRow, ShownTable, ShownText
from tests.console.house import ORIGIN, Seen, browser_on, csrf_in, enters, seen, sends, site_on
from tests.guard.console.attachments import NAME, NUMBER, RAW, Reading, attachments_on
from tests.guard.console.house import House

REF = "MG-AAAA-22"
PART = f"/m/{REF}/parts/1"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202eevil\x1b[31m"
DECISION = {
    "schema": 1,
    "rules": [],
    "findings": [
        {
            "detector": "people",
            "kind": "people_rows",
            "where": "sheet Data",
            "count": 1204,
            "summary": "1 hidden sheet has 1,204 rows of people: names and NHS numbers",
            "part": "2",
        },
        {
            "detector": "people",
            "kind": "email",
            "where": "x",
            "count": 9,
            "summary": "it has 9 e-mail addresses",
            "part": "1",
        },
    ],
    "inventory": [
        {
            "file": "Referrals March.xlsx",
            "rows": 33345,
            "rows_seen": 40,
            "unseen": {"hidden sheet": 33305},
            "texts": {},
            "members": {"sheet": 2},
            "unread": "",
            "summary": "",
            "part": "2",
        },
        {
            "file": "../Report.zip",
            "rows": 0,
            "rows_seen": 0,
            "unseen": {},
            "texts": {},
            "members": {},
            "unread": "encrypted",
            "summary": "Could not be read (encrypted).",
            "part": "3",
        },
    ],
}


async def browser_of(site: Site, house: House, *roles: str, name: str = "sam@elmroad.example") -> httpx.AsyncClient:
    await house.account(name, *roles)
    browser = browser_on(site)
    await enters(browser, house, name)
    return browser


@pytest.fixture
async def held(house: House) -> House:
    await house.holds(REF, team="elm", raw=RAW, decision=DECISION)
    return house


@pytest.fixture
async def everything(site: Site, held: House) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who may do all of it."""
    browser = await browser_of(site, held, "reviewer:elm", "reveal:elm", "download:elm")
    yield browser
    await browser.aclose()


async def test_the_message_says_first_what_was_found_in_each_attachment(everything: httpx.AsyncClient) -> None:
    page = seen(await everything.get(f"/m/{REF}"))
    for said in (
        "1 hidden sheet has 1,204 rows of people: names and NHS numbers (sheet Data).",
        "Shows 40 rows and carries 33,345: 33,305 in hidden sheet. Has 2 sheets that nobody sees.",
        "We could not look inside ../Report.zip because it has a password.",
        "It has 9 e-mail addresses",
    ):
        assert said in page.text, said
    assert (PART, "Look at the first rows of Referrals March.xlsx") in page.links
    assert (f"/m/{REF}/download", "Take the whole message along as a file") in page.links
    assert (
        page.text.index("What they would get") < page.text.index("1 hidden sheet has") < page.text.index("The message")
    )


async def test_rows_are_masked_and_what_nobody_sees_is_marked(everything: httpx.AsyncClient) -> None:
    answer = await everything.get(PART)
    page = seen(answer)
    for said in (
        "Referrals March.xlsx – mailguard",
        f"Attachment 1 of 2, message {REF}.",
        "1 hidden sheet has 1,204 rows of people: names and NHS numbers (sheet Data).",
        "Values are masked: you see what kind of value it is, not whose.",
        "sheet Data – not visible: hidden sheet",
        "2 of 1,204 rows are shown.",
        "NHS number 2 A•• K•• 943 476 ••••",
        "A Forename",
        "AB (not visible: hidden columns)",
        "2 (not visible: hidden rows)",
        "w•• w•• (not visible: text in the colour of its background)",
        "page 1: D•• A•• K••",
        "(not visible: comments)",
        "It has 2 tables besides",
        "It has 1 piece of text besides",
    ):
        assert said in page.text, said
    for secret in ("Amira", "Khan", NUMBER, "943 476 5919", "900123", "white words"):
        assert secret not in answer.text, secret


async def test_values_are_shown_for_ten_minutes_to_who_says_why(everything: httpx.AsyncClient, house: House) -> None:
    without = await sends(everything, f"{PART}/reveal", PART, reason=" ")
    assert without.status_code == 422 and "Enter why you need to see the values" in seen(without).text
    assert NAME not in without.text
    long = await sends(everything, f"{PART}/reveal", PART, reason="x" * 1001)
    assert long.status_code == 422 and "1,001 characters" in seen(long).text
    done = await sends(everything, f"{PART}/reveal", PART, reason="Which list is it?")
    assert (done.status_code, done.headers["location"]) == (303, PART)
    shown = await everything.get(PART)
    assert NAME in shown.text and NUMBER in shown.text and "because you asked for it" in seen(shown).text
    assert "Show the values for ten minutes" not in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert NAME not in (await everything.get(f"/m/{REF}")).text
    house.clock.move(minutes=10)
    assert NAME not in (await everything.get(PART)).text
    trail = seen(await everything.get(f"/audit?ref={REF}"))
    assert f"had rows of an attachment of {REF} shown unmasked" in trail.text and "Which list" not in trail.text


async def test_a_file_leaves_as_it_came_and_only_by_a_form(everything: httpx.AsyncClient, house: House) -> None:
    page = await everything.get(f"{PART}/download")
    assert "Nothing in it is masked" in page.text and "spreadsheet" not in page.text
    kinds = await house.kinds()
    assert "content_downloaded" not in kinds
    for path, name, octets in (
        (f"{PART}/download", "Referrals March.xlsx", b"spreadsheet"),
        (f"/m/{REF}/parts/2/download", "Report.zip", b"PK"),
        (f"/m/{REF}/download", f"{REF}.eml", RAW),
    ):
        answer = await sends(everything, path)
        assert answer.status_code == 200 and answer.content == octets
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers.get_list("content-security-policy") == ["sandbox; default-src 'none'"]
        assert answer.headers["cache-control"] == "no-store"
    assert (await house.kinds()).count("content_downloaded") == 3
    refused = await everything.post(f"{PART}/download", data={"csrf": "x"}, headers=ORIGIN)
    assert refused.status_code == 403 and refused.content != b"spreadsheet"


HOSTILE_NAMES = {
    "../../../etc/passwd": "passwd",
    "C:\\\\Windows\\\\x.bat": "x.bat",
    "con.txt": "_con.txt",
    "=?utf-8?B?YQ0KU2V0LUNvb2tpZTogeD0xLnR4dA==?=": "x_1.txt",
    "": f"{REF}-attachment-1",
    "a" * 400 + ".xlsx": "a" * 74 + ".xlsx",
    'x\\"; filename=\\"y.exe': "x_ filename_y.exe",
    "invoice\u202excod.exe": "invoice_xcod.exe",
    HOSTILE.replace('"', "").replace("\x1b", ""): "script_'_&_evil_31m",
}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_whatever_a_file_is_called(name: str, site: Site, house: House) -> None:
    raw = RAW.replace(b"Referrals March.xlsx", name.encode())
    await house.holds(REF, team="elm", raw=raw)
    browser = await browser_of(site, house, "reviewer:elm", "download:elm")
    for path in (f"/m/{REF}", PART, f"{PART}/download"):
        answer = await browser.get(path)
        page = seen(answer)
        assert answer.status_code == 200 and not {"script", "img"} & set(page.tags)
        assert not any(each.startswith("on") for _, each, _ in page.attributes)
        assert "\u202e" not in answer.text and "\x1b" not in answer.text
    answer = await sends(browser, f"{PART}/download")
    disposition = answer.headers["content-disposition"]
    assert disposition.isascii() and disposition.count('"') == 2 and "set-cookie" not in answer.headers
    assert disposition.startswith('attachment; filename="') and answer.content == b"spreadsheet"
    await browser.aclose()


async def test_what_a_file_holds_is_no_markup(held: House) -> None:
    cell = ShownCell(1, HOSTILE)
    book = Excerpt(
        (ShownTable(f"sheet {HOSTILE}", "", 1, (ShownRow(1, (cell,)),), (HOSTILE,)),), (ShownText(HOSTILE, HOSTILE),)
    )
    site = site_on(held, attachments=attachments_on(held, Reading(book)))
    browser = await browser_of(site, held, "reviewer:elm", "reveal:elm")
    for masked in (True, False):
        if not masked:
            assert (await sends(browser, f"{PART}/reveal", PART, reason="x")).status_code == 303
        answer = await browser.get(PART)
        page = seen(answer)
        assert answer.status_code == 200 and not {"script", "img"} & set(page.tags)
        assert ("alert(1)" in answer.text) and "\u202e" not in answer.text and "\x1b" not in answer.text
    await browser.aclose()


Row = tuple[int, int, int, int, int, int]
MATRIX: dict[tuple[str, ...], Row] = {
    # the page, unmasking, the two pages about taking along, the two files
    ("viewer:elm",): (403, 403, 403, 403, 403, 403),
    ("viewer:elm", "reveal:elm", "download:elm"): (403, 403, 403, 403, 403, 403),
    ("escalation:elm", "reveal", "download"): (403, 403, 403, 403, 403, 403),
    ("admin", "reveal", "download"): (403, 403, 403, 403, 403, 403),
    ("reviewer:park", "reveal", "download"): (403, 403, 403, 403, 403, 403),
    ("reviewer:elm",): (200, 403, 403, 403, 403, 403),
    ("reviewer:elm", "admin"): (200, 403, 403, 403, 403, 403),
    ("reviewer:elm", "reveal:elm"): (200, 303, 403, 403, 403, 403),
    ("reviewer:elm", "download:elm"): (200, 403, 200, 200, 200, 200),
    ("reviewer", "reveal", "download"): (200, 303, 200, 200, 200, 200),
}
SECRETS = ("Amira", NUMBER, "943 476", "A••", "Referrals", "Report.zip", "Figures", "nurse@", "spreadsheet", "1,204")


async def test_who_gets_what_of_an_attachment(site: Site, held: House) -> None:
    for number, (roles, expected) in enumerate(MATRIX.items()):
        name = f"p{number}@elmroad.example"
        browser = await browser_of(site, held, *roles, name=name)
        csrf = csrf_of(browser.cookies[COOKIE])
        posted: dict[str, Any] = {"data": {"csrf": csrf, "reason": "because"}, "headers": ORIGIN}
        answers = [
            await browser.get(PART),
            await browser.post(f"{PART}/reveal", **posted),
            await browser.get(f"{PART}/download"),
            await browser.get(f"/m/{REF}/download"),
            await browser.post(f"{PART}/download", **posted),
            await browser.post(f"/m/{REF}/download", **posted),
        ]
        assert tuple(each.status_code for each in answers) == expected, roles
        for answer in answers:
            if answer.status_code == 403 and expected[0] == 403:
                assert not [each for each in SECRETS if each in answer.text], (roles, answer.url)
        page = await browser.get(f"/m/{REF}")
        if expected[0] == 403:
            assert not [each for each in SECRETS if each in page.text], roles
            assert "/parts/" not in page.text
        links = {href for href, _ in Seen((await browser.get(PART)).text).links}
        assert (f"{PART}/download" in links) is (expected[4] == 200)
        assert (f"/m/{REF}/download" in page.text) is (expected[5] == 200)
        assert ("/reveal" in answers[0].text) is (expected[1] == 303)
        await browser.aclose()


@pytest.mark.parametrize("number", ["0", "3", "x", "²", "-1", "1e3", "999999999", "%00", "1.1"])
async def test_a_number_that_names_no_attachment(everything: httpx.AsyncClient, number: str) -> None:
    for path in (f"/m/{REF}/parts/{number}", f"/m/{REF}/parts/{number}/download"):
        assert (await everything.get(path)).status_code == 404
    form = {"csrf": csrf_in(await everything.get(PART)), "reason": "x"}
    for act in ("reveal", "download"):
        answer = await everything.post(f"/m/{REF}/parts/{number}/{act}", data=form, headers=ORIGIN)
        assert answer.status_code == 404


async def test_what_cannot_be_read_says_why(held: House) -> None:
    reading = Reading(Excerpt(unread="encrypted"))
    browser = await browser_of(site_on(held, attachments=attachments_on(held, reading)), held, "reviewer:elm")
    assert "We could not look inside this file because it has a password." in seen(await browser.get(PART)).text
    reading.answer = Excerpt(unread="its zip directory is broken")
    assert "We could not look inside this file: its zip directory is broken." in seen(await browser.get(PART)).text
    reading.answer = Excerpt(texts=(ShownText("", "x"),), unread="encrypted")
    assert "We could not read all of it: encrypted." in seen(await browser.get(PART)).text
    reading.answer = Excerpt()
    assert "There is nothing in it that can be shown" in seen(await browser.get(PART)).text
    reading.answer = MailguardError("busy")
    answer = await browser.get(PART)
    assert answer.status_code == 503 and "Wait a minute and try again" in seen(answer).text
    await browser.aclose()


async def test_nothing_is_shown_or_sent_that_could_not_be_recorded(
    everything: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"csrf": csrf_in(await everything.get(PART)), "reason": "x"}

    async def full(_: object) -> None:
        raise StoreUnavailable("full")

    monkeypatch.setattr(house.store.ledger, "append", full)
    answers = [await everything.get(PART), await everything.get(f"{PART}/download")]
    for path in (f"{PART}/reveal", f"{PART}/download", f"/m/{REF}/download"):
        answers.append(await everything.post(path, data=form, headers=ORIGIN))
    for answer in answers:
        assert answer.status_code == 503 and "A••" not in answer.text and b"spreadsheet" not in answer.content


async def test_rights_are_given_and_taken_on_the_page_about_people(site: Site, held: House) -> None:
    admin = await browser_of(site, held, "admin", name="ada@elmroad.example")
    sam = await browser_of(site, held, "reviewer:elm")
    assert (await sam.get(f"/m/{REF}/download")).status_code == 403
    where = "/people/one?name=sam@elmroad.example"
    roles = {"role.reviewer:elm": "yes", "role.download:elm": "yes"}
    page = seen(await admin.get(where))
    assert "may take held messages and attachments along as files (team elm)" in page.text
    done = await sends(admin, "/people/roles", where, name="sam@elmroad.example", **roles)
    assert done.status_code == 303
    assert (await sam.get(f"/m/{REF}/download")).status_code == 200
    account = seen(await sam.get("/account"))
    assert "As a reviewer you may take held messages and attachments along as files." in account.text
    for each in (admin, sam):
        await each.aclose()
