"""A message that waits some minutes and then leaves by itself (`delay`): once, in the form that its rule says."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailguard.core.errors import AlreadyDecided, CannotRewrite
from mailguard.core.lifecycle import State
from mailguard.core.mail.parse import parse
from mailguard.core.safe_text import safe_text
from mailguard.guard.late_notices import LateNotices
from mailguard.guard.notices import Notices
from mailguard.guard.records import Held
from mailguard.guard.sender_links import LinkMaker
from mailguard.guard.settings import NoticeSettings
from tests.guard.world import ORGANISATION, SESSION, World, envelope, message, people

COOLING_OFF = b"""\
version: 1
rules:
  - id: cooling-off
    describe: Mail to several people waits for some minutes.
    when: {envelope_external_recipients: {at_least: 1}}
    action: hold
    delay: 5m
  - id: copies
    describe: Lists wait, and leave as separate copies.
    when: {visible_external_recipients: {at_least: 3}}
    action: hold
    rewrite: separate
    delay: 10m
  - id: refused
    describe: The subject says secret.
    when: {subject: {is: secret}}
    action: reject
  - id: person
    describe: The subject says look.
    when: {subject: {is: look}}
    action: hold
"""
MINUTE = timedelta(minutes=1)


async def waiting(world: World, *to: str, extra: str = "") -> Held:
    to = to or ("a@council.example",)
    answer = await world.submission.submit(SESSION, envelope(*to), message(list(to), extra=extra))
    assert answer.code == 250, answer
    (held,) = world.store.messages.values()
    return held


async def left(world: World) -> list[tuple[str, ...]]:
    """Whom each transaction of the message itself went to."""
    await world.deliver()
    whom = [tuple(each.address for each in path.recipients) for path, _ in world.smarthost.taken]
    return [each for each in whom if not each[0].endswith("@elmroad.example")]


@pytest.mark.parametrize(("count", "minutes"), [(1, 5), (3, 10)])
async def test_the_answer_says_how_long_it_waits_and_it_is_kept_first(count: int, minutes: int) -> None:
    world = World(COOLING_OFF)
    answer = await world.submission.submit(SESSION, envelope(*people(count)), message(people(count)))
    (held,) = world.store.messages.values()
    assert str(answer) == f"250 2.0.0 Waiting {minutes} minutes, then sent, ref {held.ref}"
    assert held.state is State.WAITING and held.due_at == world.clock.time + minutes * MINUTE
    assert world.ledger.kinds()[:2] == ["message_decided", "message_held"]


async def test_it_leaves_once_and_as_its_rule_says() -> None:
    world = World(COOLING_OFF)
    await waiting(world, *people(3))
    world.clock.time += 10 * MINUTE - timedelta(seconds=1)
    assert await world.deadline.enforce() == 0 and not await left(world)
    world.clock.time += timedelta(seconds=1)
    assert await world.deadline.enforce() == 1 and await world.deadline.enforce() == 0
    assert sorted(await left(world)) == [(each,) for each in people(3)]
    assert world.ledger.kinds().count("message_released") == 1


async def test_of_several_that_let_it_leave_at_once_one_does() -> None:
    world = World(COOLING_OFF)
    held = await waiting(world)
    world.clock.time += 5 * MINUTE
    answers = await asyncio.gather(
        *(world.deadline.enforce() for _ in range(20)),
        *(world.review.cancel(held.ref, by="Jo", system_user="jo") for _ in range(20)),
        *(world.review.release(held.ref, form="original", reason="x", by="Sam", system_user="sam") for _ in range(20)),
        return_exceptions=True,
    )
    done = [each for each in answers if isinstance(each, Held)]
    assert sum(each for each in answers if isinstance(each, int)) + len(done) == 1
    assert all(isinstance(each, (int, Held, AlreadyDecided)) for each in answers)
    assert len(await left(world)) == (world.store.messages[held.ref].state is not State.CANCELLED)


async def test_a_clock_that_jumps_forward_lets_it_leave_early_by_no_more_than_that() -> None:
    world = World(COOLING_OFF)
    await waiting(world)
    world.clock.time += 4 * MINUTE
    assert await world.deadline.enforce() == 0
    world.clock.time += MINUTE
    assert await world.deadline.enforce() == 1


async def test_a_clock_that_jumps_back_neither_keeps_it_for_ever_nor_lets_it_leave_early() -> None:
    world = World(COOLING_OFF)
    await waiting(world)
    world.clock.time -= timedelta(days=300)
    assert await world.deadline.enforce() == 0
    world.clock.steady += 299
    assert await world.deadline.enforce() == 0, "five minutes have to be over by the clock that nobody sets"
    world.clock.steady += 1
    assert await world.deadline.enforce() == 1
    assert len(await left(world)) == 1


async def test_what_was_seen_ahead_is_forgotten_when_the_clock_is_right_again() -> None:
    world = World(COOLING_OFF)
    await waiting(world)
    world.clock.time -= timedelta(hours=2)
    assert await world.deadline.enforce() == 0
    world.clock.time += timedelta(hours=2)
    world.clock.steady += 600
    assert await world.deadline.enforce() == 0, "by the wall clock no minute is over"
    world.clock.time -= timedelta(hours=2)
    assert await world.deadline.enforce() == 0, "and it counts from now"


async def test_automatic_mail_leaves_at_once_in_the_form_of_its_rule() -> None:
    world = World(COOLING_OFF)
    raw = message(people(3), extra="Auto-Submitted: auto-generated")
    answer = await world.submission.submit(SESSION, envelope(*people(3)), raw)
    assert "Sending 3 separate copies" in answer.text and not world.store.messages
    assert sorted(await left(world)) == [(each,) for each in people(3)]


async def test_what_can_no_longer_be_made_in_its_form_needs_a_decision_and_does_not_wait_for_ever() -> None:
    world = World(COOLING_OFF)
    held = await waiting(world, *people(3))

    async def cannot(*_: Any) -> Any:
        raise CannotRewrite("it names somebody")

    world.review._rewritten = cannot  # type: ignore[method-assign]
    world.clock.time += 10 * MINUTE
    await world.deadline.enforce()
    assert world.store.messages[held.ref].state is State.HELD and not await left(world)
    assert "release_stopped" in world.ledger.kinds()


@pytest.mark.parametrize(("subject", "code", "state"), [("secret", 550, None), ("look", 250, State.HELD)])
async def test_a_reject_and_a_hold_win(subject: str, code: int, state: State | None) -> None:
    world = World(COOLING_OFF)
    answer = await world.submission.submit(
        SESSION, envelope("a@council.example"), message(["a@council.example"], subject=subject)
    )
    assert answer.code == code and "Waiting" not in answer.text
    assert [held.state for held in world.store.messages.values()] == ([state] if state else [])
    world.clock.time += 11 * MINUTE
    assert await world.deadline.enforce() == 0 and not await left(world)


class Chance:
    """References that do not meet each other, of so many."""

    def octets(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class Noted(World):
    """A world whose notices have links, of settings of its own."""

    def __init__(self, policy: bytes = COOLING_OFF, **settings: Any) -> None:
        super().__init__(policy)
        told = {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example", **settings}
        self.submission._notices = Notices(
            organisation=ORGANISATION,
            settings=NoticeSettings.model_validate(told),
            time_zone="Europe/London",
            clock=self.clock,
            randomness=self.randomness,
            mark_key=b"k" * 32,
            hostname="guard.elmroad.example",
            links=LinkMaker("http://127.0.0.1:8085", self.randomness),
        )

    def notices_told(self) -> list[str]:
        """The texts of the notices in the outbox."""
        rows = [row for row in self.store.rows.values() if row.kind == "notice"]
        assert all([each.address for each in row.envelope.recipients] == ["jo@elmroad.example"] for row in rows)
        return [safe_text(parse(row.text or b"")).text for row in rows]


@pytest.mark.parametrize(("count", "form"), [(1, "as you wrote it"), (3, "as a separate copy to each person outside")])
async def test_its_sender_is_told_until_when_it_waits_with_a_link(count: int, form: str) -> None:
    world = Noted()
    await world.submission.submit(SESSION, envelope(*people(count)), message(people(count)))
    (text,) = world.notices_told()
    until = "2:07pm" if count == 1 else "2:12pm"
    assert f"It waits until {until}" in text and f"it is sent {form} at {until}" in text
    assert "http://127.0.0.1:8085/s/" in text and "Cancel it." in text and "patients.example" not in text


async def test_without_the_setting_nobody_is_told_and_the_ledger_says_so() -> None:
    world = Noted(waiting=False)
    await waiting(world)
    assert not world.notices_told()
    (entry,) = [each for each in world.ledger.kept if each.kind == "sender_not_told"]
    assert entry.fields["reason"] == "leaves-by-itself"


@pytest.mark.parametrize(
    ("sender", "trusted", "reason"),
    [("jo@outside.example", True, "outside"), ("no-reply@elmroad.example", True, "unread-address"),
     ("jo@elmroad.example", False, "untrusted")],
)  # fmt: skip
async def test_who_may_not_be_told_is_not_told_then_nor_later(sender: str, trusted: bool, reason: str) -> None:
    world = Noted()
    path = envelope("a@council.example", sender=sender)
    await world.submission.submit(replace(SESSION, trusted=trusted), path, message(["a@council.example"]))
    (held,) = world.store.messages.values()
    assert not world.notices_told() and not held.notify_sender
    (entry,) = [each for each in world.ledger.kept if each.kind == "sender_not_told"]
    assert (entry.fields["reason"], entry.fields["instead"]) == (reason, 0)
    await world.review.reject(held.ref, note="no", by="Sam", system_user="sam")
    rows = [row for row in world.store.rows.values() if row.kind == "notice"]
    assert [row.envelope.recipients[0].address for row in rows] == ["manager@elmroad.example"]


async def test_a_sender_of_very_many_is_told_of_twenty() -> None:
    world = Noted()
    world.submission._randomness = Chance()
    for _ in range(22):
        await world.submission.submit(SESSION, envelope("a@council.example"), message(["a@council.example"]))
    assert len(world.notices_told()) == 20
    world.clock.time += timedelta(minutes=11)
    await world.submission.submit(SESSION, envelope("a@council.example"), message(["a@council.example"]))
    assert len(world.notices_told()) == 21


async def test_a_restart_makes_no_notice_of_what_waits() -> None:
    world = Noted(waiting=False)
    await waiting(world)
    late = LateNotices(
        notices=world.notices, outbox=world.outbox, quarantine=world.quarantine, ledger=world.ledger,
        clock=world.clock, wake=world.woken.set,
    )  # fmt: skip
    world.clock.time += timedelta(minutes=11)
    assert await late.tell() == 0
