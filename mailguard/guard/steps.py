"""One step of a story: bounded in time, and a port that raises CancelledError is a fault of that port, not our end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from types import coroutine
from typing import Any, TypeVar

from ..core.errors import MailguardError

Value = TypeVar("Value")

_CANCELLED = "a port cancelled a step"


class StepCancelled(MailguardError):
    """A port cancelled what it was asked for, although nobody cancelled the story."""


async def bounded(step: Awaitable[Value], seconds: float) -> Value:
    """What the step yields. TimeoutError after so many seconds, StepCancelled, or whatever the step raises.

    As `asyncio.timeout` around it, which takes five microseconds; most steps of an ordinary message wait for nothing.
    """
    steps = step.__await__()
    try:
        waits_for = steps.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    except asyncio.CancelledError as cause:
        if _cancelled_from_outside():
            raise
        raise StepCancelled(_CANCELLED) from cause
    task = asyncio.current_task()
    assert task is not None
    time, others = _Time(task), task.cancelling()
    timer = asyncio.get_running_loop().call_later(seconds, time.end)
    try:
        value = await _rest(steps, waits_for)
    except asyncio.CancelledError as cause:
        if time.is_up and task.uncancel() <= others:
            raise TimeoutError from cause
        if _cancelled_from_outside():
            raise
        raise StepCancelled(_CANCELLED) from cause
    except BaseException:
        if time.is_up:
            task.uncancel()
        raise
    finally:
        timer.cancel()
    if time.is_up:  # it did not heed it
        task.uncancel()
    return value


class _Time:
    """Of one step of a task."""

    __slots__ = ("_task", "is_up")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        self.is_up = False

    def end(self) -> None:
        self.is_up = True
        self._task.cancel()


def _cancelled_from_outside() -> bool:
    """Whether somebody cancelled the story, rather than the port."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@coroutine
def _rest(steps: Generator[Any, Any, Value], waits_for: Any) -> Generator[Any, Any, Value]:
    """What remains of a step that has begun and waits for this."""
    try:
        yield waits_for
    except GeneratorExit:
        steps.close()
        raise
    except BaseException as error:
        try:
            waits_for = steps.throw(error)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
    else:
        return (yield from steps)
    return (yield from _rest(steps, waits_for))
