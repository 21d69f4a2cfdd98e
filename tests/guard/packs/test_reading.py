"""What a pack reads of messages on a real store: whom the sender took off got nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mailguard.core.lifecycle import State
from mailguard.guard.packs.apologies import Asked
from mailguard.serve.parts import Parts

from .kept import PEOPLE, REF, delivered, keep
from .test_apologies import JO, TEXT, on_store

P1, P2, P3, P4 = PEOPLE
LEFT = (P1, P2, P4)


async def _leaves_without_p3(parts: Parts) -> None:
    await keep(parts, State.WAITING)
    await parts.review.leave_out(REF, [P3], by="sender", version=1)
    await parts.review.release(REF, form="original", reason="checked", by="jo")
    await delivered(parts, (P1, P2), datetime.now(UTC))


def test_whom_the_sender_took_off_saw_nothing_and_gets_no_apology(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        await _leaves_without_p3(parts)
        pack, _ = await parts.packs.packing.pack(REF, JO)
        lead = " ".join(pack.lead())
        assert "3 people could see the email addresses of others in this message: 4 addresses" in lead
        assert "The next mail server took it for 2 people (of 1 there is no answer)." in lead
        assert "Its sender took 1 person off it before it left: no copy went to them." in lead
        assert "1 of the addresses that could be seen got no copy" in lead
        assert pack.concerned() == pack.concerned(to_all=True) == LEFT
        assert pack.known.counts["envelope_recipients"] == 3

    on_store(tmp_path, act)


def test_so_it_is_after_the_evidence_went(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        await _leaves_without_p3(parts)
        await parts.store.erase_evidence(REF, "asked", "jo")
        packing = parts.packs.packing
        pack, _ = await packing.pack(REF, JO)
        assert len(pack.known.hashed) == 3 and pack.known.recipients is None
        assert "took it for 2 people (of 1 there is no answer)." in " ".join(pack.lead())
        assert "The ledger still says how many: 3 people." in " ".join(each.text for each in pack.known.gaps)
        planned, _ = await packing.apologise(Asked(REF, REF, PEOPLE, TEXT), JO)
        assert planned.people == LEFT

    on_store(tmp_path, act)
