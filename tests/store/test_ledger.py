"""The port Ledger: durable, in order, one chain; the same on both engines."""

from __future__ import annotations

import asyncio

import pytest

from mailguard.core.errors import ReferenceTaken, StoreUnavailable
from mailguard.guard.records import Entry
from mailguard.store.audit import verify
from mailguard.store.canonical import PersonalDataRefused
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples


async def everything(store: Store, ref: str | None = None) -> list[Entry]:
    return [entry async for entry in store.ledger.entries(ref)]


async def test_appended_entries_come_back_in_order(store: Store) -> None:
    first = await store.ledger.append([samples.entry("MG-A"), samples.entry("MG-B", "message_relayed")])
    second = await store.ledger.append([samples.entry("MG-A", "message_held", recipients=(), evidence=None)])
    found = await everything(store)
    assert found == [*first, *second]
    assert [entry.sequence for entry in found] == [1, 2, 3]
    assert found[0].at == samples.NOW
    assert found[0].fields["count"] == 288
    assert found[0].fields["recipient_hashes"][0]["outcome"] == "accepted"
    assert len(found[0].fields["evidence_sha256"]) == 64
    assert found[2].fields == {"disposition": "hold", "count": 288}
    assert await everything(store, "MG-A") == [first[0], second[0]]


async def test_many_concurrent_appends_make_one_chain_without_gaps(store: Store) -> None:
    results = await asyncio.gather(*(store.ledger.append([samples.entry(f"MG-{n}")]) for n in range(300)))
    sequences = sorted(entry.sequence for result in results for entry in result)
    assert sequences == list(range(1, 301))
    assert len(await everything(store)) == 300


