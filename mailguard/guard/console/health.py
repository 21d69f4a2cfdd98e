"""How the service is, as values for people: is mail flowing, and what is not as it should be. Pure; serve measures it.

INVARIANT: nothing here names a message, an address or a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

STUCK_AFTER = timedelta(minutes=15)
"""A row of the outbox that waits longer has failed at least once: the first retries come within minutes."""
LITTLE_SPACE = 1024**3
NO_SPACE = 100 * 1024**2


class Question(StrEnum):
    """What an admin asks, in this order."""

    FLOW = "flow"
    OUTBOX = "outbox"
    SMARTHOST = "smarthost"
    RULES = "rules"
    CANARY = "canary"
    ATTACHMENTS = "attachments"
    DEADLINES = "deadlines"
    NODES = "nodes"
    LEDGER = "ledger"
    CERTIFICATE = "certificate"
    DATABASE = "database"
    DISK = "disk"


class Answer(StrEnum):
    WORKING = "working"
    ATTENTION = "attention"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Wellbeing:
    """policy_in_force: whether there is one; policy_problem: why the files on disk are not it. canary: off, unknown,
    passing, failing or overdue; canary_problems: sentences. last_checked_at: of the last message judged since the
    start. outbox_since: how long the oldest row of everybody's mail has waited, None where it is empty. smarthosts:
    address and trouble of each. inspection_trouble: why attachments are not read. disk_free: octets, None where there
    is no disk of ours. nodes: of the guards on this store each with its policy's revision and whether it is missing,
    empty where there is one alone; nodes_problem: what is wrong with them. objects_problem: of the object store,
    None where there is none.
    """

    at: datetime
    version: str
    started_at: datetime
    policy_in_force: bool
    policy_problem: str | None
    revision: str | None
    canary: str
    canary_problems: tuple[str, ...]
    canary_defers: bool
    canary_passed_at: datetime | None
    last_checked_at: datetime | None
    held: int
    overdue: int
    outbox: int
    outbox_since: datetime | None
    smarthosts: tuple[tuple[str, str | None], ...]
    inspection_trouble: str | None
    entries: int
    witness_failing: bool
    certificate_problem: str | None
    database: str
    disk_free: int | None
    nodes: tuple[tuple[str, str | None, bool], ...] = ()
    nodes_problem: str | None = None
    objects_problem: str | None = None

    @property
    def takes_mail(self) -> bool:
        """Whether new mail is taken now."""
        return self.policy_in_force and not self.canary_defers

    @property
    def stuck_since(self) -> datetime | None:
        """Since when checked mail does not leave; None where it does."""
        if self.outbox_since is None or self.at - self.outbox_since < STUCK_AFTER:
            return None
        return self.outbox_since

    @property
    def unreachable(self) -> bool:
        """Whether no smarthost could be reached with the last attempt."""
        return bool(self.smarthosts) and all(trouble is not None for _, trouble in self.smarthosts)

    @property
    def flows(self) -> bool:
        return self.takes_mail and self.stuck_since is None and not self.unreachable

    def answers(self, trail_broken: bool = False) -> Sequence[tuple[Question, Answer]]:
        """Every question with its answer, in order."""
        found = {
            Question.FLOW: _worst(broken=not self.flows),
            Question.OUTBOX: _worst(attention=self.stuck_since is not None),
            Question.SMARTHOST: _worst(
                broken=self.unreachable, attention=any(trouble is not None for _, trouble in self.smarthosts)
            ),
            Question.RULES: _worst(broken=not self.policy_in_force, attention=self.policy_problem is not None),
            Question.CANARY: _worst(
                broken=self.canary == "failing", attention=self.canary in ("overdue", "off") or self.canary_defers
            ),
            Question.ATTACHMENTS: _worst(broken=self.inspection_trouble is not None),
            Question.DEADLINES: _worst(attention=self.overdue > 0),
            Question.NODES: _worst(
                attention=self.nodes_problem is not None or any(missing for _, _, missing in self.nodes)
            ),
            Question.LEDGER: _worst(broken=trail_broken, attention=self.witness_failing),
            Question.CERTIFICATE: _worst(attention=self.certificate_problem is not None),
            Question.DATABASE: _worst(attention=self.objects_problem is not None),
            Question.DISK: _worst(broken=self._space_below(NO_SPACE), attention=self._space_below(LITTLE_SPACE)),
        }
        return [(question, found[question]) for question in Question]

    def _space_below(self, octets: int) -> bool:
        return self.disk_free is not None and self.disk_free < octets


def _worst(*, broken: bool = False, attention: bool = False) -> Answer:
    return Answer.BROKEN if broken else Answer.ATTENTION if attention else Answer.WORKING


class Health(Protocol):
    """Measures how the service is."""

    async def look(self) -> Wellbeing:
        """At most a few seconds old. StoreUnavailable."""
        ...
