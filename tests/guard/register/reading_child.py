"""A process of its own that decides messages and enters near misses until it is killed: python reading_child.py URL."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from mailguard.core.reference import short_reference
from mailguard.guard.records import NewEntry
from mailguard.guard.register.near_misses import NearMisses
from mailguard.logs import configure
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings

AT = datetime(2026, 3, 12, 9, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return AT


def decided(ref: str) -> NewEntry:
    rule: dict[str, Any] = {
        "id": "visible-list",
        "mode": "enforce",
        "action": "hold",
        "matched": True,
        "reason": "20 people in To would see each other's addresses",
        "values": {"visible_external_recipients": 20},
    }
    fields: dict[str, Any] = {"disposition": "hold", "rewrite": None, "rules": [rule], "facts": {}, "findings": []}
    return NewEntry("message_decided", ref, AT, fields, claims_ref=True)


def near_misses(store: Store) -> NearMisses:
    return NearMisses(incidents=store.incidents, ledger=store.ledger, clock=Clock())


async def main(url: str) -> None:
    store = await Store.open(StoreSettings(url=url))
    reader = near_misses(store)

    async def decide() -> None:
        for _ in range(2000):
            ref = short_reference(os.urandom(14))
            entries = [decided(ref), NewEntry("message_released", ref, AT, {"form": "separate"})]
            await store.ledger.append(entries)
            os.write(1, ref.encode() + b"\n")

    async def read() -> None:
        while True:
            await reader.enter()

    await asyncio.gather(decide(), read())


if __name__ == "__main__":
    configure(sys.stderr, level="error")
    asyncio.run(main(sys.argv[1]))
