"""One guard and two guards on one PostgreSQL with fsync on, and one on SQLite, in interleaved rounds.

    .venv/bin/python tests/bench/bench_nodes.py [--rounds 3] [--messages 1500]

20 clients (smtp-source, persistent connections, 4 kB, the default policy) share the guards that there are, as a TCP
balancer would share them out; smtp-sink is the smarthost. Prints messages a second until the last answer, and the
processor time of the guards and of PostgreSQL for each message. Asserts no time, but that each message sent was
decided, recorded and at the sink.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.counting_sink import CountingSink
from tests.bench.processor import seconds_of_tree
from tests.bench.ways import LIMITS
from tests.end_to_end.nodes import node
from tests.end_to_end.service import Service, eventually
from tests.peers.postgresql import Postgresql

CLIENTS = 20
RUN_SECONDS = 300.0


@dataclass(frozen=True)
class House:
    """recorded: decisions and outcomes so far. database: the process of PostgreSQL, 0 where there is none."""

    guards: Sequence[Service]
    sink: CountingSink
    recorded: Callable[[], int]
    database: int = 0


@contextmanager
def on_postgresql(count: int, folder: Path) -> Iterator[House]:
    cluster = Postgresql()
    url = cluster.new_database()

    def recorded() -> int:
        async def ask() -> int:
            connection = await asyncpg.connect(url)
            try:
                kinds = "'message_decided', 'message_relayed'"
                return int(await connection.fetchval(f"SELECT count(*) FROM entries WHERE kind IN ({kinds})"))
            finally:
                await connection.close()

        return asyncio.run(ask())

    with ExitStack() as stack:
        stack.callback(cluster.close)
        sink = stack.enter_context(CountingSink())
        guards = [
            stack.enter_context(node(folder, f"guard-{number}", url, sink.port, None, limits=LIMITS))
            for number in range(count)
        ]
        yield House(guards, sink, recorded, cluster.postmaster())


@contextmanager
def on_sqlite(folder: Path) -> Iterator[House]:
    with CountingSink() as sink, Service(folder, sink.port, limits=LIMITS) as service:
        kinds = {"message_decided", "message_relayed"}
        yield House([service], sink, lambda: sum(entry["kind"] in kinds for entry in service.rows("audit", "list")))


def run(house: House, messages: int) -> dict[str, float]:
    """One run over all guards at once. rate: messages/s; guards, database: processor, milliseconds a message."""
    share, clients = messages // len(house.guards), CLIENTS // len(house.guards)
    counted, before = house.sink.count, house.recorded()
    spent = [sum(seconds_of_tree(each.pid) for each in house.guards), seconds_of_tree(house.database or -1)]
    begun = time.perf_counter()
    load = ["-d", "-m", str(share), "-s", str(clients), "-l", "4096"]
    between = ["-f", "jo@elmroad.example", "-t", "anna@council.example"]
    sources = [
        subprocess.Popen(["/usr/sbin/smtp-source", *load, *between, f"127.0.0.1:{each.port}"]) for each in house.guards
    ]
    assert [each.wait(RUN_SECONDS) for each in sources] == [0] * len(sources)
    took = time.perf_counter() - begun
    sent = share * len(house.guards)
    eventually(lambda: house.sink.count - counted == sent and house.recorded() - before == 2 * sent, 60)
    after = [sum(seconds_of_tree(each.pid) for each in house.guards), seconds_of_tree(house.database or -1)]
    guards, database = ((now - then) * 1000 / sent for now, then in zip(after, spent, strict=True))
    return {"rate": sent / took, "guards": guards, "database": database}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=1_500)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="mg-nodes-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        ways: dict[str, Any] = {
            "one guard, SQLite": on_sqlite(folder / "sqlite"),
            "one guard, PostgreSQL": on_postgresql(1, folder / "one"),
            "two guards, PostgreSQL": on_postgresql(2, folder / "two"),
        }
        houses = {what: stack.enter_context(way) for what, way in ways.items()}
        for number in range(options.rounds + 1):
            for what in houses if number % 2 else reversed(houses):
                figures = run(houses[what], options.messages if number else 100)
                if number:  # the first round warms them up
                    found.setdefault(what, []).append(figures)
    print("| | messages/s | least and most | processor of the guards, ms a message | of PostgreSQL |")
    print("|---|---|---|---|---|")
    for what, rounds in found.items():
        rate, guards, database = ([each[key] for each in rounds] for key in ("rate", "guards", "database"))
        print(
            f"| {what} | {statistics.median(rate):.0f} | {min(rate):.0f} to {max(rate):.0f} "
            f"| {statistics.median(guards):.2f} | {statistics.median(database):.2f} |"
        )


if __name__ == "__main__":
    main()
