"""One step of a story: bounded in time, and a port that raises CancelledError is a fault of that port, not our end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from ..core.errors import MailguardError

Value = TypeVar("Value")


class StepCancelled(MailguardError):
    """A port cancelled what it was asked for, although nobody cancelled the story."""


async def bounded(step: Awaitable[Value], seconds: float) -> Value:
    """What the step yields. TimeoutError after so many seconds, StepCancelled, or whatever the step raises."""
    try:
        async with asyncio.timeout(seconds):
            return await step
    except asyncio.CancelledError as cause:
        task = asyncio.current_task()
        if task is not None and task.cancelling() > 0:
            raise
        raise StepCancelled("a port cancelled a step") from cause
