"""Turns are waited for and settled, with the clock as a value and nobody who sleeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from mailguard.core.reply import Reply
from mailguard.core.session import Session
from mailguard.core.sign_in import Credentials, SignInAnswer
from mailguard.smtp import replies
from mailguard.smtp.doorkeeper import Doorkeeper
from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.sign_in_limits import SignInLimits, TurnsHere
from tests.fakes.sign_in import ACCEPTED, REFUSED, FakeSignIn

CREDENTIALS = Credentials("PLAIN", "anna", (b"\0anna\0x",))


class Time:
    """Stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def session(identifier: str, peer: str = "192.0.2.1") -> Session:
    return Session(identifier, peer, "x", True, "here", datetime(2026, 3, 12, tzinfo=UTC))


def keeper(sign_in: FakeSignIn, time: Time, told: Any = lambda _: None) -> Doorkeeper:
    return Doorkeeper(sign_in, TurnsHere(SignInLimits(Limits())), 5.0, told, clock=time.clock, sleep=time.sleep)


async def test_t7_fifty_at_once_are_tried_as_often_as_one_after_the_other() -> None:
    sign_in, time, told = FakeSignIn(REFUSED), Time(), list[str]()
    keeping = keeper(sign_in, time, told.append)
    answers = await asyncio.gather(
        *(keeping.attempt(session(str(number)), CREDENTIALS, lambda: False) for number in range(50))
    )
    assert len(sign_in.tried) == 9 and sorted(time.slept) == [1.0, 3.0, 7.0, 15.0]
    assert answers.count(replies.SIGN_IN_SLOWED) == told.count("slowed") == 41
    assert told.count("refused") == 9


async def test_t7_who_has_left_before_its_turn_is_not_tried_and_has_not_failed() -> None:
    sign_in, time = FakeSignIn(REFUSED), Time()
    keeping = keeper(sign_in, time)
    for _ in range(100):
        assert isinstance(await keeping.attempt(session("1"), CREDENTIALS, lambda: True), Reply)
    assert sign_in.tried == [] and time.slept == []
    sign_in.answer = ACCEPTED
    answer = await keeping.attempt(session("1"), CREDENTIALS, lambda: False)
    assert answer == ACCEPTED and isinstance(answer, SignInAnswer)


async def test_a_session_leaves_once_and_only_if_it_may_have_signed_in() -> None:
    sign_in = FakeSignIn(ACCEPTED)
    keeping = keeper(sign_in, Time())
    await keeping.attempt(session("in"), CREDENTIALS, lambda: False)
    sign_in.answer = REFUSED
    await keeping.attempt(session("out"), CREDENTIALS, lambda: False)
    for _ in range(2):
        await keeping.leave("in")
        await keeping.leave("out")
        await keeping.leave("never seen")
    assert sign_in.left == ["in"]


async def test_a_cancellation_does_not_keep_a_session_from_leaving() -> None:
    sign_in = FakeSignIn(ACCEPTED)
    keeping = keeper(sign_in, Time())
    await keeping.attempt(session("in"), CREDENTIALS, lambda: False)
    leaving = asyncio.create_task(keeping.leave("in"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    assert sign_in.left == ["in"]


async def test_an_attempt_that_outlives_its_session_is_waited_for_before_it_leaves() -> None:
    """Else the connection that it makes after all would stay open."""
    sign_in = FakeSignIn(ACCEPTED, stubborn=True)
    sign_in.gate.clear()
    keeping = Doorkeeper(sign_in, TurnsHere(SignInLimits(Limits())), 0.01, lambda _: None)
    assert isinstance(await keeping.attempt(session("late"), CREDENTIALS, lambda: False), Reply)
    leaving = asyncio.create_task(keeping.leave("late"))
    await asyncio.sleep(0)
    assert sign_in.left == []
    sign_in.gate.set()
    await leaving
    assert sign_in.left == ["late"]
