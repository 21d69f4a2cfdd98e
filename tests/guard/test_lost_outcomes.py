"""Decisions whose outcome nobody can tell any more are recorded as uncertain, for each of their recipients."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from mailguard.core.errors import StoreUnavailable
from mailguard.core.outcome import Outcome
from mailguard.guard.entries import KINDS
from mailguard.guard.lost_outcomes import LOOKS_BACK, OUTCOMES, SERVICE_ENDED, WORKER_LOST, LostOutcomes
from tests.guard.world import NOW, MemoryLedger, Told

EVIDENCE = {"MG-A": [{"recipients": ["p@out.example", "q@out.example"]}], "MG-ERASED": [{"erased": True}]}


@dataclass
class Past:
    """Implements Unsettled and Evidence."""

    refs: Sequence[str] = ()
    settled: Sequence[str] = ()
    asked: list[tuple[Collection[str], int]] = field(default_factory=list)

    async def unsettled(self, outcomes: Collection[str], last: int) -> Sequence[str]:
        self.asked.append((outcomes, last))
        return self.refs

    async def still_unsettled(self, outcomes: Collection[str], refs: Collection[str]) -> Sequence[str]:
        assert outcomes == OUTCOMES
        return [each for each in sorted(refs) if each not in self.settled]

    async def read(self, ref: str, kind: str | None = None) -> Sequence[Mapping[str, object]]:
        assert kind == "message_decided"
        if ref == "MG-BROKEN":
            raise StoreUnavailable("no")
        return EVIDENCE.get(ref, [])


class Clock:
    def now(self) -> object:
        return NOW


def lost(past: Past) -> tuple[LostOutcomes, MemoryLedger]:
    ledger = MemoryLedger(Told())
    return LostOutcomes(past, ledger, past, Clock()), ledger  # type: ignore[arg-type]


async def test_each_is_uncertain_for_all_its_recipients_and_says_why() -> None:
    outcomes, ledger = lost(Past())
    await outcomes.record({"MG-A"}, WORKER_LOST)
    (entry,) = ledger.kept
    assert (entry.kind, entry.ref, entry.at, entry.claims_ref) == ("message_uncertain", "MG-A", NOW, False)
    assert entry.fields == {
        "why": "worker lost",
        "counts": {"accepted": 0, "deferred": 0, "refused": 0, "uncertain": 2},
    }
    assert [(each.address, each.outcome) for each in entry.recipients] == [
        ("p@out.example", Outcome.UNCERTAIN),
        ("q@out.example", Outcome.UNCERTAIN),
    ]
    said = {"outcome": Outcome.UNCERTAIN, "code": None, "status": None}
    assert entry.evidence == {"outcome": {"p@out.example": said, "q@out.example": said}}


async def test_one_whose_evidence_is_gone_says_it_without_recipients() -> None:
    outcomes, ledger = lost(Past())
    await outcomes.record({"MG-ERASED"}, WORKER_LOST)
    (entry,) = ledger.kept
    assert entry.fields == {"why": "worker lost"} and not entry.recipients and entry.evidence is None


async def test_a_start_looks_back_over_the_end_of_the_ledger() -> None:
    past = Past(refs=("MG-B", "MG-A"))
    outcomes, ledger = lost(past)
    await outcomes.look_back()
    assert past.asked == [(OUTCOMES, LOOKS_BACK)] and KINDS.keys() >= OUTCOMES
    assert [(entry.ref, entry.fields["why"]) for entry in ledger.kept] == [
        ("MG-B", SERVICE_ENDED),
        ("MG-A", SERVICE_ENDED),
    ]


async def test_one_that_has_its_outcome_gets_no_second_one() -> None:
    """The store took it, and said so too late: the owner told the worker that it failed."""
    outcomes, ledger = lost(Past(settled=("MG-A",)))
    await outcomes.record({"MG-A", "MG-B"}, WORKER_LOST)
    assert [entry.ref for entry in ledger.kept] == ["MG-B"]


async def test_where_nothing_is_lost_nothing_is_recorded() -> None:
    outcomes, ledger = lost(Past())
    await outcomes.look_back()
    await outcomes.record(set(), WORKER_LOST)
    assert not ledger.kept and not ledger.told.calls


@pytest.mark.parametrize("at_start", [True, False])
async def test_a_store_that_fails_keeps_no_service_from_starting_and_no_worker_from_being_replaced(
    at_start: bool,
) -> None:
    outcomes, ledger = lost(Past(refs=("MG-BROKEN",)))
    await (outcomes.look_back() if at_start else outcomes.record({"MG-BROKEN"}, WORKER_LOST))
    assert not ledger.kept
