"""THREATS.md rows that the stories hold: what is released is what was held (T84), clocks that jump (T89), a smarthost
that speaks to the client through us (T13), automatic answers to our notices (T70)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from mailguard.core.errors import AlreadyDecided, MailguardError
from mailguard.core.lifecycle import State
from mailguard.core.mail.message import Message
from mailguard.core.mail.parse import parse
from mailguard.core.outcome import Outcome, SmarthostReply
from mailguard.core.policy.load import load_policy
from mailguard.core.verdict import Inspection
from mailguard.guard.deadline import Deadline
from mailguard.guard.review import Review
from tests.guard.world import NOW, SESSION, MemoryInspector, World, envelope, message, people

DAY = timedelta(hours=24)
PERMISSIVE = b"version: 1\nrules: []\n"


@pytest.fixture
def world() -> World:
    return World()


def review_of(world: World) -> Review:
    return Review(
        rewriting=world.rewriting,
        quarantine=world.quarantine,
        blobs=world.blobs,
        notices=world.notices,
        memory=world.memory,
        sent_before=world.sent_before,
        clock=world.clock,
        give_up_after=timedelta(days=3),
        wake=world.woken.set,
    )


def deadline_of(world: World) -> Deadline:
    return Deadline(
        quarantine=world.quarantine,
        notices=world.notices,
        clock=world.clock,
        review=review_of(world),
        wake=world.woken.set,
    )


async def hold(world: World) -> str:
    await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    (ref,) = world.store.messages
    world.store.rows.clear()
    return ref


class Reloading(MemoryInspector):
    """While a message is inspected, an admin replaces the policy."""

    def __init__(self, world: World) -> None:
        super().__init__(world.told)
        self._world = world

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        self._world.policy = load_policy({"policy.yaml": PERMISSIVE})
        return await super().inspect(message, parts)


async def test_t84_a_reload_during_a_decision_does_not_change_it(world: World) -> None:
    revision = world.policy.revision
    world.submission._inspector = Reloading(world)
    kind = 'Content-Type: application/pdf; name="list.pdf"'
    await world.submission.submit(SESSION, envelope(*people(12)), message(people(12), extra=kind))
    assert world.policy.revision != revision and ("inspector", "inspect") in world.told.calls
    (held,) = world.store.messages.values()
    assert held.policy_revision == revision and held.rules == ("visible-list",)
    assert world.ledger.kept[0].fields["policy_revision"] == revision


@pytest.mark.parametrize("form", ["original", "separate", "bcc"])
async def test_t84_an_original_that_was_swapped_in_the_store_is_not_released(world: World, form: str) -> None:
    ref = await hold(world)
    world.store.originals[ref] = world.store.originals[ref].replace(b"Hello", b"Hullo")
    with pytest.raises(MailguardError, match="not the one that was held"):
        await review_of(world).release(ref, form=form, reason="ok", by="sam", system_user="sam")  # type: ignore[arg-type]
    assert not world.store.rows and world.store.messages[ref].state is State.HELD


async def test_t84_recipients_that_were_changed_in_the_store_are_not_written_to(world: World) -> None:
    ref = await hold(world)
    held = world.store.messages[ref]
    world.store.messages[ref] = replace(held, envelope=envelope(*people(12), "thief@elsewhere.example"))
    with pytest.raises(MailguardError, match="recipients are not those"):
        await review_of(world).release(ref, form="separate", reason="ok", by="sam", system_user="sam")
    assert not world.store.rows


async def test_t84_a_decision_names_the_version_that_was_seen(world: World) -> None:
    ref = await hold(world)
    with pytest.raises(AlreadyDecided):
        await review_of(world).release(ref, form="separate", reason="ok", by="sam", system_user="sam", version=7)
    assert not world.store.rows


async def test_t84_what_is_released_is_what_was_held_whatever_the_policy_says_now(world: World) -> None:
    ref = await hold(world)
    world.policy = load_policy({"policy.yaml": PERMISSIVE})
    await review_of(world).release(ref, form="separate", reason="ok", by="sam", system_user="sam")
    assert {row.kind for row in world.store.rows.values()} == {"copy", "notice"}
    assert len([row for row in world.store.rows.values() if row.kind == "copy"]) == 12


async def test_t85_of_many_decisions_at_once_one_counts(world: World) -> None:
    ref = await hold(world)
    review = review_of(world)
    acts = [review.release(ref, form="separate", reason="ok", by=f"r{n}", system_user=f"r{n}") for n in range(5)]
    acts += [review.reject(ref, note="no", by=f"s{n}", system_user=f"s{n}") for n in range(5)]
    done = await asyncio.gather(*acts, return_exceptions=True)
    assert sum(isinstance(each, AlreadyDecided) for each in done) == 9
    kinds = world.ledger.kinds()
    assert kinds.count("message_released") + kinds.count("release_rejected") == 1


async def test_t89_a_clock_that_jumps_back_expires_nothing_and_one_that_jumps_on_sends_nothing(world: World) -> None:
    ref = await hold(world)
    world.clock.time = NOW - timedelta(days=400)
    assert await deadline_of(world).enforce() == 0 and world.store.messages[ref].state is State.HELD
    world.clock.time = NOW + timedelta(days=400)
    assert await deadline_of(world).enforce() == 1 and world.store.messages[ref].state is State.EXPIRED
    assert {row.kind for row in world.store.rows.values()} == {"notice"} and not world.smarthost.taken


async def test_t89_after_a_jump_back_messages_are_still_taken_held_and_decided(world: World) -> None:
    await hold(world)
    world.clock.time = NOW - timedelta(days=1)
    answer = await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    assert answer.code == 250
    ref = answer.text.rpartition(" ")[2]
    assert world.store.messages[ref].due_at == NOW
    await review_of(world).reject(ref, note="no", by="sam", system_user="sam")
    assert world.store.messages[ref].state is State.REJECTED


@pytest.mark.parametrize(
    "said",
    [
        SmarthostReply(550, "5.1.1", "no\r\n250 2.0.0 taken"),
        SmarthostReply(550, "5.1.1", "x" * 100_000),
        SmarthostReply(550, "5.1.1", "\x1b[2J\u202e\x00\xff"),
    ],
)
async def test_t13_what_the_smarthost_says_reaches_the_client_as_one_printable_line(
    world: World, said: SmarthostReply
) -> None:
    world.smarthost.outcomes = {"a@council.example": (Outcome.REFUSED, said)}
    answer = str(await world.submission.submit(SESSION, envelope("a@council.example"), message()))
    assert answer.startswith("550 5.1.1") and answer.isascii() and answer.isprintable() and len(answer) < 512


@pytest.mark.parametrize("which", [0, 1], ids=["to-the-sender", "to-the-reviewers"])
async def test_t70_our_own_notice_that_comes_back_and_is_held_tells_nobody(world: World, which: int) -> None:
    await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    notice = list(world.store.rows.values())[which]
    text = (notice.text or b"").replace(b"Subject: ", b"Subject: secret ", 1)
    assert parse(text).named("auto-submitted")
    world.store.rows.clear()
    world.policy = load_policy(
        {"p.yaml": b"version: 1\nrules: [{id: all, describe: All., when: {envelope_recipients: {at_least: 1}}, "
         b"action: hold}]"}
    )  # fmt: skip
    await world.submission.submit(SESSION, replace(notice.envelope), notice.text or b"")
    assert len(world.store.messages) == 2 and not world.store.rows
    assert "sender_not_told" in world.ledger.kinds()
