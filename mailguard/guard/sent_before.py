"""The memory of what was sent, so that a list in several parts, a recall that shows one, and a merge job that brings
everybody the same file are seen as what they are.

INVARIANT: a message that shows or hides two people outside, or brings a file to somebody outside, is written down
before it is judged, where a rule asks for it, and stays so if it leaves, or may have left. What cannot be taken out
again stays written down, which can only tighten later verdicts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from ..core.earlier.files import SentFiles, files_of, with_people
from ..core.earlier.past import NO_PAST, Past
from ..core.earlier.sending import sending_of
from ..core.envelope import Envelope
from ..core.errors import MailguardError
from ..core.mail.message import Message
from ..core.observation import Observation, observe
from ..core.organisation import Organisation
from ..core.policy.conditions.earlier import MOST_WINDOW
from ..core.policy.model import Policy
from ..core.verdict import EXCEPTION, Inspection, Verdict
from ..logs import logger
from .ports import Clock, FilesSent, Sendings
from .records import Announced, AnnouncedFiles, WrittenDown
from .steps import bounded

log = logger("submission")
Value = TypeVar("Value")

LONG_LIST = 10
"""So many people in a message that left as it was, and that nobody exempted, were exposed."""
BIG_BYTES = 65_536
"""Above this the text is read in a thread."""


class SentBefore:
    """port_seconds: for each step."""

    def __init__(
        self,
        sendings: Sendings,
        files_sent: FilesSent,
        organisation: Organisation,
        clock: Clock,
        port_seconds: float = 30.0,
    ) -> None:
        self._sendings = sendings
        self._files_sent = files_sent
        self._organisation = organisation
        self._clock = clock
        self._port_seconds = port_seconds
        self._policy: Callable[[], Policy] | None = None

    def follow(self, policy: Callable[[], Policy]) -> None:
        """policy: the rules in force, which say how long what a person releases is kept. Without them: the longest."""
        self._policy = policy

    async def announce(
        self,
        envelope: Envelope,
        seen: Observation,
        looks_back: timedelta | None,
        files_look_back: timedelta | None,
    ) -> WrittenDown | None:
        """Write the message down, and tell what earlier ones say about it. None where there is nothing to compare.

        looks_back, files_look_back: how far the rules in force ask back for lists and for files; None where none asks.
        """
        announced = await self._announce_list(envelope, seen, looks_back)
        sent = None
        if files_look_back is not None and seen.inspectable:
            sent = await _aside(len(seen.message.raw), lambda: files_of(envelope, seen, self._organisation))
        if announced is None and sent is None:
            return None
        written = WrittenDown(announced, None, announced.past if announced else NO_PAST, sent)
        return await self._with_files(written, sent, files_look_back)

    async def inspected(
        self, written: WrittenDown | None, inspections: Iterable[Inspection], files_look_back: timedelta | None
    ) -> WrittenDown | None:
        """Write down besides who stands in the rows of its files, where they were read, as `announce` does.

        inspections: of attachments; a table in the message's text is no file.
        """
        if written is None or written.sent is None:
            return written
        return await self._with_files(written, with_people(written.sent, inspections), files_look_back)

    async def _announce_list(
        self, envelope: Envelope, seen: Observation, looks_back: timedelta | None
    ) -> Announced | None:
        if looks_back is None:
            return None
        sending = await _aside(len(seen.message.raw), lambda: sending_of(envelope, seen, self._organisation))
        if sending is None:
            return None
        now = self._clock.now()
        step = self._sendings.announce(sending, now, now - looks_back, now + looks_back)
        announced = await bounded(step, self._port_seconds)
        if not isinstance(announced, Announced) or not isinstance(announced.past, Past):
            raise MailguardError("the memory of what was sent did not answer")
        return announced

    async def _with_files(
        self, written: WrittenDown, sent: SentFiles | None, looks_back: timedelta | None
    ) -> WrittenDown:
        if sent is None or not sent.files or looks_back is None:
            return written
        now, token = self._clock.now(), written.files.token if written.files else None
        step = self._files_sent.announce(sent, now, now - looks_back, now + looks_back, token)
        files = await bounded(step, self._port_seconds)
        if not isinstance(files, AnnouncedFiles):
            raise MailguardError("the memory of files that were sent did not answer")
        return replace(written, files=files, past=written.past.with_files(files.files))

    async def leaves(self, announced: WrittenDown | None, verdict: Verdict, *, hidden: bool) -> None:
        """The message is about to leave. hidden: in a form in which nobody is shown to anybody."""
        exposed = not hidden and exposes(verdict)
        if announced is not None and announced.list is not None and (hidden or exposed):
            await self._settle(announced.list, hidden=hidden, exposed=exposed)

    async def stays(self, announced: WrittenDown | None) -> None:
        """The message does not leave now. What fails here is told to the log: it stays written down."""
        if announced is not None and announced.list is not None:
            await self._withdraw(self._sendings, announced.list.token)
        if announced is not None and announced.files is not None:
            await self._withdraw(self._files_sent, announced.files.token)

    async def _withdraw(self, memory: Sendings | FilesSent, token: str) -> None:
        try:
            await bounded(memory.withdraw(token), self._port_seconds)
        except Exception as cause:
            log.warning("sending_not_withdrawn", cause=cause)

    async def released(self, envelope: Envelope, message: Message, *, hidden: bool) -> None:
        """A held message is about to leave; as it was, a person has let its list pass."""
        seen = await _aside(len(message.raw), lambda: observe(message, envelope, self._organisation))
        lists: timedelta | None = MOST_WINDOW
        files: timedelta | None = MOST_WINDOW
        if self._policy is not None:
            policy = self._policy()
            lists, files = policy.looks_back, policy.files_look_back
        announced = await self.announce(envelope, seen, lists, files)
        if announced is not None and announced.list is not None:
            await self._settle(announced.list, hidden=hidden, exposed=not hidden)

    async def _settle(self, announced: Announced, *, hidden: bool, exposed: bool) -> None:
        """Whoever was hidden and is not known to be could be shown tomorrow: a memory that says nothing is an error."""
        step = self._sendings.settle(announced.token, hidden=hidden, exposed=exposed)
        if await bounded(step, self._port_seconds) is not True:
            raise MailguardError("the memory of what was sent did not say that it kept how the message left")


def exposes(verdict: Verdict) -> bool:
    """Whether a long list leaves as it is, though no rule says that this sender may."""
    if verdict.facts["visible_external_recipients"] < LONG_LIST:
        return False
    return not any(rule.values.get("unless") or EXCEPTION in rule.values for rule in verdict.rules)


async def _aside(size: int, look: Callable[[], Value]) -> Value:
    return look() if size <= BIG_BYTES else await asyncio.to_thread(look)
