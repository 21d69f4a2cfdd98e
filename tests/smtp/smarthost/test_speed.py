"""What it costs: pipelining against a round trip of 20 ms, and 50 MB. Figures are printed with -s; the bounds are wide.

Two slow cores shared with other tests must still pass, so a bound says "not in another order of magnitude".
"""

from __future__ import annotations

import asyncio
import time

import pytest

from mailguard.core.rewrite.content import Content
from mailguard.smtp.dot_stuffing import stuffed_pieces
from tests.fakes.smarthost import ORDINARY, ScriptedSmarthost

from .samples import MESSAGE, A, connection, envelope, outcomes

ROUND_TRIP = 0.02


async def _seconds(count: int, extensions: tuple[bytes, ...], **values: object) -> float:
    async with (
        ScriptedSmarthost(delay_seconds=ROUND_TRIP, extensions=extensions) as smarthost,
        connection(smarthost.port, deadline_seconds=60, **values) as connected,
    ):
        await connected.transmit(envelope(1), Content(MESSAGE))  # the handshake is not counted
        begun = asyncio.get_running_loop().time()
        sent = await connected.transmit(envelope(count), Content(MESSAGE))
        assert set(outcomes(sent)) == {A}
        return asyncio.get_running_loop().time() - begun


@pytest.mark.parametrize("count", [288, 1000])
async def test_pipelined_the_number_of_recipients_costs_no_round_trips(count: int) -> None:
    # The best of three: a machine that stands still for half a second in one of them has made no round trips.
    seconds = min([await _seconds(count, ORDINARY) for _ in range(3)])
    all_or_none = min([await _seconds(count, ORDINARY, partial="refuse_all") for _ in range(3)])
    step_by_step = await _seconds(20, ()) * count / 20
    print(f"\n{count} recipients, 20 ms round trip, pipelined: {seconds:.3f} s; refuse_all: {all_or_none:.3f} s")
    print(f"step by step, reckoned from 20 in the same run: {step_by_step:.2f} s")
    assert max(seconds, all_or_none) < step_by_step / 10


async def test_step_by_step_each_recipient_costs_one() -> None:
    """288 take 6 s (docs/decisions/transaction.md); fewer show it here."""
    seconds = await _seconds(60, ())
    print(f"\n60 recipients, 20 ms round trip, step by step: {seconds:.2f} s")
    assert seconds > 60 * ROUND_TRIP


def _content(megabytes: int) -> Content:
    line = b"TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuIE1hbnkgaGFuZHMgbWFrZSBsaWdodCB3b3JrLiBNYW5\r\n"
    return Content(b"Subject: x\r\n\r\n" + line * (megabytes * 1_000_000 // len(line)))


def test_fifty_megabytes_are_cheap_to_stuff() -> None:
    content = _content(50)
    begun = time.process_time()
    octets = sum(len(piece) for piece, _ in stuffed_pieces(content))
    milliseconds = (time.process_time() - begun) * 1_000 / 50
    print(f"\ndot-stuffing and the check of line ends: {milliseconds:.2f} ms/MB")
    assert octets > content.size() and milliseconds < 15


async def test_fifty_megabytes_do_not_stall_the_loop() -> None:
    """The receiver runs in the same process, so this is the cost of both ends; the longest stall is what matters."""
    content = _content(50)
    async with (
        ScriptedSmarthost() as smarthost,
        connection(smarthost.port, final_timeout_seconds=30, deadline_seconds=60) as connected,
    ):
        watch = asyncio.create_task(_longest_stall())
        begun = time.process_time()
        sent = await connected.transmit(envelope(1), content)
        milliseconds = (time.process_time() - begun) * 1_000 / 50
        watch.cancel()
        assert outcomes(sent) == [A] and len(smarthost.messages[0].wire or b"") == content.size() + 3
    print(f"\n50 MB: {milliseconds:.2f} ms/MB with the receiver; longest stall {STALLS[-1] * 1_000:.0f} ms")


STALLS: list[float] = [0.0]


async def _longest_stall() -> None:
    STALLS[-1] = 0.0
    last = time.monotonic()
    while True:
        await asyncio.sleep(0)
        now = time.monotonic()
        STALLS[-1] = max(STALLS[-1], now - last)
        last = now
