"""What follows an invitation that a rule separated is separated too, whatever its size."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.guard.world import SESSION, World, envelope, invitation, people


async def separated(world: World) -> None:
    """Six patients are invited; the rule of the world's policy sends six copies and one for the office."""
    answer = await world.submission.submit(SESSION, envelope(*people(6)), invitation(people(6)))
    assert "Sending 6 separate copies" in answer.text
    assert set(world.history.kept) == {"jo@elmroad.example\n1"}


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "ADD"])
async def test_a_small_update_is_separated_under_the_same_rule(method: str) -> None:
    world = World()
    await separated(world)
    first = [entry for entry in world.ledger.kept if entry.kind == "message_decided"][-1]
    answer = await world.submission.submit(SESSION, envelope(*people(2)), invitation(people(2), method=method))
    assert "Sending 2 separate copies" in answer.text and not world.smarthost.taken
    decided = [entry for entry in world.ledger.kept if entry.kind == "message_decided"][-1]
    (rule,) = [rule for rule in decided.fields["rules"] if rule["matched"]]
    assert rule["id"] in [each["id"] for each in first.fields["rules"] if each["matched"]]
    assert rule["values"]["calendar_memory"] is True
    assert decided.fields["rewrite"] == "separate" and decided.fields["disposition"] == "relay"


async def test_what_a_reviewer_released_as_separate_copies_is_remembered_too() -> None:
    world = World()
    await world.submission.submit(SESSION, envelope(*people(20)), invitation(people(20)))
    (held,) = world.store.messages.values()
    assert not world.history.kept
    await world.review.release(held.ref, form="separate", reason="x", by="Sam", system_user="sam")
    assert set(world.history.kept) == {"jo@elmroad.example\n1"}
    answer = await world.submission.submit(SESSION, envelope(*people(1)), invitation(people(3), method="CANCEL"))
    assert "Sending 1 separate copy" in answer.text and not world.smarthost.taken


async def test_another_invitation_and_one_that_expired_pass() -> None:
    world = World()
    await separated(world)
    for raw in (invitation(people(2), uid="2"), invitation(people(2), method="REPLY")):
        answer = await world.submission.submit(SESSION, envelope(*people(2)), raw)
        assert answer.code == 250 and "separate" not in answer.text
    world.clock.time += timedelta(days=401)
    await world.submission.submit(SESSION, envelope(*people(2)), invitation(people(2), method="CANCEL"))
    assert len(world.smarthost.taken) == 3


async def test_every_message_of_it_makes_the_memory_longer() -> None:
    world = World()
    await separated(world)
    world.clock.time += timedelta(days=300)
    await world.submission.submit(SESSION, envelope(*people(2)), invitation(people(2)))
    world.clock.time += timedelta(days=300)
    answer = await world.submission.submit(SESSION, envelope(*people(2)), invitation(people(2), method="CANCEL"))
    assert "Sending 2 separate copies" in answer.text


async def test_mail_that_stays_inside_and_mail_without_an_invitation_asks_nobody() -> None:
    world = World()
    await world.submission.submit(SESSION, envelope("office@elmroad.example"), invitation(people(2)))
    assert ("history", "separated") not in world.told.calls


async def test_released_as_it_was_is_not_remembered() -> None:
    world = World()
    await world.submission.submit(SESSION, envelope(*people(20)), invitation(people(20)))
    (held,) = world.store.messages.values()
    await world.review.release(held.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert not world.history.kept
