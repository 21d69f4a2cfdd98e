"""The way of one message, from the client's final dot to the reply.

INVARIANT: nothing reaches the smarthost before the decision about it is durable in the ledger (DESIGN.md promise 4).
INVARIANT: 2yz means that the smarthost said so, or that the message is on durable storage with an owner (promise 2).
INVARIANT: whatever goes wrong here ends in 451 and a reference, never in a relay (promise 1).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from .. import __version__
from ..core import reply
from ..core.envelope import Envelope, Recipient
from ..core.errors import CannotRewrite, MailguardError, ReferenceTaken
from ..core.lifecycle import State
from ..core.mail.message import Buffer, Message
from ..core.mail.parse import parse
from ..core.observation import Observation, observe
from ..core.organisation import Organisation
from ..core.outcome import Outcome, RecipientOutcome, SmarthostReply, Transmission
from ..core.policy.judge import judge
from ..core.policy.load import Policy
from ..core.reference import RANDOM_OCTETS, long_reference, short_reference
from ..core.reply import Reply
from ..core.rewrite.content import Content
from ..core.rewrite.copies import Rewritten
from ..core.rewrite.hide import bcc, separate
from ..core.rewrite.received import received_field
from ..core.rewrite.relay import relay
from ..core.session import Session
from ..core.subject import subject_of
from ..core.verdict import Disposition, Inspection, Needs, Rewrite, Verdict
from ..logs import logger
from . import entries
from .notices import Notices
from .ports import Clock, Inspector, Ledger, Outbox, Quarantine, Randomness, Smarthost
from .records import NewDelivery, NewEntry, NewHeld, result_of
from .steps import bounded
from .told import Answer, NotTold, Reason
from .watch import Watch

log = logger("submission")

BIG_MESSAGE_BYTES = 262_144
BIG_HEADER_BYTES = 16_384
"""Above these, parsing, hashing and rewriting run in a thread, so that one message does not delay the others."""
BIG_TEXT_BYTES = 65_536
"""Reading the texts of a message takes up to a tenth of a second a megabyte (docs/decisions/bodies.md)."""

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


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with all that was decided about it. `rewritten` is None where nothing but the trace field changes."""

    session: Session
    envelope: Envelope
    message: Message
    verdict: Verdict
    content_sha256: str
    at: datetime
    rewritten: Rewritten | None = None


