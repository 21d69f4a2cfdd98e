"""Who cancels: `stop`, or a part of the guard that raised CancelledError by itself."""

from __future__ import annotations

import asyncio


def cancelled_from_outside() -> bool:
    """Whether `stop` cancels this session, rather than a part of the guard that raised CancelledError."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
