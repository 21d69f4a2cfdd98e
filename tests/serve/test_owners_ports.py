"""What a worker hands to the owner of the store is all that the owner needs."""

from __future__ import annotations

import pickle
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from mailguard.guard.watch import Stage
from mailguard.serve.metrics import Metrics
from mailguard.serve.owners_ports import ToldWatch, handed_over, taken_over
from mailguard.serve.tally import STAGE_SECONDS, Tally
from mailguard.store.chain import PreparedEntry, SealedEvidence

AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
SEALED = SealedEvidence("m1", b"wrapped", b"sealed", "ab" * 32)
ENTRY = PreparedEntry(
    AT, 1_764_234_000_000_000, "message_decided", "MG-7Q4K-2F", True, '{"a":', {"a": 1}, SEALED, (("r", "e"),)
)


class Owner:
    def __init__(self) -> None:
        self.told: list[tuple[str, Any, Any]] = []

    def tell(self, name: str, *arguments: Any) -> None:
        self.told.append(pickle.loads(pickle.dumps((name, *arguments))))


@pytest.mark.parametrize("evidence", [SEALED, None])
def test_all_of_an_entry_but_its_fields_arrives(evidence: SealedEvidence | None) -> None:
    values = {each.name: getattr(ENTRY, each.name) for each in fields(PreparedEntry)} | {"evidence": evidence}
    entry = PreparedEntry(**values)
    arrived = taken_over(pickle.loads(pickle.dumps(handed_over(entry))))
    for each in fields(PreparedEntry):
        if each.name == "fields":
            assert arrived.fields == {}, "they are in the body"
        elif each.name == "evidence" and evidence is not None:
            assert arrived.evidence is not None
            for part in fields(SealedEvidence):
                assert getattr(arrived.evidence, part.name) == getattr(evidence, part.name)
        else:
            assert getattr(arrived, each.name) == values[each.name], each.name
    assert arrived.body(7) == entry.body(7)


async def test_times_are_counted_by_the_owner_as_they_were_by_the_worker() -> None:
    owner, here, there = Owner(), Metrics(), Metrics()
    watch = ToldWatch(owner)  # type: ignore[arg-type]
    for number, stage in enumerate(get_args(Stage)):
        for seconds in (0.0, 0.0001 * number, 0.3, 1000.0):
            watch.took(stage, seconds)
            here.stages.tallies[stage].observe(seconds)
    with watch.stage("judge"):
        pass
    for _ in range(2):
        await watch.tell()
    ((name, counts, stages),) = owner.told
    assert name == "watched"
    there.relayed(counts, stages)
    for stage, tally in here.stages.tallies.items():
        found = there.stages.tallies[stage]
        extra = stage == "judge"
        assert sum(found.counts) == sum(tally.counts) + extra
        if not extra:
            assert (found.counts, found.total) == (tally.counts, tally.total)


def test_a_tally_of_other_buckets_is_refused() -> None:
    with pytest.raises(ValueError, match="other buckets"):
        Tally(STAGE_SECONDS).add(((1, 2), 3.0))
