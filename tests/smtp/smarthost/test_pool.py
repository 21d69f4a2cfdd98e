"""Connections are used again, within limits, and never at the price of a message sent twice."""

from __future__ import annotations

import asyncio

import pytest

from mailguard.core.outcome import Outcome
from mailguard.core.rewrite.content import Content
from mailguard.smtp.pool import Pace
from mailguard.smtp.routes import SmarthostRoutes
from tests.conditions import until
from tests.fakes.smarthost import CUT, STALL, Act, ScriptedSmarthost, raw, say, say_and_cut
from tests.guard.world import SESSION

from .samples import MESSAGE, A, D, U, envelope, outcomes, pool


async def send(made: SmarthostRoutes) -> list[Outcome]:
    connected = await made.connect(None)
    try:
        return outcomes(await connected.transmit(envelope(), Content(MESSAGE)))
    finally:
        await connected.release()


async def test_one_connection_carries_many_messages() -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port) as made:
        assert [await send(made) for _ in range(10)] == [[A]] * 10
        assert smarthost.connections == 1 and len(smarthost.messages) == 10


async def test_a_connection_ends_after_so_many_messages() -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port, messages_per_connection=3) as made:
        for _ in range(7):
            await send(made)
        assert [message.session for message in smarthost.messages] == [1, 1, 1, 2, 2, 2, 3]
        await until(lambda: smarthost.lines.count(b"QUIT") == 2)


async def test_an_idle_connection_takes_leave() -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port, idle_seconds=1) as made:
        await send(made)
        await until(lambda: smarthost.lines[-1] == b"QUIT" and smarthost.open_sessions == 0)


async def test_closing_takes_leave_and_nothing_is_taken_afterwards() -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port) as made:
        await send(made)
        await made.close()
        assert smarthost.lines[-1] == b"QUIT"
        assert await send(made) == [D]


async def test_limits_hold_and_the_next_one_waits_its_turn() -> None:
    async with ScriptedSmarthost(delay_seconds=0.02) as smarthost, pool(smarthost.port, connections=3) as made:
        found = await asyncio.gather(*(send(made) for _ in range(30)))
        assert found == [[A]] * 30 and smarthost.connections == 3


async def test_no_free_connection_is_trouble_not_a_wait_for_ever() -> None:
    values = {"connections": 1, "connect_timeout_seconds": 1, "final_timeout_seconds": 4}
    async with ScriptedSmarthost({"dot": STALL}) as smarthost, pool(smarthost.port, **values) as made:
        first = asyncio.create_task(send(made))
        await until(lambda: smarthost.transactions)
        connected = await made.connect(None)
        sent = await connected.transmit(envelope(), Content(MESSAGE))
        assert outcomes(sent) == [D] and sent.trouble == "all connections are busy"
        assert await first == [U]


async def test_a_bound_connection_is_not_shared() -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port) as made:
        bound = await made.connect(SESSION)
        await bound.transmit(envelope(), Content(MESSAGE))
        await send(made)
        await bound.transmit(envelope(), Content(MESSAGE))
        await bound.release()
        await bound.release()
        assert [message.session for message in smarthost.messages] == [1, 2, 1]


@pytest.mark.parametrize("goodbye", [b"", b"421 4.4.2 Idle too long\r\n", b"421"])
async def test_an_idle_connection_that_the_smarthost_closed_is_not_used(goodbye: bytes) -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port) as made:
        await send(made)
        await smarthost.interrupt(goodbye)
        assert await send(made) == [A] and smarthost.connections == 2


@pytest.mark.parametrize("act", [CUT, say_and_cut(b"421 4.4.2 Too many messages on one connection")])
@pytest.mark.parametrize("extensions", [(b"PIPELINING",), ()])
async def test_a_reused_connection_that_ends_before_mail_is_answered_is_replaced(
    act: Act, extensions: tuple[bytes, ...]
) -> None:
    async with ScriptedSmarthost(only_first=True, extensions=extensions) as smarthost, pool(smarthost.port) as made:
        assert await send(made) == [A]
        smarthost.say_from_now_on({"mail": act})
        assert await send(made) == [A]
        assert smarthost.connections == 2 and len(smarthost.messages) == 2


