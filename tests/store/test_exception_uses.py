"""The port ExceptionUses: counted with the decision or not at all, by ledger, on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from mailguard.core.errors import ReferenceTaken
from mailguard.guard.records import ExceptionUse, NewEntry
from mailguard.store import schema
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

BOARD, GROUP = ("visible-list", "board"), ("visible-list", "group")


def used(ref: str, *uses: tuple[str, str], **changes: Any) -> NewEntry:
    return samples.entry(ref, "message_decided", exceptions=uses, claims_ref=True, **changes)


async def counts(store: Store) -> dict[tuple[str, str], int]:
    return {(each.rule, each.exception): each.uses for each in await store.exception_uses.list()}


async def test_each_use_counts_once_and_survives_a_restart(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    assert await store.exception_uses.list() == []
    later = samples.NOW + timedelta(hours=1)
    await store.ledger.append([used("MG-A", BOARD, ("list-in-the-text", "board"))])
    await store.ledger.append([used("MG-B", BOARD, at=later)])
    await store.close()
    store = await Store.open(settings)
    assert await store.exception_uses.list() == [
        ExceptionUse("list-in-the-text", "board", 1, samples.NOW),
        ExceptionUse("visible-list", "board", 2, later),
    ]
    await store.purge(samples.NOW + timedelta(days=4000))
    assert (await counts(store))[BOARD] == 2
    await store.close()


async def test_what_is_not_recorded_is_not_counted(store: Store) -> None:
    await store.ledger.append([used("MG-A", BOARD)])
    with pytest.raises(ReferenceTaken):
        await store.ledger.append([used("MG-A", BOARD, GROUP)])
    assert await counts(store) == {BOARD: 1}


async def test_held_and_queued_messages_count_too(store: Store) -> None:
    await store.quarantine.hold(samples.held("MG-A"), b"x", [used("MG-A", BOARD)], [])
    await store.outbox.add([samples.delivery("MG-B", blob="MG-B")], b"x", [used("MG-B", GROUP)])
    assert await counts(store) == {BOARD: 1, GROUP: 1}


async def test_many_at_once_are_all_counted(store: Store) -> None:
    many = [used(f"MG-{number}", BOARD, GROUP) for number in range(60)]
    await asyncio.gather(*(store.ledger.append([each]) for each in many))
    assert await counts(store) == {BOARD: 60, GROUP: 60}


async def test_several_guards_count_for_themselves_and_are_added_up(postgresql: Any, tmp_path: Any) -> None:
    """In opposite orders at once, many times: rows of their own, so that no guard waits for another."""
    url = postgresql.new_database()
    settings = StoreSettings(url=url, keys=tmp_path / "keys", ledger="one", witness=tmp_path / "one.witness")
    one = await Store.open(settings)
    two = await Store.open(settings.model_copy(update={"ledger": "two", "witness": tmp_path / "two.witness"}))
    steps = []
    for number in range(40):
        steps.append(one.ledger.append([used(f"MG-1-{number}", BOARD, GROUP)]))
        steps.append(two.ledger.append([used(f"MG-2-{number}", GROUP, BOARD)]))
    await asyncio.gather(*steps)
    assert await counts(one) == await counts(two) == {BOARD: 80, GROUP: 80}
    rows = await one.engine.read(lambda connection: connection.execute(select(schema.exception_uses)).all())
    assert sorted((row.ledger, row.uses) for row in rows) == [("one", 40), ("one", 40), ("two", 40), ("two", 40)]
    for store in (one, two):
        await store.close()
    postgresql.drop_database(url)
