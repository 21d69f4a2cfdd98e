"""The way of one message, from the client's final dot to the reply.

INVARIANT: nothing reaches the smarthost before the decision about it is durable in the ledger (DESIGN.md promise 4).
INVARIANT: 2yz means that the smarthost said so, or that the message is on durable storage with an owner (promise 2).
INVARIANT: whatever goes wrong here ends in 451 and a reference, never in a relay (promise 1).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from ..core import reply
from ..core.envelope import Envelope
from ..core.errors import CannotRewrite, MailguardError, ReferenceTaken
from ..core.lifecycle import State
from ..core.mail.message import Buffer, Message
from ..core.mail.parse import parse
from ..core.observation import Observation, changed, inspected, observe
from ..core.organisation import Organisation
from ..core.outcome import Outcome, RecipientOutcome, Stage, Transmission
from ..core.policy.judge import judge
from ..core.policy.leaving import ORIGINAL, allows
from ..core.policy.load import Policy
from ..core.reference import RANDOM_OCTETS, long_reference, short_reference
from ..core.reply import Reply
from ..core.rewrite.content import Content
from ..core.rewrite.copies import Rewritten
from ..core.rewrite.top import IDENTIFIER_OCTETS, Top
from ..core.session import Session
from ..core.verdict import Disposition, Inspection, Needs, Rewrite, Verdict
from ..logs import logger
from . import entries
from .answers import SmarthostAnswers
from .elsewhere import HandOver, Submit
from .forms import Left, forms_left, with_what_is_left
from .heavy import HeavyWork
from .judged import Judged, decision, delivery, held_message, team_of
from .keeping import Keeper
from .memory import InvitationMemory
from .notices import Notices
from .ports import Clock, Inspector, Ledger, Outbox, Quarantine, Randomness, Smarthost
from .records import WrittenDown
from .remainder import Remainder, TakesOver
from .rewriting import Rewriting
from .sent_before import SentBefore
from .steps import bounded
from .told import Answer, NotTold
from .watch import Watch

log = logger("submission")

BIG_MESSAGE_BYTES = 262_144
"""Above this, parsing and hashing run in a thread, so that one message does not delay the others."""
BIG_HEADER_BYTES = 16_384
"""As BIG_MESSAGE_BYTES, for the header alone: each octet of a list of recipients can cost seven microseconds."""
BIG_TEXT_BYTES = 65_536
"""Reading the texts of a message takes up to a tenth of a second a megabyte (docs/decisions/bodies.md)."""
BIG_CALENDAR_BYTES = 32_768
"""As BIG_MESSAGE_BYTES, for what may hold a calendar, of which each line is read, twice where it names somebody."""
_CALENDAR = re.compile(rb"calendar|\.ics\b|\.vcs\b|/ics\b|QkVHSU46VkNB", re.IGNORECASE)

MOST_HOPS = 100
"""Received fields above which a message goes round in circles (RFC 5321 section 6.3: at least 100)."""

REFERENCE_TRIES = 5
"""Short references have 30 bits; with a million kept, five tries fail once in 10^15."""

HASHED_COPIES_BYTES = 268_435_456
"""The copies' hashes are in the decision up to this much work (half a second); above it only in their outcomes."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SubmissionLimits:
    """How long a step may take before the message is deferred. In seconds."""

    port_seconds: float = 30.0
    inspection_seconds: float = 60.0
    transmission_seconds: float = 900.0


