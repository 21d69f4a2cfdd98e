"""What people decide about a held message, and what a deadline or a delay does when nobody decides."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mailguard.core.errors import AlreadyDecided, CannotRewrite, MailguardError, NotAllowed, UnknownReference
from mailguard.core.lifecycle import State
from mailguard.guard.records import Held
from tests.guard.world import SESSION, World, envelope, message, people

TWO = b"""\
version: 1
rules:
  - id: visible-list
    describe: A list.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
    approvals: 2
"""

DELAYED = b"""\
version: 1
rules:
  - id: cooling-off
    describe: Mail to the council waits for some minutes.
    when: {recipient_domain: [council.example]}
    action: hold
    delay: 5m
"""


async def hold(world: World, count: int = 20, raw: bytes | None = None) -> Held:
    await world.submission.submit(SESSION, envelope(*people(count)), raw or message(people(count)))
    (held,) = world.store.messages.values()
    return held


def rows(world: World, *kinds: str) -> list[str]:
    return [row.kind for row in world.store.rows.values() if row.kind in kinds]


async def test_released_as_separate_copies_in_one_step() -> None:
    world = World()
    held = await hold(world)
    done = await world.review.release(held.ref, form="separate", reason="wanted", by="Sam", system_user="sam")
    assert (done.state, done.released_as, done.decided_by) == (State.RELEASING, "separate", "Sam")
    assert rows(world, "copy") == ["copy"] * 20
    assert len(rows(world, "notice")) == 3, "two at the hold, to sender and reviewers, one of the outcome"
    assert "message_released" in world.ledger.kinds()


async def test_who_counts_is_told_of_a_decision_and_of_none_that_failed() -> None:
    world = World()
    held = await hold(world)
    told: list[tuple[State, bool]] = []
    world.review.watch = lambda state, by_guard: told.append((state, by_guard))
    await world.review.release(held.ref, form="separate", reason="wanted", by="Sam", system_user="sam")
    with pytest.raises(AlreadyDecided):
        await world.review.release(held.ref, form="bcc", reason="x", by="Ann", system_user="ann")
    assert told == [(State.RELEASING, False)]


@pytest.mark.parametrize("form", ["original", "bcc"])
async def test_released_in_one_transaction(form: str) -> None:
    world = World()
    held = await hold(world)
    await world.review.release(held.ref, form=form, reason="wanted", by="Sam", system_user="sam")  # type: ignore[arg-type]
    assert rows(world, "release") == ["release"]
    await world.deliver()
    sent = next(content for path, content in world.smarthost.taken if len(path.recipients) == 20)
    assert (b"person7@" in sent) is (form == "original")
    assert sent.startswith(b"Received: from client.elmroad.example")


async def test_what_was_decided_cannot_be_decided_again() -> None:
    world = World()
    held = await hold(world)
    await world.review.reject(held.ref, note="use the bulk service", by="Sam", system_user="sam")
    for again in (
        world.review.release(held.ref, form="bcc", reason="x", by="Jo", system_user="jo"),
        world.review.reject(held.ref, note="x", by="Jo", system_user="jo"),
        world.review.cancel(held.ref, by="Jo", system_user="jo"),
    ):
        with pytest.raises(AlreadyDecided, match=r"rejected.*Sam"):
            await again
    assert not rows(world, "copy", "release")


async def test_two_at_once_and_one_wins() -> None:
    world = World()
    held = await hold(world)
    answers = await asyncio.gather(
        *(world.review.release(held.ref, form="bcc", reason="x", by=f"r{n}", system_user=f"u{n}") for n in range(50)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Held) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyDecided) for answer in answers) == 49
    assert rows(world, "release") == ["release"]


async def test_two_approvals_come_from_two_people() -> None:
    world = World(TWO)
    held = await hold(world)
    once = await world.review.release(held.ref, form="separate", reason="x", by="Sam", system_user="sam")
    assert once.state is State.APPROVED_ONCE and not rows(world, "copy")
    with pytest.raises(NotAllowed):
        await world.review.release(held.ref, form="separate", reason="x", by="Another name", system_user="sam")
    done = await world.review.release(held.ref, form="separate", reason="y", by="Amira", system_user="amira")
    assert done.state is State.RELEASING and done.approved_by == ("sam", "amira") and len(rows(world, "copy")) == 20


async def test_a_second_person_with_another_form_is_the_first_for_it() -> None:
    world = World(TWO)
    held = await hold(world)
    await world.review.release(held.ref, form="separate", reason="x", by="Sam", system_user="sam")
    again = await world.review.release(held.ref, form="bcc", reason="y", by="Amira", system_user="amira")
    assert again.state is State.APPROVED_ONCE and again.approved_by == ("amira",) and not rows(world, "release", "copy")
    done = await world.review.release(held.ref, form="bcc", reason="y", by="Sam", system_user="sam")
    assert done.state is State.RELEASING


async def test_a_release_needs_a_reason_and_a_rejection_a_note() -> None:
    world = World()
    held = await hold(world)
    with pytest.raises(NotAllowed):
        await world.review.release(held.ref, form="bcc", reason=" ", by="Sam", system_user="sam")
    with pytest.raises(NotAllowed):
        await world.review.reject(held.ref, note="", by="Sam", system_user="sam")


async def test_an_unknown_reference() -> None:
    with pytest.raises(UnknownReference):
        await World().review.cancel("MG-2222-22", by="Sam", system_user="sam")


async def test_what_was_swapped_in_the_store_is_not_released() -> None:
    world = World()
    held = await hold(world)
    world.store.originals[held.ref] = message(people(20), body="something else")
    with pytest.raises(MailguardError):
        await world.review.release(held.ref, form="original", reason="x", by="Sam", system_user="sam")
    assert world.store.messages[held.ref].state is State.HELD


async def test_an_invitation_is_not_released_as_bcc() -> None:
    world = World()
    held = await hold(world, raw=message(people(20), extra="Content-Type: text/calendar; method=REQUEST"))
    with pytest.raises(CannotRewrite):
        await world.review.release(held.ref, form="bcc", reason="x", by="Sam", system_user="sam")


async def test_separate_copies_whose_text_names_the_others_are_not_released() -> None:
    world = World()
    held = await hold(world, raw=message(people(20), body=f"Ask {people(20)[3]}."))
    with pytest.raises(CannotRewrite) as caught:
        await world.review.release(held.ref, form="separate", reason="x", by="Sam", system_user="sam")
    assert "only the sender can change the text" in str(caught.value)


async def test_nobody_decides_in_time() -> None:
    world = World()
    held = await hold(world)
    world.clock.time += timedelta(hours=25)
    assert await world.deadline.enforce() == 1
    assert world.store.messages[held.ref].state is State.EXPIRED and len(rows(world, "notice")) == 3
    assert await world.deadline.enforce() == 0


async def test_a_delayed_message_leaves_by_itself() -> None:
    world = World(DELAYED)
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    (held,) = world.store.messages.values()
    assert answer.code == 250 and held.state is State.WAITING and not world.smarthost.taken
    assert "notice_queued" in world.ledger.kinds(), "its sender hears that it waits"
    assert await world.deadline.enforce() == 0
    world.clock.time += timedelta(minutes=6)
    assert await world.deadline.enforce() == 1
    await world.deliver()
    assert [path.recipients[0].address for path, _ in world.smarthost.taken] == [
        "jo@elmroad.example",
        "a@council.example",
    ]


async def test_a_delayed_message_can_be_cancelled() -> None:
    world = World(DELAYED)
    await world.submission.submit(SESSION, envelope("a@council.example"), message())
    (held,) = world.store.messages.values()
    await world.review.cancel(held.ref, by="Jo", system_user="jo")
    world.clock.time += timedelta(minutes=6)
    assert await world.deadline.enforce() == 0 and not rows(world, "release")


async def test_one_that_cannot_be_ended_does_not_keep_the_others() -> None:
    world = World()
    await hold(world)
    (first,) = list(world.store.messages)
    await world.submission.submit(SESSION, envelope(*people(30)), message(people(30)))
    world.clock.time += timedelta(hours=25)
    change = world.quarantine.change

    async def fails_for_first(asked, entries, deliveries):  # type: ignore[no-untyped-def]
        if asked.ref == first:
            raise OSError("disk full")
        return await change(asked, entries, deliveries)

    world.quarantine.change = fails_for_first  # type: ignore[method-assign]
    assert await world.deadline.enforce() == 1
