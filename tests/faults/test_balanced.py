"""Three guards behind a real HAProxy on one PostgreSQL under load: one is killed; the database fails in every way."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from mailguard.config import load_settings
from tests.end_to_end.nodes import node, status
from tests.end_to_end.service import Service, eventually
from tests.faults.crowd import Crowd, assert_counted, decisions
from tests.faults.cutting_proxy import CuttingProxy
from tests.faults.test_resources import processes, stopped
from tests.faults.tied import Fault, WatchedSink
from tests.faults.traffic import RULES
from tests.peers.haproxy import balancer
from tests.peers.postgresql import Postgresql
from tests.ports import free_port

WELL_SECONDS = 10.0
CLIENTS = 4
LINGER_SECONDS = 0.1
"""A copy has its answer so long after its final dot: at any moment some are in between."""


@dataclass
class House:
    """port: HAProxy's. faults: all so far; again: how many transactions came again."""

    guards: list[Service]
    sink: WatchedSink
    database: Postgresql
    url: str
    proxy: CuttingProxy
    port: int
    faults: list[Fault] = field(default_factory=list)
    again: int = 0


def hostname(guard: Service) -> str:
    return str(load_settings(guard.settings_file).hostname)


def checked_at(guard: Service) -> int:
    return int(status(guard)["metrics"].rpartition(":")[2])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all: what struck it is over when a test ends, and the guard that was killed is back."""
    folder = tmp_path_factory.mktemp("house")
    cluster = Postgresql()
    url = cluster.new_database()
    listen = {"allow": ["127.0.0.0/8"], "proxy_from": ["127.0.0.1/32"]}
    with contextlib.ExitStack() as stack:
        stack.callback(cluster.close)
        sink = stack.enter_context(WatchedSink(LINGER_SECONDS))
        proxy = stack.enter_context(CuttingProxy(cluster.port))
        through = url.replace(f":{cluster.port}/", f":{proxy.port}/")
        guards = [
            stack.enter_context(
                node(
                    folder,
                    f"guard-{number}",
                    through,
                    sink.port,
                    RULES,
                    listen=[{"address": f"127.0.0.1:{free_port()}", **listen}],
                    metrics={"address": f"127.0.0.1:{free_port()}"},
                    hostname=f"guard-{number}.elmroad.example",
                )
            )
            for number in (1, 2, 3)
        ]
        port = stack.enter_context(balancer([(each.port, checked_at(each)) for each in guards], folder))
        yield House(guards, sink, cluster, url, proxy, port)


def shape(short: Any, long: Any) -> pytest.MarkDecorator:
    """What is short runs always, what is long with --soak."""
    return pytest.mark.parametrize(
        "much", [pytest.param(short, id="short"), pytest.param(long, id="long", marks=pytest.mark.soak)]
    )


@contextlib.contextmanager
def fault(found: list[Fault], of: Service | None = None) -> Iterator[None]:
    began = time.time()
    yield
    found.append(Fault(began, time.time(), None if of is None else hostname(of)))


def crowd_at(house: House) -> Crowd:
    return Crowd(house.port, CLIENTS, decisions(house.guards[0].rows("audit", "list")))


def told(crowd: Crowd, house: House, faults: list[Fault]) -> None:
    house.faults += faults
    again = assert_counted(crowd, house.sink, house.guards[0], house.faults) - house.again
    house.again += again
    print(f"{Counter(crowd.answers.values())}; {again} transactions came again")


@shape(False, True)
def test_a_guard_that_is_killed_under_load_loses_nothing(house: House, much: bool) -> None:
    """much: what it was sending is taken over when its leases have run out, which takes three quarters of a minute;
    else they are made to have run out.
    """
    faults: list[Fault] = []
    with crowd_at(house) as crowd:
        crowd.goes_on()
        with fault(faults, house.guards[1]):
            house.guards[1].kill()
        killed = time.monotonic()
        assert crowd.goes_on() - killed < WELL_SECONDS
        if not much:
            asyncio.run(end_leases_of_the_dead(house, faults[0]))
        house.guards[1].start()
        crowd.goes_on()
    told(crowd, house, faults)


@shape(10, 50)
def test_commits_whose_answers_are_lost_lose_nothing(house: House, much: int) -> None:
    """Nothing comes twice: a guard that lives knows what it has sent."""
    with crowd_at(house) as crowd:
        crowd.goes_on()
        for _ in range(much):
            house.proxy.lose += 1
            time.sleep(0.2)
        cut = time.monotonic()
        assert crowd.goes_on() - cut < WELL_SECONDS
    assert house.proxy.lost >= 8
    told(crowd, house, [])


def nothing_more_taken(crowd: Crowd) -> int:
    """How many were taken once those have been told it who had their answer from the database, which nobody hurries."""
    before, until = -1, time.monotonic() + 20
    while before != (before := crowd.taken()):
        assert time.monotonic() < until, "more and more is taken"
        time.sleep(1)
    return before


@shape(1, 4)
def test_a_database_that_is_restarted_under_load(house: House, much: int) -> None:
    faults: list[Fault] = []
    with crowd_at(house) as crowd:
        for _ in range(much):
            crowd.goes_on()
            with fault(faults):
                house.database.stop(signal.SIGQUIT)  # at once, as in a crash
                time.sleep(1.5)
                eventually(lambda: crowd.heard[-1][1] != 250, 30, "who asks now is told that it cannot be kept")
                house.database.start()
            back = time.monotonic()
            assert crowd.goes_on() - back < WELL_SECONDS
    told(crowd, house, faults)


@shape(4, 35)
def test_a_database_that_stands_still_under_load(house: House, much: int) -> None:
    """much: for so many seconds; a guard waits for its answer for half a minute."""
    faults: list[Fault] = []
    with crowd_at(house) as crowd:
        crowd.goes_on()
        with fault(faults), stopped(processes(house.database.postmaster())):
            before = nothing_more_taken(crowd)
            time.sleep(much - 1)
            assert crowd.taken() == before, "nothing is taken that cannot be kept"
        if house.database.process is not None:
            house.database.process.send_signal(signal.SIGCONT)  # runuser stops itself with what it runs
        back = time.monotonic()
        assert crowd.goes_on() - back < WELL_SECONDS
    told(crowd, house, faults)


@shape(1, 8)
def test_a_database_that_has_no_connection_left(house: House, much: int) -> None:
    """Others hold them all, and the guards' own are ended. much: for so many seconds in which no client is told 250."""
    faults: list[Fault] = []
    with crowd_at(house) as crowd:
        crowd.goes_on()
        with fault(faults):
            asyncio.run(use_up(house.database, crowd, much))
        back = time.monotonic()
        assert crowd.goes_on() - back < WELL_SECONDS
    told(crowd, house, faults)


