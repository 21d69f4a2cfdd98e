"""The incident pack of a message whose addresses and file names were made to do harm."""

from __future__ import annotations

import csv
import io
import zipfile
from html.parser import HTMLParser

import httpx

from mailguard.core.lifecycle import State
from tests.console.house import enters
from tests.console.incidents import fills, posts
from tests.guard.console.house import House
from tests.guard.packs.kept import REF, keep

PATH = f"/m/{REF}/pack"
DPO = "dpo@elmroad.example"
HOSTILE = (
    '"=HYPERLINK(1)"@patients.example',
    "=cmd|calc!a@patients.example",
    "+1@patients.example",
    '"<img src=x onerror=alert(1)>"@patients.example',
    "a'onmouseover='b@patients.example",
    '";=1+1"@patients.example',
)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def harmless(self) -> bool:
        return not any(tag == "img" or any(key.startswith("on") for key in attrs) for tag, attrs in self.found)


async def test_what_addresses_say_moves_nothing_on_the_pages_and_in_the_files(
    browser: httpx.AsyncClient, house: House
) -> None:
    await keep(house, State.HELD, people=HOSTILE, team="elm")
    await house.review.release(REF, form="original", reason="They know each other", by="Sam", system_user="sam")
    await house.account(DPO, "escalation", "reviewer:elm")
    await enters(browser, house, DPO)
    for path in (PATH, f"{PATH}?table=recipients", f"{PATH}?table=exposures", f"{PATH}/apology"):
        page = await browser.get(path)
        assert page.status_code == 200 and Tags(page.text).harmless(), path
    file = await fills(browser, f"{PATH}/download", why="=1+1")
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert all(each.startswith(f"{REF}/") and ".." not in each for each in archive.namelist())
        assert Tags(archive.read(f"{REF}/pack.html").decode()).harmless()
        for name in (each for each in archive.namelist() if each.endswith(".csv")):
            text = archive.read(name).decode("utf-8-sig")
            rows = list(csv.reader(io.StringIO(text)))
            assert len({len(row) for row in rows}) == 1
            for cell in (cell for row in rows for cell in row):
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t")), (name, cell)
                assert ";=" not in cell, (name, cell)


async def test_no_press_without_the_token_of_the_session_does_anything(
    browser: httpx.AsyncClient, house: House
) -> None:
    await keep(house, State.HELD, team="elm")
    await house.review.release(REF, form="original", reason="They know each other", by="Sam", system_user="sam")
    await house.account(DPO, "escalation", "reviewer:elm")
    await enters(browser, house, DPO)
    before = [each async for each in house.store.ledger.entries()]
    for path in ("pack/download", "pack/apology", "pack/apology/check", "report", "wrong"):
        form = {"why": "x", "text": "x", "confirmed": "4", "withdraw": "1", "csrf": "AAAA"}
        answer = await posts(browser, f"/m/{REF}/{path}", form)
        assert answer.status_code == 403, path
    assert [each async for each in house.store.ledger.entries()] == before
