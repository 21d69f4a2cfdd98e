"""Pages about thousands of people and lists of many messages: the event loop, which carries mail, is free meanwhile."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from mailguard.core.lifecycle import OPEN, State
from mailguard.guard.records import Held
from mailguard.guard.rewriting import Rewriting
from tests.bench.bench_queue import Loop, fill
from tests.console.house import ORIGIN, browser_on, enters, seen, site_on
from tests.guard.console.deciding import holds_list
from tests.guard.console.house import House, close_house, open_house

PEOPLE = 5_000
MESSAGES = 300
MOST_MILLISECONDS = 50.0
REF = "MG-ABCD-EF"


@pytest.fixture(autouse=True)
def what_was_made_before_is_kept() -> Iterator[None]:
    """As `mailguard serve` does after its start: a collection of everything would count for the page that it meets."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def shown(work: Awaitable[httpx.Response], what: str) -> httpx.Response:
    loop = Loop()
    answer = await loop.during(work)
    assert answer.status_code == 200, what
    assert loop.busy < MOST_MILLISECONDS, f"{what} kept the event loop busy for {loop.busy:.0f} ms"
    return answer


def test_no_page_of_a_message_to_thousands_of_people_keeps_the_loop_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    original = Rewriting.unsigned

    async def counted(self: Rewriting, *given: Any) -> Any:
        made.append(given[0])
        return await original(self, *given)

    async def signed(self: Rewriting, *given: Any) -> Any:
        raise AssertionError("what was tried for the form is not made once more for the act")

    monkeypatch.setattr(Rewriting, "unsigned", counted)
    monkeypatch.setattr(Rewriting, "rewritten", signed)

    async def run() -> None:
        house = await open_house(tmp_path, teams=("elm",))
        await house.account("sam@elmroad.example", "reviewer:elm")
        await holds_list(house, REF, PEOPLE)
        async with browser_on(site_on(house)) as browser:
            await enters(browser, house, "sam@elmroad.example")
            page = await shown(browser.get(f"/m/{REF}"), "the message")
            assert "5,001 people" in page.text and "person99@patients.example" in page.text
            await shown(browser.get(f"/m/{REF}?people=50"), "its last people")
            form = seen(await shown(browser.get(f"/m/{REF}/decide"), "the form")).hidden
            for typed in (
                {"choice": "bcc"},
                {"choice": "reject", "reject_note": "use bulk mail"},
                {"choice": "separate"},
            ):
                answer = browser.post(f"/m/{REF}/decide/check", data={**form, **typed}, headers=ORIGIN)
                checked = await shown(answer, "the check")
                assert typed["choice"] != "separate" or "Send 5,000 separate copies" in checked.text
            done = await browser.post(f"/m/{REF}/decide", data=seen(checked).hidden, headers=ORIGIN)
            assert done.status_code == 303, done.text
            held = await house.store.quarantine.get(REF)
            assert (held.state, held.released_as) == (State.LEAVING, "separate")
        assert sorted(made) == ["bcc", "separate"], "each form is tried once, however often a page asks"
        await close_house(house)

    asyncio.run(run())


async def walked(items: AsyncIterator[Held]) -> Sequence[Held]:
    return [each async for each in items]


def test_no_list_of_many_messages_keeps_the_loop_busy(tmp_path: Path) -> None:
    async def run() -> None:
        house: House = await open_house(tmp_path, teams=("elm",))
        await house.account("sam@elmroad.example", "reviewer:elm")
        await fill(house, MESSAGES)
        async with browser_on(site_on(house)) as browser:
            await enters(browser, house, "sam@elmroad.example")
            for path in ("/queue", "/queue?page=12", "/queue?q=flu+77", "/queue?team=elm&sort=newest"):
                await shown(browser.get(path), path)
        quarantine = house.store.quarantine
        for work in (quarantine.list(sorted(OPEN)), walked(quarantine.walk(sorted(OPEN)))):
            loop = Loop()
            found = await loop.during(work)
            assert len(found) == MESSAGES and loop.busy < MOST_MILLISECONDS
            assert [held.due_at for held in found] == sorted(held.due_at for held in found)
        await close_house(house)

    asyncio.run(run())
