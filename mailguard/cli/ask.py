"""Has an operation done: by the running service through its socket, else on the store opened by this command.

Both ways run the same operations (serve/operations.py), so a command never knows which it was.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

from ..config import Settings
from ..core.errors import StoreUnavailable
from ..serve.control import ServiceNotRunning, call, socket_path, system_user
from . import output, settings


def ask(operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    """The items of an operation, as they come. Raises MailguardError."""
    chosen = settings.load()
    try:
        yield from call(socket_path(chosen.store_settings()), operation, arguments)
    except ServiceNotRunning:
        yield from _open_and_run(chosen, operation, arguments)


def ask_one(operation: str, **arguments: Any) -> dict[str, Any]:
    """The only item of an operation that has one."""
    (item,) = ask(operation, **arguments)
    return item


def me() -> str:
    """Who the operating system says runs this command."""
    return system_user(os.getuid())


def tell_if_waiting(item: dict[str, Any]) -> None:
    """Say that nothing leaves yet where no service runs."""
    if not item.get("running", True):
        output.message("The service is not running: what was decided is kept and leaves when `mailguard serve` runs.")


def _open_and_run(chosen: Settings, operation: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from ..serve.parts import open_parts
    from ..serve.upkeep import operations_on

    store = chosen.store_settings()
    if store.is_sqlite and not store.sqlite_path().exists():
        raise StoreUnavailable(f'there is no store at "{store.sqlite_path()}" yet; `mailguard serve` makes it')
    with asyncio.Runner() as runner:
        parts = runner.run(open_parts(chosen))
        try:
            items = operations_on(parts).run(operation, arguments, me())
            while (item := runner.run(_next(items))) is not None:
                yield item
        finally:
            runner.run(parts.close())


async def _next(items: Any) -> dict[str, Any] | None:
    return await anext(items, None)
