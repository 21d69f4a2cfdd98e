"""The roll of the guards on one store, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailguard.guard.nodes import Node
from mailguard.store.store import Store
from tests.store import samples


def node(name: str, **changes: Any) -> Node:
    return replace(Node(name, f"ledger-{name}", "machine", "1.0", "sha256:a", samples.NOW), **changes)


async def test_each_is_on_the_roll_with_what_it_last_said(store: Store) -> None:
    now = datetime.now(UTC)
    await store.nodes.beat(node("a"), now)
    await store.nodes.beat(node("b"), now)
    roll = await store.nodes.beat(node("a", policy_revision="sha256:b"), now)
    assert [(each.name, each.ledger, each.policy_revision) for each in roll.nodes] == [
        ("a", "ledger-a", "sha256:b"),
        ("b", "ledger-b", "sha256:a"),
    ]
    assert [each.name for each in roll.alive()] == ["a", "b"] and not roll.missing()
    assert [each.name for each in roll.differing("sha256:b")] == ["b"]
    assert roll.nodes[0].began_at == samples.NOW and roll.age_seconds(roll.nodes[0]) < 30


async def test_who_leaves_is_forgotten(store: Store) -> None:
    now = datetime.now(UTC)
    await store.nodes.beat(node("a"), now)
    await store.nodes.leave("a")
    await store.nodes.leave("never there")
    assert [each.name for each in (await store.nodes.beat(node("b"), now)).nodes] == ["b"]


async def test_a_clock_that_is_wrong_is_told_from_that_of_the_database(store: Store) -> None:
    roll = await store.nodes.beat(node("a"), datetime.now(UTC) + timedelta(seconds=40))
    if store.settings.is_sqlite:
        assert not roll.clock_is_off, "its clock is that of the one process"
    else:
        assert roll.clock_is_off and 30 < roll.clock_ahead_seconds < 50
        assert roll.alive(), "whoever's clock is wrong, it is there"


async def test_who_was_not_seen_for_a_day_is_forgotten(sqlite_store: Store) -> None:
    await sqlite_store.nodes.beat(node("a"), samples.NOW)
    later = await sqlite_store.nodes.beat(node("b"), samples.NOW + timedelta(hours=23))
    assert [each.name for each in later.missing()] == ["a"]
    roll = await sqlite_store.nodes.beat(node("b"), samples.NOW + timedelta(hours=25))
    assert [each.name for each in roll.nodes] == ["b"]


async def test_who_was_started_again_on_its_ledger_is_not_missing(sqlite_store: Store) -> None:
    await sqlite_store.nodes.beat(node("before", ledger="guard-1"), samples.NOW)
    roll = await sqlite_store.nodes.beat(node("after", ledger="guard-1"), samples.NOW + timedelta(minutes=1))
    assert not roll.missing() and [each.name for each in roll.alive()] == ["after"]
