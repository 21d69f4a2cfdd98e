"""The ports SenderLinks and UrgentCalls, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from mailguard.core.errors import AlreadyDecided, UnknownReference
from mailguard.core.lifecycle import State
from mailguard.guard.console.records import UrgentCall
from mailguard.guard.records import DueSoon, HeldChange, SenderLink
from mailguard.store import schema
from mailguard.store.store import Store
from tests.store import samples
from tests.store.samples import NOW, fresh

SENDER = "nurse@elmroad.example"
END = NOW + timedelta(hours=24)


async def held(store: Store, key: str = "", **changes: object) -> str:
    ref = fresh()
    links = (SenderLink(key, ref, SENDER, END),) if key else ()
    notice = samples.notice(ref, links=links)
    await store.quarantine.hold(samples.held(ref, **changes), b"x", [samples.entry(ref)], [notice])
    return ref


async def test_a_link_is_kept_with_its_notice_and_ends_with_the_deadline(store: Store) -> None:
    ref = await held(store, "k1")
    assert await store.sender_links.find("k1", NOW) == SenderLink("k1", ref, SENDER, END)
    assert await store.sender_links.find("k1", END) is None
    assert await store.sender_links.find("k2", NOW) is None
    assert await store.sender_links.purge(END + timedelta(seconds=1)) == 1


async def test_a_link_to_a_message_that_is_not_held_leads_nowhere(store: Store) -> None:
    notice = samples.notice(fresh(), links=(SenderLink("k3", "MG-NONE", SENDER, END),))
    await store.outbox.add([notice], None, [])
    assert await store.sender_links.find("k3", NOW) is None


async def test_a_link_that_was_moved_leads_nowhere(store: Store) -> None:
    """To another message, another end, another token, or beside another content (THREATS.md T68)."""
    table = schema.sender_links
    for number, values in enumerate(({"ref": "other"}, {"expires_at": 2**60}, {"link": "new"}, {"content": "e" * 64})):
        key = f"key-{number}"
        ref, other = await held(store, key), await held(store)
        if "content" in values:
            change = update(schema.held).where(schema.held.c.ref == ref).values(content_sha256=values["content"])
        else:
            wanted = {"ref": other} if "ref" in values else {each: f"{key}!" if each == "link" else value
                                                             for each, value in values.items()}  # fmt: skip
            change = update(table).where(table.c.link == key).values(wanted)
        await store.engine.write(lambda connection, _, change=change: connection.execute(change).rowcount)
        found = await store.sender_links.find(f"{key}!" if "link" in values else key, NOW)
        assert found is None, values


async def test_a_link_goes_with_its_message(store: Store) -> None:
    ref = await held(store, "k5")
    state = (await store.quarantine.get(ref)).state
    await store.quarantine.change(samples.change(ref, 1, state, State.CANCELLED, at=NOW), [], [])
    await store.outbox.drop(ref, [])
    purged = store.settings.retention.model_copy(update={"held": timedelta(0)})
    await store.purge(NOW + timedelta(hours=1), purged)
    assert await store.sender_links.find("k5", NOW) is None


def call_of(ref: str, minutes: int = 0) -> UrgentCall:
    return UrgentCall(ref, SENDER, NOW + timedelta(minutes=minutes), "sender", "The clinic is today")


async def test_a_message_is_called_urgent_once_and_a_sender_calls_so_many(store: Store) -> None:
    day = NOW - timedelta(days=1)
    refs = [await held(store) for _ in range(4)]
    answers = [await store.urgent_calls.call(call_of(ref), day, 3, [samples.entry(ref, "urgent_called")], [])
               for ref in (refs[0], *refs)]  # fmt: skip
    assert answers == [True, False, True, True, False]
    assert sorted(each.ref for each in await store.urgent_calls.of(refs)) == sorted(refs[:3])
    assert (await store.urgent_calls.of(refs[:1]))[0] == call_of(refs[0])
    assert [each.kind async for each in store.ledger.entries(refs[3])] == ["message_judged"]
    another = replace(call_of(refs[3]), sender="other@elmroad.example")
    assert await store.urgent_calls.call(another, day, 3, [], [])


async def test_only_what_is_held_can_be_called_urgent(store: Store) -> None:
    try:
        await store.urgent_calls.call(call_of("MG-NONE"), NOW, 3, [], [])
    except UnknownReference:
        return
    raise AssertionError("it was kept")


async def waiting(store: Store) -> str:
    return await held(store, state=State.WAITING)


def leaves(ref: str) -> HeldChange:
    return samples.change(ref, 1, State.WAITING, State.RELEASING, at=NOW, released_as="original")


async def test_one_that_leaves_by_it_is_called_in_the_step_in_which_it_leaves(store: Store) -> None:
    day, refs = NOW - timedelta(days=1), [await waiting(store) for _ in range(3)]
    for ref in refs[:2]:
        called = [samples.entry(ref, "urgent_called"), samples.entry(ref, "message_released")]
        assert await store.urgent_calls.call(call_of(ref), day, 2, called, [samples.delivery(ref)], leaves(ref))
        assert (await store.quarantine.get(ref)).state is State.RELEASING
    assert await store.urgent_calls.count(SENDER, day) == 2
    assert await store.urgent_calls.count("other@elmroad.example", day) == 0
    called = [samples.entry(refs[2], "urgent_called")]
    assert not await store.urgent_calls.call(call_of(refs[2]), day, 2, called, [], leaves(refs[2]))
    assert (await store.quarantine.get(refs[2])).state is State.WAITING, "one too many does not leave by it"
    assert [each.kind async for each in store.ledger.entries(refs[2])] == ["message_judged"]


async def test_what_does_not_leave_was_not_called_urgent(store: Store) -> None:
    """Somebody was quicker; or its rows cannot be kept."""
    day, ref = NOW - timedelta(days=1), await waiting(store)
    row, other = samples.delivery(ref), replace(leaves(ref), version=7)
    called = [samples.entry(ref, "urgent_called")]
    for rows, change, error in (([row], other, AlreadyDecided), ([row, row], leaves(ref), Exception)):
        with pytest.raises(error):
            await store.urgent_calls.call(call_of(ref), day, 3, called, rows, change)
        assert (await store.quarantine.get(ref)).state is State.WAITING
        assert await store.urgent_calls.count(SENDER, day) == 0
        assert [each.kind async for each in store.ledger.entries(ref)] == ["message_judged"]
    assert await store.urgent_calls.call(call_of(ref), day, 3, called, [row], leaves(ref))


async def test_at_once_it_is_called_once(store: Store) -> None:
    ref = await held(store)
    calls = (store.urgent_calls.call(call_of(ref), NOW - timedelta(days=1), 3, [], []) for _ in range(8))
    assert sorted(await asyncio.gather(*calls)) == [False] * 7 + [True]


async def test_what_is_due_soon_is_found_by_its_times_and_spared_by_the_ledger(store: Store) -> None:
    hour = timedelta(hours=1)
    half = await held(store, due_at=NOW + 10 * hour)
    await held(store, due_at=NOW + 11 * hour)
    await held(store, due_at=NOW + 4 * hour)
    told = await held(store, due_at=NOW + 6 * hour)
    await store.ledger.append([samples.entry(told, "decision_reminded")])
    at, spared = NOW + 5 * hour, ["decision_reminded"]
    assert await store.held_messages.due_soon(at, 50, hour, spared, 10) == [DueSoon(half, NOW + 10 * hour)]
    assert [each.ref for each in await store.held_messages.due_soon(at, 50, hour, [], 1)] == [told]
    assert await store.held_messages.due_soon(at, 50, 24 * hour, [], 10) == []
