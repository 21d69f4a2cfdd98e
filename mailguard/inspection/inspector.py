"""The inspector: parts of a message go to the workers (pool.py), what they found comes back as Inspections.

Promises: one Inspection for each path, in order. What could not be read says why, in words for people; trouble of the
machine (no process can be started, too many wait) is raised, so that the message is deferred and tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..core.mail.decoded import decoded_buffer
from ..core.mail.message import Message, Part
from ..core.verdict import Inspection
from .examine import Examined
from .pool import WorkerPool
from .process import Job, SandboxRefused
from .settings import InspectionSettings

MESSAGE_SECONDS = 45.0
"""For all parts of one message together, waiting for a worker left out; below the time after which mail is deferred."""
BIG_PART_OCTETS = 262_144
MOST_NAMES, MOST_NAME_CHARACTERS = 20, 255
LARGEST_GROWTH = 3
"""Encoded octets (quoted-printable) for one decoded octet, at most."""

TOO_LARGE = "it is larger than is read"
TOO_LONG = "the attachments of this message take too long to read"
NO_SANDBOX = "attachments cannot be read safely on this computer; `mailguard check` says why"
NO_PART = "there is no such part"


class SandboxedInspector:
    """Implements guard.ports.Inspector."""

    def __init__(self, settings: InspectionSettings, pool: WorkerPool) -> None:
        self._settings = settings
        self._pool = pool

    @property
    def trouble(self) -> str | None:
        """Why no worker could be started with the last attempt; None where one could."""
        return self._pool.trouble

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        """One after the other: a message with many attachments keeps one worker, not all."""
        by_path = {part.path: part for part in message.root.walk() if not part.children}
        found, spent = [], 0.0
        for path in parts:
            answer, seconds = Examined(unread=NO_PART), 0.0
            if path in by_path:
                answer = Examined(unread=TOO_LONG)
                if spent < MESSAGE_SECONDS:
                    answer, seconds = await self._examine(message, by_path[path], MESSAGE_SECONDS - spent)
            spent += seconds
            found.append(Inspection(path, answer.findings, answer.unread, answer.people))
        return found

    async def _examine(self, message: Message, part: Part, left: float) -> tuple[Examined, float]:
        """What was found, and for how long a worker was kept. left: seconds that the message still has."""
        encoded = part.end - part.body_start
        if encoded > self._settings.file_bytes * LARGEST_GROWTH:
            return Examined(unread=TOO_LARGE), 0.0
        if encoded > BIG_PART_OCTETS:
            data = await asyncio.to_thread(decoded_buffer, message, part)
        else:
            data = decoded_buffer(message, part)
        if len(data) > self._settings.file_bytes:
            return Examined(unread=TOO_LARGE), 0.0
        try:
            return await self._pool.run(Job(data, _media_type(part), _names(part)), left)
        except SandboxRefused:
            return Examined(unread=NO_SANDBOX), 0.0


def _media_type(part: Part) -> str:
    charset = part.parameters.get("charset")
    return (f"{part.media_type}; charset={charset}" if charset else part.media_type)[:MOST_NAME_CHARACTERS]


def _names(part: Part) -> tuple[str, ...]:
    """The ends of names are kept: they say what a file is."""
    return tuple(name[-MOST_NAME_CHARACTERS:] for name in part.filenames[:MOST_NAMES])
