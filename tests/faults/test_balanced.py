"""Three guards behind a real HAProxy on one PostgreSQL under load: one is killed; the database fails in every way."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from tests.end_to_end.nodes import node, status
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.faults.crowd import Crowd, assert_counted
from tests.faults.cutting_proxy import CuttingProxy
from tests.faults.test_resources import processes, stopped
from tests.faults.traffic import RULES
from tests.peers.postgresql import Postgresql
from tests.ports import free_port

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "compose" / "haproxy.cfg"
WELL_SECONDS = 10.0
CLIENTS = 4


@dataclass
class House:
    """port: HAProxy's."""

    guards: list[Service]
    sink: Sink
    database: Postgresql
    proxy: CuttingProxy
    port: int


@contextlib.contextmanager
def balancer(guards: list[Service], folder: Path) -> Iterator[int]:
    """The configuration of deploy/compose.yaml, with these guards in place of its own."""
    port = free_port()
    text = CONFIGURATION.read_text().replace("bind :2525", f"bind 127.0.0.1:{port}")
    text = text.replace(" check port 9109", " check").replace(" resolvers containers init-addr last,libc,none", "")
    text = re.sub(r"resolvers containers\n(    .*\n)+", "", text)
    servers = []
    for number, guard in enumerate(guards, 1):
        checked = status(guard)["metrics"].rpartition(":")[2]
        servers.append(f"    server guard-{number} 127.0.0.1:{guard.port} port {checked}")
    text = re.sub(r"(    server .*\n)+", "\n".join(servers) + "\n", text)
    file = folder / "haproxy.cfg"
    file.write_text(text)
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    assert program, "HAProxy is not installed; on Debian: apt-get install haproxy"
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([program, "-db", "-f", str(file)], stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    cluster = Postgresql()
    url = cluster.new_database()
    listen = [{"address": "127.0.0.1:0", "allow": ["127.0.0.0/8"], "proxy_from": ["127.0.0.1/32"]}]
    with contextlib.ExitStack() as stack:
        stack.callback(cluster.close)
        sink = stack.enter_context(Sink())
        proxy = stack.enter_context(CuttingProxy(cluster.port))
        through = url.replace(f":{cluster.port}/", f":{proxy.port}/")
        guards = [
            stack.enter_context(
                node(
                    tmp_path,
                    f"guard-{number}",
                    through,
                    sink.port,
                    RULES,
                    listen=listen,
                    metrics={"address": "127.0.0.1:0"},
                )
            )
            for number in (1, 2, 3)
        ]
        port = stack.enter_context(balancer(guards, tmp_path))
        yield House(guards, sink, cluster, proxy, port)


@pytest.mark.soak  # what it was sending is taken over after three quarters of a minute
def test_a_guard_that_is_killed_under_load_loses_nothing(house: House) -> None:
    with Crowd(house.port, CLIENTS) as crowd:
        crowd.goes_on()
        house.guards[1].kill()
        killed = time.monotonic()
        assert crowd.goes_on() - killed < WELL_SECONDS
    assert_counted(crowd, house.sink, house.guards[0], most_twice=8 + CLIENTS)


def test_commits_whose_answers_are_lost_lose_nothing(house: House) -> None:
    with Crowd(house.port, CLIENTS) as crowd:
        crowd.goes_on()
        for _ in range(10):
            house.proxy.lose += 1
            time.sleep(0.2)
        cut = time.monotonic()
        assert crowd.goes_on() - cut < WELL_SECONDS
    assert house.proxy.lost >= 8
    assert_counted(crowd, house.sink, house.guards[0], most_twice=0)


@pytest.mark.soak
def test_a_database_that_is_restarted_under_load(house: House) -> None:
    with Crowd(house.port, CLIENTS) as crowd:
        crowd.goes_on()
        house.database.stop(signal.SIGQUIT)  # at once, as in a crash
        time.sleep(1.5)
        assert crowd.heard[-1][1] != 250
        house.database.start()
        back = time.monotonic()
        assert crowd.goes_on() - back < WELL_SECONDS
    assert_counted(crowd, house.sink, house.guards[0], most_twice=8 * 3 + CLIENTS)


@pytest.mark.soak  # a guard waits for its answer for half a minute
def test_a_database_that_stands_still_under_load(house: House) -> None:
    with Crowd(house.port, CLIENTS) as crowd:
        crowd.goes_on()
        with stopped(processes(house.database.postmaster())):
            time.sleep(35)
            assert crowd.heard[-1][1] != 250
        if house.database.process is not None:
            house.database.process.send_signal(signal.SIGCONT)  # runuser stops itself with what it runs
        back = time.monotonic()
        assert crowd.goes_on() - back < WELL_SECONDS
    assert_counted(crowd, house.sink, house.guards[0], most_twice=8 * 3 + CLIENTS)


@pytest.mark.soak
def test_a_database_that_has_no_connection_left(house: House) -> None:
    """Others hold them all, and the guards' own are ended."""
    with Crowd(house.port, CLIENTS) as crowd:
        crowd.goes_on()
        asyncio.run(use_up(house.database, crowd))
        back = time.monotonic()
        assert crowd.goes_on() - back < WELL_SECONDS
    assert_counted(crowd, house.sink, house.guards[0], most_twice=8 * 3 + CLIENTS)


async def use_up(database: Postgresql, crowd: Crowd) -> None:
    """Until for two seconds no client has been told 250."""
    others: list[asyncpg.Connection] = []
    first = await asyncpg.connect(database.url("postgres"))
    since = time.monotonic()
    try:
        while time.monotonic() - since < 2 or crowd.heard[-1][1] == 250:
            assert time.monotonic() - since < 30
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mailguard'"
            await first.execute(ended)
            with contextlib.suppress(asyncpg.TooManyConnectionsError):
                while True:
                    others.append(await asyncpg.connect(database.url("postgres")))
            await asyncio.sleep(0.05)
    finally:
        for each in [*others, first]:
            each.terminate()
