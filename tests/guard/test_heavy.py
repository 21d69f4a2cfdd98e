"""Large messages are worked on in threads, few at a time, so that they hold up nobody (THREATS.md T80)."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from mailguard.guard import submission
from mailguard.guard.heavy import HeavyWork
from tests.guard.world import SESSION, World, envelope, message


async def test_no_more_than_so_many_run_at_once_and_all_are_done() -> None:
    heavy, running, most = HeavyWork(2), 0, 0
    lock = threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return number

    assert await asyncio.gather(*(heavy.run(lambda each=each: work(each)) for each in range(12))) == list(range(12))
    assert most == 2


async def test_what_the_work_raises_comes_out_and_its_turn_is_free_again() -> None:
    heavy = HeavyWork(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await heavy.run(lambda: 1 // 0)
    assert await heavy.run(lambda: 1) == 1


@pytest.mark.parametrize(
    ("raw", "in_thread"),
    [
        (message(), False),
        (message(body="x\r\n" * 20_000), False),
        (message(extra="X-Y: " + "\r\n z" * 5_000), True),
        (b"To: " + b"," * 20_000, True),
        (message(body="x\r\n" * 100_000), True),
    ],
    ids=["small", "a body of 60 kB", "a header of 20 kB", "a header without end", "300 kB"],
)
async def test_what_costs_much_to_parse_is_parsed_in_a_thread(
    raw: bytes, in_thread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, seen, parse = threading.get_ident(), [], submission.parse

    def watched(octets: bytes) -> object:
        seen.append(threading.get_ident() != loop)
        return parse(octets)

    monkeypatch.setattr(submission, "parse", watched)
    await World().submission.submit(SESSION, envelope("anna@council.example"), raw)
    assert seen == [in_thread]
