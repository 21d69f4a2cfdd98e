"""Attachments and who reads them: for the service, for `policy try`, and whether this computer lets us."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

from ..core.errors import MailguardError
from ..core.mail.message import Message
from ..core.verdict import Inspection
from ..inspection.inspector import SandboxedInspector
from ..inspection.pool import WorkerPool
from ..inspection.process import SandboxRefused, start_worker
from ..inspection.settings import InspectionSettings
from .finding import Finding


def start_inspector(settings: InspectionSettings, house: AsyncExitStack) -> SandboxedInspector:
    """The inspector of the service; its first worker starts beside the rest of the house, and delays nothing."""
    pool = WorkerPool(settings)
    house.push_async_callback(pool.close)
    pool.warm()
    return SandboxedInspector(settings, pool)


def inspect_now(message: Message, parts: Sequence[str], settings: InspectionSettings | None) -> dict[str, Inspection]:
    """By path: what a worker of its own finds in these parts, for a command. Raises MailguardError."""
    return asyncio.run(_inspect(message, parts, settings or InspectionSettings()))


async def _inspect(message: Message, parts: Sequence[str], settings: InspectionSettings) -> dict[str, Inspection]:
    pool = WorkerPool(settings)
    try:
        found = await SandboxedInspector(settings, pool).inspect(message, parts)
    finally:
        await pool.close()
    return {each.part: each for each in found}


def check_inspection(settings: InspectionSettings) -> Iterator[Finding]:
    """Whether a worker can shut itself in on this computer: without that no attachment is read."""
    try:
        namespaces = asyncio.run(_try(settings))
    except SandboxRefused as cause:
        yield Finding(
            "attachments", False, f"cannot be read safely here, so what a rule asks about would be held: {cause}"
        )
        return
    except MailguardError as cause:
        yield Finding("attachments", False, f"{cause}; mail with attachments that a rule asks about would be deferred")
        return
    yield Finding("attachments", True, "are read by processes that can open, send and start nothing")
    if not namespaces:
        yield Finding("attachments", True, "note: the system grants them no namespaces of their own, a second layer")


async def _try(settings: InspectionSettings) -> bool:
    worker = await start_worker(settings)
    await worker.kill()
    return worker.namespaces
