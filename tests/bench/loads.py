"""The loads of bench_all.py: what is sent over a way, and what is measured and counted there.

Each ends when the last message is at the sink, which must then have as many as were sent, and a guard's books must hold
what so many messages leave behind: AssertionError otherwise. None asserts a time. All are bounded in time.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import random
import smtplib
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import uvloop

from tests.bench.books import of_relayed, of_separated
from tests.bench.counting_sink import CountingSink
from tests.bench.processor import seconds_of_tree
from tests.bench.ways import Way

SMTP_SOURCE = "/usr/sbin/smtp-source"
SENDER, RECIPIENT = "jo@elmroad.example", "anna@council.example"
PICTURE = Path(__file__).parents[1] / "fixtures" / "pictures" / "clean.jpg"
RUN_SECONDS = 180.0
BOOKS_SECONDS = 60.0
REPLY_SECONDS = 60.0


@dataclass(frozen=True)
class Load:
    """Messages from several clients at once (smtp-source). octets: of one; or file: a message as it is. persistent:
    a client sends one message after the other over its connection; else each has a connection of its own. first:
    messages of the run that tells how many make a run of some seconds. picture:
    most of a message is one. recipients: of one message, in one transaction."""

    name: str
    octets: int
    persistent: bool
    clients: int = 20
    first: int = 200
    file: Path | None = None
    in_megabytes: bool = False
    picture: bool = False
    recipients: int = 1

    @property
    def unit(self) -> str:
        return "MB/s" if self.in_megabytes else "messages/s"


@dataclass(frozen=True)
class Figure:
    """sent: messages, each counted at the sink. value: what is compared, in the unit of its load. at_sink: the same
    until the last message was at the sink; a queue answers the client earlier. processor_ms: of the way's processes,
    for each message."""

    sent: int
    value: float
    at_sink: float | None = None
    processor_ms: float | None = None


def throughput(way: Way, sink: CountingSink, load: Load, messages: int) -> Figure:
    """Messages (or megabytes) a second until the clients have their last answer."""
    counted = sink.count
    command = [
        SMTP_SOURCE, "-m", str(messages), "-s", str(min(load.clients, messages)), "-f", SENDER, "-t", RECIPIENT,
        "-M", "client.example", "-r", str(load.recipients), *(["-d"] if load.persistent else []),
        *(["-F", str(load.file)] if load.file else ["-l", str(load.octets)]), f"127.0.0.1:{way.port}",
    ]  # fmt: skip
    spent = _processor(way)
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS)
    answered = time.perf_counter()
    assert done.returncode == 0, f"the way answered otherwise than with 250: {done.stderr.strip()[-300:]}"
    arrived = sink.wait_for(counted + messages, RUN_SECONDS)
    spent = _processor(way) - spent
    if way.books is not None:
        way.books.expect(of_relayed(messages), BOOKS_SECONDS)
    amount = messages * load.octets / 1e6 if load.in_megabytes else messages
    return Figure(
        messages, amount / (answered - begun), amount / (arrived - begun), 1_000 * spent / messages if way.pid else None
    )


def separate_copies(way: Way, sink: CountingSink, people: int) -> Figure:
    """Seconds from the connection of one client with one message to so many people until the last of them has it."""
    counted = sink.count
    addresses = [f"person{number}@council.example" for number in range(people)]
    content = message(",\r\n ".join(addresses), 4_096)
    spent = _processor(way)
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", way.port, timeout=REPLY_SECONDS) as client:
        client.sendmail(SENDER, addresses, content)
    arrived = sink.wait_for(counted + people, RUN_SECONDS)
    spent = _processor(way) - spent
    if way.books is not None:
        way.books.expect(of_separated(people), BOOKS_SECONDS)
    return Figure(people, arrived - begun, processor_ms=1_000 * spent / people if way.pid else None)


@dataclass(frozen=True)
class Latency:
    """Milliseconds from the moment at which a message was due until its 250; 99 of 100 are no slower than the second.
    sent: messages, each counted at the sink."""

    sent: int
    median_ms: float
    p99_ms: float


def latency(way: Way, sink: CountingSink, persistent: bool, per_second: int, seconds: float) -> Latency:
    """Messages of 4 kB at a steady pace, whether or not those before them are answered (an open loop): what waits
    counts against the way. persistent: over connections that are kept; else each has its own."""
    counted = sink.count
    messages = int(per_second * seconds)
    gc.collect()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            times = runner.run(_paced(way.port, persistent, per_second, messages))
    finally:
        gc.enable()
    sink.wait_for(counted + messages, RUN_SECONDS)
    if way.books is not None:
        way.books.expect(of_relayed(messages), BOOKS_SECONDS)
    return _latency(times)


def message(to: str, octets: int) -> bytes:
    """A plain letter of about so many octets."""
    header = f"From: {SENDER}\r\nTo: {to}\r\nSubject: bench\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\n"
    header += "Message-ID: <bench@client.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
    return header.encode() + b"Good morning to all of you, wherever you are\r\n" * (octets // 46)


def picture(folder: Path, octets: int) -> Path:
    """A message of about so many octets, nearly all of them a picture that is attached, as smtp-source -F takes it."""
    jpeg = PICTURE.read_bytes()
    assert jpeg.endswith(b"\xff\xd9")  # EOI: what is put before it is more of the picture's own data
    more = random.Random(7).randbytes(octets * 72 // 100).replace(b"\xff", b"\x00")
    encoded = base64.encodebytes(jpeg[:-2] + more + jpeg[-2:]).decode()
    file = folder / "picture.eml"
    file.write_text(
        f"From: {SENDER}\nTo: {RECIPIENT}\nSubject: bench\nDate: Fri, 27 Nov 2026 09:00:00 +0000\n"
        "Message-ID: <picture@client.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nThe house, as promised.\n--b\nContent-Type: image/jpeg; name=house.jpg\n"
        "Content-Disposition: attachment; filename=house.jpg\nContent-Transfer-Encoding: base64\n\n"
        f"{encoded}--b--\n"
    )
    return file


def _latency(seconds: list[float]) -> Latency:
    return Latency(len(seconds), 1_000 * median(seconds), 1_000 * quantiles(seconds, n=100, method="inclusive")[98])


def _processor(way: Way) -> float:
    return seconds_of_tree(way.pid) if way.pid else 0.0


async def _paced(port: int, persistent: bool, per_second: int, messages: int) -> list[float]:
    content = message(RECIPIENT, 4_096) + b".\r\n"
    free: list[_Client] = []
    start = time.perf_counter() + 0.1

    async def one(number: int) -> float:
        due = start + number / per_second
        await asyncio.sleep(due - time.perf_counter())
        client = free.pop() if free else await _Client.connected(port)
        await client.send(content)
        took = time.perf_counter() - due
        if persistent:
            free.append(client)
        else:
            await client.quit()
        return took

    async with asyncio.timeout(RUN_SECONDS):
        times = await asyncio.gather(*map(one, range(messages)))
        for client in free:
            await client.quit()
    return times


class _Client:
    """One SMTP session, step by step."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, port: int) -> _Client:
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        await client._answered(b"220")
        await client._ask(b"EHLO client.example\r\n", b"250")
        return client

    async def send(self, content: bytes) -> None:
        await self._ask(f"MAIL FROM:<{SENDER}>\r\n".encode(), b"250")
        await self._ask(f"RCPT TO:<{RECIPIENT}>\r\n".encode(), b"250")
        await self._ask(b"DATA\r\n", b"354")
        await self._ask(content, b"250")

    async def quit(self) -> None:
        await self._ask(b"QUIT\r\n", b"221")
        self._writer.close()

    async def _ask(self, octets: bytes, code: bytes) -> None:
        self._writer.write(octets)
        await self._answered(code)

    async def _answered(self, code: bytes) -> None:
        while (line := await self._reader.readline())[3:4] == b"-":
            pass
        assert line.startswith(code), f"{code.decode()} expected, got {line.decode(errors='replace').strip()}"
