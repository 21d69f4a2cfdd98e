"""An audit costs in proportion to the entries: steps of SQLite are counted, so no clock is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, Select

from mailguard.store import audit, paging, schema
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


async def test_records_that_no_entry_commits_to_are_found_wherever_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for in stretches: one look at the whole of a ledger of millions takes longer than a step may wait."""
    monkeypatch.setattr(audit, "PLACES_AT_ONCE", 3)
    store = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db"))
    await store.ledger.append([samples.entry(f"MG-{number}", claims_ref=True) for number in range(20)])
    places = [("main", -(2**63)), ("main", 2**63 - 1), ("other", 7), ("main", 10_000), ("", 1), ("main", 0)]
    columns = ", ".join(column.name for column in schema.evidence.columns if column.name not in ("ledger", "sequence"))

    def plant(connection: Connection, _: object) -> None:
        for ledger, sequence in places:
            connection.exec_driver_sql(
                f"INSERT INTO evidence (ledger, sequence, {columns}) "
                f"SELECT ?, ?, {columns} FROM evidence WHERE sequence = (SELECT max(sequence) FROM evidence "
                "WHERE sequence < 100)",
                (ledger, sequence),
            )

    await store.engine.write(plant)
    report = await verify(store)
    await store.close()
    found = {(each.ledger, each.sequence) for each in report.troubles if each.kind == "evidence-inserted"}
    assert found == set(places)
