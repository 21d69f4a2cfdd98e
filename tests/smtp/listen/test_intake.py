"""What has arrived: the transport takes each step itself, and wakes the session only where it has something to do."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.smtp.intake import HIGH_WATER_OCTETS, Intake, Mark


class Transport:
    """Says whether it reads."""

    reads = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def is_closing(self) -> bool:
        return False


def _intake(loop: object = None) -> Intake:
    return Intake(loop, Transport())  # type: ignore[arg-type]


async def test_a_step_that_finds_nothing_to_do_wakes_nobody() -> None:
    intake = _intake(asyncio.get_running_loop())
    taken: list[bytes] = []

    def step() -> bytes | None:
        taken.append(intake.chunk())
        return taken[-1] if taken[-1] == b"now" else None

    task = asyncio.create_task(intake.until(step))
    await asyncio.sleep(0)
    for octets in (b"not", b"yet"):
        intake.push(octets)
        assert taken[-1] == octets  # before the task could run
    assert intake.waiting
    intake.push(b"now")
    assert not intake.waiting
    intake.push(b"later")  # kept for the next step
    assert await task == b"now"
    assert intake.chunk() == b"later"


async def test_what_a_step_raises_is_raised_in_the_session_and_not_in_the_transport() -> None:
    intake = _intake(asyncio.get_running_loop())

    def step() -> bytes | None:
        if intake.chunk():
            raise ConnectionResetError
        return None

    task = asyncio.create_task(intake.until(step))
    await asyncio.sleep(0)
    intake.push(b"x")
    with pytest.raises(ConnectionResetError):
        await task


async def test_the_end_comes_after_what_had_arrived() -> None:
    intake = _intake(asyncio.get_running_loop())
    intake.push(b"NOOP\r\nrest")
    intake.end()
    assert await intake.until(intake.line) == b"NOOP"
    assert await intake.until(intake.line) is None


def test_what_is_given_back_comes_before_what_came_meanwhile() -> None:
    intake = _intake()
    intake.push(b"EHLO x\r\nNO")
    intake.unread(b"")  # nothing had been taken
    assert intake.line() == b"EHLO x"
    assert intake.line() is None
    intake.unread(b"QUIT\r\n")
    assert [intake.line(), intake.begun, intake.chunk()] == [b"QUIT", True, b"NO"]


async def test_reading_pauses_while_nobody_takes_what_comes() -> None:
    intake = _intake(asyncio.get_running_loop())
    intake.push(b"x" * HIGH_WATER_OCTETS)
    assert not intake._transport.reads  # type: ignore[attr-defined]
    task = asyncio.create_task(intake.until(lambda: intake.chunk() == b"enough" or None))
    await asyncio.sleep(0)
    assert intake._transport.reads  # type: ignore[attr-defined]
    intake.end()
    assert await task is None


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"NOOP", b"x" * 2048]), max_size=30), st.data())
def test_lines_do_not_depend_on_how_they_are_cut(pieces: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(pieces)
    expected: list[bytes | Mark] = [line if len(line) < 2048 else Mark.TOO_LONG for line in octets.split(b"\r\n")[:-1]]
    intake, found = _intake(), []
    while octets:
        size = data.draw(st.integers(1, len(octets)))
        intake.push(octets[:size])
        octets = octets[size:]
        while (line := intake.line()) is not None:
            found.append(line if not isinstance(line, bytes) or len(line) < 2048 else Mark.TOO_LONG)
    assert found == expected
