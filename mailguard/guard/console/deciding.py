"""Decisions at the console: what can be chosen, what would happen, and that it happens.

INVARIANT: who may not read a message does not decide about it; what is outside somebody's scope is not there for them.
INVARIANT: everything that changes a message goes through guard.review or guard.escalation, with the version that the
form was shown with (CONSOLE.md, decision 8).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...core.errors import CannotRewrite, FormForbidden, MailguardError, NotAllowed, UnknownReference
from ...core.lifecycle import OPEN
from ...core.mail.message import Message
from ...core.mail.parse import parse
from ...core.organisation import Organisation
from ...core.policy.leaving import FORMS, Form
from ...core.rewrite.copies import Rewritten
from ...core.rewrite.top import Top
from ...core.safe_text import safe_text
from ...core.verdict import Rewrite
from ...logs import logger
from .. import entries
from ..actor import Actor
from ..escalation import Escalations
from ..forms import refuse_forbidden
from ..notices import Notices
from ..ports import Blobs, Clock, Evidence, Ledger, Quarantine
from ..records import Held
from ..review import Review
from ..rewriting import Rewriting
from ..told import EXPLAINED, Answer, NotTold
from .choices import SENDING, Choice, Missing, Options, options_of
from .sessions import Visitor

log = logger("console")


@dataclass(frozen=True, slots=True)
class Told:
    """What the sender will be told. text: of the notice, None where there is none. why_not: then a sentence, or None
    where nobody is told anything yet.
    """

    subject: str = ""
    text: str | None = None
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """How many people a field of the header lists, outside and inside. name: "To" or "Cc"."""

    name: str
    outside: int
    inside: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What will happen. form: in which it leaves, None where it does not. outside, inside: recipients. copies: how many
    transactions outside. fields: what To and Cc list now. signature: whether one that the rewrite breaks is taken out.
    attachments: that go along. first: it is the first of two approvals, so nothing is sent yet.
    """

    form: str | None
    outside: int
    inside: int
    copies: int
    fields: tuple[Listed, ...]
    signature: bool
    attachments: int
    first: bool
    told: Told


@dataclass(frozen=True, slots=True)
class Note:
    by: str
    text: str
    at: datetime