async def test_a_reused_connection_that_has_gone_deaf_is_replaced_soon() -> None:
    """A firewall forgot it: no FIN, no answer. The client does not wait for the whole command time-out."""
    values = {"connect_timeout_seconds": 2, "command_timeout_seconds": 60}
    async with ScriptedSmarthost(only_first=True) as smarthost, pool(smarthost.port, **values) as made:
        assert await send(made) == [A]
        smarthost.say_from_now_on({"mail": STALL})
        begun = asyncio.get_running_loop().time()
        assert await send(made) == [A] and asyncio.get_running_loop().time() - begun < 30
        assert smarthost.connections == 2 and len(smarthost.messages) == 2


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
async def test_a_reused_connection_that_ends_later_is_not_tried_again(stage: str) -> None:
    """After an answer to MAIL the next attempt is the outbox's or the client's; after the dot it is a second copy."""
    async with ScriptedSmarthost(only_first=True) as smarthost, pool(smarthost.port) as made:
        assert await send(made) == [A]
        smarthost.say_from_now_on({stage: CUT})
        assert await send(made) == [U if stage == "dot" else D]
        assert smarthost.connections == 1 and len(smarthost.messages) == (2 if stage == "dot" else 1)


async def test_a_new_connection_that_ends_before_mail_is_answered_is_not_tried_again() -> None:
    async with ScriptedSmarthost({"mail": CUT}) as smarthost, pool(smarthost.port) as made:
        assert await send(made) == [D] and smarthost.connections == 1


@pytest.mark.parametrize(
    ("stage", "act"),
    [("dot", raw(b"250 ok\r\n250 one too many\r\n")), ("rset", say(b"500 What?")), ("rset", CUT), ("rset", STALL)],
)
async def test_a_connection_out_of_step_is_not_used_again(stage: str, act: Act) -> None:
    script = {stage: act, **({"rcpt": say(b"550 no")} if stage == "rset" else {})}
    async with (
        ScriptedSmarthost(script, only_first=True) as smarthost,
        pool(smarthost.port, command_timeout_seconds=1 if act is STALL else 20) as made,
    ):
        await send(made)
        assert await send(made) == [A] and smarthost.connections == 2


async def test_an_ordinary_refusal_keeps_the_connection() -> None:
    async with ScriptedSmarthost({"rcpt": say(b"550 no")}) as smarthost, pool(smarthost.port) as made:
        await send(made)
        smarthost.script.clear()
        assert await send(made) == [A] and smarthost.connections == 1


async def test_refresh_leaves_its_connection_for_the_next_message() -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port) as made:
        await made.refresh()
        assert await send(made) == [A] and smarthost.connections == 1


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


async def test_the_pace_is_even() -> None:
    time = Time()
    pace = Pace(30, clock=lambda: time.now, sleep=time.sleep)
    for _ in range(4):
        await pace.turn()
    assert time.slept == [2.0, 2.0, 2.0]
    time.now += 60
    await pace.turn()
    await pace.turn()
    assert time.slept == [2.0, 2.0, 2.0, 2.0]  # a pause is no credit


async def test_several_at_once_share_the_pace() -> None:
    time = Time()
    pace = Pace(60, clock=lambda: time.now, sleep=time.sleep)
    assert [pace.reserve() for _ in range(4)] == [0.0, 1.0, 2.0, 3.0]


async def test_no_pace_never_waits() -> None:
    time = Time()
    pace = Pace(None, clock=lambda: time.now, sleep=time.sleep)
    for _ in range(1000):
        await pace.turn()
    assert not time.slept
