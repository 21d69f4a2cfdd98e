"""The ports Assignments, SavedViews and Checked, and what a list is asked for by them, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from mailguard.core.errors import AlreadyDecided, UnknownReference
from mailguard.core.lifecycle import State
from mailguard.core.powers import Scope
from mailguard.guard.console.queue_records import UNDECIDED, HeldFilter
from mailguard.guard.console.records import Assignment, CheckedMail, SavedView
from mailguard.guard.records import NewAccount, NewEntry
from mailguard.store import schema
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import RetentionSettings
from tests.store import samples
from tests.store.samples import NOW, fresh

EVERYBODY = Scope(everybody=True)
VIEW = SavedView("v1", "account-1", None, "Flu", {"q": "to:lee@council.example", "view": "all"}, "jo", NOW)


async def held(store: Store, **changes: object) -> str:
    ref = fresh()
    await store.quarantine.hold(samples.held(ref, **changes), b"x", [samples.entry(ref)], [])
    return ref


def taken(ref: str, account: str = "account-1") -> Assignment:
    return Assignment(ref, account, f"{account}@elmroad.example", NOW)


async def test_of_many_who_take_a_message_on_one_does_and_its_version_stays(store: Store) -> None:
    ref = await held(store)
    entry = [samples.entry(ref, "message_assigned")]
    tries = (store.assignments.assign(taken(ref, f"account-{number}"), 1, None, entry) for number in range(8))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["AlreadyDecided"] * 7 + ["NoneType"]
    (has,) = await store.assignments.of([ref])
    assert has == taken(ref, has.account)
    await store.assignments.assign(taken(ref, "account-9"), 1, has.account, entry)
    assert (await store.assignments.of([ref]))[0].account == "account-9"
    assert (await store.quarantine.get(ref)).version == 1
    kinds = [each.kind async for each in store.ledger.entries()]
    assert kinds.count("message_assigned") == 2 and (await verify(store)).whole


async def test_what_is_decided_or_changed_is_not_taken_on(store: Store) -> None:
    ref = await held(store)
    with pytest.raises(AlreadyDecided):
        await store.assignments.assign(taken(ref), 2, None, [])
    await store.quarantine.change(samples.change(ref, 1, State.HELD, State.REJECTED), [], [])
    for version in (1, 2):
        with pytest.raises(AlreadyDecided):
            await store.assignments.assign(taken(ref), version, None, [])
    with pytest.raises(UnknownReference):
        await store.assignments.assign(taken("MG-NONE"), 1, None, [])
    assert await store.assignments.of([ref]) == []


async def test_an_assignment_that_was_moved_is_not_shown_and_goes_with_its_message(store: Store) -> None:
    ref = await held(store)
    await store.assignments.assign(taken(ref), 1, None, [])
    table = schema.assignments
    moved = update(table).where(table.c.ref == ref).values(account="account-2")
    await store.engine.write(lambda connection, _: connection.execute(moved).rowcount)
    assert await store.assignments.of([ref]) == []
    await store.quarantine.change(samples.change(ref, 1, State.HELD, State.REJECTED, at=NOW), [], [])
    later, keep_for = NOW + timedelta(days=400), RetentionSettings(held=timedelta(days=1))
    due = await store.due(later, keep_for)
    purged = await store.purge(later, keep_for)
    assert (due.held, due.evidence) == (purged.held, purged.evidence) == (1, purged.evidence)
    rows = await store.engine.read(lambda connection: connection.execute(table.select()).all())
    assert rows == []


async def test_a_list_of_ones_own_and_of_what_was_escalated(store: Store) -> None:
    mine, other, asked = await held(store), await held(store), await held(store)
    await store.assignments.assign(taken(mine), 1, None, [])
    await store.assignments.assign(taken(other, "account-2"), 1, None, [])
    await store.ledger.append([samples.entry(asked, "decision_escalated")])
    own = HeldFilter(EVERYBODY, UNDECIDED, assigned_to="account-1")
    assert await store.held_messages.refs(own) == [mine] and await store.held_messages.count(own) == 1
    assert await store.held_messages.refs(HeldFilter(EVERYBODY, UNDECIDED, escalated=True)) == [asked]
    assert await store.held_messages.refs(replace(own, escalated=True)) == []


async def test_a_view_is_for_its_account_or_its_team_and_no_more_than_so_many(store: Store) -> None:
    shared = replace(VIEW, identifier="v2", account=None, team="elm", made_at=NOW + timedelta(seconds=1))
    entry = [NewEntry("view_saved", None, NOW, {})]
    assert await store.saved_views.keep(VIEW, 1, entry) and await store.saved_views.keep(shared, 1, entry)
    assert not await store.saved_views.keep(replace(VIEW, identifier="v3"), 1, entry)
    assert not await store.saved_views.keep(replace(shared, identifier="v3"), 1, entry)
    assert await store.saved_views.of("account-1", []) == [VIEW]
    assert await store.saved_views.of("account-1", ["elm"]) == [VIEW, shared]
    assert await store.saved_views.of("account-2", ["park"]) == []
    assert await store.saved_views.of("account-2", None) == [shared]
    assert await store.saved_views.remove("v1", entry) and not await store.saved_views.remove("v1", entry)
    assert [each.kind async for each in store.ledger.entries()] == ["view_saved"] * 3


async def test_a_view_that_was_moved_is_nobodys_and_what_it_says_is_sealed(store: Store) -> None:
    await store.saved_views.keep(VIEW, 5, [])
    table = schema.saved_views
    (row,) = await store.engine.read(lambda connection: connection.execute(table.select()).all())
    assert b"council" not in bytes(row.sealed) and b"Flu" not in bytes(row.sealed)
    for values in ({"account": "account-2"}, {"account": None, "team": "elm"}):
        await store.engine.write(lambda connection, _, v=values: connection.execute(update(table).values(v)).rowcount)
        assert await store.saved_views.of("account-2", ["elm"]) == []


async def test_an_account_keeps_its_switch_and_its_views_go_with_it(store: Store) -> None:
    made = await store.accounts.add(NewAccount("jo@elmroad.example", "hash", ("viewer",), NOW), [])
    assert made.shortcuts is False
    changed = await store.accounts.change(replace(made, shortcuts=True), [])
    assert (await store.accounts.find("jo@elmroad.example")) == changed and changed.shortcuts
    own = replace(VIEW, account=made.identifier)
    shared = replace(VIEW, identifier="v2", account=None, team="elm")
    assert await store.saved_views.keep(own, 5, []) and await store.saved_views.keep(shared, 5, [])
    await store.accounts.remove(changed, [])
    assert await store.saved_views.of(made.identifier, None) == [shared]


async def test_what_was_checked_since_midnight_is_counted_from_where_the_day_begins(store: Store) -> None:
    def decided(hours: int) -> NewEntry:
        return replace(samples.entry(fresh(), "message_decided"), at=NOW + timedelta(hours=hours))

    assert await store.checked.since(NOW) == CheckedMail(0, None)
    for hours in range(-5, 6):
        await store.ledger.append([decided(hours), replace(samples.entry(fresh()), at=NOW + timedelta(hours=hours))])
    last = NOW + timedelta(hours=5)
    for hours, count in ((-9, 11), (-5, 11), (0, 6), (5, 1)):
        assert await store.checked.since(NOW + timedelta(hours=hours)) == CheckedMail(count, last), hours
    assert await store.checked.since(NOW + timedelta(hours=6)) == CheckedMail(0, None)