class Submission:
    """Takes a message from a client and answers for it. One object serves all sessions.

    hand_over, remainder: where this process keeps nothing (elsewhere.py), who takes what does not pass at once, and
    what the smarthost did not take.
    """

    def __init__(
        self,
        *,
        organisation: Organisation,
        policy: Callable[[], Policy],
        ledger: Ledger,
        quarantine: Quarantine,
        outbox: Outbox,
        inspector: Inspector,
        memory: InvitationMemory,
        sent_before: SentBefore,
        smarthost: Smarthost,
        notices: Notices,
        clock: Clock,
        randomness: Randomness,
        watch: Watch,
        rewriting: Rewriting,
        deadline: timedelta,
        give_up_after: timedelta,
        wake: Callable[[], None],
        limits: SubmissionLimits | None = None,
        hand_over: Submit | None = None,
        remainder: TakesOver | None = None,
    ) -> None:
        self._organisation = organisation
        self._policy = policy
        self._inspector = inspector
        self._memory = memory
        self._sent_before = sent_before
        self._smarthost = smarthost
        self._notices = notices
        self._clock = clock
        self._randomness = randomness
        self._watch = watch
        self._rewriting = rewriting
        self._deadline = deadline
        self._give_up_after = give_up_after
        self._limits = limits or SubmissionLimits()
        self._heavy = HeavyWork()
        self._keeper = Keeper(
            ledger=ledger,
            quarantine=quarantine,
            outbox=outbox,
            clock=clock,
            watch=watch,
            wake=wake,
            seconds=self._limits.port_seconds,
        )
        self._hand_over = hand_over
        self.remainder: TakesOver = remainder or Remainder(self._keeper, notices, give_up_after)
        self._answers = SmarthostAnswers(self._keeper, watch, self.remainder)

    async def submit(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        """Judge the message and do what the verdict says. Never raises but for its own cancellation."""
        with self._watch.stage("submission"):
            try:
                for _ in range(REFERENCE_TRIES):
                    # Taken means that nothing was kept and nothing sent: the decision is the first thing that is kept.
                    with suppress(ReferenceTaken):
                        return await self._take(session, envelope, raw)
                return await self._defer(session, "reference_taken")
            except HandOver:
                return await self._handed_over(session, envelope, raw)
            except Exception as cause:
                return await self._defer(session, cause)

    async def _handed_over(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        try:
            if self._hand_over is None:
                raise MailguardError("nobody is there to take what does not pass at once")
            limits = self._limits
            seconds = limits.inspection_seconds + limits.transmission_seconds + limits.port_seconds
            return await self._within(self._hand_over(session, envelope, raw), seconds)
        except Exception as cause:
            return await self._defer(session, cause)

    def _keeps_it(self) -> None:
        """Raises HandOver where this process keeps nothing."""
        if self._hand_over is not None:
            raise HandOver

    async def _take(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        at = self._clock.now()
        with self._watch.stage("parse"):
            message, content_sha256 = await self._read(raw)
        if len(message.named("received")) > MOST_HOPS or self._rewriting.examine(message).came_back:
            return await self._refuse_loop(session, at)
        with self._watch.stage("judge"):
            verdict, announced = await self._judge(session, envelope, message)
        identifier = self._randomness.octets(IDENTIFIER_OCTETS) if session.account is not None else b""
        judged = Judged(session, envelope, message, verdict, content_sha256, at, identifier, announced)
        if verdict.disposition is Disposition.REJECT:
            return await self._reject(judged)
        if verdict.disposition is Disposition.DEFER:
            await self._sent_before.stays(announced)
            return await self._defer(session, "verdict")
        if verdict.disposition is Disposition.HOLD:
            return await self._hold(judged, verdict.reason)
        if verdict.disposition is Disposition.RELAY:
            return await (self._rewrite(judged) if verdict.rewrite else self._relay(judged))
        raise MailguardError(f'no way for the disposition "{verdict.disposition}"')

    async def _judge(
        self, session: Session, envelope: Envelope, message: Message
    ) -> tuple[Verdict, WrittenDown | None]:
        policy = self._policy()
        seen = await self._observe(
            len(message.raw), lambda: observe(message, envelope, self._organisation, None, session.may_send_as, None)
        )
        announced = await self._sent_before.announce(envelope, seen, policy.looks_back, policy.files_look_back)
        seen = _with_past(seen, announced)
        try:
            return await self._verdict(message, seen, policy, announced)
        except Exception:
            await self._sent_before.stays(announced)
            raise

    async def _verdict(
        self, message: Message, seen: Observation, policy: Policy, announced: WrittenDown | None
    ) -> tuple[Verdict, WrittenDown | None]:
        inspections: dict[str, Inspection] = {}
        history: Mapping[str, str] | None = None
        while True:
            known = inspected(seen, inspections)
            if history is not None:
                known = changed(known, history=history)
            found = judge(known, policy, self._clock.now())
            if isinstance(found, Verdict):
                return found, announced
            if found.history:
                history = await self._recall(found, history)
            if found.inspections or not found.history:
                answers = await self._inspect(message, found, inspections)
                inspections |= answers
                files = [each for path, each in answers.items() if path in seen.inspectable]
                announced = await self._sent_before.inspected(announced, files, policy.files_look_back)
                seen = _with_past(seen, announced)

    async def _recall(self, needs: Needs, known: Mapping[str, str] | None) -> Mapping[str, str]:
        if known is not None:
            raise MailguardError("the judgement asks again for what it was told")
        return await self._memory.recall(needs.history)

    async def _inspect(self, message: Message, needs: Needs, known: Mapping[str, Inspection]) -> dict[str, Inspection]:
        parts = [path for path in needs.inspections if path not in known]
        if not parts:
            raise MailguardError("the judgement asks for something that nobody can tell")
        with self._watch.stage("inspect"):
            answers = await self._within(self._inspector.inspect(message, parts), self._limits.inspection_seconds)
        if [answer.part for answer in answers] != parts:
            raise MailguardError("the inspector did not answer for every part")
        return {answer.part: answer for answer in answers}

    async def _refuse_loop(self, session: Session, at: datetime) -> Reply:
        ref = self._reference(short=True)
        with self._watch.stage("record"):
            await self._keeper.append([replace(entries.plain("message_looped", ref, at), claims_ref=True)])
        log.warning("submission_looped", ref=ref, session=session.identifier)
        return reply.looped(ref)

    # What a verdict may lead to, from the strictest.

    async def _reject(self, judged: Judged) -> Reply:
        ref = self._reference(short=True)
        with self._watch.stage("record"):
            await self._keeper.append([decision(judged, ref), entries.plain("message_rejected", ref, judged.at)])
        await self._sent_before.stays(judged.announced)
        self._watch.decided(judged.verdict)
        log.info("submission_rejected", ref=ref, rule=judged.verdict.deciding, session=judged.session.identifier)
        return reply.rejected(judged.verdict.reason, ref)

    async def _hold(self, judged: Judged, reason: str, *, firm: bool = False) -> Reply:
        """Keep it for a decision. firm: a person has to decide, whatever `delay` the rule has."""
        self._keeps_it()
        ref = self._reference(short=True)
        top = self._top(judged, ref)
        left = await forms_left(self._rewriting, judged.verdict, judged.message, judged.envelope, top)
        reason = with_what_is_left(reason, left)
        delay = None if firm or not await self._may_leave(judged, ref, left) else judged.verdict.delay
        due_at = judged.at + (delay or judged.verdict.deadline or self._deadline)
        try:
            await self._keep_held(judged, ref, due_at, reason, left, delay)
        except BaseException:
            self._notices.withdraw(judged.envelope, ref)
            raise
        await self._sent_before.stays(judged.announced)
        self._watch.decided(judged.verdict)
        log.info("submission_held", ref=ref, rule=judged.verdict.deciding, session=judged.session.identifier)
        return reply.held(ref) if delay is None else reply.waiting(delay, ref)

    async def _may_leave(self, judged: Judged, ref: str, left: Left) -> bool:
        """Whether a delayed message can and may leave by itself in the form that its rule names."""
        form = judged.verdict.rewrite
        if judged.verdict.delay is None or not allows(left.release_as, form.value if form else ORIGINAL):
            return False
        try:
            await self._rewritten(judged, ref)
        except CannotRewrite:
            return False
        return True

    async def _keep_held(
        self, judged: Judged, ref: str, due_at: datetime, reason: str, left: Left, delay: timedelta | None
    ) -> None:
        """With its notices, in one durable step. delay: after which it leaves by itself, None where it does not."""
        top = self._top(judged, ref)
        if delay is not None:
            answer: Answer = self._notices.waiting(
                judged.session, judged.envelope, judged.message, judged.verdict, ref, due_at, reason
            )
        else:
            answer = self._notices.held(
                judged.session, judged.envelope, judged.message, judged.verdict, ref, due_at, reason, left.release_as
            )
        told, told_entries = entries.told(ref, judged.at, answer)
        if delay is None:
            asked = self._notices.needs_decision(judged.envelope, judged.verdict, ref, due_at, answer)
            told += asked
            told_entries += entries.queued(ref, judged.at, asked, "reviewers")
        notify_sender = not isinstance(answer, NotTold) or answer.later
        state = State.HELD if delay is None else State.WAITING
        held = held_message(
            judged,
            ref,
            due_at,
            reason,
            top,
            state=state,
            notify_sender=notify_sender,
            release_as=left.release_as,
            team=team_of(judged, self._organisation),
        )
        records = [
            decision(judged, ref, changes=self._rewriting.in_any_form(judged.message, top)),
            entries.plain("message_held", ref, judged.at, due_at=due_at.isoformat(), state=held.state.value),
            *told_entries,
        ]
        with self._watch.stage("record"):
            await self._keeper.hold(held, judged.message.raw, records, told)

    async def _rewrite(self, judged: Judged) -> Reply:
        """Rewrite, or hold what a rewrite would break (DESIGN.md "Rewriting")."""
        self._keeps_it()
        ref = self._reference(short=judged.verdict.rewrite is Rewrite.SEPARATE)
        try:
            rewritten = await self._rewritten(judged, ref)
        except CannotRewrite as cause:
            return await self._hold(judged, f"{judged.verdict.reason} {cause}".strip(), firm=True)
        if judged.verdict.rewrite is Rewrite.BCC:
            return await self._transmit(judged, ref, rewritten)
        return await self._queue_copies(judged, ref, rewritten)

    async def _rewritten(self, judged: Judged, ref: str) -> Rewritten:
        """As the verdict says: in the form that it names, else as written."""
        top = self._top(judged, ref)
        form = judged.verdict.rewrite
        with self._watch.stage("rewrite"):
            if form is None:
                return self._rewriting.as_written(judged.message, judged.envelope, top)
            return await self._rewriting.rewritten(
                form, judged.message, judged.envelope, top, judged.verdict.hide_inside_above
            )

    async def _queue_copies(self, judged: Judged, ref: str, rewritten: Rewritten) -> Reply:
        copies, changes = rewritten.copies, rewritten.changes
        contents = [Content(judged.message.raw, copy.edits) for copy in copies]
        hashes: tuple[str, ...] = ()
        if len(judged.message.raw) * len(copies) <= HASHED_COPIES_BYTES:
            hashes = await self._heavy.run(lambda: tuple(content.sha256() for content in contents))
        rows = [
            delivery(judged, ref, f"copy.{index}", copy.recipients, content, self._give_up_after)
            for index, (copy, content) in enumerate(zip(copies, contents, strict=True))
        ]
        records = [
            decision(judged, ref, hashes, changes),
            entries.plain("copies_queued", ref, judged.at, copies=len(copies), changes=list(changes)),
        ]
        await self._memory.remember(judged.message, judged.verdict.deciding)
        await self._sent_before.leaves(judged.announced, judged.verdict, hidden=True)
        with self._watch.stage("record"):
            await self._keeper.add(rows, judged.message.raw, records)
        self._watch.decided(judged.verdict)
        log.info("submission_separated", ref=ref, copies=len(copies), session=judged.session.identifier)
        return reply.sending_copies(len(copies), ref)

    async def _relay(self, judged: Judged) -> Reply:
        ref = self._reference(short=False)
        try:
            rewritten = await self._rewritten(judged, ref)
        except CannotRewrite as cause:
            return await self._hold(judged, str(cause), firm=True)
        return await self._transmit(judged, ref, rewritten)

    async def _transmit(self, judged: Judged, ref: str, rewritten: Rewritten) -> Reply:
        (copy,) = rewritten.copies
        content = Content(judged.message.raw, copy.edits)
        sent_sha256 = await self._hash(content)
        hidden = judged.verdict.rewrite is Rewrite.BCC
        await self._sent_before.leaves(judged.announced, judged.verdict, hidden=hidden)
        with self._watch.stage("record"):
            await self._keeper.append([decision(judged, ref, (sent_sha256,), rewritten.changes)])
        self._watch.decided(judged.verdict)
        with self._watch.stage("transmit"):
            transmission = await self._sent(judged, content)
        if not transmission.may_have_left:
            await self._sent_before.stays(judged.announced)
        with self._watch.stage("settle"):
            return await self._answers.settle(judged, ref, content, transmission)

    async def _sent(self, judged: Judged, content: Content) -> Transmission:
        """What came of it. After a decision also a port that fails has an outcome: what it did not say is uncertain."""
        people = judged.envelope.recipients
        outcome, stage = Outcome.DEFERRED, Stage.CONNECT
        try:
            connection = await self._within(self._smarthost.connect(judged.session))
            outcome, stage = Outcome.UNCERTAIN, Stage.FINAL
            try:
                found = await self._within(
                    connection.transmit(judged.envelope, content), self._limits.transmission_seconds
                )
            finally:
                self._keeper.later(connection.release())
            if len(found.recipients) != len(people):
                raise MailguardError("the smarthost port did not answer for every recipient")
        except Exception as cause:
            unsaid = tuple(RecipientOutcome(each, outcome, None) for each in people)
            return Transmission(unsaid, stage, None, trouble=f"the sending failed ({type(cause).__name__})")
        return found

    # Small steps that several ways share.

    async def _defer(self, session: Session, cause: BaseException | str) -> Reply:
        ref = self._reference(short=True)
        self._watch.deferred()
        log.error("submission_deferred", ref=ref, session=session.identifier, cause=cause)
        return reply.cannot_check(ref)

    def _reference(self, *, short: bool) -> str:
        octets = self._randomness.octets(RANDOM_OCTETS)
        return short_reference(octets) if short else long_reference(octets)

    def _top(self, judged: Judged, ref: str) -> Top:
        return self._rewriting.top(judged.message, judged.session, judged.envelope, ref, judged.at, judged.identifier)

    async def _within(self, step: Awaitable[Value], seconds: float | None = None) -> Value:
        return await bounded(step, seconds or self._limits.port_seconds)

    async def settle(self) -> None:
        """Wait until every outcome that is on its way is recorded."""
        await self._keeper.settle()

    # What takes the processor for long is done in a thread.

    async def _observe(self, size: int, look: Callable[[], Observation]) -> Observation:
        """Once a message: what inspections add later is put into it."""
        return look() if size <= BIG_TEXT_BYTES else await self._heavy.run(look)

    async def _read(self, raw: Buffer) -> tuple[Message, str]:
        calendar = BIG_CALENDAR_BYTES < len(raw) <= BIG_MESSAGE_BYTES and _CALENDAR.search(raw)
        if len(raw) <= BIG_MESSAGE_BYTES and not calendar and _has_small_header(raw):
            return parse(raw), hashlib.sha256(raw).hexdigest()
        return await self._heavy.run(lambda: (parse(raw), hashlib.sha256(raw).hexdigest()))

    async def _hash(self, content: Content) -> str:
        if len(content.raw) <= BIG_MESSAGE_BYTES:
            return content.sha256()
        return await self._heavy.run(content.sha256)


def _with_past(seen: Observation, announced: WrittenDown | None) -> Observation:
    """Of most messages earlier ones say nothing: an observation has two dozen fields to copy."""
    return seen if announced is None or announced.past is seen.past else changed(seen, past=announced.past)


def _has_small_header(raw: Buffer) -> bool:
    return len(raw) <= BIG_HEADER_BYTES or b"\r\n\r\n" in bytes(raw[:BIG_HEADER_BYTES])
