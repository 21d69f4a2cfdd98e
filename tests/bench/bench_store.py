"""What the store costs: python tests/bench/bench_store.py [--quick]. Prints one line a measurement, on both engines."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailguard.logs import configure
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.peers.postgresql import Postgresql
from tests.store import samples

SCALE = 0.1 if "--quick" in sys.argv else 1.0


async def timed(name: str, count: int, work: Callable[[], Awaitable[object]]) -> None:
    begun = time.perf_counter()
    await work()
    seconds = time.perf_counter() - begun
    print(f"  {name:<44} {count / seconds:>9.0f}/s  {1000 * seconds / count:>9.3f} ms each", flush=True)


async def appends(store: Store, workers: int, each: int) -> None:
    async def work(worker: int) -> None:
        for number in range(each):
            await store.ledger.append([samples.entry(f"MG-{workers}-{worker}-{number}", claims_ref=True)])

    await asyncio.gather(*(work(worker) for worker in range(workers)))


async def holds(store: Store, name: str, raw: bytes, count: int) -> None:
    for number in range(count):
        ref = f"MG-{name}-{number}"
        await store.quarantine.hold(samples.held(ref), raw, [samples.entry(ref)], [])


async def deliveries(store: Store, count: int) -> None:
    rows = [samples.delivery("MG-copies") for _ in range(count)]
    await timed("outbox.add, rows of one message", count, lambda: store.outbox.add(rows, b"raw", []))
    claimed = []

    async def claim() -> None:
        while found := await store.outbox.claim("bench", samples.NOW, 600, 20):
            claimed.extend(found)

    await timed("outbox.claim, 20 at a time", count, claim)

    async def record(mine: list[object]) -> None:
        for row in mine:
            await store.outbox.record(samples.attempt(row), [samples.entry("MG-copies")], [])

    parts = [claimed[start::20] for start in range(20)]
    await timed("outbox.record, 20 workers", count, lambda: asyncio.gather(*(record(part) for part in parts)))


async def measure(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    one, many = int(2000 * SCALE), int(500 * SCALE)
    await timed("ledger.append, one caller", one, lambda: appends(store, 1, one))
    await timed("ledger.append, 20 callers", 20 * many, lambda: appends(store, 20, many))
    await timed("ledger.append, 100 callers", 100 * (many // 4), lambda: appends(store, 100, many // 4))
    small, large = os.urandom(4096), os.urandom(10 * 1024 * 1024)
    await timed("quarantine.hold, 4 kB", int(500 * SCALE), lambda: holds(store, "small", small, int(500 * SCALE)))
    await timed("quarantine.hold, 10 MB", 5, lambda: holds(store, "large", large, 5))
    await timed("blobs.read, 10 MB", 1, lambda: store.blobs.read("MG-large-0"))
    await deliveries(store, int(2000 * SCALE))
    entries = (await store.counts()).entries
    await timed("audit.verify, entries", entries, lambda: verify(store))
    await store.close()


def main() -> None:
    configure(level="error")
    with tempfile.TemporaryDirectory() as folder:
        print("SQLite")
        asyncio.run(measure(StoreSettings(url=f"sqlite:///{folder}/mailguard.db")))
    cluster = Postgresql()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print("PostgreSQL")
            asyncio.run(measure(StoreSettings(url=cluster.new_database(), keys=Path(folder) / "keys")))
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
