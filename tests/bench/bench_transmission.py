"""What one message costs on our way to the smarthost, in microseconds of processor. Asserts nothing.

    .venv/bin/python tests/bench/bench_transmission.py [--messages 2000] [--rounds 5] [--tasks 20]

The smarthost is Postfix's smtp-sink in a process of its own; ours runs alone here, on uvloop, as the service does:
`connect`, `transmit` and `release` for each message, by so many tasks at once. The least of the rounds is printed: what
others do on the machine only makes a round dearer.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path as File

import uvloop

sys.path.insert(0, str(File(__file__).parents[2]))

from mailguard import logs
from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.rewrite.content import Content
from mailguard.smtp.routes import SmarthostRoutes
from mailguard.smtp.smarthost_settings import SmarthostSettings
from tests.bench.counting_sink import CountingSink

LINE = b"0123456789" * 7 + b"012345\r\n"


def envelope(recipients: int) -> Envelope:
    to = tuple(
        Recipient(Path(b"r%d@council.example" % number, f"r{number}@council.example")) for number in range(recipients)
    )
    return Envelope(Path(b"jo@elmroad.example", "jo@elmroad.example"), to)


def content(octets: int) -> Content:
    return Content(b"Subject: x\r\n\r\n" + LINE * (octets // len(LINE)))


async def send(routes: SmarthostRoutes, count: int, tasks: int, recipients: int, octets: int) -> None:
    sent, message = envelope(recipients), content(octets)
    left = [count]

    async def work() -> None:
        while left[0] > 0:
            left[0] -= 1
            connection = await routes.connect(None)
            transmission = await connection.transmit(sent, message)
            await connection.release()
            if transmission.trouble is not None:
                raise RuntimeError(transmission.trouble)

    async with asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(work())


async def least(rounds: int, measured: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Seconds of processor and of the clock, of the round that was cheapest in each."""
    used, passed = [], []
    for _ in range(rounds):
        before, begun = time.process_time(), time.perf_counter()
        await measured()
        used.append(time.process_time() - before)
        passed.append(time.perf_counter() - begun)
    return min(used), min(passed)


async def measure(port: int, options: argparse.Namespace) -> None:
    for name, per_connection, recipients, octets, count in (
        ("4 kB, persistent", 100_000, 1, 4096, options.messages),
        ("4 kB, a new connection each", 1, 1, 4096, options.messages // 2),
        ("4 kB, 50 recipients, persistent", 100_000, 50, 4096, options.messages // 10),
        ("10 MB, persistent", 100_000, 1, 10_000_000, 20),
    ):
        settings = SmarthostSettings.model_validate(
            {"address": f"127.0.0.1:{port}", "connections": 20, "messages_per_connection": per_connection}
        )
        routes = SmarthostRoutes([settings], hostname="guard.elmroad.example")
        tasks = options.tasks if octets < 1_000_000 else 2

        async def measured(
            routes: SmarthostRoutes = routes,
            count: int = count,
            tasks: int = tasks,
            recipients: int = recipients,
            octets: int = octets,
        ) -> None:
            await send(routes, count, tasks, recipients, octets)

        used, passed = await least(options.rounds, measured)
        await routes.close()
        each = f"{used / count * 1e6:8.0f} µs a message"
        if octets > 1_000_000:
            each = f"{used / count / octets * 1e9:8.2f} ms a MB, {count * octets / passed / 1e6:.0f} MB/s"
        print(f"{name:36}{each}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=20)
    options = parser.parse_args()
    logs.configure(io.StringIO(), "warning")
    with CountingSink() as sink, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(sink.port, options))


if __name__ == "__main__":
    main()
