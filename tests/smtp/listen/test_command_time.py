"""THREATS.md T81: a session without a message ends, whatever is said in it meanwhile; nobody fills the house alone."""

from __future__ import annotations

import asyncio

import pytest

from mailguard.smtp.command_time import CommandTime
from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.session_limits import ConnectionLimits
from tests.smtp.listen.door import Client, connect, open_door

TOO_SLOW = b"421 4.4.2 Nothing complete came in time, goodbye"


def session(
    line: int, every: float, *, octets: int = 1, recipients_after: int | None = None, most: float = 1000.0
) -> float:
    """When a client is cut off by the default limits that sends lines of so many octets, so many at once, every so many
    seconds. recipients_after: each command from this one on adds one recipient.
    """
    time, now, commands, recipients, sent = CommandTime(Limits()), 0.0, 0, 0, 0
    while now < most:
        until = time.wait_begins(
            now, within_line=sent > 0, busy=False, commands=commands, recipients=recipients
        )  # fmt: skip
        if now + every >= until:
            return until
        now += every
        time.wait_ends(now)
        sent += octets
        if sent >= line:
            sent, commands = 0, commands + 1
            time.line_until = float("inf")
            if recipients_after is not None and commands > recipients_after:
                recipients += 1
    return most


def test_one_octet_a_second_ends_soon_whatever_the_lines() -> None:
    assert session(6, 1.0) < 90
    assert session(30, 1.0) < 70
    assert session(2, 1.0) < 140
    assert session(30, 1.0, recipients_after=2) < 70


@pytest.mark.parametrize("every", [0.5, 6.0, 17.0, 299.0])
def test_whole_commands_without_a_message_end_within_five_minutes(every: float) -> None:
    assert session(6, every, octets=6) <= 300


def test_a_client_that_waits_for_each_reply_can_name_five_thousand_recipients() -> None:
    assert session(30, 0.9, octets=30, recipients_after=2, most=4_500) == 4_500


def test_pipelined_recipients_over_a_slow_line_are_in_time() -> None:
    """A packet of 1,400 octets every two seconds ends within a line, nearly always: 30 commands each."""
    time, now, commands = CommandTime(Limits()), 0.0, 0
    for _ in range(167):
        until = time.wait_begins(now, within_line=True, busy=False, commands=commands, recipients=commands)
        now += 2.0
        assert now < until
        time.wait_ends(now)
        time.line_until = float("inf")
        commands += 30


def test_a_message_begins_the_time_anew() -> None:
    time, now = CommandTime(Limits()), 0.0
    for message in range(50):
        assert time.wait_begins(now, within_line=False, busy=False, commands=message, recipients=0) > now + 250
        now += 250
        time.wait_ends(now)
        time.begin_anew(message)


async def _last_line(client: Client, seconds: float) -> bytes:
    last = b""
    async with asyncio.timeout(seconds):
        while line := await client.line(seconds):
            last = line
    return last


@pytest.mark.parametrize(
    "said",
    [b"NOOP\r\n" * 100, b"RSET\r\n" * 100, b"MAIL FROM:<a@in.example>\r\nRSET\r\n" * 10],
    ids=["noop", "rset", "mail"],
)
async def test_a_drip_of_commands_ends(said: bytes) -> None:
    limits = {"command_seconds": 1, "idle_seconds": 2}
    async with open_door(limits=limits) as door, connect(door) as client:
        await client.line()
        client.send(b"EHLO x\r\n")
        drip = asyncio.create_task(client.trickle(said, 0.05))
        assert await _last_line(client, 15) == TOO_SLOW  # before the drip has ended
        drip.cancel()


async def test_commands_that_lead_to_nothing_do_not_lengthen_the_wait_for_a_message() -> None:
    async with open_door(limits={"idle_seconds": 1}) as door, connect(door) as client:
        await client.line()
        said = asyncio.create_task(_noops(client))
        assert await _last_line(client, 20) == TOO_SLOW
        said.cancel()


async def _noops(client: Client) -> None:
    while True:
        client.send(b"NOOP\r\n")
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("said", [b"MAIL FROM:<a", b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@in.example>\r\nDATA\r\nx"])
async def test_who_is_in_the_middle_makes_room_too_while_most_connections_are_taken(said: bytes) -> None:
    limits = {"busy_idle_seconds": 1, "connections": 5, "connections_per_client": 5}
    async with open_door(limits=limits) as door, connect(door) as slow:
        await slow.line()
        slow.send(b"EHLO x\r\n" + said)
        await asyncio.sleep(0.1)
        others = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(4)]
        assert await _last_line(slow, 20) == TOO_SLOW
        for _, writer in others:
            writer.transport.abort()


def test_a_few_addresses_do_not_fill_the_house() -> None:
    limits = ConnectionLimits(Limits())
    for address in range(10):
        for _ in range(50):
            limits.enter(f"198.51.100.{address}")
    assert limits.open < 500 and limits.enter("192.0.2.1")


def test_one_address_that_may_have_all_leaves_a_fifth_to_others() -> None:
    limits = ConnectionLimits(Limits(connections=100, connections_per_client=100))
    assert sum(limits.enter("192.0.2.1") for _ in range(100)) == 81
    assert limits.enter("192.0.2.2")


def test_below_four_fifths_nobody_is_kept_to_a_share() -> None:
    limits = ConnectionLimits(Limits(connections=100, connections_per_client=40))
    assert all(limits.enter("192.0.2.1") for _ in range(40)) and all(limits.enter("192.0.2.2") for _ in range(40))