async def end_leases_of_the_dead(house: House, death: Fault) -> None:
    """As if three quarters of a minute had passed. A row that is done keeps its owner: whoever has ended rows since
    lives.
    """
    database = await asyncpg.connect(house.url)
    try:
        alive: set[str] = set()
        until = time.monotonic() + 30
        while len(alive) < len(house.guards) - 1:
            assert time.monotonic() < until, "not every other guard has sent anything"
            await asyncio.sleep(0.05)
            query = "SELECT DISTINCT lease_owner FROM outbox WHERE done_at > $1"
            alive = {row[0] for row in await database.fetch(query, round((death.ended + 1) * 1_000_000))}
        theirs = "done_at IS NULL AND lease IS NOT NULL AND NOT lease_owner = ANY($1)"
        await database.execute(f"UPDATE outbox SET lease_until = 0 WHERE {theirs}", list(alive))
    finally:
        await database.close()


async def use_up(database: Postgresql, crowd: Crowd, seconds: int) -> None:
    """Until for so many seconds no client has been told 250."""
    others: list[asyncpg.Connection] = []
    first = await asyncpg.connect(database.url("postgres"))
    since = time.monotonic()
    try:
        while time.monotonic() - max(since, crowd.last_taken()) < seconds:
            assert time.monotonic() - since < 30 + seconds
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mailguard'"
            await first.execute(ended)
            with contextlib.suppress(asyncpg.TooManyConnectionsError):
                while True:
                    others.append(await asyncpg.connect(database.url("postgres")))
            await asyncio.sleep(0.05)
    finally:
        for each in [*others, first]:
            each.terminate()
