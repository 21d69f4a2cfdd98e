"""Many large messages at once take a bounded memory, and hear 452 where it is too much (THREATS.md T81)."""

from __future__ import annotations

import asyncio

from mailguard.smtp.room import Room
from tests.smtp.listen.door import connect, open_door


def test_counting() -> None:
    room = Room(10)
    assert room.enter(6) and not room.enter(5) and room.enter(4)
    room.leave(6)
    assert room.enter(6)


def test_one_that_is_larger_than_all_room_comes_in_alone() -> None:
    room = Room(10)
    assert room.enter(50) and not room.enter(1)
    room.leave(50)
    assert room.enter(10)


async def test_too_much_at_once_is_put_off_and_the_session_goes_on() -> None:
    async with open_door() as door, connect(door) as first, connect(door) as second:
        house, begun, going = door.listener._house, asyncio.Event(), asyncio.Event()
        house.judged = Room(5_000)

        async def submit(*_: object) -> object:
            begun.set()
            await going.wait()
            return door.reply

        house.submit = submit  # type: ignore[assignment]
        await first.begin_data()
        first.send(b"x" * 900 + b"\r\n.\r\n")
        await begun.wait()
        await second.begin_data()
        assert (await second.ask(b"x\r\n" * 2_000 + b".")).startswith(b"452 4.3.1 ")
        going.set()
        assert await first.line() == b"250 2.0.0 Taken"
        second.send(b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@in.example>\r\nDATA\r\n")
        assert [(await second.line())[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert await second.ask(b"x\r\n" * 2_000 + b".") == b"250 2.0.0 Taken"
        assert house.judged.enter(5_000)


async def test_what_arrives_while_there_is_no_room_waits_in_a_file() -> None:
    async with open_door() as door, connect(door) as client:
        house, kinds = door.listener._house, []

        async def submit(_session: object, _envelope: object, raw: object) -> object:
            kinds.append(type(raw).__name__)
            return door.reply

        house.submit = submit  # type: ignore[assignment]
        for taken in (0, 10):
            house.arriving = Room(10)
            house.arriving._used = taken
            await client.begin_data() if not kinds else client.send(
                b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@in.example>\r\nDATA\r\n"
            )
            if kinds:
                [await client.line() for _ in range(3)]
            assert await client.ask(b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 2_000 + b".") == b"250 2.0.0 Taken"
            assert house.arriving._used == taken
        assert kinds == ["bytes", "mmap"]
