"""Notices that were put off survive the process: the first round after a start tells of what the ledger says."""

from __future__ import annotations

from datetime import timedelta

from mailguard.core.letters.facts import Listed
from mailguard.core.policy.load import load_policy
from mailguard.guard.burst import Burst
from mailguard.guard.late_notices import LateNotices
from tests.guard.world import NOW, SESSION, World, envelope, message, people


def late(world: World) -> LateNotices:
    return LateNotices(
        notices=world.notices,
        outbox=world.outbox,
        quarantine=world.quarantine,
        ledger=world.ledger,
        clock=world.clock,
        wake=world.woken.set,
    )


def restarted(world: World) -> World:
    """Another process on the same store: what the first had in memory is gone."""
    other = World()
    other.store.messages, other.store.rows = world.store.messages, world.store.rows
    other.ledger.kept = world.ledger.kept
    return other


async def hold(world: World, count: int, sender: str | None = "jo@elmroad.example") -> None:
    for number in range(count):
        answer = await world.submission.submit(
            SESSION, envelope(*people(20), sender=sender), message(people(20), subject=f"list {number}")
        )
        assert "Held" in answer.text


async def test_what_was_put_off_is_told_after_a_restart_once() -> None:
    world = World()
    await hold(world, 9)
    before = len(world.store.rows)
    assert before == 10 and world.ledger.kinds().count("sender_not_told") == 4, "five to the sender, five to decide"
    other = restarted(world)
    first = late(other)
    assert await first.tell() == 2
    to_sender, to_reviewers = list(other.store.rows.values())[before:]
    for notice, address in ((to_sender, "jo@elmroad.example"), (to_reviewers, "manager@elmroad.example")):
        assert notice.text is not None and b"4 emails" in notice.text
        assert notice.envelope.recipients[0].address == address
    assert [entry.fields["to"] for entry in other.ledger.kept if entry.kind == "notice_queued"][-2:] == [
        "sender", "reviewers",
    ]  # fmt: skip
    assert await first.tell() == 0


async def test_the_reviewers_hear_of_what_they_were_not_told_of() -> None:
    world = World()
    await hold(world, 9, sender=None)
    before = len(world.store.rows)
    other = restarted(world)
    assert await late(other).tell() == 1
    (notice,) = list(other.store.rows.values())[before:]
    assert notice.envelope.recipients[0].address == "manager@elmroad.example"


async def test_nobody_is_asked_to_decide_about_a_notice_of_ours_after_a_restart() -> None:
    world = World()
    await hold(world, 1)
    notice = next(iter(world.store.rows.values()))
    world.policy = load_policy(
        {"p.yaml": b"version: 1\nrules: [{id: all, describe: All., when: {envelope_recipients: {at_least: 1}}, "
         b"action: hold}]"}
    )  # fmt: skip
    await world.submission.submit(SESSION, notice.envelope, notice.text or b"")
    assert len(world.store.messages) == 2
    assert await late(restarted(world)).tell() == 0


async def test_what_everybody_was_told_of_is_not_told_again() -> None:
    world = World()
    await hold(world, 3)
    assert await late(restarted(world)).tell() == 0


def test_what_is_recalled_twice_counts_once() -> None:
    burst = Burst()
    path = envelope("x@elmroad.example").reverse_path
    assert path is not None
    for _ in range(2):
        burst.recall(path, Listed("MG-1"), NOW)
    ((_, told),) = burst.overdue(NOW + timedelta(seconds=1))
    assert told.count == 1
