"""What people decide about a held message: release it in some form, do not send it, cancel it.

INVARIANT: a decision is one conditional UPDATE; whoever comes second gets AlreadyDecided and changes nothing.
INVARIANT: what is released is what was held: its hash and its set of recipients are compared first (THREATS.md T84).
INVARIANT: nothing leaves in a form that its rules forbid, whoever asks: a reviewer, two of them, its sender, a delay.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.errors import AlreadyDecided, CannotRewrite, MailguardError, NotAllowed
from ..core.lifecycle import OPEN, Act, State, after
from ..core.mail.message import Buffer, Message
from ..core.mail.parse import parse
from ..core.policy.leaving import Form
from ..core.returned import LONGEST_HEADER
from ..core.rewrite import sentences
from ..core.rewrite.copies import Copy, Rewritten
from ..core.rewrite.top import Top
from ..core.verdict import Rewrite
from ..logs import logger
from . import entries
from .forms import refuse_forbidden
from .memory import InvitationMemory
from .notices import Notices
from .ports import Blobs, Clock, Quarantine
from .records import Held, HeldChange, NewDelivery, NewEntry
from .rewriting import Rewriting
from .sender_links import SENDER, forms_for_sender
from .sent_before import SentBefore
from .told import Answer

log = logger("review")


@dataclass(frozen=True, slots=True)
class Actor:
    """by: the name for the record. system_user: who the operating system says it is; one person for two approvals."""

    by: str
    system_user: str


class Review:
    """Decisions about held messages. A release acts at once: its rows are in the outbox when it returns."""

    def __init__(
        self,
        *,
        rewriting: Rewriting,
        quarantine: Quarantine,
        blobs: Blobs,
        notices: Notices,
        memory: InvitationMemory,
        sent_before: SentBefore,
        clock: Clock,
        give_up_after: timedelta,
        wake: Callable[[], None],
    ) -> None:
        self._rewriting = rewriting
        self._quarantine = quarantine
        self._blobs = blobs
        self._notices = notices
        self._memory = memory
        self._sent_before = sent_before
        self._clock = clock
        self._give_up_after = give_up_after
        self._wake = wake

    async def release(
        self, ref: str, *, form: Form, reason: str, by: str, system_user: str, version: int | None = None
    ) -> Held:
        """Release a held message, or give the first of two approvals.

        Raises UnknownReference, AlreadyDecided, NotAllowed (no reason, the same person twice, their own message),
        FormForbidden (its rules do not let it leave so) and CannotRewrite (the form would break the message).
        """
        actor = Actor(by, system_user)
        held = await self._open(ref, version)
        if not reason.strip():
            raise NotAllowed("a release needs a reason")
        now = self._clock.now()
        rewritten = await self._rewritten(held, form)
        if held.approvals_needed > 1 and not self._approved_by_another(held, form, actor):
            return await self._approve(held, form, reason, actor, now)
        told = self._notices.released(held, form, actor.by, len(rewritten.copies), now)
        change = _change(held, after(held.state, Act.RELEASE), actor, now, reason, form, (actor.system_user,))
        return await self._let_go(held, form, rewritten, actor, change, told)

    async def send_for_sender(self, ref: str, *, form: Form, reason: str, by: str, version: int) -> Held:
        """The sender sends it alone, where its rule lets them; never as one of two who have to agree.

        Raises UnknownReference, AlreadyDecided, NotAllowed, FormForbidden and CannotRewrite, as `release` does.
        """
        held = await self._open(ref, version)
        if form not in forms_for_sender(held.sender_may, held.release_as, held.approvals_needed):
            raise NotAllowed("the rule that held this message does not let its sender send it so")
        if not reason.strip():
            raise NotAllowed("a release needs a reason")
        now = self._clock.now()
        actor = Actor(by, SENDER)
        rewritten = await self._rewritten(held, form)
        told = self._notices.released(held, form, by, len(rewritten.copies), now)
        change = _change(held, after(held.state, Act.RELEASE), actor, now, reason, form, (SENDER,))
        return await self._let_go(held, form, rewritten, actor, change, told)

    async def leave(self, held: Held) -> Held:
        """The delay of a waiting message is over: it leaves by itself, in the form that its rule names.

        Raises AlreadyDecided where somebody decided meanwhile.
        """
        form: Form = "separate" if held.offers == "separate" else "bcc" if held.offers == "bcc" else "original"
        rewritten = await self._rewritten(held, form)
        now = self._clock.now()
        actor = Actor("mailguard", "mailguard")
        change = _change(held, after(held.state, Act.RELEASE), actor, now, None, form)
        return await self._let_go(held, form, rewritten, actor, change, ())

    async def _let_go(
        self,
        held: Held,
        form: Form,
        rewritten: Rewritten,
        actor: Actor,
        change: HeldChange,
        answer: Answer,
    ) -> Held:
        message = await self._message(held)
        if form == "separate":
            await self._memory.remember(message, _rule(held))
        await self._sent_before.released(held.envelope, message, hidden=form in ("separate", "bcc"))
        rows = tuple(self._row(held, form, copy, index, change.at) for index, copy in enumerate(rewritten.copies))
        changes = list(rewritten.changes)
        record = _entry("message_released", held, actor, change.at, form=form, rows=len(rows), changes=changes)
        done = await self._change(change, [record], answer, rows)
        log.info("held_message_released", ref=held.ref, form=form, rows=len(rows))
        return done

    async def reject(self, ref: str, *, note: str, by: str, system_user: str, version: int | None = None) -> Held:
        """Do not send it, and tell the sender why. Raises UnknownReference, AlreadyDecided and NotAllowed (no note)."""
        actor = Actor(by, system_user)
        held = await self._open(ref, version)
        if not note.strip():
            raise NotAllowed("a message that is not sent needs a note for its sender")
        now = self._clock.now()
        change = _change(held, after(held.state, Act.REJECT), actor, now, note)
        header = await self._header(held) if self._notices.bounces(held) else b""
        told = self._notices.rejected(held, note, actor.by, now, header)
        done = await self._change(change, [_entry("release_rejected", held, actor, now)], told)
        log.info("held_message_rejected", ref=ref)
        return done

    async def cancel(self, ref: str, *, by: str, system_user: str, version: int | None = None) -> Held:
        """The sender takes it back. Raises UnknownReference and AlreadyDecided."""
        actor = Actor(by, system_user)
        held = await self._open(ref, version)
        now = self._clock.now()
        change = _change(held, after(held.state, Act.CANCEL), actor, now, None)
        told = self._notices.cancelled(held, by, now)
        done = await self._change(change, [_entry("hold_cancelled", held, actor, now)], told)
        log.info("held_message_cancelled", ref=ref)
        return done

    def wake(self) -> None:
        """There may be something to deliver now."""
        self._wake()

    async def _open(self, ref: str, version: int | None) -> Held:
        held = await self._quarantine.get(ref)
        if held.state not in OPEN or (version is not None and version != held.version):
            raise AlreadyDecided(already(held))
        return held

    async def _message(self, held: Held) -> Message:
        return await asyncio.to_thread(parse, await self._original(held))

    async def _rewritten(self, held: Held, form: Form) -> Rewritten:
        refuse_forbidden(held.release_as, form)
        message = await self._message(held)
        top = Top(held.top)
        if form == "original":
            return self._rewriting.as_written(message, held.envelope, top)
        if form == "cleaned":
            raise CannotRewrite(sentences.NOTHING_TO_CLEAN)
        return await self._rewriting.rewritten(Rewrite(form), message, held.envelope, top, held.hide_inside_above)

    async def _header(self, held: Held) -> bytes:
        """What may be returned to its sender; b"" where the original is gone."""
        try:
            return bytes((await self._original(held))[:LONGEST_HEADER])
        except MailguardError as cause:
            log.warning("original_not_returned", ref=held.ref, cause=cause)
            return b""

    async def _original(self, held: Held) -> Buffer:
        if held.blob is None:
            raise NotAllowed("the text of this message was removed by its retention")
        raw = await self._blobs.read(held.blob)
        if hashlib.sha256(raw).hexdigest() != held.content_sha256:
            raise MailguardError("the stored message is not the one that was held")
        if entries.recipients_sha256(held.envelope) != held.recipients_sha256:
            raise MailguardError("the stored recipients are not those that were held")
        return raw

    def _approved_by_another(self, held: Held, form: Form, actor: Actor) -> bool:
        if held.state is not State.APPROVED_ONCE:
            return False
        if actor.system_user in held.approved_by:
            raise NotAllowed("the second approval must come from another person")
        return held.released_as == form

    async def _approve(self, held: Held, form: Form, reason: str, actor: Actor, now: datetime) -> Held:
        """A second person who chooses another form becomes the first for that form (CONSOLE.md "Two approvals")."""
        change = _change(held, after(held.state, Act.APPROVE), actor, now, reason, form, (actor.system_user,))
        done = await self._quarantine.change(change, [_entry("release_approved", held, actor, now, form=form)], ())
        log.info("held_message_approved", ref=held.ref, form=form)
        return done

    def _row(self, held: Held, form: Form, copy: Copy, index: int, now: datetime) -> NewDelivery:
        kind = "copy" if form == "separate" else "release"
        return NewDelivery(
            identifier=f"{held.ref}.{kind}.{held.version}.{index}",
            ref=held.ref,
            kind=kind,
            envelope=held.envelope.to(copy.recipients),
            created_at=now,
            not_before=now,
            give_up_at=now + self._give_up_after,
            blob=held.blob,
            edits=copy.edits,
            sender_told=held.notify_sender,
        )

    async def _change(
        self,
        change: HeldChange,
        records: list[NewEntry],
        answer: Answer,
        rows: tuple[NewDelivery, ...] = (),
    ) -> Held:
        told, extra = entries.told(change.ref, change.at, answer)
        done = await self._quarantine.change(change, [*records, *extra], [*rows, *told])
        self._wake()
        return done


def _rule(held: Held) -> str | None:
    """The rule that the release is owed to; a floor is none."""
    return next((rule for rule in held.rules if not rule.startswith("floor-")), None)


def already(held: Held) -> str:
    """A sentence for whoever came second."""
    who = f" by {held.decided_by}" if held.decided_by else ""
    when = f" at {held.decided_at:%Y-%m-%d %H:%M} UTC" if held.decided_at else ""
    return f'this message is already "{held.state.value}"{who}{when}'


def _change(
    held: Held,
    to_state: State,
    actor: Actor,
    now: datetime,
    note: str | None,
    form: str | None = None,
    approved: tuple[str, ...] | None = None,
) -> HeldChange:
    if approved is not None and to_state is State.RELEASING:
        approved = held.approved_by + approved
    return HeldChange(
        ref=held.ref,
        version=held.version,
        from_state=held.state,
        to_state=to_state,
        actor=actor.by,
        at=now,
        note=note,
        released_as=form,
        approved_by=approved,
    )


def _entry(kind: str, held: Held, actor: Actor, now: datetime, **fields: object) -> NewEntry:
    return entries.plain(
        kind, held.ref, now, actor=actor.by, system_user=actor.system_user, version=held.version, **fields
    )
