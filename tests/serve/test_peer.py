"""Calls between the processes of a service, over a real socket pair."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mailguard.core.errors import MailguardError, ReferenceTaken, StoreUnavailable
from mailguard.serve.peer import Handler, Peer, PeerGone


@asynccontextmanager
async def peers(here: Mapping[str, Handler], there: Mapping[str, Handler]) -> AsyncIterator[tuple[Peer, Peer]]:
    one, other = socket.socketpair()
    first, second = await Peer.on(one, here), await Peer.on(other, there)
    try:
        yield first, second
    finally:
        first.close()
        second.close()
        async with asyncio.timeout(60):
            await asyncio.gather(first.gone.wait(), second.gone.wait())


async def double(value: Any) -> Any:
    return value * 2


async def refuse() -> None:
    raise ReferenceTaken("another message has this reference")


async def unpicklable() -> Any:
    return lambda: None


async def test_both_sides_ask_and_are_answered() -> None:
    async with peers({"double": double}, {"double": double}) as (one, other):
        assert await one.call("double", 21) == 42
        assert await other.call("double", b"ab") == b"abab"


async def test_many_calls_at_once_are_each_answered_with_their_own() -> None:
    async with peers({}, {"double": double}) as (one, _):
        assert await asyncio.gather(*(one.call("double", n) for n in range(500))) == [2 * n for n in range(500)]


async def test_what_the_other_side_raises_is_raised_here() -> None:
    async with peers({}, {"refuse": refuse}) as (one, _):
        with pytest.raises(ReferenceTaken, match="another message"):
            await one.call("refuse")


async def test_an_unknown_name_and_what_cannot_be_said_are_errors_and_harm_no_other_call() -> None:
    async with peers({}, {"double": double, "unpicklable": unpicklable}) as (one, _):
        bad = [one.call("nothing"), one.call("unpicklable"), one.call("double", lambda: None)]
        *failed, answered = await asyncio.gather(*bad, one.call("double", 4), return_exceptions=True)
        assert answered == 8
        assert isinstance(failed[0], KeyError)
        assert all(isinstance(each, StoreUnavailable) for each in failed[1:])


class Odd(MailguardError):
    """Pickle would make it with one argument, which raises."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


async def test_an_error_that_cannot_be_made_again_there_is_an_error_all_the_same_and_the_connection_stays() -> None:
    async def odd() -> None:
        raise Odd("one", "another")

    async with peers({}, {"odd": odd, "double": double}) as (one, _):
        with pytest.raises(StoreUnavailable, match="Odd"):
            await one.call("odd")
        assert await one.call("double", 3) == 6


async def test_large_arguments_arrive_whole() -> None:
    async with peers({}, {"double": double}) as (one, _):
        assert len(await one.call("double", bytes(20_000_000))) == 40_000_000


async def test_who_waits_for_a_process_that_ends_hears_of_it() -> None:
    async def wait() -> None:
        await asyncio.sleep(60)

    async with peers({}, {"wait": wait}) as (one, other):
        waiting = asyncio.create_task(one.call("wait"))
        await asyncio.sleep(0.05)
        other.close()
        with pytest.raises(PeerGone):
            await waiting
        with pytest.raises(PeerGone):
            await one.call("wait")
        one.tell("wait")


async def test_a_caller_that_gives_up_leaves_the_others_alone() -> None:
    async def slow(value: int) -> int:
        await asyncio.sleep(0.2)
        return value

    async with peers({}, {"slow": slow}) as (one, _):
        given_up, other = asyncio.create_task(one.call("slow", 1)), asyncio.create_task(one.call("slow", 2))
        await asyncio.sleep(0.05)
        given_up.cancel()
        assert await other == 2


async def test_what_is_told_is_done_in_order_and_its_faults_answer_nobody() -> None:
    heard: list[int] = []

    async def hear(number: int) -> None:
        heard.append(number)
        if number == 1:
            raise MailguardError("no")

    async with peers({}, {"hear": hear, "double": double}) as (one, _):
        for number in range(3):
            one.tell("hear", number)
        assert await one.call("double", 1) == 2
        assert heard == [0, 1, 2]
