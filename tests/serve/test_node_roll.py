"""What a guard says of the others on its store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailguard.guard.nodes import Node, Roll
from mailguard.serve.nodes import NodeRoll
from mailguard.serve.rounds import cancel, every, purge

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


class Nodes:
    """Another guard, `two`, is on the roll beside whoever beats."""

    def __init__(self) -> None:
        self.at = NOW
        self.ahead = 0.0
        self.other = Node("x", "two", "there", "1.0", "sha256:old", NOW, NOW)
        self.left: list[str] = []

    async def beat(self, node: Node, now: datetime) -> Roll:
        return Roll((replace(node, seen_at=self.at), self.other), self.at, self.ahead)

    async def leave(self, name: str) -> None:
        self.left.append(name)


class Clock:
    def now(self) -> datetime:
        return NOW


def roll_of(nodes: Nodes, shared: bool = True) -> NodeRoll:
    return NodeRoll(nodes, Clock(), name="me", ledger="one", revision=lambda: "sha256:new", shared=shared)


async def test_who_has_another_policy_is_named_at_once_and_a_problem_after_a_minute() -> None:
    nodes = Nodes()
    roll = roll_of(nodes)
    await roll.beat()
    assert [(each["node"], each["policy_revision"]) for each in roll.shown()] == [
        ("one", "sha256:new"),
        ("two", "sha256:old"),
    ]
    assert roll.problem is None and ("nodes_other_policy", (), 1) in list(roll.gauges())
    nodes.at = NOW + timedelta(seconds=61)
    nodes.other = replace(nodes.other, seen_at=nodes.at)
    await roll.beat()
    assert roll.problem == "not all guards have the same rules: here sha256:new, two has sha256:old"
    nodes.other = replace(nodes.other, policy_revision="sha256:new")
    await roll.beat()
    assert roll.problem is None


async def test_the_others_are_told_once_when_this_guard_has_named_another_revision() -> None:
    in_force, told = ["sha256:new"], list[str]()
    roll = NodeRoll(Nodes(), Clock(), name="me", ledger="one", revision=lambda: in_force[-1], shared=True)
    roll.changed = lambda: told.append(in_force[-1])
    for each in ("sha256:new", "sha256:new", "sha256:newer", "sha256:newer"):
        in_force.append(each)
        await roll.beat()
    assert told == ["sha256:new", "sha256:newer"]


async def test_a_round_that_is_hurried_does_not_wait_for_its_time() -> None:
    hurry, rounds = asyncio.Event(), list[int]()

    async def step() -> None:
        rounds.append(1)

    task = asyncio.create_task(every("a round", 600.0, step, hurry))
    for count in (1, 2, 3):
        async with asyncio.timeout(60):
            while len(rounds) < count:
                await asyncio.sleep(0)
        hurry.set()
    await cancel(task)


async def test_who_died_has_no_policy_that_differs() -> None:
    nodes = Nodes()
    nodes.at = NOW + timedelta(minutes=5)
    roll = roll_of(nodes)
    await roll.beat()
    assert [each["missing"] for each in roll.shown()] == [False, True] and roll.problem is None
    assert ("nodes_missing", (), 1) in list(roll.gauges())


async def test_a_clock_that_is_off_is_a_problem_at_once() -> None:
    nodes = Nodes()
    nodes.other = replace(nodes.other, policy_revision="sha256:new")
    roll = roll_of(nodes)
    assert roll.clock_agrees
    for nodes.ahead, said in ((31.0, "31 s ahead of"), (-31.0, "31 s behind")):
        await roll.beat()
        assert not roll.clock_agrees and said in str(roll.problem)
    nodes.ahead = 9.0
    await roll.beat()
    assert roll.clock_agrees and roll.problem is None


async def test_a_guard_whose_clock_is_off_removes_nothing_that_is_kept() -> None:
    """What a clock of next month would have removed does not come back."""
    purged: list[datetime] = []

    class Store:
        async def purge(self, now: datetime) -> None:
            purged.append(now)

    nodes = Nodes()
    roll = roll_of(nodes)
    for nodes.ahead in (0.0, 31 * 86400.0, -60.0, 3.0):
        await roll.beat()
        await purge(Store(), Clock(), roll)
    assert len(purged) == 2


async def test_who_is_alone_on_its_store_asks_nobody() -> None:
    nodes = Nodes()
    roll = roll_of(nodes, shared=False)
    await roll.beat()
    await roll.leave()
    assert roll.shown() == [] and roll.problem is None and roll.clock_agrees and not nodes.left
    assert {name: value for name, _, value in roll.gauges()}["nodes"] == 1
