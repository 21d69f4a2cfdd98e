"""One session from its greeting to its end: reads a command, answers it, and does what the answer asks for.

INVARIANT: whatever goes wrong here is 451 4.3.0 and a reference, or a closed connection; never a 2yz reply.
INVARIANT: does not know what `submit` does, and reads no more of a message than its framing and its header's size.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time

from ..core.envelope import Envelope
from ..core.errors import MailguardError
from ..core.mail.message import Buffer
from ..core.reference import RANDOM_OCTETS, short_reference
from ..core.reply import MAX_TEXT_OCTETS, Reply, cannot_check, printable
from ..logs import logger
from . import replies
from .cancellation import cancelled_from_outside
from .channel import Channel
from .content import ContentReader, Fault
from .dialogue import Answer, Dialogue, Then, to_wire
from .house import House
from .intake import Mark
from .spool import Spool

log = logger("listener")

REPLIES_AT_ONCE = 128
"""After so many replies in a row other sessions have their turn."""

_FAULTS = {
    Fault.TOO_LARGE: replies.TOO_LARGE,
    Fault.NUL: replies.NUL_IN_CONTENT,
    Fault.BARE_LINE_END: replies.BARE_LINE_END,
    Fault.HEADER_TOO_LARGE: replies.HEADER_TOO_LARGE,
    Fault.TOO_MANY_FIELDS: replies.TOO_MANY_FIELDS,
}

_UNSETTLED = frozenset({Then.SIGN_IN, Then.CHALLENGE})


class Conversation:
    """session: its identifier, for the log."""

    def __init__(self, house: House, channel: Channel, dialogue: Dialogue, session: str) -> None:
        self._house = house
        self._limits = house.limits
        self._channel = channel
        self._intake = channel.intake
        self._dialogue = dialogue
        self._session = session
        self._clock = asyncio.get_running_loop().time
        self._line_deadline = math.inf

    async def run(self) -> None:
        """Until the session ends: read a line, answer it, do what the answer says."""
        channel, intake = self._channel, self._intake
        while True:
            line = intake.line()
            if line is None:
                await channel.flush()
                if not await self._next_input():
                    return
                continue
            self._line_deadline = math.inf
            answer = self._answer(line)
            if answer.then in _UNSETTLED:
                answer = await self._settled(answer)
            if answer.then is Then.SECURE:
                if not await channel.start_tls(answer.wire):
                    return
                self._dialogue.secured()
                continue
            channel.pending.append(answer.wire)
            if answer.then is Then.CONTENT:
                answer = await self._message()
            if answer.then is Then.CLOSE or answer.then is Then.DROP:
                return self._end(answer)
            if len(channel.pending) >= REPLIES_AT_ONCE:
                await channel.flush()
                await asyncio.sleep(0)

    async def _next_input(self) -> bool:
        channel, now = self._channel, self._clock()
        if self._dialogue.closing and not self._dialogue.open:
            channel.pending.append(to_wire(replies.CLOSING_DOWN))
            return False
        channel.idle = not self._intake.begun
        if not channel.idle:
            self._line_deadline = min(self._line_deadline, now + self._limits.command_seconds)
            channel.arm(self._line_deadline)
        else:
            busy = self._house.connections.busy
            channel.arm(now + (self._limits.busy_idle_seconds if busy else self._limits.idle_seconds))
        return await self._intake.wait()

    def _answer(self, line: bytes | Mark) -> Answer:
        dialogue = self._dialogue
        try:
            if isinstance(line, bytes):
                return dialogue.command(line)
            if line is not Mark.ENDLESS:
                return dialogue.line_too_long(to_sign_in=line is Mark.TOO_LONG_TO_SIGN_IN)
            return Answer(to_wire(replies.LINE_TOO_LONG), Then.CLOSE, error=True)
        except Exception as error:
            dialogue.forget()
            return Answer(to_wire(self._failed("command_failed", error)), error=True)

    def _end(self, answer: Answer) -> None:
        if answer.then is Then.DROP:
            log.info("http_dropped", session=self._session)
            self._channel.abort()
            return
        if answer.error:
            log.info("session_cut_off", session=self._session, reply=answer.wire[:9].decode("ascii"))

    # A sign-in.

    async def _settled(self, answer: Answer) -> Answer:
        """What a sign-in comes to that was asked for, or that asks for a response."""
        if answer.then is Then.SIGN_IN:
            answer = await self._try_sign_in()
        if answer.then is Then.CHALLENGE:
            if self._intake.begun:
                return self._dialogue.response_too_soon()
            self._intake.reads_response = True
        return answer

    async def _try_sign_in(self) -> Answer:
        """Nothing is read meanwhile. What a client pipelined behind PLAIN, as RFC 4954 section 4 lets it, waits."""
        doorkeeper, dialogue, channel = self._house.doorkeeper, self._dialogue, self._channel
        assert doorkeeper is not None
        channel.idle = False
        await channel.flush()
        channel.disarm()
        return dialogue.settle_sign_in(await doorkeeper.attempt(*dialogue.attempt(), channel.has_left))

    # A message.

    async def _message(self) -> Answer:
        """From 354 to the reply that stands for the message."""
        channel, dialogue = self._channel, self._dialogue
        channel.idle = False
        await channel.flush()
        reader = await self._content()
        if reader is None:
            log.info("content_cut_off", session=self._session)
            return Answer(b"", Then.CLOSE)
        answer = await self._judged(reader)
        dialogue.messages += 1
        dialogue.forget()
        channel.pending.append(answer.wire)
        if channel.leaving:
            log.info("reply_dropped", session=self._session, reply=answer.wire[:9].decode("ascii"))
            return Answer(b"", Then.CLOSE)
        if dialogue.closing and answer.then is Then.GO_ON:
            channel.pending.append(to_wire(replies.CLOSING_DOWN))
            return Answer(b"", Then.CLOSE)
        return answer

    async def _content(self) -> ContentReader | None:
        """Read up to the end of the data; None if the client went away or was too slow."""
        house = self._house
        reader = ContentReader(
            Spool(self._limits.spool_above_bytes, house.spool_directory),
            self._dialogue.message_bytes,
            normalise=house.settings.line_ends == "normalise",
        )
        complete = False
        try:
            complete = await self._read_to_end(reader)
        finally:
            if not complete:
                reader.discard()
        return reader if complete else None

    async def _read_to_end(self, reader: ContentReader) -> bool:
        limits, intake, started, began = self._limits, self._intake, self._clock(), time.perf_counter()
        while True:
            if chunk := intake.chunk():
                rest = reader.feed(chunk)
                if rest is not None:
                    intake.unread(rest)
                    self._house.content_watch(time.perf_counter() - began)
                    return True
            earned = reader.received / limits.data_minimum_bytes_per_second
            self._channel.arm(
                min(
                    started + limits.data_seconds,
                    started + limits.data_grace_seconds + earned,
                    self._clock() + limits.data_grace_seconds,
                )
            )
            if not await intake.wait():
                return False

    async def _judged(self, reader: ContentReader) -> Answer:
        dialogue = self._dialogue
        content = reader.finish(self._limits.header_bytes, self._limits.header_fields)
        if content is None:
            if reader.fault is None or reader.fault is Fault.NOT_KEPT:
                return Answer(to_wire(self._failed("content_not_kept", reader.cause)))
            log.info("content_refused", session=self._session, fault=reader.fault.value)
            return dialogue.content_refused(_FAULTS[reader.fault])
        if reader.eight_bit and not dialogue.capabilities.eight_bit:
            log.info("content_refused", session=self._session, fault="eight_bit")
            if not dialogue.capabilities.known:
                return Answer(to_wire(replies.NEXT_HOP_UNKNOWN))
            return dialogue.content_refused(replies.EIGHT_BIT_CONTENT)
        reply = await self._submitted(dialogue.envelope(eight_bit=reader.eight_bit), content)
        return Answer(to_wire(reply), Then.CLOSE if reply.code == 421 else Then.GO_ON)

    async def _submitted(self, envelope: Envelope, content: Buffer) -> Reply:
        session = self._dialogue.session
        assert session is not None
        self._channel.disarm()
        try:
            return _sound(await self._house.submit(session, envelope, content))
        except (Exception, asyncio.CancelledError) as error:
            if cancelled_from_outside():
                raise
            return self._failed("submission_failed", error)

    def _failed(self, event: str, cause: BaseException | None) -> Reply:
        return cannot_go_on(event, self._session, cause)


def cannot_go_on(event: str, session: str, cause: BaseException | None) -> Reply:
    """The log gets the cause, the client a sentence and the reference that finds it in the log."""
    ref = short_reference(secrets.token_bytes(RANDOM_OCTETS))
    log.error(event, ref=ref, session=session, cause=cause)
    return cannot_check(ref)


def _sound(reply: Reply) -> Reply:
    """A reply that can stand on the wire as the end of a transaction. MailguardError for what cannot."""
    if not isinstance(reply, Reply) or not (200 <= reply.code <= 299 or 400 <= reply.code <= 599):
        raise MailguardError("the submission did not end in a reply")
    text = reply.text if reply.text.isascii() and reply.text.isprintable() else printable(reply.text)
    return Reply(reply.code, reply.status or f"{reply.code // 100}.0.0", text[:MAX_TEXT_OCTETS])
