"""Back-pressure, not collapse, when the smarthost takes half a minute a message (issue 7, THREATS.md T81).

From outside, against the real process, with a smarthost in a process of its own. Many clients submit at once, hear 4yz
within a bounded time, and go on trying; no queue grows, memory is bounded, and when the smarthost is quick again mail
passes within ten seconds, as many times longer as the service had to wait for a processor. Counted on both sides: the
smarthost took as many messages as clients heard 250.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.service import Service, eventually
from tests.faults.load import Stretch, peak_kilobytes, resident_kilobytes, steady_client

SMARTHOST = Path(__file__).parent / "slow_smarthost.py"
HEAD = b"From: jo@elmroad.example\r\nTo: anna@council.example\r\nSubject: x\r\n\r\n"
COMMANDS = (b"EHLO x\r\n", b"MAIL FROM:<jo@elmroad.example>\r\n", b"RCPT TO:<anna@council.example>\r\n", b"DATA\r\n")
FOUR = {b"421", b"451", b"452"}
SMARTHOST_SECONDS = 30.0
QUICK_SECONDS = 10.0
MOST_KILOBYTES = 400_000


@dataclass(frozen=True)
class Heard:
    """code: of the last reply, b"0" where the session was cut. seconds: from the end of the message. at: when."""

    code: bytes
    seconds: float
    at: float


async def _client(port: int, number: int, raw: bytes, heard: list[Heard], ending: threading.Event) -> None:
    while not ending.is_set():
        writer, begun, code = None, time.monotonic(), b"0"
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(f"127.0.1.{number % 10 + 1}", 0)
            )
            code = await _reply(reader)
            for said in (*COMMANDS, raw) if code == b"220" else ():
                writer.write(said)
                await writer.drain()
                begun = time.monotonic()
                code = await _reply(reader)
        heard.append(Heard(code, time.monotonic() - begun, time.monotonic()))
        if writer is not None:
            writer.transport.abort()
        await asyncio.sleep(0.5)


async def _reply(reader: asyncio.StreamReader) -> bytes:
    while (line := await reader.readuntil(b"\n"))[3:4] == b"-":
        pass
    return line[:3]


@contextmanager
def _clients(port: int, count: int, raw: bytes) -> Iterator[list[Heard]]:
    """While the block runs, so many clients submit, and submit again whatever they hear."""
    heard: list[Heard] = []
    ending = threading.Event()

    async def run() -> None:
        await asyncio.gather(*(_client(port, number, raw, heard, ending) for number in range(count)))

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        yield heard
    finally:
        ending.set()
        thread.join()


@contextmanager
def _slow_smarthost(seconds: float) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    peer = subprocess.Popen(
        [sys.executable, str(SMARTHOST), str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert peer.stdout is not None
        yield int(peer.stdout.readline()), peer
    finally:
        peer.kill()
        peer.wait()


@pytest.mark.parametrize(
    ("settings", "clients", "octets", "slow_seconds", "answered_within"),
    [
        ({"connections": 4, "connect_timeout_seconds": 2}, 60, 4_000, 6.0, 2.0),
        pytest.param({}, 500, 4_000, 70.0, 30.0, marks=pytest.mark.soak),
        pytest.param({}, 400, 900_000, 70.0, 60.0, marks=pytest.mark.soak),
    ],
    ids=["short", "500 clients", "400 clients with 0.9 MB"],
)
def test_a_slow_smarthost_is_the_clients_4yz(
    tmp_path: Path, settings: dict[str, Any], clients: int, octets: int, slow_seconds: float, answered_within: float
) -> None:
    """slow_seconds: until the smarthost, which takes 30 seconds a message, is quick. answered_within: seconds,
    beside those of the smarthost and however often the service waits for a processor.
    """
    raw = HEAD + (b"x" * 76 + b"\r\n") * (octets // 78) + b".\r\n"
    with _slow_smarthost(SMARTHOST_SECONDS) as (port, peer):
        smarthost = {"address": f"127.0.0.1:{port}"} | settings
        with Service(tmp_path, 0, smarthost=smarthost) as service:
            begun, stretch = resident_kilobytes(service.pid), Stretch(service.pid)
            with _clients(service.port, clients, raw) as heard:
                slow_since = time.monotonic()
                time.sleep(slow_seconds)
                eventually(lambda: FOUR & {each.code for each in list(heard)}, 60, "somebody is told to come again")
                before, quick = list(heard), time.monotonic()
                assert peer.stdin is not None
                peer.stdin.write(b"quick\n")
                peer.stdin.flush()
            with steady_client(service.port) as after:
                time.sleep(1.0)
            peak, stretched = peak_kilobytes(service.pid), max(1.0, stretch())
            assert service.stop() == 0
        said, _ = peer.communicate(b"", timeout=60)
    taken = json.loads(said)
    passed = min((each.at - quick for each in heard if each.code == b"250" and each.at > quick), default=float("inf"))
    longest = max(each.seconds for each in heard)
    print(f"\nwhile it was slow: {dict(Counter(each.code for each in before))}")
    print(
        f"when it was quick: {dict(Counter(each.code for each in heard[len(before) :]))}, first within {passed:.1f} s"
    )
    print(
        f"afterwards: {after}, longest wait for a reply {longest:.0f} s; waited for a processor {stretched:.1f} times"
    )
    print(f"smarthost: {taken}; memory: {begun} kB, at most {peak} kB")
    assert {each.code for each in heard} <= FOUR | {b"250"}
    assert FOUR & {each.code for each in before}
    assert longest < min(SMARTHOST_SECONDS, quick - slow_since) + (answered_within + 1.0) * stretched
    assert passed < QUICK_SECONDS * stretched and set(after.codes) == {250}
    assert taken["taken"] == sum(each.code == b"250" for each in heard) + after.codes.count(250)
    assert taken["at_once"] <= settings.get("connections", 20)
    assert peak - begun < MOST_KILOBYTES