class Groups:
    """Implements GroupWatch."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def group_ended(self, writes: int, waited: float, took: float) -> None:
        self.sizes.append(writes)

    def group_failed(self) -> None: ...

    async def of(self, writes: int) -> list[int]:
        """The sizes, once so many writes have ended: a writer counts a group after its answers."""
        while sum(self.sizes) < writes:
            await asyncio.sleep(0.001)
        return self.sizes


async def test_what_is_asked_in_one_turn_of_the_loop_is_one_group(store: Store) -> None:
    store.engine.pulse.watch = groups = Groups()
    results = await asyncio.gather(*(store.ledger.append([samples.entry(f"MG-{n}")]) for n in range(20)))
    assert [entry.sequence for result in results for entry in result] == list(range(1, 21))
    assert await groups.of(20) == [20]


async def test_what_nobody_waits_for_shares_the_next_durable_step(store: Store) -> None:
    store.engine.pulse.watch = groups = Groups()
    outcomes = [asyncio.ensure_future(store.ledger.append([samples.entry(f"MG-{n}")], patient=True)) for n in range(5)]
    await asyncio.sleep(0)
    assert groups.sizes == [] and not any(each.done() for each in outcomes)
    (decision,) = await store.ledger.append([samples.entry("MG-9")])
    await asyncio.gather(*outcomes)
    assert await groups.of(6) == [6] and decision.sequence == 6
    assert [entry.ref for entry in await everything(store)] == [*(f"MG-{n}" for n in range(5)), "MG-9"]


async def test_what_nobody_waits_for_is_durable_by_itself_soon_after(store: Store) -> None:
    await asyncio.gather(*(store.ledger.append([samples.entry(f"MG-{n}")], patient=True) for n in range(5)))
    assert [entry.ref for entry in await everything(store)] == [f"MG-{n}" for n in range(5)]


async def test_a_store_that_closes_writes_what_stands_back(settings: StoreSettings) -> None:
    opened = await Store.open(settings)
    outcome = asyncio.ensure_future(opened.ledger.append([samples.entry("MG-A")], patient=True))
    await asyncio.sleep(0)
    await opened.close()
    assert [each.ref for each in await outcome] == ["MG-A"]
    opened = await Store.open(settings)
    assert [entry.ref for entry in await everything(opened)] == ["MG-A"]
    await opened.close()


async def test_what_nobody_waits_for_and_cannot_be_kept_says_so(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A", claims_ref=True)])
    refused = asyncio.ensure_future(store.ledger.append([samples.entry("MG-A", claims_ref=True)], patient=True))
    await asyncio.sleep(0)
    await store.ledger.append([samples.entry("MG-B")])
    with pytest.raises(ReferenceTaken):
        await refused


async def test_reading_pages_through_more_than_one_page(store: Store) -> None:
    await store.ledger.append([samples.entry(f"MG-{n}", evidence=None) for n in range(1203)])
    assert [entry.sequence for entry in await everything(store)] == list(range(1, 1204))


async def test_a_reference_is_claimed_once_and_the_loser_leaves_nothing(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A", claims_ref=True)])
    with pytest.raises(ReferenceTaken):
        await store.ledger.append([samples.entry("MG-C"), samples.entry("MG-A", claims_ref=True)])
    assert [entry.ref for entry in await everything(store)] == ["MG-A"]


async def test_concurrent_claims_of_one_reference_have_one_winner(store: Store) -> None:
    claims = [store.ledger.append([samples.entry("MG-A", claims_ref=True)]) for _ in range(50)]
    others = [store.ledger.append([samples.entry(f"MG-{n}", claims_ref=True)]) for n in range(50)]
    results = await asyncio.gather(*claims, *others, return_exceptions=True)
    assert sum(isinstance(result, ReferenceTaken) for result in results) == 49
    assert len(await everything(store)) == 51


@pytest.mark.parametrize("address", ["leak@outside.example", "leak\uff20outside.example", "leak\ufe6boutside.example"])
@pytest.mark.parametrize("place", ["value", "key", "list", "kind", "ref"])
async def test_an_address_never_enters_the_chain(sqlite_store: Store, address: str, place: str) -> None:
    fields = {"value": {"reason": f"to {address}"}, "key": {address: 1}, "list": {"a": [{"b": [address]}]}}
    bad = samples.entry(
        address if place == "ref" else "MG-A",
        address if place == "kind" else "message_judged",
        fields=fields.get(place, {}),
    )
    with pytest.raises(PersonalDataRefused) as caught:
        await sqlite_store.ledger.append([samples.entry("MG-B"), bad])
    assert address not in str(caught.value)
    assert await everything(sqlite_store) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"octets", {1, 2}])
async def test_what_json_cannot_hold_is_refused(sqlite_store: Store, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        await sqlite_store.ledger.append([samples.entry("MG-A", fields={"value": value})])
    assert await everything(sqlite_store) == []


async def test_the_chain_goes_on_after_a_restart(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    await store.ledger.append([samples.entry("MG-A")])
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.ledger.append([samples.entry("MG-B")])
    store = await Store.open(settings)
    appended = await store.ledger.append([samples.entry("MG-B")])
    assert appended[0].sequence == 2
    assert len(await everything(store)) == 2
    await store.close()


async def test_guards_that_share_a_ledger_never_fork_it(postgresql: object, tmp_path: object) -> None:
    settings = StoreSettings(url=postgresql.new_database(), keys=tmp_path / "keys")  # type: ignore[attr-defined, operator]
    stores = [await Store.open(settings) for _ in range(3)]
    await asyncio.gather(*(store.ledger.append([samples.entry(f"MG-{n}")]) for n in range(60) for store in stores))
    assert [entry.sequence for entry in await everything(stores[0])] == list(range(1, 181))
    for store in stores:
        await store.close()


async def test_each_guard_can_have_a_ledger_of_its_own(postgresql: object, tmp_path: object) -> None:
    url = postgresql.new_database()  # type: ignore[attr-defined]
    stores = [
        await Store.open(StoreSettings(url=url, keys=tmp_path / "keys", ledger=name))  # type: ignore[operator]
        for name in ("guard-1", "guard-2")
    ]
    for store in stores:
        await store.ledger.append([samples.entry("MG-A")])
    found = await everything(stores[0])
    assert [(entry.ledger, entry.sequence) for entry in found] == [("guard-1", 1), ("guard-2", 1)]
    for store in stores:
        await store.close()


async def test_a_checkpoint_among_appends_gives_no_place_twice(store: Store) -> None:
    """`audit export` and `data backup` sign while mail goes on: in the same group as what was just appended."""
    for round_number in range(5):
        names = [f"MG-{round_number}-{number}" for number in range(20)]
        before = [store.ledger.append([samples.entry(name)]) for name in names[:10]]
        after = [store.ledger.append([samples.entry(name)]) for name in names[10:]]
        await asyncio.gather(*before, store.checkpoint(), *after)
    assert [entry.sequence for entry in await everything(store)] == list(range(1, 101))
    assert (await verify(store)).whole


async def test_decisions_without_an_outcome_are_found_at_the_end_of_our_own_ledger(store: Store) -> None:
    async def append(ref: str, *kinds: str) -> None:
        await store.ledger.append([samples.entry(ref, each, claims_ref=each == "message_decided") for each in kinds])

    await append("MG-OLD", "message_decided")
    await append("MG-A", "message_decided")
    await append("MG-DONE", "message_decided", "message_relayed")
    await append("MG-NOTED", "message_decided", "note_added")
    await append("MG-B", "message_decided")
    await append("MG-A", "evidence_erased")
    assert await store.ledger.unsettled({"message_relayed"}, 100) == ["MG-OLD", "MG-A", "MG-NOTED", "MG-B"]
    # The last seven entries: the one of MG-OLD is the eighth.
    assert await store.ledger.unsettled({"message_relayed"}, 7) == ["MG-A", "MG-NOTED", "MG-B"]
    asked = {"MG-A", "MG-OLD", "MG-NEVER", "MG-C", *(f"MG-{n}" for n in range(900))}
    assert await store.ledger.still_unsettled({"message_relayed"}, asked) == ["MG-A", "MG-OLD"]


async def test_what_another_guard_is_sending_is_its_own(postgresql: object, tmp_path: object) -> None:
    url = postgresql.new_database()  # type: ignore[attr-defined]
    first, second = [
        await Store.open(StoreSettings(url=url, keys=tmp_path / "keys", ledger=name))  # type: ignore[operator]
        for name in ("guard-1", "guard-2")
    ]
    await first.ledger.append([samples.entry("MG-A", "message_decided", claims_ref=True)])
    await second.ledger.append([samples.entry("MG-B", "message_decided", claims_ref=True)])
    assert await first.ledger.unsettled({"message_relayed"}, 100) == ["MG-A"]
    assert await second.ledger.unsettled({"message_relayed"}, 100) == ["MG-B"]
    for each in (first, second):
        await each.close()
