"""What a pack reads of messages on a real store: whom the sender took off got nothing, and when a message left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailguard.core.lifecycle import State
from mailguard.core.moment import date_in_words
from mailguard.core.packs.from_file import contents_of
from mailguard.core.register.reference import incident_of_message
from mailguard.guard.packs.apologies import Asked
from mailguard.serve.pack_operations import PackArguments
from mailguard.serve.pack_operations import pack as pack_operation
from mailguard.serve.parts import Parts
from tests.cli.conftest import AT

from .kept import PEOPLE, REF, delivered, keep, written
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
        planned, _ = await packing.apologise(
            replace(Asked(REF, REF, PEOPLE, TEXT), contents=tuple(contents_of(written(PEOPLE)))), JO
        )
        assert planned.people == LEFT

    on_store(tmp_path, act)


def test_a_message_left_when_it_was_released_and_not_when_it_was_held(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        await keep(parts, State.HELD)
        before = datetime.now(UTC)
        await parts.review.release(REF, form="original", reason="checked", by="jo")
        incident = (await parts.register.book.add({"kind": "near_miss", "narrative": "A list was shown"}, JO)).incident
        pack, revision = await parts.packs.packing.pack(REF, JO, incident)
        assert pack.known.decided_at == AT and pack.known.left_at is not None and pack.known.left_at >= before
        assert revision is not None and revision.record.occurred_from == pack.known.left_at
        (item,) = [each async for each in pack_operation(parts.packs, PackArguments(ref=REF, by="Jo"), "jo")]
        assert f" on {date_in_words(pack.known.left_at.astimezone(pack.made_at.tzinfo))} to you" in item["draft"]

    on_store(tmp_path, act)


def test_what_nobody_held_left_with_the_first_copy_that_was_taken(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        await keep(parts, State.HELD, disposition="relay")
        assert (await parts.packs.packing.pack(REF, JO))[0].known.left_at is None
        for hours in (2, 1):
            await delivered(parts, (P1,), AT + timedelta(hours=hours))
        pack, _ = await parts.packs.packing.pack(REF, JO)
        assert pack.known.left_at == AT + timedelta(hours=1)
        assert "It left at 10am on Friday 20 November 2026." in pack.lead()

    on_store(tmp_path, act)


def test_a_near_miss_that_was_let_go_and_is_called_a_breach_has_the_time_and_the_copies_of_the_breach(
    tmp_path: Path,
) -> None:
    async def act(parts: Parts) -> None:
        await keep(parts, State.HELD)
        await parts.register.near_misses.enter()
        await parts.review.release(REF, form="original", reason="checked", by="jo")
        await parts.register.near_misses.enter()
        await delivered(parts, PEOPLE, datetime.now(UTC))
        incident = incident_of_message(REF)
        (before, released) = await parts.register.book.history(incident)
        assert before.record.exposure is not None and before.record.exposure.delivered_count == 0
        assert released.record.exposure is not None and released.record.exposure.delivered_count is None
        # As long as nobody calls it a breach its time is that at which it was stopped.
        _, filled = await parts.packs.packing.pack(REF, JO, incident)
        assert filled is not None and filled.record.occurred_from == filled.record.occurred_to == AT
        called = {"kind": "breach", "aware_at": datetime.now(UTC).isoformat()}
        await parts.register.book.revise(incident, called, "others saw it", JO)
        pack, last = await parts.packs.packing.pack(REF, JO, incident)
        assert last is not None and last.record.occurred_from == last.record.occurred_to == pack.known.left_at
        assert last.record.exposure is not None and last.record.exposure.delivered_count == len(PEOPLE)
        assert last.record.detected_at == AT

    on_store(tmp_path, act)
