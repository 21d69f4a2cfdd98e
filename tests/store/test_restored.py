"""What a store that was put back does not do by itself, on both engines."""

from __future__ import annotations

from datetime import timedelta

from mailguard.core.lifecycle import State
from mailguard.store.instants import NEVER
from mailguard.store.restored import hold_back
from mailguard.store.store import Store

from .samples import NOW, delivery, held, notice

LATER = NOW + timedelta(days=3)
DEADLINE = timedelta(hours=4)


async def test_nothing_is_due_any_more_until_somebody_says_so(store: Store) -> None:
    await store.outbox.add([delivery("MG-A", not_before=NOW), notice("MG-A")], b"raw", [])
    await store.outbox.claim("a worker of the old machine", NOW, 600, 1)
    found = await hold_back(store, LATER, DEADLINE, {"system_user": "root"})
    assert (found.rows, found.waiting, found.held) == (2, 0, 0)
    assert {row.not_before for row in await store.outbox.list()} == {NEVER}
    assert await store.outbox.claim("this-machine", LATER + timedelta(days=400), 60, 10) == []
    rows = await store.outbox.list()
    assert {row.give_up_at for row in rows} == {LATER + timedelta(days=5)}, "the time to try begins when it may leave"
    await store.outbox.retry("MG-A", LATER, [])
    assert len(await store.outbox.claim("this-machine", LATER, 60, 10)) == 2


async def test_what_would_leave_by_itself_waits_for_a_person_with_its_whole_deadline(store: Store) -> None:
    for ref, state, due in (
        ("MG-LEAVES", State.WAITING, timedelta(minutes=5)),
        ("MG-HELD", State.HELD, timedelta(hours=24)),
    ):
        await store.quarantine.hold(held(ref, state=state, due_at=NOW + due), b"raw", [], [])
    found = await hold_back(store, LATER, DEADLINE, {})
    assert (found.rows, found.waiting, found.held) == (0, 1, 2)
    due_at = {each.ref: each.due_at for each in await store.quarantine.list([State.HELD])}
    assert due_at == {"MG-LEAVES": LATER + DEADLINE, "MG-HELD": LATER + timedelta(hours=24)}
    assert await store.quarantine.due(LATER + timedelta(hours=3), 10) == []


async def test_the_ledger_says_so_in_the_same_step(store: Store) -> None:
    await store.outbox.add([delivery("MG-A")], b"raw", [])
    await hold_back(store, LATER, DEADLINE, {"system_user": "root", "taken_at": "2026-03-12T09:00:00+00:00"})
    (entry,) = [each async for each in store.ledger.entries() if each.kind == "store_restored"]
    assert entry.fields["rows"] == 1 and entry.fields["system_user"] == "root" and entry.at == LATER
