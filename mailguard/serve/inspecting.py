"""Attachments and who reads them: for the service, for `policy try`, and whether this computer lets us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack

from ..core.document import DocumentErrors
from ..core.errors import MailguardError, SettingsError
from ..core.mail.message import Message
from ..core.verdict import Inspection
from ..inspection.find.described import ALL_KINDS
from ..inspection.find.own_kinds import load_kinds
from ..inspection.inspector import SandboxedInspector
from ..inspection.pool import WorkerPool
from ..inspection.process import SandboxRefused, WorkerEnd, start_worker
from ..inspection.settings import InspectionSettings
from ..logs import logger
from .finding import Finding

log = logger("inspection")


def start_inspector(
    settings: InspectionSettings, house: AsyncExitStack, watch: Callable[[WorkerEnd], None] = lambda _: None
) -> SandboxedInspector:
    """The inspector of the service; its first worker starts beside the rest of the house, and delays nothing. watch: as
    WorkerPool's.

    Raises SettingsError and DocumentErrors where the kinds of identifiers of one's own cannot be taken.
    """
    pool = WorkerPool(settings, watch=watch)
    house.push_async_callback(pool.close)
    inspector = SandboxedInspector(settings, pool)
    inspector.look_for(kinds_text(settings))
    pool.warm()
    return inspector


class OwnKinds:
    """The file of kinds of identifiers of one's own, taken anew on a reload; a broken one keeps those in force."""

    def __init__(self, settings: InspectionSettings, inspector: SandboxedInspector) -> None:
        self._settings = settings
        self._inspector = inspector

    async def reload(self) -> bool:
        """Whether the file as it is now is in force."""
        try:
            text = await asyncio.to_thread(kinds_text, self._settings)
            self._inspector.look_for(text)
        except MailguardError as cause:
            first = cause.diagnostics[0] if isinstance(cause, DocumentErrors) else None
            place = {} if first is None else {"file": first.file, "line": first.line, "column": first.column}
            log.error("kinds_file_broken", problem=first.message if first else str(cause), **place)
            return False
        if text is not None:
            log.info("kinds_loaded", octets=len(text))
        return True


def kinds_text(settings: InspectionSettings | None) -> bytes | None:
    """The file that `inspection.kinds` names, after it was found whole, None where it names none.

    Raises SettingsError where it cannot be read, DocumentErrors with everything that is wrong in it.
    """
    if settings is None or settings.kinds is None:
        return None
    try:
        text = settings.kinds.read_bytes()
    except OSError as cause:
        raise SettingsError(f'the kinds in "{settings.kinds}" cannot be read: {cause.strerror}') from cause
    load_kinds(text, str(settings.kinds))
    return text


def known_kinds(settings: InspectionSettings | None) -> frozenset[str]:
    """Every kind that a finding can be of. Raises as kinds_text does."""
    text = kinds_text(settings)
    return ALL_KINDS if text is None else ALL_KINDS | {each.id for each in load_kinds(text, "kinds").all if each.own}


class CommandInspector:
    """The inspector of a command: workers from the first part to the end of the `with`, none where nothing is read."""

    def __init__(self, settings: InspectionSettings | None) -> None:
        self._settings = settings or InspectionSettings()
        self._house = ExitStack()
        self._loop = asyncio.Runner()
        self._inspector: SandboxedInspector | None = None

    def __enter__(self) -> CommandInspector:
        return self

    def __exit__(self, *_: object) -> None:
        self._house.close()

    def inspect(self, message: Message, parts: Sequence[str]) -> dict[str, Inspection]:
        """By path: what is found in these parts of the message. Raises MailguardError."""
        if self._inspector is None:
            kinds = kinds_text(self._settings)
            pool = WorkerPool(self._settings)
            self._house.enter_context(self._loop)
            self._house.callback(lambda: self._loop.run(pool.close()))
            self._inspector = SandboxedInspector(self._settings, pool)
            self._inspector.look_for(kinds)
        return {each.part: each for each in self._loop.run(self._inspector.inspect(message, parts))}


def check_inspection(settings: InspectionSettings) -> Iterator[Finding]:
    """Whether the kinds of one's own can be used, and a worker can shut itself in: without that nothing is read."""
    try:
        kinds = kinds_text(settings)
    except MailguardError as cause:
        yield Finding("kinds", False, str(cause))
        return
    if kinds is not None:
        number = sum(each.own for each in load_kinds(kinds, "kinds").all)
        yield Finding("kinds", True, f'{number} of your own from "{settings.kinds}" are looked for')
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
    worker = await start_worker(settings, kinds=kinds_text(settings))
    await worker.kill()
    return worker.namespaces
