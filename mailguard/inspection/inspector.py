"""The inspector: parts of a message go to the workers (pool.py), what they found comes back as Inspections.

A short text of the message itself is examined here, in Python alone and in linear time: a worker would take longer to
be asked. What is not told for certain here, a worker is asked after all.

Promises: one Inspection for each path, in order. What could not be read says why, in words for people; trouble of the
machine (no process can be started, too many wait) is raised, so that the message is deferred and tried again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Sequence
from dataclasses import replace

from ..core.bodies import is_attachment
from ..core.excerpt import Excerpt
from ..core.inventory import Inventory
from ..core.legible import legible
from ..core.mail.decoded import decoded_buffer, is_flowed
from ..core.mail.message import Buffer, Message, Part
from ..core.verdict import Inspection
from ..logs import logger
from .body import WHERE, Written
from .budget import Limits
from .detectors import DETECTORS, detectors_with
from .enclosed import Enclosed
from .examine import BROKEN, Detectors, Examination, Examined, examination_of
from .find.own_kinds import load_kinds
from .first_look import NOTHING, first_look
from .pool import WorkerPool
from .process import Job, SandboxRefused
from .read.text import holds_a_file
from .settings import InspectionSettings

log = logger("inspection")

MESSAGE_SECONDS = 45.0
"""For all parts of one message together, waiting for a worker left out; below the time after which mail is deferred."""
BIG_PART_OCTETS = 262_144
TEXT_OCTETS = 32_768
"""A text of the message up to here is examined in the service: less than a worker costs to be asked."""
TEXT_LIMITS = Limits(cells_in_row=200)
"""A wider table is a worker's: a row is judged in one piece."""
TURN_SECONDS = 0.001
"""After so long what else waits has its turn; threads would make it wait longer (docs/decisions/people-in-rows.md)."""
MOST_NAMES, MOST_NAME_CHARACTERS = 20, 255
LARGEST_GROWTH = 3
"""Encoded octets (quoted-printable) for one decoded octet, at most."""

TOO_LARGE = "it is larger than is read"
TOO_LONG = "the attachments of this message take too long to read"
NO_SANDBOX = "attachments cannot be read safely on this computer; `mailguard check` says why"
NO_PART = "there is no such part"


