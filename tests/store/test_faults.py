"""What goes wrong under a store: it says StoreUnavailable, loses nothing that it promised, and recovers by itself."""

from __future__ import annotations

import asyncio
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mailguard.core.errors import StoreUnavailable
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import child, samples


async def sequences(store: Store) -> list[int]:
    return [entry.sequence async for entry in store.ledger.entries()]


async def test_a_locked_database_defers_and_recovers(tmp_path: Path) -> None:
    store = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/m.db", busy_timeout_seconds=0.1))
    foreign = sqlite3.connect(tmp_path / "m.db", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        await store.ledger.append([samples.entry("MG-A")])
    with pytest.raises(StoreUnavailable):
        await store.quarantine.hold(samples.held("MG-A"), b"raw", [], [])
    foreign.execute("ROLLBACK")
    foreign.close()
    await store.ledger.append([samples.entry("MG-B")])
    assert await sequences(store) == [1]
    await store.close()


async def test_a_frozen_store_times_out_and_what_waited_is_not_done_later(tmp_path: Path) -> None:
    settings = StoreSettings(url=f"sqlite:///{tmp_path}/m.db", busy_timeout_seconds=2, timeout_seconds=0.2)
    store = await Store.open(settings)
    foreign = sqlite3.connect(tmp_path / "m.db", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    first = asyncio.create_task(store.ledger.append([samples.entry("MG-A")]))
    await asyncio.sleep(0.05)
    with pytest.raises(StoreUnavailable):
        await store.ledger.append([samples.entry("MG-B")])
    with pytest.raises(StoreUnavailable):
        await first
    foreign.execute("ROLLBACK")
    foreign.close()
    await retried(store, "MG-C")
    refs = [entry.ref async for entry in store.ledger.entries()]
    assert "MG-B" not in refs and refs[-1] == "MG-C"
    await store.close()


async def test_a_cancelled_caller_leaves_all_or_nothing(store: Store) -> None:
    tasks = [
        asyncio.create_task(store.ledger.append([samples.entry("MG-A"), samples.entry("MG-B")])) for _ in range(50)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    found = await sequences(store)
    assert found == list(range(1, len(found) + 1)) and len(found) % 2 == 0 and len(found) >= 50
    assert (await verify(store)).troubles == []


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    for call in (store.ledger.append([samples.entry("MG-A")]), store.quarantine.get("MG-A"), store.blobs.read("MG-A")):
        with pytest.raises(StoreUnavailable):
            await call
    await store.close()


async def test_closing_finishes_what_was_begun(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    tasks = [asyncio.create_task(store.ledger.append([samples.entry(f"MG-{number}")])) for number in range(100)]
    await asyncio.sleep(0)
    await store.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    done = [result for result in results if not isinstance(result, BaseException)]
    store = await Store.open(settings)
    assert len(await sequences(store)) == len(done) == 100
    await store.close()


FULL_DISK = """
import asyncio, resource, signal, sys
sys.path.insert(0, sys.argv[2])
from mailguard.core.errors import StoreUnavailable
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

async def main():
    store = await Store.open(StoreSettings(url=sys.argv[1]))
    await store.ledger.append([samples.entry("MG-A")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    failed = 0
    for number in range(3):
        try:
            await store.quarantine.hold(samples.held(f"MG-{number}"), bytes(2_000_000), [samples.entry("MG-H")], [])
        except StoreUnavailable:
            failed += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.quarantine.hold(samples.held("MG-9"), bytes(2_000_000), [samples.entry("MG-H")], [])
    report = await verify(store)
    held = [found.ref for found in await store.quarantine.list()]
    print(failed, report.whole, report.entries, held, len(await store.blobs.read("MG-9")))
    await store.close()
asyncio.run(main())
"""


def test_a_full_disk_defers_and_recovers(tmp_path: Path) -> None:
    """The limit on the size of files makes every write beyond it fail, as a full disk does."""
    command = [sys.executable, "-c", FULL_DISK, f"sqlite:///{tmp_path}/m.db", str(Path(child.__file__).parents[2])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "3 True 2 ['MG-9'] 2000000", done.stdout + done.stderr


async def test_a_witness_that_cannot_be_written_holds_up_the_next_group(tmp_path: Path) -> None:
    witness = tmp_path / "elsewhere" / "m.witness"
    witness.parent.mkdir()
    store = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/m.db", witness=witness))
    await store.ledger.append([samples.entry("MG-A")])
    store.engine._witness.close()  # type: ignore[attr-defined]
    shutil.move(tmp_path / "elsewhere", tmp_path / "away")
    await store.ledger.append([samples.entry("MG-B")])
    assert (await store.counts()).witness_failing
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.ledger.append([samples.entry("MG-C")])
    shutil.move(tmp_path / "away", tmp_path / "elsewhere")
    await store.ledger.append([samples.entry("MG-D")])
    assert [entry.ref async for entry in store.ledger.entries()] == ["MG-A", "MG-B", "MG-D"]
    report = await verify(store)
    assert report.whole and report.witnessed == 3
    await store.close()


async def test_the_witness_stays_below_its_limit(tmp_path: Path) -> None:
    settings = StoreSettings(url=f"sqlite:///{tmp_path}/m.db", witness_max_bytes=4096)
    store = await Store.open(settings)
    for number in range(100):
        await store.ledger.append([samples.entry(f"MG-{number}")])
    assert 1000 < settings.witness_path().stat().st_size <= 4096 + 400
    assert (await verify(store)).troubles == []
    await store.close()


async def test_a_forged_head_stops_every_append_and_the_audit_still_opens_it(tmp_path: Path) -> None:
    settings = StoreSettings(url=f"sqlite:///{tmp_path}/m.db")
    store = await Store.open(settings)
    await store.ledger.append([samples.entry("MG-A")])
    await store.close()
    with sqlite3.connect(tmp_path / "m.db") as connection:
        connection.execute("UPDATE ledgers SET hash = ?", ("0" * 64,))
    connection.close()
    store = await Store.open(settings)
    with pytest.raises(StoreUnavailable):
        await store.ledger.append([samples.entry("MG-B")])
    assert "head-forged" in {trouble.kind for trouble in (await verify(store)).troubles}
    await store.close()


def run_and_kill(folder: Path, seconds: float) -> dict[str, int]:
    """Start the child, kill it after a while, and give back every append that it saw return."""
    command = [sys.executable, str(Path(child.__file__)), "append", f"sqlite:///{folder}/m.db"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    first = process.stdout.readline()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    lines = [line.split() for line in (first + rest).decode().splitlines(keepends=True) if line.endswith("\n")]
    return {ref: int(sequence) for ref, sequence in lines}


def test_twenty_kills_lose_nothing_that_was_promised(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    promised: dict[str, int] = {}
    for _ in range(20):
        promised |= run_and_kill(tmp_path, chance.uniform(0.005, 0.12))
        found, troubles = asyncio.run(look(tmp_path))
        assert troubles == []
        assert promised.items() <= found.items()
    assert len(promised) > 100


async def look(folder: Path) -> tuple[dict[str | None, int], list[object]]:
    store = await Store.open(StoreSettings(url=f"sqlite:///{folder}/m.db"))
    found = {entry.ref: entry.sequence async for entry in store.ledger.entries()}
    report = await verify(store)
    await store.close()
    return found, list(report.troubles)


def test_strace_shows_the_sync_before_the_append_returns(tmp_path: Path) -> None:
    """kill -9 cannot show a missing fsync: the page cache survives. The order of the system calls can."""
    log = tmp_path / "strace"
    command = ["strace", "-f", "-y", "-qq", "-e", "trace=fdatasync,fsync,write,pwrite64", "-s", "40", "-o", str(log)]
    command += [sys.executable, str(Path(child.__file__)), "append", f"sqlite:///{tmp_path}/m.db", "30"]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert orders(log.read_text()) == 30


def orders(trace: str) -> int:
    """How many promises there were. Before each: WAL written, WAL synced, witness written, witness synced, in order."""
    seen: list[str] = []
    promises = 0
    for line in trace.splitlines():
        call = re.search(r"\b(fdatasync|fsync|write|pwrite64)\((\d+)<([^>]*)>(.*)", line)
        if call is None or "resumed" in line:
            continue
        name, descriptor, path, rest = call.groups()
        if descriptor == "1" and '"MG-' in rest:
            promises += 1
            assert in_order(seen), seen
            seen = []
        elif path.endswith("m.db-wal"):
            seen.append("wal synced" if "sync" in name else "wal written")
        elif path.endswith("m.witness"):
            seen.append("witness synced" if "sync" in name else "witness written")
    return promises


def in_order(seen: list[str]) -> bool:
    wanted = iter(["wal written", "wal synced", "witness written", "witness synced"])
    step = next(wanted)
    for event in seen:
        if event == step:
            following = next(wanted, None)
            if following is None:
                return True
            step = following
    return False


def test_the_order_check_itself_fails_without_a_sync() -> None:
    write = '1 pwrite64(5</t/m.db-wal>, "x", 9, 0) = 9\n'
    sync = "1 fdatasync(5</t/m.db-wal>) = 0\n"
    witness = '1 write(6</t/m.witness>, "x", 1) = 1\n1 fdatasync(6</t/m.witness>) = 0\n'
    promise = '1 write(1<pipe:[1]>, "MG-1 1\\n", 7) = 7\n'
    assert orders(write + sync + witness + promise) == 1
    for wrong in (write + witness + promise, sync + write + witness + promise, write + sync + promise):
        with pytest.raises(AssertionError):
            orders(wrong)


async def test_a_postgresql_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    from tests.peers.postgresql import Postgresql

    cluster = Postgresql()
    try:
        store = await Store.open(StoreSettings(url=cluster.new_database(), keys=tmp_path / "keys", timeout_seconds=5))
        await store.ledger.append([samples.entry("MG-A")])
        cluster.stop()
        for call in (store.ledger.append([samples.entry("MG-B")]), store.outbox.list()):
            with pytest.raises(StoreUnavailable):
                await call
        cluster.start()
        await store.ledger.append([samples.entry("MG-C")])
        assert [entry.ref async for entry in store.ledger.entries()] == ["MG-A", "MG-C"]
        assert (await verify(store)).troubles == []
        await store.close()
    finally:
        cluster.close()


async def test_a_frozen_postgresql_times_out_and_comes_back(tmp_path: Path) -> None:
    from tests.peers.postgresql import Postgresql

    cluster = Postgresql()
    try:
        url = cluster.new_database()
        store = await Store.open(StoreSettings(url=url, keys=tmp_path / "keys", timeout_seconds=1))
        await store.ledger.append([samples.entry("MG-A")])
        backends = children(cluster.postmaster())
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(StoreUnavailable):
                await store.ledger.append([samples.entry("MG-B")])
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        await retried(store, "MG-C")
        refs = [entry.ref async for entry in store.ledger.entries()]
        assert refs[0] == "MG-A" and refs[-1] == "MG-C"
        assert (await verify(store)).troubles == []
        await store.close()
    finally:
        cluster.close()


async def retried(store: Store, ref: str) -> None:
    """As a client does that was told 451."""
    async with asyncio.timeout(60):
        while True:
            try:
                await store.ledger.append([samples.entry(ref)])
                return
            except StoreUnavailable:
                await asyncio.sleep(0.2)


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_limits_are_those_of_this_process() -> None:
    """The full-disk test sets its limit in a child; were it set here, every later test would be a lie."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
