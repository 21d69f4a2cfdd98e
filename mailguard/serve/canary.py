"""Puts the canary together from the open parts, and says how it is to whoever asks for health."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from ..core.canary.schedule import Schedule
from ..guard.canary.canary import Canary
from ..guard.ports import Inspector
from ..guard.records import Entry
from ..store.ledger import StoredLedger
from .canary_ground import CanaryGrounds
from .metrics import Metrics
from .nodes import NodeRoll
from .parts import Parts, hostname
from .policies import PolicySource


class LedgerRuns:
    """Implements guard.canary.canary.EarlierRuns: what this guard's own ledger says."""

    def __init__(self, ledger: StoredLedger, name: str) -> None:
        self._ledger = ledger
        self._name = name

    async def latest(self, kinds: tuple[str, ...]) -> Entry | None:
        return await self._ledger.latest(self._name, kinds)


async def canary_of(parts: Parts, metrics: Metrics, policies: PolicySource, inspector: Inspector) -> Canary:
    """The canary of a service that is about to take mail; it knows whether it had failed before the restart."""
    settings = parts.settings
    canary = Canary(
        settings=settings.canary,
        schedule=Schedule(settings.canary.every, settings.canary.hour, ZoneInfo(settings.organisation.time_zone)),
        sender=settings.canary.sender or settings.notices.sender,
        grounds=CanaryGrounds(parts, policies, hostname(settings), inspector),
        revision=lambda: policies.revision,
        ledger=parts.store.ledger,
        outbox=parts.store.outbox,
        earlier_runs=LedgerRuns(parts.store.ledger, settings.ledger),
        notices=parts.notices,
        clock=parts.clock,
        randomness=parts.randomness,
        watch=metrics,
        wake=parts.wake.set,
    )
    await canary.recall()
    return canary


def readiness(policies: PolicySource, canary: Canary) -> dict[str, Any]:
    """Whether mail would be taken now."""
    return {
        "ready": policies.revision is not None and not canary.defers,
        "policy": policies.revision,
        "policy_problem": policies.problem,
    }


def health(policies: PolicySource, canary: Canary, roll: NodeRoll, objects_problem: str | None) -> dict[str, Any]:
    """Whether all is well, in detail: what somebody should look at, although mail may be taken all the same."""
    found, state = readiness(policies, canary), canary.status()
    ok = found["ready"] and policies.problem is None and state["state"] not in ("failing", "overdue")
    nodes = {"nodes_problem": roll.problem, "nodes": roll.shown()}
    ok = ok and roll.problem is None and objects_problem is None
    return {"ok": ok, **found, "canary": state, **nodes, "object_store_problem": objects_problem}