MOST_TRIED = 2_000
MANY = 500
"""Recipients from which on trying the forms takes longer than a page may."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a message would leave in a form. copies: transactions, in all and to somebody outside. signature: whether one
    that the rewrite breaks is taken out.
    """

    copies: int
    outside: int
    signature: bool


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a message is like in each form. ways: of the forms in which it can leave. obstacles: why not, of the rest.
    originators: whom its From and Sender fields name. fields: whom To and Cc list. attachments: that go along.
    """

    ways: dict[Choice, _Way]
    obstacles: dict[Choice, str]
    originators: tuple[str, ...] = ()
    fields: tuple[Listed, ...] = ()
    attachments: int = 0


class Deciding:
    """stop_for: how long a decision to send can be stopped."""

    def __init__(
        self,
        *,
        review: Review,
        escalations: Escalations,
        rewriting: Rewriting,
        notices: Notices,
        quarantine: Quarantine,
        blobs: Blobs,
        ledger: Ledger,
        evidence: Evidence,
        organisation: Organisation,
        clock: Clock,
        stop_for: timedelta,
    ) -> None:
        self._review = review
        self._escalations = escalations
        self._rewriting = rewriting
        self._notices = notices
        self._quarantine = quarantine
        self._blobs = blobs
        self._ledger = ledger
        self._evidence = evidence
        self.organisation = organisation
        self._clock = clock
        self.stop_for = stop_for
        self._tried: dict[tuple[str, str, bool, int], _Tried] = {}
        self._foreseeing: set[asyncio.Task[_Tried]] = set()
        self._trying = asyncio.Lock()

    async def open(self, ref: str, visitor: Visitor) -> Held:
        """The message, for who may decide about it.

        UnknownReference: there is none in their scope. NotAllowed: they see that it is held, and may not read it, or
        it is their own.
        """
        held = await self.seen(ref, visitor)
        if not visitor.powers.reads.covers(held.team):
            raise NotAllowed("this role does not decide")
        actor_of(visitor).refuse_own(held)
        return held

    async def seen(self, ref: str, visitor: Visitor) -> Held:
        """The message, for who may see that it is held. UnknownReference."""
        held = await self._quarantine.get(ref)
        if not visitor.powers.sees.covers(held.team):
            raise UnknownReference(f'there is no held message "{ref}"')
        return held

    async def options(self, held: Held, visitor: Visitor) -> Options:
        """What this one can choose for a message that nobody has decided about. NotAllowed: their own message."""
        actor = actor_of(visitor)
        tried = await self._tried_forms(held)
        actor.refuse_own(held, tried.originators)
        return options_of(held, actor, tried.obstacles, tuple(await self._escalations.whom(held, actor)))

    async def _tried_forms(self, held: Held) -> _Tried:
        """What stands in the way of each form. What is held changes only where people are taken off, so they are tried
        once: for thousands of recipients that takes a while.
        """
        key = _key(held)
        if (known := self._tried.get(key)) is not None:
            return known
        async with self._trying:
            if key not in self._tried:
                found = await self._try_forms(held)
                if len(self._tried) >= MOST_TRIED:
                    self._tried.clear()
                self._tried[key] = found
            return self._tried[key]

    def foresee(self, held: Held, visitor: Visitor) -> None:
        """Somebody looks at a message about which they may decide: for thousands of recipients its forms are tried
        meanwhile, so that the form of the decision need not wait for that.
        """
        many = len(held.envelope.recipients) >= MANY
        if many and held.state in OPEN and visitor.powers.reads.covers(held.team) and _key(held) not in self._tried:
            task = asyncio.create_task(self._tried_forms(held), name="foresee")
            self._foreseeing.add(task)
            task.add_done_callback(self._foreseen)

    def _foreseen(self, task: asyncio.Task[_Tried]) -> None:
        self._foreseeing.discard(task)
        if not task.cancelled() and (cause := task.exception()) is not None:
            log.warning("decision_not_foreseen", cause=cause)

    async def _try_forms(self, held: Held) -> _Tried:
        message = await self._message(held)
        if message is None:
            return _Tried({}, dict.fromkeys(SENDING, Missing.GONE))
        ways: dict[Choice, _Way] = {}
        obstacles: dict[Choice, str] = {}
        for choice in sorted(SENDING):
            try:
                ways[choice] = await asyncio.to_thread(self._way, await self._rewritten(held, choice, message))
            except FormForbidden:
                obstacles[choice] = Missing.RULE
            except CannotRewrite as cause:
                obstacles[choice] = str(cause)
        fields, read = await asyncio.to_thread(lambda: (self._listed(message), safe_text(message)))
        return _Tried(ways, obstacles, message.originators, fields, len(read.others))

    def _way(self, rewritten: Rewritten) -> _Way:
        outside = sum(
            any(not self.organisation.is_inside(to.address) for to in each.recipients) for each in rewritten.copies
        )
        return _Way(len(rewritten.copies), outside, "dkim-signature-removed" in rewritten.changes)

    async def summary(self, held: Held, choice: Choice, note: str, visitor: Visitor) -> Summary:
        """What would happen. CannotRewrite: it cannot. NotAllowed: its text is gone, or its rules forbid it."""
        now = self._clock.now()
        addresses = {each.address for each in held.envelope.recipients}
        outside = {each for each in addresses if not self.organisation.is_inside(each)}
        blank = Summary(None, len(outside), len(addresses) - len(outside), 0, (), False, 0, False, Told())
        notices = self._notices.apart()
        if choice is Choice.ESCALATE:
            return blank
        if choice is Choice.REJECT:
            return replace(blank, told=self._told(notices.rejected(held, note, visitor.account.shown, now)))
        form = form_of(held, choice)
        tried = await self._tried_forms(held)
        way = tried.ways.get(Choice(form))
        if way is None:
            refuse_forbidden(held.release_as, form)
            raise _why_not(tried.obstacles[Choice(form)])
        first = held.approvals_needed > 1 and not self._agrees(held, form, visitor)
        released = notices.released(held, form, visitor.account.shown, way.copies, now)
        return replace(
            blank,
            form=form,
            copies=way.outside,
            fields=tried.fields,
            signature=way.signature,
            attachments=tried.attachments,
            first=first,
            told=Told() if first else self._told(released),
        )

    async def decide(
        self, ref: str, choice: Choice, visitor: Visitor, *, version: int, note: str, to: str = ""
    ) -> Held:
        """Do it. note: the reason of a release, the note of the rest. to: the key of whom to ask.

        UnknownReference, NotAllowed, AlreadyDecided, CannotRewrite.
        """
        held = await self.open(ref, visitor)
        who = {"by": visitor.account.shown, "account": visitor.account.identifier}
        if choice is Choice.REJECT:
            return await self._review.reject(ref, note=note, version=version, **who)
        if choice is Choice.ESCALATE:
            return await self._escalations.escalate(ref, to=to, note=note, version=version, **who)
        form = form_of(held, choice)
        known = self._tried.get(_key(held))
        return await self._review.release(
            ref,
            form=form,
            reason=note,
            version=version,
            stop_for=self.stop_for,
            can_leave=known is not None and Choice(form) in known.ways,
            **who,
        )

    async def stop(self, ref: str, visitor: Visitor, version: int) -> Held:
        """Take back what can still be stopped. UnknownReference, NotAllowed, AlreadyDecided."""
        await self.open(ref, visitor)
        return await self._review.stop(
            ref, by=visitor.account.shown, account=visitor.account.identifier, version=version
        )

    async def notes(self, held: Held) -> Sequence[Note]:
        """What reviewers wrote for each other, oldest first."""
        found = await self._evidence.read(held.ref, NOTED)
        return [
            Note(str(each["account"]), str(each["note"]), datetime.fromisoformat(str(each["at"])))
            for each in found
            if "note" in each
        ]

    async def add_note(self, ref: str, visitor: Visitor, text: str) -> None:
        """Write a note for other reviewers. It goes to nobody else. UnknownReference, NotAllowed."""
        held = await self.open(ref, visitor)
        now = self._clock.now()
        entry = entries.acted(NOTED, held, now, actor_of(visitor), text)
        await self._ledger.append([replace(entry, evidence={**(entry.evidence or {}), "at": now.isoformat()})])

    def _agrees(self, held: Held, form: str, visitor: Visitor) -> bool:
        """Whether this is the second approval of the same form."""
        return bool(held.approved_by) and held.released_as == form and not actor_of(visitor).has_approved(held)

    async def _rewritten(self, held: Held, form: str, message: Message) -> Rewritten:
        refuse_forbidden(held.release_as, form)
        top = Top(held.top)
        if form == Choice.ORIGINAL:
            return self._rewriting.as_written(message, held.envelope, top)
        return await self._rewriting.unsigned(Rewrite(form), message, held.envelope, top, held.hide_inside_above)

    async def _message(self, held: Held) -> Message | None:
        """None where retention removed it."""
        if held.blob is None:
            return None
        raw = await self._blobs.read(held.blob)
        return await asyncio.to_thread(parse, raw)

    def _listed(self, message: Message) -> tuple[Listed, ...]:
        found = []
        for name in ("To", "Cc"):
            people = {each.address for each in message.visible if each.field == name.lower()}
            outside = sum(not self.organisation.is_inside(each) for each in people)
            if people:
                found.append(Listed(name, outside, len(people) - outside))
        return tuple(found)

    def _told(self, answer: Answer) -> Told:
        """The notice itself, opened again: what is shown is what will be sent."""
        if isinstance(answer, NotTold):
            why = EXPLAINED.get(answer.reason)  # type: ignore[call-overload]
            return Told(why_not=why.format(organisation=self.organisation.name) if why else None)
        if not answer or answer[0].text is None:
            raise MailguardError("a notice to a sender has no text")
        read = safe_text(parse(answer[0].text))
        return Told(dict(read.fields).get("Subject", ""), read.text)


def _why_not(obstacle: str) -> MailguardError:
    if obstacle == Missing.GONE:
        return NotAllowed("the text of this message was removed by its retention")
    return CannotRewrite(obstacle)


NOTED = "note_added"


def _key(held: Held) -> tuple[str, str, bool, int]:
    """What the forms of a message depend on, of what can change."""
    return held.ref, held.content_sha256, held.blob is None, len(held.left_out)


def actor_of(visitor: Visitor) -> Actor:
    return Actor(visitor.account.shown, account=visitor.account.identifier)


def form_of(held: Held, choice: Choice) -> Form:
    """The form of a choice that sends. NotAllowed: there is nothing to agree with."""
    asked = held.released_as if choice is Choice.AGREE else choice.value
    form = next((each for each in FORMS if each == asked), None)
    if form is None:
        raise NotAllowed("nobody has approved this message in any form")
    return form
