"""The port PassedEntries on both engines: what left and nothing held, the newest first, of every ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from mailguard.core.quality.tightening import LEFT
from mailguard.guard.records import Entry, NewEntry
from mailguard.store import passed
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

MINUTE = timedelta(minutes=1)
LONG_AGO = samples.NOW - timedelta(days=900)


def decided(ref: str, minutes: int, disposition: str = "relay", rewrite: str | None = None) -> NewEntry:
    fields = {"disposition": disposition, "rewrite": rewrite, "rules": [], "facts": {}}
    return NewEntry("message_decided", ref, samples.NOW + minutes * MINUTE, fields, claims_ref=True)


def then(ref: str, kind: str, minutes: int) -> NewEntry:
    return NewEntry(kind, ref, samples.NOW + minutes * MINUTE, {})


async def leaves(store: Store, minutes: int, kind: str = "message_relayed") -> str:
    ref = samples.fresh()
    await store.ledger.append([decided(ref, minutes), then(ref, kind, minutes)])
    return ref


async def walked(store: Store, since: datetime = LONG_AGO, most: int = 1000) -> list[Entry]:
    return [entry async for some in store.passed_entries.passed(since, most) for entry in some]


def refs(entries: Sequence[Entry]) -> list[str | None]:
    return [each.ref for each in entries]


async def test_what_left_is_told_newest_first_and_nothing_of_what_was_held_refused_or_never_left(store: Store) -> None:
    left = [await leaves(store, number, kind) for number, kind in enumerate(sorted(LEFT))]
    for number, (disposition, kind) in enumerate(
        [("hold", "message_released"), ("reject", "message_rejected"), ("relay", "message_deferred")], 10
    ):
        ref = samples.fresh()
        await store.ledger.append([decided(ref, number, disposition), then(ref, kind, number)])
    rewritten = samples.fresh()
    await store.ledger.append([decided(rewritten, 20, rewrite="separate"), then(rewritten, "copies_queued", 20)])
    found = await walked(store)
    assert refs(found) == [rewritten, *reversed(left)]
    assert {each.kind for each in found} == {"message_decided"} and found[0].fields["rewrite"] == "separate"


async def test_it_ends_with_the_most_that_was_asked_for_and_with_the_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passed, "WINDOW", 3)
    left = [await leaves(store, number) for number in range(12)]
    assert refs(await walked(store)) == left[::-1]
    for most in (0, 1, 4, 11):
        assert refs(await walked(store, most=most)) == left[::-1][:most]
    for first in (0, 5, 11):
        assert refs(await walked(store, samples.NOW + first * MINUTE)) == left[first:][::-1]
    assert await walked(store, samples.NOW + 12 * MINUTE) == []


async def test_ledgers_are_told_as_one_by_their_time(settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed, "WINDOW", 4)
    left: dict[int, str] = {}
    for turn, name in enumerate(("one", "two", "three")):
        store = await Store.open(settings.model_copy(update={"ledger": name}))
        for number in range(turn, 21, 3):
            left[number] = await leaves(store, number)
        found = await walked(store)
        newest = await walked(store, most=5)
        await store.close()
    assert refs(found) == [left[number] for number in range(20, -1, -1)]
    assert refs(newest) == refs(found)[:5]
    assert len({each.ledger for each in found}) == 3


async def test_messages_are_found_by_their_reference_and_by_the_place_of_an_entry(store: Store) -> None:
    left, held = await leaves(store, 1), samples.fresh()
    await store.ledger.append([decided(held, 2, "hold"), then(held, "message_released", 3)])
    await leaves(store, 4)
    found = await store.passed_entries.named([left, held, "MG-NONE"])
    assert sorted((str(each.ref), each.kind) for each in found) == sorted(
        [(left, "message_decided"), (left, "message_relayed"), (held, "message_decided")]
    )
    places = {(each.ledger, each.sequence): each.ref for each in found}
    assert await store.passed_entries.refs_at([*places, ("nobody", 1), (found[0].ledger, 10**9)]) == places
    assert await store.passed_entries.named([]) == [] and await store.passed_entries.refs_at([]) == {}
