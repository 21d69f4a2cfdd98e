"""An audit costs in proportion to the entries: steps of SQLite are counted, so no clock is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, Select

from mailguard.store import paging
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

STEPS = 100
PAGE = 20


@contextmanager
def counted_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Hundreds of instructions of SQLite's virtual machine for the pages that are read meanwhile."""
    count, plain = [0], paging.fetch

    def tick() -> int:
        count[0] += 1
        return 0

    def fetch(query: Select[Any], connection: Connection) -> Sequence[Row[Any]]:
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(tick, STEPS)
        try:
            return plain(query, connection)
        finally:
            raw.set_progress_handler(None, 0)

    with monkeypatch.context() as patch:
        patch.setattr(paging, "fetch", fetch)
        patch.setattr(paging, "PAGE_ROWS", PAGE)
        yield count


async def test_eight_times_the_entries_take_about_eight_times_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db"))
    steps, done = [], 0
    for entries in (500, 4_000):
        await store.ledger.append([samples.entry(f"MG-{number}", claims_ref=True) for number in range(done, entries)])
        done = entries
        with counted_steps(monkeypatch) as count:
            report = await verify(store)
        assert report.whole
        assert report.entries >= entries
        steps.append(count[0])
    await store.close()
    assert 5 < steps[1] / steps[0] < 11, steps
