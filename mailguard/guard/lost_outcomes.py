"""Decisions whose outcome nobody can tell any more: the process that was doing them ended first.

What had been decided may have been sent, for some or for all: that is UNCERTAIN (DESIGN.md), and the ledger says it, so
that after each decision stands what became of the message. docs/decisions/workers.md.

INVARIANT: nothing is sent, and nobody is told, because of it: the client heard no answer and tries again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from ..core.outcome import Outcome
from ..logs import logger
from . import entries
from .ports import Clock, Evidence, Ledger
from .records import NewEntry, RecipientRecord

log = logger("submission")

WORKER_LOST = "worker lost"
SERVICE_ENDED = "service ended"
LOOKS_BACK = 20_000
"""Entries at the end of the ledger in which a start looks for them: a twentieth of a second (decisions/workers.md)."""

OUTCOMES = frozenset(
    {
        "message_held",
        "message_rejected",
        "message_relayed",
        "message_refused",
        "message_deferred",
        "message_uncertain",
        "copies_queued",
    }
)
"""Each decision has one of these after it, with the same reference."""


class Unsettled(Protocol):
    """Finds decisions without an outcome."""

    async def unsettled(self, outcomes: Collection[str], last: int) -> Sequence[str]:
        """References of those among the last entries of this process's own ledger, oldest first."""
        ...

    async def still_unsettled(self, outcomes: Collection[str], refs: Collection[str]) -> Sequence[str]:
        """Those of these references, in order."""
        ...


class LostOutcomes:
    """unsettled: of the same store as `ledger` and `evidence`."""

    def __init__(self, unsettled: Unsettled, ledger: Ledger, evidence: Evidence, clock: Clock) -> None:
        self._unsettled = unsettled
        self._ledger = ledger
        self._evidence = evidence
        self._clock = clock

    async def look_back(self) -> None:
        """At a start, before anything is decided: what an earlier life of this guard left. Does not raise."""
        try:
            await self._record(await self._unsettled.unsettled(OUTCOMES, LOOKS_BACK), SERVICE_ENDED)
        except Exception as cause:
            log.error("lost_outcomes_not_recorded", why=SERVICE_ENDED, cause=cause)

    async def record(self, refs: Collection[str], why: str) -> None:
        """Nobody is doing these decisions any more. Does not raise: the next start looks again.

        One has its outcome all the same where the store took that but did not say so in time.
        """
        try:
            await self._record(await self._unsettled.still_unsettled(OUTCOMES, refs) if refs else (), why)
        except Exception as cause:
            log.error("lost_outcomes_not_recorded", why=why, cause=cause)

    async def _record(self, refs: Sequence[str], why: str) -> None:
        if not refs:
            return
        await self._ledger.append([await self._entry(ref, why) for ref in refs])
        log.warning("outcomes_lost", why=why, refs=list(refs))

    async def _entry(self, ref: str, why: str) -> NewEntry:
        """As of a lost answer: with its recipients, unless their evidence is gone already."""
        decided: Sequence[Mapping[str, Any]] = await self._evidence.read(ref, "message_decided")
        addresses = [each for record in decided for each in record.get("recipients", ())]
        entry = entries.plain("message_uncertain", ref, self._clock.now(), why=why)
        return entries.with_outcome(entry, [RecipientRecord(each, Outcome.UNCERTAIN) for each in addresses])
