"""Several guards on one store: who runs, under which policy, by which clock. Values and what follows from them; pure.

INVARIANT: a node's name is that of its ledger or of its machine: an admin chose it, and it names nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

ALIVE_FOR = timedelta(seconds=45)
"""Who was not seen for so long is missing. As long as a lease of the outbox: its work is taken over then."""
DIFFERS_AFTER = timedelta(seconds=60)
"""New files reach the nodes one after the other: that is no trouble yet."""
CLOCK_OFF_SECONDS = 10.0
"""A guard whose clock is further from the database's takes nothing out of the outbox: a lease lasts 45 seconds."""


@dataclass(frozen=True, slots=True)
class Node:
    """name: of this run of it. policy_revision: in force; None where there is none. seen_at: by the database's clock;
    None of who has not said so yet.
    """

    name: str
    ledger: str
    machine: str
    version: str
    policy_revision: str | None
    began_at: datetime
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Roll:
    """Who was there `at` a time of the database's clock, and how far this node's own clock was ahead of that."""

    nodes: tuple[Node, ...]
    at: datetime
    clock_ahead_seconds: float

    def alive(self) -> Sequence[Node]:
        return [each for each in self.nodes if self._age(each) < ALIVE_FOR]

    def missing(self) -> Sequence[Node]:
        """Those that ended without a word within a day, and whose ledger nobody alive writes."""
        written = {each.ledger for each in self.alive()}
        return [each for each in self.nodes if self._age(each) >= ALIVE_FOR and each.ledger not in written]

    def differing(self, revision: str | None) -> Sequence[Node]:
        """Those alive that judge by another policy than this revision."""
        return [each for each in self.alive() if each.policy_revision != revision]

    def age_seconds(self, node: Node) -> float:
        return self._age(node).total_seconds()

    @property
    def clock_is_off(self) -> bool:
        return abs(self.clock_ahead_seconds) > CLOCK_OFF_SECONDS

    def _age(self, node: Node) -> timedelta:
        return timedelta.max if node.seen_at is None else self.at - node.seen_at


class Nodes(Protocol):
    """Implemented by the store."""

    async def beat(self, node: Node, now: datetime) -> Roll:
        """This node runs. Every node, and by how much `now` is ahead of the store's clock."""
        ...

    async def leave(self, name: str) -> None:
        """This node ends in order."""
        ...