class SandboxedInspector:
    """Implements guard.ports.Inspector and guard.console.ports.Excerpts."""

    def __init__(self, settings: InspectionSettings, pool: WorkerPool) -> None:
        self._settings = settings
        self._pool = pool
        self._detectors = DETECTORS
        self._overlooks = _overlook(DETECTORS)
        self._turn = asyncio.Lock()
        """One text at a time: of a hundred that take turns with each other everything else would wait for each."""
        self._turn_of_large = asyncio.Lock()
        """One long one beside it, so that short ones do not wait for it."""

    def look_for(self, kinds: bytes | None) -> None:
        """From now on: the kinds of identifiers in this file (own_kinds.py) as well. Raises DocumentErrors."""
        self._detectors = DETECTORS if kinds is None else detectors_with(load_kinds(kinds, "kinds"))
        self._overlooks = _overlook(self._detectors)
        self._pool.look_for(kinds)

    @property
    def trouble(self) -> str | None:
        """Why no worker could be started with the last attempt; None where one could."""
        return self._pool.trouble

    @property
    def workers(self) -> tuple[int, int, int]:
        """How many read a part now, how many are free, and how many parts wait for one."""
        return self._pool.busy, self._pool.idle, self._pool.waiting

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        """One after the other: a message with many attachments keeps one worker, not all."""
        by_path = {part.path: part for part in message.leaves}
        found, spent = [], 0.0
        for path in parts:
            answer, seconds = Examined(unread=NO_PART), 0.0
            if path in by_path:
                answer = Examined(unread=TOO_LONG)
                if spent < MESSAGE_SECONDS:
                    answer, seconds = await self._examine(message, by_path[path], MESSAGE_SECONDS - spent)
            spent += seconds
            inventory = answer.inventory or _unread(by_path.get(path), answer)
            found.append(
                Inspection(
                    path,
                    tuple(replace(each, part=path) for each in answer.findings),
                    answer.unread,
                    answer.people,
                    tuple(replace(each, part=path) for each in inventory),
                )
            )
        return found

    async def excerpt(self, message: Message, path: str) -> Excerpt:
        """The beginning of a part, by a worker. What cannot be read says why; trouble of the machine is raised."""
        part = next((part for part in message.root.walk() if part.path == path and not part.children), None)
        if part is None:
            return Excerpt(unread=NO_PART)
        data = await self._decoded(message, part)
        if data is None:
            return Excerpt(unread=TOO_LARGE)
        written = None if is_attachment(part) else _written(part)
        try:
            job = Job(data, _media_type(part), _names(part), written, excerpt=True)
            answer, _ = await self._pool.run(job, MESSAGE_SECONDS)
        except SandboxRefused:
            return Excerpt(unread=NO_SANDBOX)
        return answer.excerpt or Excerpt(unread=answer.unread or BROKEN)

    async def _examine(self, message: Message, part: Part, left: float) -> tuple[Examined, float]:
        """What was found, and for how long a worker was kept. left: seconds that the message still has."""
        written = None if is_attachment(part) else _written(part)
        data = await self._decoded(message, part)
        if data is None:
            return Examined(unread=TOO_LARGE), 0.0
        if written is not None and (known := await self._examine_text(data, written)) is not None:
            return known, 0.0
        try:
            return await self._pool.run(Job(data, _media_type(part), _names(part), written), left)
        except SandboxRefused:
            return Examined(unread=NO_SANDBOX), 0.0

    async def _decoded(self, message: Message, part: Part) -> Buffer | None:
        """None for a part that is larger than is read."""
        encoded = part.end - part.body_start
        if encoded > self._settings.file_bytes * LARGEST_GROWTH:
            return None
        if encoded > BIG_PART_OCTETS:
            data = await asyncio.to_thread(decoded_buffer, message, part)
        else:
            data = decoded_buffer(message, part)
        return data if len(data) <= self._settings.file_bytes else None

    async def _examine_text(self, data: Buffer, written: Written) -> Examined | None:
        """What a text holds of which that is told here, None where a worker has to be asked.

        A short one, or one with nothing in it. In turns with everything else that waits.
        """
        if self._overlooks and await self._tells_nothing(data, written):
            return NOTHING
        if len(data) > TEXT_OCTETS or holds_a_file(bytes(data), written.charset, html=written.html):
            return None
        try:
            found = examination_of(
                Enclosed(bytes(data)), written=written, limits=TEXT_LIMITS, readers=(), detectors=self._detectors
            )
            async with self._turn:
                await _in_turns(found)
        except Exception as error:  # a worker may break where the service must not
            log.error("inspection_failed", error=type(error).__name__)
            return None
        return found.answer if found.answer.unread is None else None

    async def _tells_nothing(self, data: Buffer, written: Written) -> bool:
        """A short text is one step: there is nobody to wait for."""
        look = first_look(data, written)
        if len(data) <= TEXT_OCTETS:
            return _answer(look)
        async with self._turn_of_large:
            while True:
                try:
                    next(look)
                except StopIteration as end:
                    return bool(end.value)
                await asyncio.sleep(0)


def _answer(look: Generator[None, None, bool]) -> bool:
    while True:
        try:
            next(look)
        except StopIteration as end:
            return bool(end.value)


def _overlook(detectors: Detectors) -> bool:
    return all(make().overlooks for make in detectors)


def _media_type(part: Part) -> str:
    charset = part.parameters.get("charset")
    return (f"{part.media_type}; charset={charset}" if charset else part.media_type)[:MOST_NAME_CHARACTERS]


async def _in_turns(examination: Examination) -> None:
    began = time.perf_counter()
    for _ in examination.steps():
        if time.perf_counter() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = time.perf_counter()


def _written(part: Part) -> Written:
    html = part.media_type == "text/html"
    return Written(html, part.parameters.get("charset", "")[:MOST_NAME_CHARACTERS], not html and is_flowed(part))


def _unread(part: Part | None, answer: Examined) -> tuple[Inventory, ...]:
    """Of a part that no worker could tell about."""
    names = _names(part) if part else ()
    file = WHERE if part and not is_attachment(part) else legible(names[0]) if names else ""
    return (Inventory(file, unread=answer.unread),) if answer.unread else ()


def _names(part: Part) -> tuple[str, ...]:
    """The ends of names are kept: they say what a file is."""
    return tuple(name[-MOST_NAME_CHARACTERS:] for name in part.filenames[:MOST_NAMES])
