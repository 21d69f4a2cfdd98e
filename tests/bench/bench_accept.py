"""One inherited socket beside SO_REUSEPORT: how two processes share what connects (docs/decisions/workers.md).

    .venv/bin/python tests/bench/bench_accept.py [--rounds 5] [--connections 2000] [--clients 20]

Each process accepts on its loop, works for WORK_SECONDS of its processor (about what the guard does for a message),
says a line and closes. Interleaved rounds print connections a second, the time that a client waits, the share of the
busier process, and, with a worker that is killed in the middle, how many clients were cut off. Asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import signal
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

WORK_SECONDS = 0.004
WORKERS = 2
PATIENCE_SECONDS = 10.0
BACKLOG = 100
WAYS = ("inherited", "reuse_port")


@dataclass(frozen=True)
class Round:
    """waits: seconds from connect to the line, of each client that was answered. cut: clients that were not."""

    seconds: float
    waits: list[float]
    shares: Counter[bytes]
    cut: int


def listener(reuse: bool, port: int = 0) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    made.listen(BACKLOG)
    made.setblocking(False)
    return made


def serve(sock: socket.socket, others: list[socket.socket]) -> None:
    # Or the queue of a worker that has gone would live on here, and its clients wait instead of being cut off.
    for other in others:
        other.close()
    asyncio.run(_serve(sock))


async def _serve(sock: socket.socket) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = time.thread_time() + WORK_SECONDS
        while time.thread_time() < end:
            pass
        writer.write(b"%d\n" % os.getpid())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, sock=sock, backlog=BACKLOG)
    await server.serve_forever()


@contextmanager
def processes(way: str) -> Iterator[tuple[int, list[BaseProcess]]]:
    """The port, and the processes that accept on it."""
    first = listener(way == "reuse_port")
    port = int(first.getsockname()[1])
    more = WORKERS - 1
    socks = [first, *((listener(True, port) for _ in range(more)) if way == "reuse_port" else [first] * more)]
    fork = multiprocessing.get_context("fork")
    others_of = [[each for each in dict.fromkeys(socks) if each is not sock] for sock in socks]
    made = (fork.Process(target=serve, args=pair, daemon=True) for pair in zip(socks, others_of, strict=True))
    started: list[BaseProcess] = list(made)
    for each in started:
        each.start()
    for sock in dict.fromkeys(socks):
        sock.close()
    try:
        yield port, started
    finally:
        for each in started:
            each.kill()
            each.join()


async def connecting(port: int, clients: int, connections: int, kill: int | None) -> Round:
    """kill: a process to end when half of it is done."""
    left = iter(range(connections))
    waits: list[float] = []
    shares: Counter[bytes] = Counter()
    cut = 0

    async def client() -> None:
        nonlocal cut
        for number in left:
            if kill is not None and number == connections // 2:
                os.kill(kill, signal.SIGKILL)
            begun = time.perf_counter()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    line = await reader.readline()
                writer.close()
            except (OSError, TimeoutError):
                line = b""
            if line:
                waits.append(time.perf_counter() - begun)
                shares[line] += 1
            else:
                cut += 1

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Round(time.perf_counter() - begun, waits, shares, cut)


def measured(way: str, clients: int, connections: int, *, kills: bool) -> Round:
    with processes(way) as (port, started):
        return asyncio.run(connecting(port, clients, connections, started[0].pid if kills else None))


def told(way: str, whole: list[Round], killed: list[Round]) -> str:
    def middle(values: list[float]) -> float:
        return statistics.median(values)

    rate = middle([len(each.waits) / each.seconds for each in whole])
    typical = middle([statistics.median(each.waits) * 1000 for each in whole])
    late = middle([statistics.quantiles(each.waits, n=100)[98] * 1000 for each in whole])
    share = middle([max(each.shares.values()) / sum(each.shares.values()) for each in whole])
    cut = middle([float(each.cut) for each in killed])
    return f"| {way} | {rate:.0f} | {typical:.1f} | {late:.1f} | {share:.0%} | {cut:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=2_000)
    parser.add_argument("--clients", type=int, default=20)
    options = parser.parse_args()
    whole: dict[str, list[Round]] = {way: [] for way in WAYS}
    killed: dict[str, list[Round]] = {way: [] for way in WAYS}
    for number in range(options.rounds):
        for way in WAYS if number % 2 else reversed(WAYS):
            whole[way].append(measured(way, options.clients, options.connections, kills=False))
            killed[way].append(measured(way, options.clients, options.connections, kills=True))
    print("| | connections/s | wait, median ms | wait, 99th percentile ms | share of the busier | cut off by a kill |")
    print("|---|---|---|---|---|---|")
    for way in WAYS:
        print(told(way, whole[way], killed[way]), flush=True)


if __name__ == "__main__":
    main()
