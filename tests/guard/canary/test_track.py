"""What passes the tracked ports is the canary's, and nobody is told of it."""

from __future__ import annotations

import asyncio

from mailguard.core.outcome import Outcome, SmarthostReply
from mailguard.guard import entries
from mailguard.guard.canary.track import STEP, Track, TrackedLedger, TrackedOutbox, TrackedQuarantine
from mailguard.guard.records import NewEntry
from tests.guard.world import NOW, SESSION, World, envelope, message, people


def tracked(world: World) -> Track:
    """The world's stories on tracked ports."""
    track = Track("run")
    ledger, outbox = TrackedLedger(world.ledger, track), TrackedOutbox(world.outbox, track)
    quarantine = TrackedQuarantine(world.quarantine, track)
    keeper = world.submission._keeper
    keeper._ledger, keeper._outbox, keeper._quarantine = ledger, outbox, quarantine
    world.review._quarantine, world.deliveries._outbox = quarantine, outbox
    return track


async def test_a_held_message_is_the_canarys_and_its_notices_end_here() -> None:
    world = World()
    track = tracked(world)
    reply = await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    assert reply.code == 250 and track.held is not None
    assert track.ref == track.held.ref and track.held.canary == "run" and track.decision["disposition"] == "hold"
    assert world.store.rows == {}, "neither sender nor reviewers are told"
    assert [(entry.kind, entry.fields["step"]) for entry in world.ledger.kept] == [
        (STEP, "message_decided"),
        (STEP, "message_held"),
    ]
    assert all(entry.evidence is None for entry in world.ledger.kept)
    await world.review.release(track.held.ref, form="separate", reason="r", by="a", system_user="a")
    assert {row.kind for row in world.store.rows.values()} == {"copy"} and track.rows == 12
    assert all(row.canary == "run" for row in world.store.rows.values())


async def test_it_waits_for_the_last_copy_whatever_became_of_it() -> None:
    world = World()
    track = tracked(world)
    world.smarthost.outcomes = {people(6)[2]: (Outcome.REFUSED, SmarthostReply(550, "5.1.1", "no"))}
    await world.submission.submit(SESSION, envelope(*people(6)), message(people(6)))
    settled = asyncio.create_task(track.settled())
    await asyncio.sleep(0)
    assert not settled.done()
    await world.deliver()
    async with asyncio.timeout(60):
        await settled
    assert (track.rows, track.ended) == (6, 6) and world.store.rows == {}, "a bounce goes to nobody"
    assert "copy_delivered" not in [entry.fields.get("step") for entry in world.ledger.kept]


async def test_everybodys_deliveries_do_not_claim_it() -> None:
    world = World()
    track = tracked(world)
    await world.submission.submit(SESSION, envelope(*people(6)), message(people(6)))
    assert await world.outbox.claim("this-machine", NOW, 60, 100) == []
    assert len(await TrackedOutbox(world.outbox, track).claim("canary", NOW, 60, 100)) == 6


async def test_a_store_that_keeps_less_than_it_was_given_is_told() -> None:
    world = World()
    track = tracked(world)
    world.told.fault = ("outbox", "add", "returns nothing")
    reply = await world.submission.submit(SESSION, envelope(*people(6)), message(people(6)))
    assert reply.code == 451 and track.rows == 0


def test_an_entry_keeps_all_that_it_says() -> None:
    entry: NewEntry = entries.plain("message_held", "MG-7Q4K-2F", NOW, state="held")
    (marked,) = Track("run").marked([entry])
    assert (marked.kind, marked.ref, marked.at) == (STEP, entry.ref, NOW)
    assert marked.fields == {"state": "held", "step": "message_held"}
