"""THREATS.md T81: slow clients, endless lines, floods. The limits are a second; the clients are slower."""

from __future__ import annotations

import asyncio
import os

import pytest

from mailguard.smtp import channel
from tests.smtp.listen.door import Client, Door, connect, open_door

TOO_SLOW = b"421 4.4.2 Nothing complete came in time, goodbye"


async def _cut_off(client: Client) -> None:
    """Long before any of the other limits, on a busy machine too."""
    assert await client.line(10) == TOO_SLOW
    assert await client.line(10) == b""


async def test_idle() -> None:
    async with open_door(limits={"idle_seconds": 1}) as door, connect(door) as client:
        await client.begin()
        await _cut_off(client)


async def test_idle_is_shorter_while_busy() -> None:
    limits = {"idle_seconds": 60, "busy_idle_seconds": 1, "connections": 2}
    async with open_door(limits=limits) as door, connect(door) as first, connect(door) as second:
        await first.line()
        await second.line()
        await _cut_off(second)


async def test_clients_that_were_idle_before_make_room_too() -> None:
    limits = {"idle_seconds": 60, "busy_idle_seconds": 1, "connections": 2}
    async with open_door(limits=limits) as door, connect(door) as first:
        await first.line()
        await asyncio.sleep(0.05)
        async with connect(door) as second:
            await second.line()
            await _cut_off(first)


async def test_a_command_line_byte_by_byte() -> None:
    async with open_door(limits={"command_seconds": 1}) as door, connect(door) as client:
        await client.line()
        trickle = asyncio.create_task(client.trickle(b"NOOP " + b"x" * 400 + b"\r\n", 0.05))
        await _cut_off(client)
        trickle.cancel()


async def test_pipelined_commands_do_not_lengthen_the_wait_for_a_line() -> None:
    async with open_door(limits={"command_seconds": 1, "idle_seconds": 60}) as door, connect(door) as client:
        await client.line()
        client.send(b"NOOP\r\nNOO")
        assert await client.line() == b"250 2.0.0 OK"
        await _cut_off(client)


@pytest.mark.parametrize(
    "limits",
    [
        {"data_grace_seconds": 1, "data_minimum_bytes_per_second": 1000},
        {"data_seconds": 1, "data_minimum_bytes_per_second": 1},
    ],
    ids=["rate", "deadline"],
)
async def test_slow_content(limits: dict[str, int]) -> None:
    async with open_door(limits=limits) as door, connect(door) as client:
        await client.begin_data()
        trickle = asyncio.create_task(client.trickle(b"x\r\n" * 1000, 0.02))
        await _cut_off(client)
        trickle.cancel()
        assert door.messages == []


async def test_a_stall_after_a_fast_start_is_not_paid_for_by_it() -> None:
    async with open_door(limits={"data_grace_seconds": 1}) as door, connect(door) as client:
        await client.begin_data()
        client.send(b"x" * 998 + b"\r\n" + b"y\r\n" * 100_000)
        await _cut_off(client)


async def test_fast_enough_is_left_alone() -> None:
    limits = {"data_grace_seconds": 2, "data_minimum_bytes_per_second": 500, "command_seconds": 2, "idle_seconds": 2}
    async with open_door(limits=limits) as door, connect(door) as client:
        await client.begin_data()
        for _ in range(20):
            client.send(b"x" * 198 + b"\r\n")
            await asyncio.sleep(0.15)
        assert await client.ask(b".") == b"250 2.0.0 Taken"


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def _send_megabytes(client: Client, megabytes: int, data: bytes) -> None:
    block = (data * (65536 // len(data) + 1))[:65536]
    for _ in range(megabytes * 16):
        client.writer.write(block)
        await client.writer.drain()


@pytest.mark.parametrize("data", [b"x", b"\r", b"\r\n..", b"x" * 76 + b"\r\n"], ids=repr)
async def test_memory_is_bounded_in_content(data: bytes) -> None:
    """FIELD-NOTES.md: stock aiosmtpd held 150 MB of a line without end under a limit of 1 MB."""
    async with open_door(limits={"message_bytes": 1_048_576}) as door, connect(door) as client:
        await client.begin_data()
        await _send_megabytes(client, 2, data)
        before = _resident_bytes()
        await _send_megabytes(client, 60, data)
        assert _resident_bytes() - before < 8_000_000
        assert (await client.ask(b"\r\n."))[:3] in (b"552", b"554")


async def test_memory_is_bounded_for_a_message_that_is_taken(tmp_path: object) -> None:
    peak = 0

    async def watch(door: Door) -> None:
        nonlocal peak
        while True:
            peak = max(peak, _resident_bytes())
            await asyncio.sleep(0.005)

    async with open_door() as door, connect(door) as client:
        sizes = []

        async def submit(_session: object, _envelope: object, raw: object) -> object:
            sizes.append(len(raw))  # type: ignore[arg-type]
            return door.reply

        door.listener._house.submit = submit  # type: ignore[assignment]
        await client.begin_data()
        client.send(b"Subject: x\r\n\r\n")
        before = _resident_bytes()
        watching = asyncio.create_task(watch(door))
        await _send_megabytes(client, 45, b"x" * 76 + b"\r\n")
        assert await client.ask(b"\r\n.") == b"250 2.0.0 Taken"
        watching.cancel()
        assert sizes[0] > 45_000_000
        assert peak - before < 8_000_000


async def test_a_command_line_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "LINGER_SECONDS", 0.2)
    async with open_door() as door, connect(door) as client:
        await client.line()
        with pytest.raises(ConnectionError):
            await _send_megabytes(client, 200, b"x")
            await asyncio.sleep(0.4)
            await _send_megabytes(client, 1, b"x")
            await client.writer.drain()


async def test_many_stalled_clients_do_not_delay_another() -> None:
    limits = {"connections": 200, "connections_per_client": 200}
    async with open_door(limits=limits) as door:
        stalled = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(150)]
        for _, writer in stalled:
            writer.write(b"EHLO x\r\nMAIL FROM:<a@in.exa")
        async with connect(door) as client:
            await client.begin_data()
            # Long before one of those is cut off for its silence.
            assert await asyncio.wait_for(client.ask(b"x\r\n."), 20) == b"250 2.0.0 Taken"
        for _, writer in stalled:
            writer.transport.abort()
