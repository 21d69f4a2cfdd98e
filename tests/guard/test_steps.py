"""A step is bounded as `asyncio.timeout` bounds it: the same end, and the same cancellations left over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.guard.keeping import _dated
from mailguard.guard.records import NewEntry
from mailguard.guard.steps import StepCancelled, bounded

LONG = 3600.0
AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


async def oracle(step: Awaitable[Any], seconds: float) -> Any:
    """As it says in Python's own words."""
    try:
        async with asyncio.timeout(seconds):
            return await step
    except TimeoutError as late:
        # Before 3.11.5 it does not say of what it came (Debian 12 has 3.11.2).
        if late.__cause__ is None and isinstance(late.__context__, asyncio.CancelledError):
            raise late from late.__context__
        raise
    except asyncio.CancelledError as cause:
        task = asyncio.current_task()
        if task is not None and task.cancelling() > 0:
            raise
        raise StepCancelled("a port cancelled a step") from cause


class Script:
    """waits: what the step waits for, one after the other. heeds: what it does when it is cancelled. ends: how."""

    def __init__(self, waits: list[str], heeds: str, ends: str) -> None:
        self._waits, self._heeds, self._ends = waits, heeds, ends
        self.seen: list[str] = []

    async def step(self) -> str:
        try:
            for each in self._waits:
                self.seen.append(each)
                await self._wait(each)
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            if self._heeds == "tidies up":
                await asyncio.sleep(0)
            elif self._heeds == "fails":
                raise ValueError("while it tidied up") from None
            elif self._heeds == "goes on":
                return "late"
            raise
        finally:
            self.seen.append("left")
        if self._ends == "fails":
            raise ValueError("of its own")
        if self._ends == "cancels":
            raise asyncio.CancelledError
        return "done"

    async def _wait(self, what: str) -> None:
        loop = asyncio.get_running_loop()
        if what == "turn":
            await asyncio.sleep(0)
        elif what == "nothing":
            await _nothing()
        elif what == "step":
            await bounded(_turn(), LONG)
        elif what == "step for ever":
            await bounded(loop.create_future(), LONG)
        else:
            future: asyncio.Future[None] = loop.create_future()
            if what == "future":
                loop.call_soon(future.set_result, None)
            elif what == "refused":
                loop.call_soon(future.cancel)
            await future


async def _nothing() -> None:
    pass


async def _turn() -> None:
    await asyncio.sleep(0)


def outcome(way: Callable[[Awaitable[Any], float], Any], script: Script, seconds: float, stop: int | None) -> list[Any]:
    """What the step comes to and leaves behind; stop: after so many turns of the loop its task is cancelled."""

    async def run() -> list[Any]:
        left: list[Any] = []

        async def story() -> None:
            task = asyncio.current_task()
            assert task is not None
            try:
                left.append(await way(script.step(), seconds))
            except BaseException as error:
                left.append((type(error), str(error), type(error.__cause__)))
            left.append(task.cancelling())

        task = asyncio.get_running_loop().create_task(story())
        for _ in range(stop or 0):
            await asyncio.sleep(0)
        if stop is not None:
            task.cancel()
        await asyncio.wait({task})
        return [*left, *script.seen]

    return asyncio.run(run())


WAITS = st.lists(st.sampled_from(["turn", "nothing", "future", "step", "refused"]), max_size=4)
HEEDS = st.sampled_from(["stops", "tidies up", "fails", "goes on"])
ENDS = st.sampled_from(["returns", "fails", "cancels"])


@given(WAITS, HEEDS, ENDS, st.none() | st.integers(1, 6))
def test_a_step_in_time_ends_as_it_ends(waits: list[str], heeds: str, ends: str, stop: int | None) -> None:
    old, new = (outcome(way, Script(waits, heeds, ends), LONG, stop) for way in (oracle, bounded))
    assert new == old


@pytest.mark.parametrize("heeds", ["stops", "tidies up", "fails", "goes on"])
@pytest.mark.parametrize("waits", [["for ever"], ["nothing", "for ever"], ["step for ever"]])
def test_a_step_that_hangs_is_cut_off(waits: list[str], heeds: str) -> None:
    old, new = (outcome(way, Script(waits, heeds, "returns"), 0.001, None) for way in (oracle, bounded))
    assert new == old
    assert new[1] == 0, "no cancellation is left over"
    if heeds in ("stops", "tidies up"):
        assert new[0][0] is TimeoutError


@pytest.mark.parametrize("step", [None, 1, object()])
def test_what_cannot_be_awaited_is_an_error(step: Any) -> None:
    with pytest.raises((AttributeError, TypeError)):
        asyncio.run(bounded(step, LONG))


def test_a_future_and_a_task_are_steps() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        loop.call_soon(future.set_result, 1)
        assert await bounded(future, LONG) == 1
        assert await bounded(future, LONG) == 1
        assert await bounded(loop.create_task(asyncio.sleep(0, 2)), LONG) == 2

    asyncio.run(run())


def test_a_story_that_is_closed_closes_its_step() -> None:
    script = Script(["for ever"], "stops", "returns")

    async def run() -> None:
        task = asyncio.get_running_loop().create_task(asyncio.sleep(0))
        story = bounded(script.step(), LONG)
        await task
        story.send(None)
        story.close()

    asyncio.run(run())
    assert script.seen == ["for ever", "left"]


def test_an_entry_keeps_all_but_its_date() -> None:
    entry = NewEntry("message_held", "MG-7Q4K-2F", AT, {"a": 1}, (), {"b": 2}, True, (("rule", "exception"),))
    assert all(getattr(entry, each.name) != each.default for each in fields(entry) if each.name != "recipients")
    later = AT + timedelta(seconds=1)
    assert _dated(entry, later) == replace(entry, at=later)
