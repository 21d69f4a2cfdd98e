"""The list of held messages with 10,000 of them: how long a page takes, and how long the event loop waits meanwhile.

PYTHONPATH=. python tests/bench/bench_queue.py [COUNT]
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from mailguard.core.powers import powers_of
from mailguard.guard.console.queue import Asked
from mailguard.guard.console.queue_records import View
from mailguard.guard.console.search import Wanted, read_search
from tests.console.house import browser_on, enters, site_on
from tests.guard.console.house import House, close_house, open_house

AT_ONCE = 200
PEOPLE = 20


async def fill(house: House, count: int) -> None:
    people = [f"person{number}@domain{number % 7}.example" for number in range(PEOPLE)]
    for start in range(0, count, AT_ONCE):
        many = range(start, min(count, start + AT_ONCE))
        await asyncio.gather(
            *(house.holds(f"MG-BENCH-{number}", *people, team="elm", subject=f"Flu {number}") for number in many)
        )


async def longest_wait(stop: asyncio.Event) -> float:
    """How late a timer of a millisecond came at the latest, in milliseconds."""
    longest = 0.0
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - began - 0.001)
    return longest * 1000


async def timed(name: str, work: object) -> float:
    stop = asyncio.Event()
    waiting = asyncio.create_task(longest_wait(stop))
    began = time.perf_counter()
    await work  # type: ignore[misc]
    took = (time.perf_counter() - began) * 1000
    stop.set()
    print(f"{name:<44} {took:8.0f} ms   the event loop waited {await waiting:5.0f} ms at the most")
    return took


async def measure(count: int) -> dict[str, float]:
    """Milliseconds by what was done."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        house = await open_house(Path(folder), teams=("elm",))
        await fill(house, count)
        reviewer = powers_of(["reviewer:elm"])
        found["first page"] = await timed("the first page", house.queue.page(reviewer, Asked()))
        last = Asked(view=View.ALL, page=count // 25)
        found["last page"] = await timed("the last page", house.queue.page(reviewer, last))
        found["warming"] = await timed("reading what can be searched, once", house.queue.warm())
        for words in ("flu 77", "to:person3@domain3.example", "reason:288"):
            wanted = read_search(words)
            assert isinstance(wanted, Wanted)
            found[words] = await timed(f"searching {words}", house.queue.page(reviewer, Asked(wanted=wanted)))
        await house.account("sam@elmroad.example", "reviewer:elm")
        async with browser_on(site_on(house)) as browser:
            await enters(browser, house, "sam@elmroad.example")
            found["as HTML"] = await timed("the first page, as HTML", browser.get("/queue"))
            found["search as HTML"] = await timed("a search, as HTML", browser.get("/queue?q=flu+77"))
        with contextlib.suppress(Exception):
            await close_house(house)
    return found


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
