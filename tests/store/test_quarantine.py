"""The port Quarantine: everything comes back, and a state moves for exactly one of many."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from mailguard.core.errors import AlreadyDecided, IllegalTransition, ReferenceTaken, UnknownReference
from mailguard.core.lifecycle import State
from mailguard.core.place import FIELDS, RECIPIENTS, parts
from mailguard.guard.records import Held
from mailguard.store.codec import places_from_json
from mailguard.store.store import Store
from tests.store import samples

RAW = b"To: patient@outside.example\r\nSubject: Flu clinic\r\n\r\nHello\r\n"


async def hold(store: Store, ref: str, **changes: object) -> None:
    await store.quarantine.hold(samples.held(ref, **changes), RAW, [samples.entry(ref)], [samples.notice(ref)])


async def test_what_is_held_comes_back_as_it_was(store: Store) -> None:
    new = samples.held(
        "MG-A", team="reception", hide_inside_above=50, state=State.WAITING, release_as=("separate", "bcc"),
        deciding="visible-list", places={"visible-list": (RECIPIENTS, *parts(["", "1.2"])), "other": (FIELDS,)},
    )  # fmt: skip
    await store.quarantine.hold(new, RAW, [samples.entry("MG-A")], [samples.notice("MG-A")])
    found = await store.quarantine.get("MG-A")
    for field in dataclasses.fields(new):
        assert getattr(found, field.name) == getattr(new, field.name), field.name
    assert (found.version, found.blob, found.approved_by, found.delivery) == (1, "MG-A", (), {})
    assert (found.decided_by, found.decided_at, found.note, found.released_as) == (None, None, None, None)
    assert await store.blobs.read("MG-A") == RAW
    assert [row.kind for row in await store.outbox.list()] == ["notice"]
    assert [entry.ref async for entry in store.ledger.entries()] == ["MG-A"]


def test_a_place_of_a_later_version_is_left_out() -> None:
    assert places_from_json({"r": [["margin", ""], ["part", "2"]]}) == {"r": parts("2")}


@pytest.mark.parametrize("release_as", [None, (), ("separate",)])
async def test_the_forms_that_are_left_come_back(store: Store, release_as: tuple[str, ...] | None) -> None:
    await hold(store, "MG-A", release_as=release_as)
    assert (await store.quarantine.get("MG-A")).release_as == release_as


async def test_the_null_path_and_strange_octets_survive(store: Store) -> None:
    envelope = samples.envelope("\u00e9\u4e2d@outside.example", sender=None)
    await hold(store, "MG-A", envelope=envelope, subject="\ud800 lone surrogate \x00")
    found = await store.quarantine.get("MG-A")
    assert found.envelope == envelope
    assert found.subject == "\ud800 lone surrogate \x00"


async def test_a_reference_is_held_once_and_a_second_hold_leaves_nothing(store: Store) -> None:
    await hold(store, "MG-A")
    with pytest.raises(ReferenceTaken):
        await store.quarantine.hold(samples.held("MG-A"), b"other", [samples.entry("MG-A")], [])
    assert await store.blobs.read("MG-A") == RAW
    assert len([entry async for entry in store.ledger.entries()]) == 1


async def test_a_hold_whose_entry_fails_leaves_nothing(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A", claims_ref=True)])
    with pytest.raises(ReferenceTaken):
        await store.quarantine.hold(samples.held("MG-A"), RAW, [samples.entry("MG-A", claims_ref=True)], [])
    with pytest.raises(UnknownReference):
        await store.quarantine.get("MG-A")
    with pytest.raises(UnknownReference):
        await store.blobs.read("MG-A")


async def test_lists_by_state_oldest_deadline_first(store: Store) -> None:
    for ref, hours in (("MG-A", 3), ("MG-B", 1), ("MG-C", 2)):
        await hold(store, ref, due_at=samples.NOW + timedelta(hours=hours))
    await store.quarantine.change(samples.change("MG-C", 1, State.HELD, State.REJECTED), [], [])
    assert refs(await store.quarantine.list()) == ["MG-B", "MG-C", "MG-A"]
    assert refs(await store.quarantine.list([State.HELD])) == ["MG-B", "MG-A"]
    assert refs(await store.quarantine.list([State.HELD], limit=1)) == ["MG-B"]
    assert refs(await store.quarantine.list([])) == []
    assert refs(await store.quarantine.due(samples.NOW + timedelta(hours=3), 10)) == ["MG-B", "MG-A"]
    assert refs(await store.quarantine.due(samples.NOW + timedelta(hours=2), 10)) == ["MG-B"]
    assert refs(await store.quarantine.due(samples.NOW, 10)) == []


def refs(found: object) -> list[str]:
    return [each.ref for each in found]  # type: ignore[attr-defined]


async def test_a_change_is_one_step_with_its_entries_and_deliveries(store: Store) -> None:
    await hold(store, "MG-A")
    change = samples.change("MG-A", 1, State.HELD, State.RELEASING, note="checked by telephone", released_as="separate")
    copies = [samples.delivery("MG-A"), samples.delivery("MG-A")]
    found = await store.quarantine.change(change, [samples.entry("MG-A", "message_released")], copies)
    assert (found.version, found.state, found.released_as) == (2, State.RELEASING, "separate")
    assert (found.decided_by, found.note) == ("manager@elmroad.example", "checked by telephone")
    assert found.decided_at == change.at
    assert found == await store.quarantine.get("MG-A")
    assert [row.identifier for row in await store.outbox.list()][1:] == [copy.identifier for copy in copies]


async def test_two_approvals_are_kept(store: Store) -> None:
    await hold(store, "MG-A", approvals_needed=2)
    first = samples.change("MG-A", 1, State.HELD, State.APPROVED_ONCE, approved_by=("one",))
    found = await store.quarantine.change(first, [], [])
    assert (found.approved_by, found.decided_by, found.decided_at) == (("one",), None, None)
    second = samples.change("MG-A", 2, State.APPROVED_ONCE, State.RELEASING, approved_by=("one", "two"), actor="two")
    found = await store.quarantine.change(second, [], [])
    assert (found.approved_by, found.decided_by) == (("one", "two"), "two")


async def test_a_release_cannot_be_taken_back(store: Store) -> None:
    """Its copies may have left: a second release would send them again."""
    await hold(store, "MG-A")
    released = await store.quarantine.change(samples.change("MG-A", 1, State.HELD, State.RELEASING), [], [])
    with pytest.raises(IllegalTransition):
        await store.quarantine.change(samples.change("MG-A", 2, State.RELEASING, State.HELD), [], [])
    assert await store.quarantine.get("MG-A") == released


async def test_a_deadline_can_move_without_a_change_of_state(store: Store) -> None:
    await hold(store, "MG-A")
    due = samples.NOW + timedelta(days=3)
    found = await store.quarantine.change(samples.change("MG-A", 1, State.HELD, State.HELD, due_at=due), [], [])
    assert (found.due_at, found.version, found.state) == (due, 2, State.HELD)


@pytest.mark.parametrize("version,source", [(2, State.HELD), (0, State.HELD), (1, State.APPROVED_ONCE)])
async def test_a_change_that_saw_something_else_does_nothing(store: Store, version: int, source: State) -> None:
    await hold(store, "MG-A")
    before = await store.quarantine.get("MG-A")
    with pytest.raises(AlreadyDecided):
        change = samples.change("MG-A", version, source, State.REJECTED)
        await store.quarantine.change(change, [samples.entry("MG-A")], [samples.notice("MG-A")])
    assert await store.quarantine.get("MG-A") == before
    assert len(await store.outbox.list()) == 1
    assert len([entry async for entry in store.ledger.entries()]) == 1


async def test_unknown_references_and_impossible_changes(store: Store) -> None:
    with pytest.raises(UnknownReference):
        await store.quarantine.change(samples.change("MG-X", 1, State.HELD, State.REJECTED), [], [])
    await hold(store, "MG-A")
    with pytest.raises(IllegalTransition):
        await store.quarantine.change(samples.change("MG-A", 1, State.RELEASED, State.HELD), [], [])


async def test_of_200_concurrent_decisions_exactly_one_wins(store: Store) -> None:
    await hold(store, "MG-A")
    targets = [State.RELEASING, State.REJECTED, State.CANCELLED, State.EXPIRED] * 50

    async def decide(number: int, target: State) -> Held:
        change = samples.change("MG-A", 1, State.HELD, target, actor=f"reviewer {number}")
        return await store.quarantine.change(change, [samples.entry("MG-A", "message_decided")], [])

    results = await asyncio.gather(*(decide(*each) for each in enumerate(targets)), return_exceptions=True)
    winners = [result for result in results if isinstance(result, Held)]
    assert len(winners) == 1
    assert sum(isinstance(result, AlreadyDecided) for result in results) == 199
    assert await store.quarantine.get("MG-A") == winners[0]
    assert len([entry async for entry in store.ledger.entries()]) == 2


async def test_of_two_guards_on_one_database_one_wins(postgresql: object, tmp_path: object) -> None:
    from mailguard.store.store_settings import StoreSettings

    url = postgresql.new_database()  # type: ignore[attr-defined]
    stores = [
        await Store.open(StoreSettings(url=url, keys=tmp_path / "keys", ledger=name))  # type: ignore[operator]
        for name in ("guard-1", "guard-2")
    ]
    for number in range(20):
        ref = f"MG-{number}"
        await hold(stores[0], ref)
        changes = [
            store.quarantine.change(samples.change(ref, 1, State.HELD, State.REJECTED), [samples.entry(ref)], [])
            for store in stores
            for _ in range(3)
        ]
        results = await asyncio.gather(*changes, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["AlreadyDecided"] * 5 + ["Held"]
    for store in stores:
        await store.close()
