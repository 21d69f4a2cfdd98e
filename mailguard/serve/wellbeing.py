"""Measures how the running service is, for the console. Implements guard.console.health.Health.

Contract: asked by every page, so what is measured is kept for a few seconds and measured by one at a time.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from datetime import datetime

from .. import __version__
from ..core.lifecycle import OPEN
from ..core.powers import Scope
from ..guard.canary.canary import Canary
from ..guard.console.health import Wellbeing
from ..guard.console.queue_records import UNDECIDED, HeldFilter
from ..inspection.inspector import SandboxedInspector
from ..smtp.certificate import Certificate
from ..smtp.routes import SmarthostRoutes
from .metrics import Metrics
from .nodes import NodeRoll
from .parts import Parts
from .policies import PolicySource

FRESH_SECONDS = 5.0


class ServiceHealth:
    """certificates: those of the listeners, as they are when it is asked."""

    def __init__(
        self,
        *,
        parts: Parts,
        metrics: Metrics,
        policies: PolicySource,
        smarthost: SmarthostRoutes,
        inspector: SandboxedInspector,
        canary: Canary,
        certificates: Sequence[Certificate],
        roll: NodeRoll,
    ) -> None:
        self._parts = parts
        self._metrics = metrics
        self._policies = policies
        self._smarthost = smarthost
        self._inspector = inspector
        self._canary = canary
        self._certificates = certificates
        self._roll = roll
        self._started_at = parts.clock.now()
        self._measured: tuple[float, Wellbeing] | None = None
        self._measuring = asyncio.Lock()

    async def look(self) -> Wellbeing:
        """At most FRESH_SECONDS old. StoreUnavailable."""
        async with self._measuring:
            if self._measured is None or time.monotonic() - self._measured[0] >= FRESH_SECONDS:
                self._measured = time.monotonic(), await self._measure()
            return self._measured[1]

    async def _measure(self) -> Wellbeing:
        parts, canary, now = self._parts, self._canary.status(), self._parts.clock.now()
        counts = await parts.store.counts()
        late = HeldFilter(Scope(everybody=True), UNDECIDED, due_before=now)
        problem = next((each.problem for each in self._certificates if each.problem), None)
        return Wellbeing(
            at=now,
            version=__version__,
            started_at=self._started_at,
            policy_in_force=self._policies.revision is not None,
            policy_problem=self._policies.problem,
            revision=self._policies.revision,
            canary=str(canary["state"]),
            canary_problems=tuple(canary["problems"]),
            canary_defers=bool(canary["defers_mail"]),
            canary_passed_at=_moment(canary["last_passed"]),
            last_checked_at=self._metrics.last_decided_at,
            held=sum(counts.held.get(state.value, 0) for state in OPEN),
            overdue=await parts.store.held_messages.count(late),
            outbox=counts.outbox,
            outbox_since=counts.oldest_open,
            smarthosts=tuple((str(each.settings.address), each.trouble) for each in self._smarthost.smarthosts),
            inspection_trouble=self._inspector.trouble,
            entries=counts.entries,
            witness_failing=counts.witness_failing,
            certificate_problem=problem,
            database="SQLite" if parts.store.settings.is_sqlite else "PostgreSQL",
            disk_free=await asyncio.to_thread(self._free),
            nodes=tuple((each["node"], each["policy_revision"], each["missing"]) for each in self._roll.shown()),
            nodes_problem=self._roll.problem,
            objects_problem=parts.store.objects_problem,
        )

    def _free(self) -> int | None:
        settings = self._parts.store.settings
        try:
            return shutil.disk_usage(settings.sqlite_path().parent).free if settings.is_sqlite else None
        except OSError:
            return None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
