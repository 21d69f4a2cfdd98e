"""Hints between guards on one PostgreSQL: heard at once, and nothing lost where they are not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from mailguard.guard.delivery import Deliveries, Schedule
from mailguard.store import hints as module
from mailguard.store.hints import Hints, Wake
from mailguard.store.postgresql_engine import asynchronous_engine
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.guard.world import MemorySmarthost, World
from tests.peers.pgbouncer import Pgbouncer
from tests.peers.postgresql import Postgresql
from tests.store import samples


@pytest.fixture
def url(postgresql: Postgresql) -> str:
    return postgresql.new_database()


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.01)


class Guard:
    """heard: what it was told, itself and when it began to listen included."""

    def __init__(self, url: str, keys: Path) -> None:
        self.hints = Hints(StoreSettings(url=url, keys=keys))
        self.heard: list[str] = []
        self.hints.listen("outbox", lambda: self.heard.append("outbox"))
        self.hints.listen("policy", lambda: self.heard.append("policy"))
        self.task = asyncio.create_task(self.hints.run())

    async def listens(self) -> None:
        await until(lambda: self.hints.listening and len(self.heard) >= 2)
        self.heard.clear()

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def two(url: str, tmp_path: Path) -> AsyncIterator[tuple[Guard, Guard]]:
    guards = Guard(url, tmp_path), Guard(url, tmp_path)
    for each in guards:
        await each.listens()
    yield guards
    for each in guards:
        await each.end()


async def test_the_other_hears_and_who_tells_does_not(two: tuple[Guard, Guard]) -> None:
    one, other = two
    one.hints.tell("outbox")
    await until(lambda: other.heard)
    other.hints.tell("policy")
    await until(lambda: one.heard)
    assert (one.heard, other.heard) == (["policy"], ["outbox"])


async def test_many_at_once_are_few_hints(two: tuple[Guard, Guard]) -> None:
    one, other = two
    for _ in range(1000):
        one.hints.tell("outbox")
    one.hints.tell("policy")
    await until(lambda: "policy" in other.heard)
    assert other.heard.count("outbox") == 1


async def test_a_wake_is_told_and_what_was_heard_is_not_told_again(url: str, tmp_path: Path) -> None:
    guards = [Hints(StoreSettings(url=url, keys=tmp_path)) for _ in range(2)]
    one, other = (Wake(each) for each in guards)
    told: list[str] = []
    guards[1].tell = told.append  # type: ignore[method-assign]
    tasks = [asyncio.create_task(each.run()) for each in guards]
    await until(lambda: all(each.listening for each in guards) and one.is_set() and other.is_set())
    one.clear()
    other.clear()
    one.set()
    await until(other.is_set)
    assert told == []
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_after_a_cut_it_looks_once_and_hears_again(
    two: tuple[Guard, Guard], postgresql: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.05)
    one, other = two
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mailguard-hints'"
    await asyncio.to_thread(postgresql.execute, cut)
    await until(lambda: "outbox" in one.heard and "outbox" in other.heard)
    await until(lambda: one.hints.listening and other.hints.listening)
    other.heard.clear()
    one.hints.tell("policy")
    await until(lambda: "policy" in other.heard)


async def test_telling_does_nothing_while_nobody_listens(url: str, tmp_path: Path) -> None:
    hints = Hints(StoreSettings(url=f"{url}-nowhere", keys=tmp_path))
    task = asyncio.create_task(hints.run())
    hints.tell("outbox")
    await asyncio.sleep(0)
    assert not hints.listening
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_on_sqlite_there_is_nobody_to_tell(tmp_path: Path) -> None:
    hints = Hints(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db"))
    await hints.run()
    hints.tell("outbox")
    assert not hints.listening


@pytest.mark.parametrize("mode", ["session", "transaction"])
async def test_behind_a_pooler(postgresql: Postgresql, url: str, tmp_path: Path, mode: str) -> None:
    """In session mode they are heard. In transaction mode they may be lost: nothing fails, and the polls do it."""
    bouncer = Pgbouncer(postgresql.port, mode)
    pooled = url.replace(f":{postgresql.port}/", f":{bouncer.port}/")
    guards = Guard(pooled, tmp_path), Guard(pooled, tmp_path)
    try:
        for each in guards:
            await each.listens()
        guards[0].hints.tell("outbox")
        if mode == "session":
            await until(lambda: guards[1].heard)
        else:
            await until(lambda: not guards[0].hints._told)
        assert all(each.hints.listening for each in guards)
    finally:
        for each in guards:
            await each.end()
        bouncer.close()


BY_TLS = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'mailguard-hints'"


async def test_by_tls_where_the_url_wants_it(postgresql: Postgresql, url: str, tmp_path: Path) -> None:
    postgresql.serve_tls(tmp_path)
    try:
        guard = Guard(f"{url}?ssl=require", tmp_path)
        try:
            await guard.listens()
            assert postgresql.ask(BY_TLS) is True
        finally:
            await guard.end()
    finally:
        postgresql.serve_plain()


async def test_never_in_the_clear_where_the_url_wants_tls(url: str, tmp_path: Path) -> None:
    with capture_logs() as logged:
        guard = Guard(f"{url}?ssl=require", tmp_path)
        await until(lambda: logged)
        await guard.end()
    assert [each["event"] for each in logged] == ["hints_lost"]
    assert isinstance(logged[0]["cause"], ConnectionError) and not guard.heard


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mailguard:p%40ss@db.example:5433/mailguard?ssl=verify-full",
        "postgresql+asyncpg://mailguard@/mailguard?host=one.example:5432&host=two.example:5433",
        "postgresql://mailguard@db.example/mailguard?prepared_statement_cache_size=0",
    ],
)
async def test_it_connects_as_the_engine_does(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    async def connect(*given: object, **named: object) -> None:
        assert not given
        asked.append(named)
        raise OSError

    monkeypatch.setattr(asyncpg, "connect", connect)
    settings = StoreSettings(url=url, keys=tmp_path)
    engine = asynchronous_engine(settings)
    with pytest.raises(OSError):
        await engine.connect()
    with pytest.raises(OSError):
        await Hints(settings)._attend()
    own = {"timeout", "command_timeout", "server_settings", "statement_cache_size"}
    of_engine, of_hints = ({name: each[name] for name in each.keys() - own} for each in asked)
    assert of_engine == of_hints


NEVER = 600.0
"""Seconds between two looks of an outbox that would fail the test."""


@pytest.mark.parametrize(("hinted", "idle_seconds"), [(True, NEVER), (False, 0.5)], ids=["by a hint", "by its poll"])
async def test_what_one_guard_puts_into_the_outbox_the_other_sends(
    url: str, tmp_path: Path, hinted: bool, idle_seconds: float
) -> None:
    """With NOTIFY cut it is sent at the next look, and with it at once."""
    one, other = [
        await Store.open(StoreSettings(url=url, keys=tmp_path / "keys", ledger=name, witness=tmp_path / name))
        for name in ("one", "other")
    ]
    hints = [Hints(each.settings) for each in (one, other)]
    wake, woken = (Wake(each) for each in hints)
    tasks = [asyncio.create_task(each.run()) for each in hints if hinted]
    world = World()
    world.clock.time = samples.NOW
    smarthost = MemorySmarthost(world.told)
    deliveries = Deliveries(
        outbox=other.outbox,
        blobs=other.blobs,
        smarthost=smarthost,
        notices=world.notices,
        clock=world.clock,
        owner="other",
        watch=world.watch,
        schedule=Schedule(timedelta(seconds=1), 2.0, timedelta(hours=2)),
        pacing=world,
        wake=woken,
        idle_seconds=idle_seconds,
        shared=True,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(deliveries.run(stop))
    await until(lambda: not hinted or all(each.listening for each in hints))
    await one.outbox.add([samples.delivery("MG-A")], b"a raw message", [])
    wake.set()
    await until(lambda: smarthost.taken)
    stop.set()
    await running
    assert len(smarthost.taken) == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await one.close()
    await other.close()
