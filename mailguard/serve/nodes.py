"""Keeps this guard on the roll of those that share its store, and says how the others are.

Contract: on SQLite there is one guard, and nothing is written. What is said here is as old as the last beat; while the
store does not answer it stays as it was, and the beat's round says so in the log.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

from .. import __version__
from ..guard.nodes import DIFFERS_AFTER, Node, Nodes, Roll
from ..guard.ports import Clock
from ..logs import logger
from .parts import Parts
from .policies import PolicySource
from .standing import Reading

log = logger("nodes")

BEAT_SECONDS = 10.0


class NodeRoll:
    """name: of this run. revision: of the policy in force here. shared: whether other guards may use the store. hurry:
    set when the next beat is due now. changed: called when a beat has named another revision than the one before.
    """

    def __init__(
        self, nodes: Nodes, clock: Clock, *, name: str, ledger: str, revision: Callable[[], str | None], shared: bool
    ) -> None:
        self._nodes = nodes
        self._clock = clock
        self._name = name
        self._ledger = ledger
        self._revision = revision
        self._shared = shared
        self._began_at = clock.now()
        self._roll: Roll | None = None
        self._differs_since: datetime | None = None
        self._told: object = None
        self._beaten: str | None = None
        self.hurry = asyncio.Event()
        self.changed: Callable[[], None] = lambda: None

    async def beat(self) -> None:
        """Say that this guard runs, and look who else does. StoreUnavailable."""
        if not self._shared:
            return
        revision = self._revision()
        machine = socket.gethostname()
        me = Node(self._name, self._ledger, machine, __version__, revision, self._began_at)
        roll = self._roll = await self._nodes.beat(me, self._clock.now())
        if revision != self._beaten:
            self._beaten = revision
            self.changed()
        if not roll.differing(revision):
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = roll.at
        self._tell(roll, revision)

    def _tell(self, roll: Roll, revision: str | None) -> None:
        """What is not as it was at the last beat."""
        differing = roll.differing(revision)
        told = {(each.name, each.policy_revision) for each in differing}, roll.clock_is_off
        if told == self._told:
            return
        self._told = told
        for each in differing:
            log.warning("policy_differs", node=each.ledger, machine=each.machine, revision=each.policy_revision)
        if roll.clock_is_off:
            log.error("clock_differs", ahead_seconds=round(roll.clock_ahead_seconds, 1))

    async def leave(self) -> None:
        """This guard ends. What cannot be said now, the others find out."""
        if self._roll is None:
            return
        try:
            await self._nodes.leave(self._name)
        except Exception as cause:
            log.warning("node_not_signed_off", cause=cause)

    @property
    def clock_agrees(self) -> bool:
        """Whether leases that this guard takes and sees end when the others think so."""
        return self._roll is None or not self._roll.clock_is_off

    @property
    def problem(self) -> str | None:
        """What somebody should look at, in a sentence; None where all is well."""
        if self._roll is None:
            return None
        if self._roll.clock_is_off:
            ahead = self._roll.clock_ahead_seconds
            return f"the clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the database's"
        if self._differs_since is None or self._roll.at - self._differs_since < DIFFERS_AFTER:
            return None
        others = (f"{each.ledger} has {_short(each.policy_revision)}" for each in self._others())
        return f"not all guards have the same rules: here {_short(self._revision())}, {', '.join(others)}"

    def shown(self) -> list[dict[str, Any]]:
        """Every node for `mailguard status` and /health. seen_seconds: ago; missing: it ended without a word."""
        if self._roll is None:
            return []
        roll, missing = self._roll, {each.name for each in self._roll.missing()}
        return [
            {
                "node": each.ledger,
                "machine": each.machine,
                "version": each.version,
                "policy_revision": each.policy_revision,
                "seen_seconds": round(roll.age_seconds(each)),
                "missing": each.name in missing,
                "this": each.name == self._name,
            }
            for each in roll.nodes
        ]

    def gauges(self) -> Iterator[Reading]:
        roll = self._roll
        yield "nodes", (), len(roll.alive()) if roll else 1
        yield "nodes_missing", (), len(roll.missing()) if roll else 0
        yield "nodes_other_policy", (), len(self._others())
        yield "clock_ahead_seconds", (), roll.clock_ahead_seconds if roll else 0.0

    def _others(self) -> list[Node]:
        return list(self._roll.differing(self._revision())) if self._roll else []


async def on_the_roll(parts: Parts, policies: PolicySource, house: AsyncExitStack) -> NodeRoll:
    """This guard is on the roll before it takes mail, and off it before its store is closed."""
    roll = NodeRoll(
        parts.store.nodes,
        parts.clock,
        name=parts.randomness.octets(8).hex(),
        ledger=parts.settings.ledger,
        revision=lambda: policies.revision,
        shared=not parts.store.settings.is_sqlite,
    )
    await roll.beat()
    house.push_async_callback(roll.leave)
    return roll


def _short(revision: str | None) -> str:
    return revision[:19] if revision else "none"
