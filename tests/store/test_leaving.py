"""What is decided to be sent and can still be stopped, whom somebody asked, and who approved, as the store keeps it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from mailguard.core.errors import AlreadyDecided, IllegalTransition
from mailguard.core.lifecycle import State
from mailguard.guard.records import Approval, Escalation, Held, HeldChange
from mailguard.store.restored import hold_back
from mailguard.store.sealing import SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples
from tests.store.test_forged import forge

RAW = b"To: patient@outside.example\r\n\r\nHello\r\n"
UNTIL = samples.NOW + timedelta(seconds=30)
LATER = samples.NOW + timedelta(days=3)


async def leaving(store: Store, ref: str = "MG-A") -> Held:
    await store.quarantine.hold(samples.held(ref), RAW, [samples.entry(ref)], [])
    change = send(ref, note="checked", approved_by=("sam",))
    return await store.quarantine.change(change, [samples.entry(ref, "release_decided")], [])


def send(ref: str, **changes: object) -> HeldChange:
    values = {"released_as": "separate", "leaves_at": UNTIL, **changes}
    return samples.change(ref, 1, State.HELD, State.LEAVING, **values)


def stop(ref: str, version: int = 2, **changes: object) -> HeldChange:
    return samples.change(ref, version, State.LEAVING, State.HELD, approved_by=(), approvals=(), **changes)


async def test_what_is_leaving_says_until_when_and_in_which_form(store: Store) -> None:
    held = await leaving(store)
    assert held == await store.quarantine.get("MG-A")
    assert (held.state, held.version, held.leaves_at, held.released_as) == (State.LEAVING, 2, UNTIL, "separate")
    assert (held.decided_by, held.note, held.approved_by) == ("manager@elmroad.example", "checked", ("sam",))
    assert held.decided_at is not None and not await store.outbox.list()
    assert await store.quarantine.due(LATER, 10) == [], "it is no longer undecided"
    assert [each.ref for each in await store.quarantine.list([State.LEAVING])] == ["MG-A"]


async def test_a_stop_leaves_nothing_of_the_decision(store: Store) -> None:
    await leaving(store)
    due = samples.NOW + timedelta(days=2)
    held = await store.quarantine.change(stop("MG-A", due_at=due), [samples.entry("MG-A", "release_stopped")], [])
    assert held == await store.quarantine.get("MG-A")
    assert (held.state, held.version, held.due_at) == (State.HELD, 3, due)
    assert (held.decided_by, held.decided_at, held.note) == (None, None, None)
    assert (held.released_as, held.leaves_at, held.approved_by, held.approvals) == (None, None, (), ())
    again = await store.quarantine.change(
        samples.change("MG-A", 3, State.HELD, State.RELEASING, released_as="bcc"), [], [samples.delivery("MG-A")]
    )
    assert (again.released_as, again.decided_by) == ("bcc", "manager@elmroad.example")


async def test_when_the_time_is_over_the_decision_stays_whose_it_was(store: Store) -> None:
    decided = await leaving(store)
    change = samples.change("MG-A", 2, State.LEAVING, State.RELEASING, actor="mailguard", released_as="separate")
    held = await store.quarantine.change(change, [], [samples.delivery("MG-A")])
    assert (held.decided_by, held.decided_at, held.note) == (decided.decided_by, decided.decided_at, "checked")
    assert held.leaves_at is None and held.approved_by == ("sam",)
    (row,) = await store.outbox.claim("worker", LATER, 60, 10)
    assert await store.outbox.record(samples.attempt(row), [], [])
    assert (await store.quarantine.get("MG-A")).state is State.RELEASED


async def test_a_notice_that_ends_meanwhile_does_not_complete_it(store: Store) -> None:
    await store.quarantine.hold(samples.held("MG-A"), RAW, [samples.entry("MG-A")], [samples.notice("MG-A")])
    await store.quarantine.change(send("MG-A"), [], [])
    (row,) = await store.outbox.claim("worker", LATER, 60, 10)
    assert await store.outbox.record(samples.attempt(row), [], [])
    assert (await store.quarantine.get("MG-A")).state is State.LEAVING


async def test_its_sender_can_still_cancel_it(store: Store) -> None:
    await leaving(store)
    change = samples.change("MG-A", 2, State.LEAVING, State.CANCELLED, actor="nurse@elmroad.example")
    held = await store.quarantine.change(change, [], [])
    assert (held.state, held.decided_by, held.released_as) == (State.CANCELLED, "nurse@elmroad.example", None)
    assert held.decided_at == change.at and held == await store.quarantine.get("MG-A")


@pytest.mark.parametrize("to", [State.REJECTED, State.EXPIRED, State.APPROVED_ONCE, State.RELEASED, State.WAITING])
async def test_nothing_else_becomes_of_it(store: Store, to: State) -> None:
    await leaving(store)
    with pytest.raises(IllegalTransition):
        await store.quarantine.change(samples.change("MG-A", 2, State.LEAVING, to), [], [])


async def test_of_a_stop_a_cancel_and_a_release_at_once_one_wins(store: Store) -> None:
    await leaving(store)
    changes = [stop("MG-A"), samples.change("MG-A", 2, State.LEAVING, State.CANCELLED)]
    changes.append(samples.change("MG-A", 2, State.LEAVING, State.RELEASING, released_as="separate"))
    deliveries = [[], [], [samples.delivery("MG-A")]]
    results = await asyncio.gather(
        *(store.quarantine.change(changes[n % 3], [], deliveries[n % 3]) for n in range(90)), return_exceptions=True
    )
    assert Counter(type(each) for each in results) == {Held: 1, AlreadyDecided: 89}
    held = await store.quarantine.get("MG-A")
    assert len(await store.outbox.list()) == (1 if held.state is State.RELEASING else 0)


async def test_whom_somebody_asked_and_who_approved_come_back(store: Store) -> None:
    await store.quarantine.hold(samples.held("MG-A", approvals_needed=2), RAW, [samples.entry("MG-A")], [])
    asked = Escalation("amira@elmroad.example", "sam@elmroad.example", "Please look \u00e9", samples.NOW)
    change = samples.change("MG-A", 1, State.HELD, State.HELD, escalated=asked)
    assert (await store.quarantine.change(change, [], [])).escalated == asked
    first = Approval("sam@elmroad.example", ("account:1", "sam"), "all agreed", samples.NOW)
    change = samples.change(
        "MG-A", 2, State.HELD, State.APPROVED_ONCE, approved_by=("account:1",), approvals=(first,), released_as="bcc"
    )
    await store.quarantine.change(change, [], [])
    held = await store.quarantine.get("MG-A")
    assert (held.escalated, held.approvals, held.released_as) == (asked, (first,), "bcc")


async def test_a_store_that_was_put_back_sends_nothing_that_was_leaving(store: Store) -> None:
    await leaving(store)
    found = await hold_back(store, LATER, timedelta(hours=4), {})
    assert (found.rows, found.waiting, found.held) == (0, 1, 1)
    held = await store.quarantine.get("MG-A")
    assert (held.state, held.decided_by, held.released_as) == (State.HELD, None, None)
    assert held.due_at >= LATER + timedelta(hours=4)


async def test_a_restart_forgets_nothing(sqlite_settings: StoreSettings) -> None:
    store = await Store.open(sqlite_settings)
    held = await leaving(store)
    await store.close()
    store = await Store.open(sqlite_settings)
    assert await store.quarantine.get("MG-A") == held
    await store.close()


@pytest.mark.parametrize(
    "change", ["released_as = 'original'", "state = 'held'", "state = 'releasing'", "state = 'rejected'"]
)
async def test_t84_what_is_leaving_is_not_forged(sqlite_settings: StoreSettings, tmp_path: Path, change: str) -> None:
    store = await Store.open(sqlite_settings)
    await leaving(store)
    forge(sqlite_settings, f"UPDATE held SET {change} WHERE ref = ?", "MG-A")
    with pytest.raises(SealBroken):
        await store.quarantine.get("MG-A")
    assert await store.quarantine.list([State.LEAVING]) == []
    await store.close()


async def test_t84_the_form_that_was_approved_once_is_not_forged(sqlite_settings: StoreSettings) -> None:
    """Else a second person who chooses another form would complete a release that nobody began."""
    store = await Store.open(sqlite_settings)
    await store.quarantine.hold(samples.held("MG-A", approvals_needed=2), RAW, [samples.entry("MG-A")], [])
    change = samples.change("MG-A", 1, State.HELD, State.APPROVED_ONCE, approved_by=("a",), released_as="separate")
    await store.quarantine.change(change, [], [])
    forge(sqlite_settings, "UPDATE held SET released_as = 'original' WHERE ref = ?", "MG-A")
    with pytest.raises(SealBroken):
        await store.quarantine.get("MG-A")
    await store.close()


async def test_t84_a_held_message_is_not_made_to_leave(sqlite_settings: StoreSettings) -> None:
    store = await Store.open(sqlite_settings)
    await store.quarantine.hold(samples.held("MG-A"), RAW, [samples.entry("MG-A")], [])
    forge(sqlite_settings, "UPDATE held SET state = 'leaving', released_as = 'original' WHERE ref = ?", "MG-A")
    with pytest.raises(SealBroken):
        await store.quarantine.get("MG-A")
    await store.close()


async def test_evidence_of_one_kind_is_read_alone(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A"), samples.entry("MG-A", "note_added", evidence={"note": "x"})])
    assert await store.evidence.read("MG-A", "note_added") == [{"note": "x"}]
    assert len(await store.evidence.read("MG-A")) == 2


async def test_what_was_decided_before_these_were_kept_can_still_be_read(store: Store) -> None:
    """A first approval of an older mailguard: what is sealed of it names neither form nor approver's names."""
    await store.quarantine.hold(samples.held("MG-A", approvals_needed=2), RAW, [samples.entry("MG-A")], [])
    change = samples.change("MG-A", 1, State.HELD, State.APPROVED_ONCE, approved_by=("sam",))
    held = await store.quarantine.change(change, [], [])
    assert (held.approved_by, held.approvals, held.escalated, held.leaves_at) == (("sam",), (), None, None)
