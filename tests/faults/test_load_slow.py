"""Five hundred sockets at one octet a second are gone within five minutes, and mail passes meanwhile (issue 7, T81).

From outside, against the real process. With --soak by the default limits; else by short ones, and all the faster. The
sockets come from ten addresses, for one may have fifty: a flood from one is a test of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.faults.load import Measured, Stretch, peak_kilobytes, resident_kilobytes, steady_client

SOCKETS = 500
MOST_KILOBYTES = 60_000
SHORT = {"idle_seconds": 12, "command_seconds": 4, "data_grace_seconds": 8, "busy_idle_seconds": 4}
BEGUN = b"EHLO x\r\nMAIL FROM:<jo@elmroad.example>\r\n"
WAYS = (
    (b"", b""),
    (b"", b"NOOP\r\n" * 500),
    (b"EHLO x\r\n", b"MAIL FROM:<jo@elmroad.example>\r\nRSET\r\n" * 50),
    (BEGUN, b"RCPT TO:<anna@council.example>\r\n" * 50),
    (BEGUN + b"RCPT TO:<anna@council.example>\r\nDATA\r\n", b"x\r\n" * 500),
)
"""What a socket says at once, and what it goes on to say octet by octet."""


async def _slow(port: int, number: int, every: float, until: float) -> float | None:
    """When the socket was gone, in seconds from its beginning; None where it was still there. Refused is gone too."""
    at_once, drip = WAYS[number % len(WAYS)]
    begun = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.1.{number % 10 + 1}", 0))

    async def say() -> None:
        with suppress(OSError, RuntimeError):
            writer.write(at_once)
            for octet in itertools.islice(itertools.cycle(drip or b""), 10_000):
                await asyncio.sleep(every)
                writer.write(bytes([octet]))

    saying = asyncio.create_task(say())
    try:
        async with asyncio.timeout(until):
            with suppress(OSError):
                while await reader.read(4096):
                    pass
        return time.monotonic() - begun
    except TimeoutError:
        return None
    finally:
        saying.cancel()
        writer.transport.abort()


async def _all_slow(port: int, every: float, until: float) -> list[float | None]:
    return await asyncio.gather(*(_slow(port, number, every, until) for number in range(SOCKETS)))


def _report(name: str, measured: Measured) -> None:
    codes = {code: measured.codes.count(code) for code in set(measured.codes)}
    print(f"{name}: {measured}, replies {codes}")


@pytest.mark.parametrize(
    ("limits", "every", "within"),
    [(SHORT, 0.5, 20.0), pytest.param({}, 1.0, 300.0, marks=pytest.mark.soak)],
    ids=["short", "default"],
)
def test_five_hundred_slow_sockets(
    tmp_path: Path, sink: Sink, limits: dict[str, Any], every: float, within: float
) -> None:
    with Service(tmp_path, sink.port, limits=limits) as service:
        with steady_client(service.port, 0.2) as calm:
            time.sleep(1.0)
        begun, stretch = resident_kilobytes(service.pid), Stretch(service.pid)
        with steady_client(service.port, 0.2) as measured:
            gone = asyncio.run(_all_slow(service.port, every, within + 30.0))
        peak, stretched = peak_kilobytes(service.pid), stretch()
        last = [each if each is not None else float("inf") for each in gone]
        refused = sum(event["event"] == "client_refused" for event in service.events())
        print()
        _report("without slow sockets", calm)
        _report("with slow sockets", measured)
        print(f"gone: half within {sorted(last)[SOCKETS // 2]:.0f} s, all within {max(last):.0f} s, {refused} refused")
        print(f"memory: {begun} kB, at most {peak} kB; waited for a processor {stretched:.1f} times as long")
        assert refused < SOCKETS / 4
        # What is said at the end may take two seconds to be read, of those in which the service had a processor.
        assert max(last) <= (within + 3.0) * max(1.0, stretched)
        assert measured.codes.count(250) >= 0.98 * len(measured.codes) and measured.codes[-1] == 250
        assert peak - begun < MOST_KILOBYTES
        assert service.stop() == 0


def test_a_flood_from_one_address_locks_nobody_else_out(tmp_path: Path, sink: Sink) -> None:
    """One address has fifty connections and is told 421 for each more, however fast it asks."""

    async def flood(port: int) -> dict[bytes, int]:
        said: dict[bytes, int] = {}
        kept = []
        for _ in range(600):
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.1.1", 0))
                kept.append(writer)
                first = (await reader.readline())[:3]
                said[first] = said.get(first, 0) + 1
        for writer in kept:
            writer.transport.abort()
        return said

    with Service(tmp_path, sink.port) as service:
        begun = resident_kilobytes(service.pid)
        with steady_client(service.port, 0.1) as measured:
            said = asyncio.run(flood(service.port))
        print()
        _report("with a flood from one address", measured)
        print(f"the flood heard {said}; memory {begun} kB, at most {peak_kilobytes(service.pid)} kB")
        assert said == {b"220": 50, b"421": 550}
        assert set(measured.codes) == {250}
        assert peak_kilobytes(service.pid) - begun < MOST_KILOBYTES
        assert service.stop() == 0
