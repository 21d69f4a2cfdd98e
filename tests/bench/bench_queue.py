"""The console with 10,000 held messages, and with one to 5,000 people: how long a page takes, and how long the event
loop, which carries the mail, is busy with it.

PYTHONPATH=. python tests/bench/bench_queue.py [MESSAGES PEOPLE]
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

import uvloop

from mailguard.core.lifecycle import OPEN
from mailguard.core.policy.load import load_policy
from mailguard.core.register.lists import load_lists
from mailguard.serve.operations import StoreOperations
from mailguard.serve.pack_operations import Packed
from mailguard.serve.parts import SystemRandomness
from mailguard.serve.quality_operations import rating_of
from mailguard.serve.register import Register, packaged_lists
from mailguard.serve.upkeep import StoreUpkeep
from tests.console.house import ORIGIN, browser_on, enters, seen, site_on
from tests.guard.console.deciding import holds_list
from tests.guard.console.house import House, close_house, open_house

AT_ONCE = 200
PEOPLE = 20
REVIEWER = "sam@elmroad.example"
Value = TypeVar("Value")


async def fill(house: House, count: int, start_at: int = 0) -> None:
    """Held messages with the numbers from start_at up to count."""
    people = [f"person{number}@domain{number % 7}.example" for number in range(PEOPLE)]
    for start in range(start_at, count, AT_ONCE):
        many = range(start, min(count, start + AT_ONCE))
        await asyncio.gather(
            *(house.holds(f"MG-BENCH-{number}", *people, team="elm", subject=f"Flu {number}") for number in many)
        )


@dataclass
class Loop:
    """How a timer of a millisecond fared, in milliseconds at the most. late: by the clock, to which other processes
    add. held_up: how long this process worked meanwhile, on the loop or in threads that kept the interpreter. busy: how
    long the loop itself did.
    """

    late: float = 0.0
    held_up: float = 0.0
    busy: float = 0.0

    async def during(self, work: Awaitable[Value]) -> Value:
        """Watch while the work is done."""
        stop = asyncio.Event()
        watching = asyncio.create_task(self._watch(stop))
        await asyncio.sleep(0)
        try:
            return await work
        finally:
            stop.set()
            await watching

    async def _watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began, worked, own = time.perf_counter(), time.process_time(), time.thread_time()
            await asyncio.sleep(0.001)
            self.late = max(self.late, (time.perf_counter() - began - 0.001) * 1000)
            self.held_up = max(self.held_up, (time.process_time() - worked) * 1000)
            self.busy = max(self.busy, (time.thread_time() - own) * 1000)


async def timed(name: str, work: Awaitable[Value]) -> Value:
    loop = Loop()
    began, worked = time.perf_counter(), time.process_time()
    found = await loop.during(work)
    took, used = time.perf_counter() - began, time.process_time() - worked
    figures = f"{took * 1000:6.0f} ms, of the processor {used * 1000:6.0f} ms"
    print(f"{name:<36} {figures}   the event loop was held up {loop.held_up:4.0f} ms, late {loop.late:4.0f} ms")
    return found


async def pages(house: House, count: int) -> None:
    """The list of so many messages."""
    await fill(house, count)
    last = count // 25
    await timed("reading what can be searched, once", house.queue.warm())
    async with browser_on(site_on(house)) as browser:
        await enters(browser, house, REVIEWER)
        for name, path in (
            ("the list", "/queue"),
            ("its last page", f"/queue?page={last}"),
            ("newest first", "/queue?sort=newest"),
            ("one team", "/queue?team=elm"),
            ("a search", "/queue?q=flu+77"),
            ("a search for a recipient", "/queue?q=to:person3@domain3.example"),
            ("days", "/queue?from=2026-11-20&to=2026-11-20"),
        ):
            assert (await timed(name, browser.get(path))).status_code == 200
    operations = operations_on(house)
    await timed("mailguard held list", drained(operations.run("held_list", {"states": sorted(OPEN)}, "root")))
    await timed("mailguard status", drained(operations.run("status", {}, "root")))


async def one_message(house: House, people: int) -> None:
    """The pages of one message to so many people."""
    ref = await holds_list(house, "MG-ABCD-EF", people)
    async with browser_on(site_on(house)) as browser:
        await enters(browser, house, REVIEWER)
        here = f"/m/{ref}"
        for name, path in (
            ("the list with it", f"/queue?q=ref:{ref}"),
            ("the message", here),
            ("its last hundred people", f"{here}?people={people // 100}"),
            ("the message as HTML", f"{here}?view=html"),
            ("the decision, the first time", f"{here}/decide"),
            ("the decision", f"{here}/decide"),
        ):
            shown = await timed(name, browser.get(path))
            assert shown.status_code == 200
        form = seen(shown).hidden
        for name, typed in (
            ("the check of separate copies", {"choice": "separate"}),
            ("the check of a Bcc", {"choice": "bcc"}),
            ("the check of a rejection", {"choice": "reject", "reject_note": "Please use the bulk service"}),
            ("the check as it is", {"choice": "original", "why": "know", "why_note": "They are the governors"}),
        ):
            data = {**form, **typed}
            checked = await timed(name, browser.post(f"{here}/decide/check", data=data, headers=ORIGIN))
            assert checked.status_code == 200
        data = {**form, "choice": "separate"}
        decided = await timed("the act", browser.post(f"{here}/decide", data=data, headers=ORIGIN))
        assert decided.status_code == 303
        assert (await timed("the outcome", browser.get(f"{here}/outcome"))).status_code == 200
        held = await house.store.quarantine.get(ref)
        await timed("it leaves, in the background", house.review.leave(held))


def operations_on(house: House) -> StoreOperations:
    return StoreOperations(
        store=house.store,
        review=house.review,
        accounts=house.book,
        links=house.links,
        console=None,
        clock=house.clock,
        upkeep=StoreUpkeep(house.store, house.clock),
        register=Register(
            house.store,
            house.clock,
            SystemRandomness(),
            lists=lambda: load_lists(packaged_lists()),
            zone=ZoneInfo("Europe/London"),
            organisation="Elm Road Surgery",
        ),
        rating=rating_of(house.store, lambda: load_policy({}), house.clock, ZoneInfo("Europe/London")),
        packs=cast(Packed, None),  # no pack is made here
        describe=lambda documents: {},
        recount=lambda documents, decision: [],
        policy=lambda: load_policy({}),
    )


async def drained(items: AsyncIterator[object]) -> int:
    return len([item async for item in items])


async def measure(count: int, people: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = await open_house(Path(folder), teams=("elm",))
        await house.account(REVIEWER, "reviewer:elm")
        gc.collect()
        gc.freeze()  # as `mailguard serve` does after its start
        await one_message(house, people)
        await pages(house, count)
        await close_house(house)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(*map(int, sys.argv[1:] or (10_000, 5_000))))
