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
from .command_time import CommandTime
from .content import ContentReader, Fault
from .dialogue import Answer, Dialogue, Then, to_wire
from .house import House
from .intake import Mark
from .room import FULL_SPOOL_BYTES, MOST_COUNTED_BYTES
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

_PAUSE = Answer(b"")
"""The client must read its replies first, or other sessions have their turn."""

_COMPLETE = Answer(b"")
"""The end of a message's data has come."""

_CLOSING_DOWN = Answer(to_wire(replies.CLOSING_DOWN), Then.CLOSE)


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
        self._time = CommandTime(house.limits)
        self._awaits_command = False
        self._reader: ContentReader | None = None
        self._reading_since = self._reading_began = 0.0
        self._room = 0

    async def run(self) -> None:
        """Until the session ends: does what the answers ask for that `_step` cannot do by itself."""
        try:
            while (answer := await self._intake.until(self._step)) is not None:
                if not await self._act(answer):
                    return
            if self._reader is not None:
                log.info("content_cut_off", session=self._session)
        finally:
            if self._reader is not None:
                self._take_reader().discard()

    def _step(self) -> Answer | None:
        """Answer the commands and take in the content that is here, up to an answer that asks for more than words.

        The transport calls it as octets arrive (`Intake.until`), so that an ordinary message wakes the session's task
        once, when all of it is here.
        """
        if self._awaits_command:
            self._awaits_command = False
            self._time.wait_ends(self._clock())
        if self._reader is not None:
            return self._read(self._reader)
        pending, intake = self._channel.pending, self._intake
        while (line := intake.line()) is not None:
            self._time.line_until = math.inf
            answer = self._answer(line)
            if answer.then is Then.CONTENT:
                return self._invite(answer)
            if answer.then is not Then.GO_ON:
                return answer
            pending.append(answer.wire)
            if len(pending) >= REPLIES_AT_ONCE:
                return _PAUSE
        return self._await_command() if self._channel.say() else _PAUSE

    async def _act(self, answer: Answer) -> bool:
        """Whether the session goes on."""
        channel = self._channel
        if answer is _PAUSE:
            await channel.flush()
            await asyncio.sleep(0)
            return True
        if answer is _COMPLETE:
            return await self._message()
        if answer.then in _UNSETTLED:
            answer = await self._settled(answer)
        if answer.then is Then.SECURE:
            if not await channel.start_tls(answer.wire):
                return False
            self._dialogue.secured()
            return True
        channel.pending.append(answer.wire)
        return not self._ends(answer)

    def _await_command(self) -> Answer | None:
        channel, now = self._channel, self._clock()
        if self._dialogue.closing and not self._dialogue.open:
            return _CLOSING_DOWN
        self._awaits_command = True
        deadline = self._time.wait_begins(
            now,
            within_line=self._intake.begun,
            busy=self._house.connections.busy,
            commands=self._dialogue.commands,
            recipients=self._dialogue.recipients,
        )
        channel.arm(deadline)
        return None

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

    def _ends(self, answer: Answer) -> bool:
        if answer.then is Then.DROP:
            log.info("http_dropped", session=self._session)
            self._channel.abort()
            return True
        if answer.then is Then.CLOSE and answer.error:
            log.info("session_cut_off", session=self._session, reply=answer.wire[:9].decode("ascii"))
        return answer.then is Then.CLOSE

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
        await channel.flush()
        channel.disarm()
        answer = dialogue.settle_sign_in(await doorkeeper.attempt(*dialogue.attempt(), channel.has_left))
        if not answer.error:
            self._time.begin_anew(dialogue.commands)
        return answer

    # A message.

    def _invite(self, answer: Answer) -> Answer | None:
        """354, and what has come of the content already."""
        channel, house, in_memory = self._channel, self._house, self._limits.spool_above_bytes
        channel.pending.append(answer.wire)
        self._room = in_memory if house.arriving.enter(in_memory) else 0
        self._reader = ContentReader(
            Spool(self._room or min(in_memory, FULL_SPOOL_BYTES), house.spool_directory),
            self._dialogue.message_bytes,
            normalise=house.settings.line_ends == "normalise",
        )
        self._reading_since, self._reading_began = self._clock(), time.perf_counter()
        return self._read(self._reader) if channel.say() else _PAUSE

    def _take_reader(self) -> ContentReader:
        """The content arrives no more: others have its room."""
        reader, self._reader = self._reader, None
        assert reader is not None
        if self._room:
            self._house.arriving.leave(self._room)
            self._room = 0
        return reader

    def _read(self, reader: ContentReader) -> Answer | None:
        """_COMPLETE once the end of the data is here."""
        if chunk := self._intake.chunk():
            rest = reader.feed(chunk)
            if rest is not None:
                self._intake.unread(rest)
                self._house.content_watch(time.perf_counter() - self._reading_began)
                return _COMPLETE
        limits, started = self._limits, self._reading_since
        earned = reader.received / limits.data_minimum_bytes_per_second
        grace = limits.data_grace_seconds
        if self._house.connections.busy:  # as Postfix under stress: its per-request deadline is then ten seconds
            grace = min(grace, limits.busy_idle_seconds)
        self._channel.arm(min(started + limits.data_seconds, started + grace + earned, self._clock() + grace))
        return None

    async def _message(self) -> bool:
        """From the end of the data to the reply that stands for the message. Whether the session goes on."""
        channel, dialogue = self._channel, self._dialogue
        answer = await self._judged(self._take_reader())
        dialogue.messages += 1
        dialogue.forget()
        self._time.begin_anew(dialogue.commands)
        channel.pending.append(answer.wire)
        if channel.leaving:
            log.info("reply_dropped", session=self._session, reply=answer.wire[:9].decode("ascii"))
            return False
        if dialogue.closing and answer.then is Then.GO_ON:
            channel.pending.append(to_wire(replies.CLOSING_DOWN))
            return False
        return not self._ends(answer)

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
        counted = min(len(content), MOST_COUNTED_BYTES)
        if not self._house.judged.enter(counted):
            log.warning("content_put_off", session=self._session)
            return Answer(to_wire(replies.NO_ROOM))
        try:
            reply = await self._submitted(dialogue.envelope(eight_bit=reader.eight_bit), content)
        finally:
            self._house.judged.leave(counted)
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
