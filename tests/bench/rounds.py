"""The plan of bench_all.py and its rounds: which load goes over which way when, and what becomes of a failure.

In each round every load runs once over every way, one directly after the other, and each round begins with another way.
A guard that does not answer 250 or records anything else than was sent is a failure of the bench, a peer that does not
answer 250 is named; neither is asked for that load again.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from smtplib import SMTPException
from typing import TypeVar

from tests.bench import loads, ways
from tests.bench.counting_sink import CountingSink
from tests.bench.loads import Figure, Latency, Load
from tests.bench.machine import machine_of
from tests.bench.report import Aim, Measure, Results
from tests.bench.ways import Peer, Way

NEW = Load("4 kB, new connection each", 4_096, persistent=False)
KEPT = Load("4 kB, persistent", 4_096, persistent=True)
LIST = Load("4 kB, 50 recipients, persistent", 4_096, persistent=True, first=100, recipients=50)
TEXT = Load("10 MB of text", 10_000_000, persistent=True, first=20, in_megabytes=True)
PICTURE = Load("10 MB with a picture", 10_000_000, persistent=True, first=20, in_megabytes=True, picture=True)
COPIES = Measure("a list, each a transaction of their own", "s")
PACE = 50
MOST_MESSAGES = 200_000
QUIET_SECONDS, SETTLE_SECONDS = 5.0, 120.0
Taken = TypeVar("Taken", Figure, Latency)


@dataclass(frozen=True)
class Plan:
    """rounds: of everything. seconds: about what a run takes; 0: each run is as long as a load's first. pace_seconds:
    of each measurement at a steady pace. workers: of the guards, one guard for each number. people: of the list that
    leaves as separate copies. only: nothing but the ways with this in their names, and the one straight to the sink."""

    rounds: int = 3
    seconds: float = 5.0
    pace_seconds: float = 10.0
    workers: tuple[int, ...] = (1, 2)
    loads: tuple[Load, ...] = (NEW, KEPT, LIST, TEXT, PICTURE)
    people: int = 288
    with_haraka: bool = True
    only: str = ""


SHORT = Plan(
    rounds=1,
    seconds=0,
    pace_seconds=0.4,
    workers=(1,),
    loads=(
        replace(NEW, clients=5, first=20),
        replace(KEPT, clients=5, first=20),
        replace(LIST, clients=2, first=4),
        Load("100 kB of text", 100_000, persistent=True, first=2, in_megabytes=True),
        Load("1 MB with a picture", 1_000_000, persistent=True, first=2, in_megabytes=True, picture=True),
    ),
    people=40,
    with_haraka=False,
)


def rate(load: Load) -> Measure:
    return Measure(load.name, load.unit)


def at_sink(load: Load) -> Measure:
    return Measure(load.name, load.unit, "until all are at the sink")


def processor(name: str) -> Measure:
    return Measure(name, "ms a message", "processor")


PACED = frozenset({ways.DIRECT, ways.RELAY, ways.PROXY})


def paced(persistent: bool, what: str) -> Measure:
    return Measure(f"{PACE}/s, {'persistent' if persistent else 'new connection each'}", "ms", what)


AIMS = (
    Aim(rate(NEW), 2, ways.RELAY),
    Aim(rate(NEW), 4, ways.HARAKA),
    Aim(rate(NEW), 0.7, ways.PROXY),
    Aim(rate(KEPT), 3, ways.RELAY),
    Aim(rate(KEPT), 8, ways.HARAKA),
    Aim(rate(KEPT), 1, ways.PROXY),
    Aim(rate(TEXT), 0.8, ways.RELAY),
    Aim(rate(PICTURE), 0.8, ways.RELAY),
    Aim(COPIES, 2),
    *(Aim(paced(kept, "added, median"), 5) for kept in (True, False)),
    *(Aim(paced(kept, "added, 99th percentile"), 20) for kept in (True, False)),
)


class Bench:
    """One run of the plan. folder: empty, for stores and queues. say: is told what is measured now."""

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.plan = plan
        self._say = say
        self.results = Results()
        self._folder = folder
        self._enough: dict[tuple[Way, Load], int] = {}
        self._given_up: set[tuple[Way, str]] = set()
        self._counted: dict[Way, Counter[str]] = defaultdict(Counter)

    def run(self) -> Results:
        """Measure. What a guard failed in is in the results; an error of this program is raised."""
        plan, machine = self.plan, self.results.machine
        machine.update(machine_of(self._folder))
        if not plan.with_haraka:
            self.results.reasons[ways.HARAKA] = "left out of a short run"
        peers = [*map(ways.guard, plan.workers), *ways.PEERS, *([ways.HARAKA_PEER] if plan.with_haraka else [])]
        separating = [*(ways.guard(each, ways.SEPARATE) for each in plan.workers), ways.EACH_PEER]
        prepared = self._loads()
        with CountingSink() as sink, ExitStack() as running:
            all_ways = self._started(peers, sink, running)
            to_many = self._started(separating, sink, running)
            for number in range(plan.rounds):
                for load in prepared:
                    for way in self._turned(all_ways, number):
                        self._throughput(way, sink, load, number)
                for way in self._turned(to_many, number):
                    self._separate_copies(way, sink, number)
                for persistent in (True, False):
                    self._latencies(
                        [each for each in all_ways if each.books or each.name in PACED], sink, persistent, number
                    )
            self._close_the_books([*all_ways, *to_many])
            self._stop(running)
        machine["load at the end"] = f"{os.getloadavg()[0]:.1f}"
        return self.results

    def _loads(self) -> list[Load]:
        """Those of the plan, with the file that a message of theirs is."""
        found = []
        for load in self.plan.loads:
            if load.picture:
                folder = self._folder / load.name
                folder.mkdir(exist_ok=True)
                load = replace(load, file=loads.picture(folder, load.octets))
            found.append(load)
        return found

    def _started(self, peers: list[Peer], sink: CountingSink, running: ExitStack) -> list[Way]:
        found = []
        for peer in peers:
            if self.plan.only not in peer.name and peer.name != ways.DIRECT:
                continue
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            folder.chmod(0o755)
            try:
                found.append(running.enter_context(peer.start(folder, sink)))
            except (AssertionError, OSError) as cause:
                self.results.reasons[peer.name] = f"cannot be started: {_said(cause)}"
        return found

    def _turned(self, found: list[Way], number: int) -> list[Way]:
        """Another one first in each round."""
        turn = number % len(found) if found else 0
        return found[turn:] + found[:turn]

    def _throughput(self, way: Way, sink: CountingSink, load: Load, number: int) -> None:
        if not self.plan.seconds:
            messages = load.first
        elif (way, load) in self._enough:
            messages = self._enough[way, load]
        else:
            tried = self._measured(way, sink, load.name, lambda: loads.throughput(way, sink, load, load.first))
            if tried is None:
                return
            each = load.octets / 1e6 if load.in_megabytes else 1
            rounds = max(1, round(tried.value / each * self.plan.seconds / load.clients))
            messages = self._enough[way, load] = min(rounds * load.clients, MOST_MESSAGES)
        found = self._measured(way, sink, load.name, lambda: loads.throughput(way, sink, load, messages))
        if found is not None:
            self.results.add(rate(load), way.name, number, found.value)
            self.results.add(at_sink(load), way.name, number, found.at_sink)
            self.results.add(processor(load.name), way.name, number, found.processor_ms)

    def _separate_copies(self, way: Way, sink: CountingSink, number: int) -> None:
        found = self._measured(way, sink, COPIES.name, lambda: loads.separate_copies(way, sink, self.plan.people))
        if found is not None:
            self.results.add(COPIES, way.name, number, found.value)
            self.results.add(processor(COPIES.name), way.name, number, found.processor_ms)

    def _latencies(self, found: list[Way], sink: CountingSink, persistent: bool, number: int) -> None:
        """Of each way, and what it adds to the one straight to the sink in the same round."""
        taken: dict[str, Latency] = {}
        name, seconds = paced(persistent, "").name, self.plan.pace_seconds
        for way in self._turned(found, number):
            one = self._measured(way, sink, name, partial(loads.latency, way, sink, persistent, PACE, seconds))
            if one is not None:
                taken[way.name] = one
        for way_name, one in taken.items():
            self.results.add(paced(persistent, "median"), way_name, number, one.median_ms)
            self.results.add(paced(persistent, "99th percentile"), way_name, number, one.p99_ms)
            if way_name != ways.DIRECT and (straight := taken.get(ways.DIRECT)):
                added = paced(persistent, "added, median"), paced(persistent, "added, 99th percentile")
                self.results.add(added[0], way_name, number, one.median_ms - straight.median_ms)
                self.results.add(added[1], way_name, number, one.p99_ms - straight.p99_ms)

    def _measured(self, way: Way, sink: CountingSink, load: str, work: Callable[[], Taken]) -> Taken | None:
        """What was measured, once it is counted. None where it failed, now or before."""
        if (way, load) in self._given_up:
            return None
        self._say(f"{load}: {way.name}")
        before = sink.count
        try:
            found = work()
        except (AssertionError, OSError, TimeoutError, SMTPException, subprocess.SubprocessError) as cause:
            sink.settle(QUIET_SECONDS, SETTLE_SECONDS)
            self._given_up.add((way, load))
            if way.books is None:
                self.results.reasons[f"{way.name}, {load}"] = _said(cause)
            else:
                self.results.failures.append(f"{way.name}: {load}: {_said(cause)}")
                way.books.begin_anew()
                self._counted.pop(way, None)
            return None
        self._counted[way].update({"messages sent": found.sent, "at the sink": sink.count - before})
        return found

    def _close_the_books(self, found: list[Way]) -> None:
        for way in found:
            counted = self._counted[way]
            if way.books is not None and counted:
                self.results.counted[f"{way.name}, {way.policy}"] = dict(counted + way.books.found())

    def _stop(self, running: ExitStack) -> None:
        """End all ways; a guard proves its ledger before it does."""
        try:
            running.close()
        except AssertionError as cause:
            self.results.failures.append(_said(cause))


def tables(plan: Plan) -> dict[str, dict[str, Measure]]:
    """The tables of the page and their columns."""
    return {
        "until the clients have their answers": {f"{load.name}, {load.unit}": rate(load) for load in plan.loads},
        "until the last is at the sink": {
            **{f"{load.name}, {load.unit}": at_sink(load) for load in plan.loads},
            COPIES.heading: COPIES,
        },
        "processor, ms a message": {
            **{load.name: processor(load.name) for load in plan.loads},
            COPIES.name: processor(COPIES.name),
        },
        **{
            f"{paced(persistent, '').name}, ms": {
                what: paced(persistent, what)
                for what in ("median", "99th percentile", "added, median", "added, 99th percentile")
            }
            for persistent in (True, False)
        },
    }


def _said(cause: BaseException) -> str:
    return " ".join(str(cause).split())[:500] or type(cause).__name__