class Submission:
    """Takes a message from a client and answers for it. One object serves all sessions."""

    def __init__(
        self,
        *,
        organisation: Organisation,
        policy: Callable[[], Policy],
        ledger: Ledger,
        quarantine: Quarantine,
        outbox: Outbox,
        inspector: Inspector,
        smarthost: Smarthost,
        notices: Notices,
        clock: Clock,
        randomness: Randomness,
        watch: Watch,
        hostname: str,
        deadline: timedelta,
        give_up_after: timedelta,
        wake: Callable[[], None],
        limits: SubmissionLimits | None = None,
    ) -> None:
        self._organisation = organisation
        self._policy = policy
        self._ledger = ledger
        self._quarantine = quarantine
        self._outbox = outbox
        self._inspector = inspector
        self._smarthost = smarthost
        self._notices = notices
        self._clock = clock
        self._randomness = randomness
        self._watch = watch
        self._hostname = hostname
        self._deadline = deadline
        self._give_up_after = give_up_after
        self._wake = wake
        self._limits = limits or SubmissionLimits()
        self._background: set[asyncio.Task[None]] = set()

    async def submit(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        """Judge the message and do what the verdict says. Never raises but for its own cancellation."""
        try:
            for _ in range(REFERENCE_TRIES):
                # Taken means that nothing was kept and nothing was sent: the decision is the first thing that is kept.
                with suppress(ReferenceTaken):
                    return await self._take(session, envelope, raw)
            return await self._defer(session, "reference_taken")
        except Exception as cause:
            return await self._defer(session, cause)

    async def _take(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        at = self._clock.now()
        with self._watch.stage("judge"):
            message, content_sha256 = await _read(raw)
            if len(message.named("received")) > MOST_HOPS:
                return await self._refuse_loop(session, at)
            verdict = await self._judge(message, envelope)
        judged = Judged(session, envelope, message, verdict, content_sha256, at)
        if verdict.disposition is Disposition.REJECT:
            return await self._reject(judged)
        if verdict.disposition is Disposition.DEFER:
            return await self._defer(session, "verdict")
        if verdict.disposition is Disposition.HOLD:
            return await self._hold(judged, verdict.reason)
        if verdict.disposition is Disposition.RELAY:
            return await (self._rewrite(judged) if verdict.rewrite else self._relay(judged))
        raise MailguardError(f'no way for the disposition "{verdict.disposition}"')

    async def _judge(self, message: Message, envelope: Envelope) -> Verdict:
        policy = self._policy()
        inspections: dict[str, Inspection] = {}
        seen = await _observe(len(message.raw), lambda: observe(message, envelope, self._organisation))
        while True:
            found = judge(replace(seen, inspections=dict(inspections)), policy, self._clock.now())
            if isinstance(found, Verdict):
                return found
            inspections |= await self._inspect(message, found, inspections)

    async def _inspect(self, message: Message, needs: Needs, known: Mapping[str, Inspection]) -> dict[str, Inspection]:
        parts = [path for path in needs.inspections if path not in known]
        if needs.history or not parts:
            raise MailguardError("the judgement asks for something that nobody can tell")
        answers = await self._within(self._inspector.inspect(message, parts), self._limits.inspection_seconds)
        if [answer.part for answer in answers] != parts:
            raise MailguardError("the inspector did not answer for every part")
        return {answer.part: answer for answer in answers}

    async def _refuse_loop(self, session: Session, at: datetime) -> Reply:
        ref = self._reference(short=True)
        await self._append([replace(entries.plain("message_looped", ref, at), claims_ref=True)])
        log.warning("submission_looped", ref=ref, session=session.identifier)
        return reply.looped(ref)

    # What a verdict may lead to, from the strictest.

    async def _reject(self, judged: Judged) -> Reply:
        ref = self._reference(short=True)
        await self._append([self._decision(judged, ref), entries.plain("message_rejected", ref, judged.at)])
        self._watch.decided(judged.verdict)
        log.info("submission_rejected", ref=ref, rule=judged.verdict.deciding, session=judged.session.identifier)
        return reply.rejected(judged.verdict.reason, ref)

    async def _hold(self, judged: Judged, reason: str, *, firm: bool = False) -> Reply:
        """Keep it for a decision. firm: a person has to decide, whatever `delay` the rule has."""
        ref = self._reference(short=True)
        delay = None if firm or not await self._may_leave(judged, ref) else judged.verdict.delay
        due_at = judged.at + (delay or judged.verdict.deadline or self._deadline)
        if delay is not None:
            answer: Answer = NotTold(Reason.LEAVES, later=True)
        else:
            answer = self._notices.held(
                judged.session, judged.envelope, judged.message, judged.verdict, ref, due_at, reason
            )
        told, told_entries = entries.told(ref, judged.at, answer)
        if delay is None:
            asked = self._notices.needs_decision(judged.envelope, judged.verdict, ref, due_at, answer)
            told += asked
            told_entries += entries.queued(ref, judged.at, asked, "reviewers")
        notify_sender = not isinstance(answer, NotTold) or answer.later
        held = self._held(judged, ref, due_at, reason, notify_sender=notify_sender)
        held = replace(held, state=State.HELD if delay is None else State.WAITING)
        records = [
            self._decision(judged, ref),
            entries.plain("message_held", ref, judged.at, due_at=due_at.isoformat(), state=held.state.value),
            *told_entries,
        ]
        await self._keep_held(judged, held, records, told)
        self._watch.decided(judged.verdict)
        log.info("submission_held", ref=ref, rule=judged.verdict.deciding, session=judged.session.identifier)
        return reply.held(ref)

    async def _may_leave(self, judged: Judged, ref: str) -> bool:
        """Whether a delayed message can leave by itself in the form that its rule names."""
        if judged.verdict.delay is None:
            return False
        try:
            if judged.verdict.rewrite is None:
                relay(judged.message, self._received(judged, ref))
            else:
                await self._rewritten(judged, ref)
        except CannotRewrite:
            return False
        return True

    async def _keep_held(
        self, judged: Judged, held: NewHeld, records: list[NewEntry], told: tuple[NewDelivery, ...]
    ) -> None:
        try:
            kept = await self._within(self._quarantine.hold(held, judged.message.raw, records, told))
            if kept is None or kept.ref != held.ref:
                raise MailguardError("the quarantine did not say that it kept the message")
        except BaseException:
            self._notices.withdraw(judged.envelope, held.ref)
            raise
        self._wake()

    async def _rewrite(self, judged: Judged) -> Reply:
        """Rewrite, or hold what a rewrite would break (DESIGN.md "Rewriting")."""
        ref = self._reference(short=judged.verdict.rewrite is Rewrite.SEPARATE)
        try:
            rewritten = await self._rewritten(judged, ref)
        except CannotRewrite as cause:
            return await self._hold(judged, f"{judged.verdict.reason} {cause}".strip(), firm=True)
        changed = replace(judged, rewritten=rewritten)
        if judged.verdict.rewrite is Rewrite.BCC:
            return await self._transmit(changed, ref, Content(judged.message.raw, rewritten.copies[0].edits))
        return await self._queue_copies(changed, ref)

    async def _rewritten(self, judged: Judged, ref: str) -> Rewritten:
        form = bcc if judged.verdict.rewrite is Rewrite.BCC else separate
        received = self._received(judged, ref)
        return await _apart(
            max(judged.message.body_start, len(judged.message.raw) // 4) + len(judged.envelope.recipients) * 64,
            lambda: form(
                judged.message,
                judged.envelope,
                self._organisation,
                hide_inside_above=judged.verdict.hide_inside_above,
                received=received,
            ),
        )

    async def _queue_copies(self, judged: Judged, ref: str) -> Reply:
        if judged.rewritten is None:
            raise MailguardError("there are no copies to queue")
        copies = judged.rewritten.copies
        contents = [Content(judged.message.raw, copy.edits) for copy in copies]
        hashes: tuple[str, ...] = ()
        if len(judged.message.raw) * len(copies) <= HASHED_COPIES_BYTES:
            hashes = await asyncio.to_thread(lambda: tuple(content.sha256() for content in contents))
        rows = [
            self._delivery(judged, ref, "copy", copy.recipients, content, index)
            for index, (copy, content) in enumerate(zip(copies, contents, strict=True))
        ]
        records = [
            self._decision(judged, ref, hashes),
            entries.plain("copies_queued", ref, judged.at, copies=len(copies), changes=list(judged.rewritten.changes)),
        ]
        await self._add(rows, judged.message.raw, records)
        self._watch.decided(judged.verdict)
        log.info("submission_separated", ref=ref, copies=len(copies), session=judged.session.identifier)
        return reply.sending_copies(len(copies), ref)

    async def _relay(self, judged: Judged) -> Reply:
        ref = self._reference(short=False)
        try:
            edits = relay(judged.message, self._received(judged, ref))
        except CannotRewrite as cause:
            return await self._hold(judged, str(cause), firm=True)
        return await self._transmit(judged, ref, Content(judged.message.raw, edits))

    async def _transmit(self, judged: Judged, ref: str, content: Content) -> Reply:
        sent_sha256 = await _hash(content)
        with self._watch.stage("record"):
            await self._append([self._decision(judged, ref, (sent_sha256,))])
        self._watch.decided(judged.verdict)
        with self._watch.stage("transmit"):
            connection = await self._within(self._smarthost.connect(judged.session))
            try:
                transmission = await self._within(
                    connection.transmit(judged.envelope, content), self._limits.transmission_seconds
                )
            finally:
                self._later(connection.release())
        return await self._answer(judged, ref, content, transmission)

    # What the smarthost's answer means for the client.

    async def _answer(self, judged: Judged, ref: str, content: Content, transmission: Transmission) -> Reply:
        if len(transmission.recipients) != len(judged.envelope.recipients):
            raise MailguardError("the smarthost port did not answer for every recipient")
        if transmission.trouble:
            self._watch.trouble(transmission.trouble)
            log.error("smarthost_failed", ref=ref, stage=transmission.stage.value, trouble=transmission.trouble)
        if transmission.with_outcome(Outcome.ACCEPTED):
            return await self._taken(judged, ref, content, transmission)
        if transmission.with_outcome(Outcome.UNCERTAIN):
            self._record("message_uncertain", judged, ref, transmission)
            return reply.uncertain(ref)
        if transmission.trouble:
            self._record("message_deferred", judged, ref, transmission)
            return reply.smarthost_unavailable(ref)
        return self._turned_down(judged, ref, transmission)

    def _turned_down(self, judged: Judged, ref: str, transmission: Transmission) -> Reply:
        """Nobody was accepted: one deferred recipient makes it temporary, so that the client's retry reaches them."""
        deferred = transmission.with_outcome(Outcome.DEFERRED)
        self._record("message_deferred" if deferred else "message_refused", judged, ref, transmission)
        said = next((each.reply for each in (deferred or transmission.recipients) if each.reply), transmission.reply)
        if said is None or said.code < 400 or (deferred and said.code >= 500):
            return reply.smarthost_unavailable(ref)
        return reply.relayed(said.code, said.status, said.text)

    async def _taken(self, judged: Judged, ref: str, content: Content, transmission: Transmission) -> Reply:
        """The smarthost took it for some: the rest is the guard's to finish, durably, before the client hears 250."""
        entry = entries.outcome("message_relayed", ref, judged.at, transmission)
        waiting = tuple(
            each.recipient for each in transmission.recipients if each.outcome in (Outcome.DEFERRED, Outcome.UNCERTAIN)
        )
        refused = transmission.with_outcome(Outcome.REFUSED)
        if waiting or refused:
            await self._take_over(judged, ref, content, waiting, refused, entry)
        else:
            self._later(self._append([entry]))
        log.info(
            "submission_relayed",
            ref=ref,
            session=judged.session.identifier,
            accepted=len(transmission.with_outcome(Outcome.ACCEPTED)),
            queued=len(waiting),
            refused=len(refused),
        )
        said = transmission.reply
        if said is None or not 200 <= said.code < 300:
            said = SmarthostReply(250, "2.0.0", "OK")
        return reply.relayed(said.code, said.status, said.text)

    async def _take_over(
        self,
        judged: Judged,
        ref: str,
        content: Content,
        waiting: tuple[Recipient, ...],
        refused: tuple[RecipientOutcome, ...],
        entry: NewEntry,
    ) -> None:
        rows: list[NewDelivery] = []
        records = [entry]
        raw = None
        if waiting:
            raw = judged.message.raw
            rows.append(self._delivery(judged, ref, "deferred", waiting, content, 0))
            records.append(entries.plain("recipients_queued", ref, judged.at, count=len(waiting)))
        if refused:
            results = tuple(map(result_of, refused))
            told, told_entries = entries.told(
                ref,
                judged.at,
                self._notices.refused(judged.session, judged.envelope, judged.message, results, ref, judged.at),
            )
            rows.extend(told)
            records.extend(told_entries)
        if rows:
            await self._add(rows, raw, records)
        else:
            await self._append(records)

    # Small steps that several ways share.

    async def _defer(self, session: Session, cause: BaseException | str) -> Reply:
        ref = self._reference(short=True)
        self._watch.deferred()
        log.error("submission_deferred", ref=ref, session=session.identifier, cause=cause)
        return reply.cannot_check(ref)

    def _reference(self, *, short: bool) -> str:
        octets = self._randomness.octets(RANDOM_OCTETS)
        return short_reference(octets) if short else long_reference(octets)

    def _received(self, judged: Judged, ref: str) -> bytes:
        trace = received_field(judged.session, self._hostname, ref, judged.at, judged.envelope)
        if not trace:
            raise MailguardError("a message without its trace field could go round in circles unseen")
        return trace

    def _decision(self, judged: Judged, ref: str, sent_sha256: tuple[str, ...] = ()) -> NewEntry:
        decision: dict[str, Any] = judged.verdict.to_json(
            content_sha256=judged.content_sha256, sent_sha256=sent_sha256, with_visible=False
        )
        decision["changes"] = list(judged.rewritten.changes) if judged.rewritten else []
        return entries.decided(
            ref,
            judged.at,
            judged.verdict,
            judged.envelope,
            judged.message,
            decision,
            judged.session.identifier,
            __version__,
        )

    def _held(self, judged: Judged, ref: str, due_at: datetime, reason: str, *, notify_sender: bool) -> NewHeld:
        verdict = judged.verdict
        reverse_path = judged.envelope.reverse_path
        return NewHeld(
            ref=ref,
            received_at=judged.at,
            due_at=due_at,
            envelope=judged.envelope,
            sender=reverse_path.address if reverse_path else "",
            subject=subject_of(judged.message),
            reason=reason,
            rules=tuple(rule.id for rule in verdict.rules if rule.matched and rule.mode == "enforce"),
            offers=verdict.rewrite.value if verdict.rewrite else None,
            decision=verdict.to_json(content_sha256=judged.content_sha256, with_visible=True),
            policy_revision=verdict.policy_revision,
            content_sha256=judged.content_sha256,
            recipients_sha256=entries.recipients_sha256(judged.envelope),
            approvals_needed=verdict.approvals,
            sender_may=verdict.sender_may,
            notify_sender=notify_sender,
            hide_inside_above=verdict.hide_inside_above,
            received=self._received(judged, ref),
        )

    def _delivery(
        self, judged: Judged, ref: str, kind: str, recipients: tuple[Recipient, ...], content: Content, index: int
    ) -> NewDelivery:
        return NewDelivery(
            identifier=f"{ref}.{kind}.{index}",
            ref=ref,
            kind=kind,
            envelope=judged.envelope.to(recipients),
            created_at=judged.at,
            not_before=judged.at,
            give_up_at=judged.at + self._give_up_after,
            blob=ref,
            edits=content.edits,
            sender_told=judged.session.trusted,
        )

    async def _append(self, records: list[NewEntry]) -> None:
        kept = await self._within(self._ledger.append(records))
        if kept is None or len(kept) != len(records):
            raise MailguardError("the ledger did not say that it kept the entries")

    async def _add(self, rows: list[NewDelivery], raw: Buffer | None, records: list[NewEntry]) -> None:
        if await self._within(self._outbox.add(rows, raw, records)) != len(rows):
            raise MailguardError("the outbox did not say that it kept the rows")
        self._wake()

    def _record(self, kind: str, judged: Judged, ref: str, transmission: Transmission) -> None:
        log.info("submission_not_taken", ref=ref, kind=kind, session=judged.session.identifier)
        self._later(self._append([entries.outcome(kind, ref, judged.at, transmission)]))

    async def _within(self, step: Awaitable[Value], seconds: float | None = None) -> Value:
        return await bounded(step, seconds or self._limits.port_seconds)

    def _later(self, step: Awaitable[Any]) -> None:
        """Outcomes follow the reply: a fault in them is told to the log, it no longer changes what happened."""
        task = asyncio.get_running_loop().create_task(self._finish(step))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _finish(self, step: Awaitable[Any]) -> None:
        try:
            await self._within(step)
        except Exception as cause:
            self._watch.unrecorded()
            log.error("outcome_not_recorded", cause=cause)

    async def settle(self) -> None:
        """Wait until every outcome that is on its way is recorded."""
        while self._background:
            await asyncio.wait(self._background)


async def _apart(size: int, work: Callable[[], Value]) -> Value:
    """Do the work, in a thread where a header of so many octets makes it long."""
    return work() if size <= BIG_HEADER_BYTES else await asyncio.to_thread(work)


async def _observe(size: int, look: Callable[[], Observation]) -> Observation:
    """Once a message: what inspections add later is put into it."""
    return look() if size <= BIG_TEXT_BYTES else await asyncio.to_thread(look)


async def _read(raw: Buffer) -> tuple[Message, str]:
    if len(raw) <= BIG_MESSAGE_BYTES:
        return parse(raw), hashlib.sha256(raw).hexdigest()
    return await asyncio.to_thread(lambda: (parse(raw), hashlib.sha256(raw).hexdigest()))


async def _hash(content: Content) -> str:
    if len(content.raw) <= BIG_MESSAGE_BYTES:
        return content.sha256()
    return await asyncio.to_thread(content.sha256)
