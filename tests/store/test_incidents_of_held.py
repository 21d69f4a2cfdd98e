"""Retention and near misses whose message is still held: what became of it must find its record."""

from __future__ import annotations

from datetime import timedelta

from mailguard.core.lifecycle import State
from mailguard.core.register.near_miss import let_go_as_it_was
from mailguard.core.register.reference import incident_of_message
from mailguard.guard.records import Held, HeldChange, NewEntry
from mailguard.guard.register.near_misses import NearMisses
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import RetentionSettings
from tests.guard.register.reading_child import decided
from tests.store import samples

REF = "MG-7Q4K-2F"
SECONDS = RetentionSettings(near_misses=timedelta(seconds=5), false_positives=timedelta(seconds=5))
LATER = samples.NOW + timedelta(hours=1)


class At:
    def now(self) -> object:
        return samples.NOW


async def enter(store: Store) -> int:
    return await NearMisses(incidents=store.incidents, ledger=store.ledger, clock=At()).enter()  # type: ignore[arg-type]


async def purged(store: Store) -> int:
    due = await store.due(LATER, SECONDS)
    count = (await store.purge(LATER, SECONDS)).records["near_miss"]
    assert due.records["near_miss"] == count
    return count


async def change(store: Store, held: Held, to: State, *entries: NewEntry) -> Held:
    asked = HeldChange(REF, held.version, held.state, to, "Kim", samples.NOW, released_as="original")
    return await store.quarantine.change(asked, entries, [])


async def test_a_near_miss_stays_while_its_message_is_held_and_until_its_outcome_is_read(store: Store) -> None:
    await store.quarantine.hold(samples.held(REF), b"x", [decided(REF)], [])
    await store.ledger.append([decided("MG-7Q4K-3G")])
    assert await enter(store) == 2
    assert await purged(store) == 1, "of what is not held"
    held = await store.quarantine.get(REF)
    held = await change(store, held, State.RELEASING, NewEntry("message_released", REF, LATER, {"form": "original"}))
    assert await purged(store) == 0
    await change(store, held, State.RELEASED)
    assert await purged(store) == 0, "the register has not read that it was released"
    await enter(store)
    last = (await store.incidents.history(incident_of_message(REF)))[-1]
    assert last.revision == 2 and let_go_as_it_was(last.record)
    assert await purged(store) == 1, "it is over, and known"
    assert (await verify(store)).whole
