"""What people decide about a held message: release it in some form, do not send it, cancel it.

INVARIANT: a decision is one conditional UPDATE; whoever comes second gets AlreadyDecided and changes nothing.
INVARIANT: what is released is what was held: its hash and its set of recipients are compared first (THREATS.md T84).
INVARIANT: nothing leaves in a form that its rules forbid, whoever asks: a reviewer, two of them, its sender, a delay.
INVARIANT: what can still be stopped has nothing in the outbox, no copy and no notice: a stop has nothing to take back.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..core.errors import AlreadyDecided, CannotRewrite, FormForbidden, MailguardError, NotAllowed
from ..core.lifecycle import OPEN, Act, State, after
from ..core.mail.message import Buffer, Message
from ..core.mail.parse import parse
from ..core.policy.leaving import FORMS, ORIGINAL, Form
from ..core.returned import LONGEST_HEADER
from ..core.rewrite import sentences
from ..core.rewrite.copies import Copy, Rewritten
from ..core.rewrite.top import Top
from ..core.verdict import Rewrite
from ..logs import logger
from . import entries
from .actor import Actor
from .forms import refuse_forbidden
from .memory import InvitationMemory
from .notices import Notices
from .ports import Blobs, Clock, Quarantine
from .records import GUARD, Approval, Held, HeldChange, NewDelivery, NewEntry, RecipientRecord
from .rewriting import Rewriting
from .sender_links import SENDER, forms_for_sender
from .sent_before import SentBefore
from .told import Answer

log = logger("review")

Keep = Callable[[HeldChange, Sequence[NewEntry], Sequence[NewDelivery]], Awaitable[Held]]
"""Quarantine.change, or what does the same and something else in that durable step."""

STOPPED_AT_LEAST = timedelta(hours=1)
"""How long people have, at least, to decide anew about what was stopped."""


class Review:
    """Decisions about held messages. Unless it says `stop_for`, a release acts at once: its rows are in the outbox when
    it returns. watch: told of each state that a message was brought to, and whether the guard did that by itself; may
    be set by whoever counts.
    """

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
        self.watch: Callable[[State, bool], None] = lambda state, by_guard: None
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
        self,
        ref: str,
        *,
        form: Form,
        reason: str,
        by: str,
        system_user: str | None = None,
        account: str | None = None,
        version: int | None = None,
        stop_for: timedelta | None = None,
        can_leave: bool = False,
    ) -> Held:
        """Release a held message, or give the first of two approvals.

        account: the identifier of the account that decides, where it is not the operating system that says who does.
        stop_for: how long `stop` can take it back; nothing of it is in the outbox until then. None: it leaves at once.
        can_leave: it was made in this form before, so that it need not be made only to know that it can be.
        Raises UnknownReference, AlreadyDecided, NotAllowed (no reason, the same person twice, their own message),
        FormForbidden (its rules do not let it leave so) and CannotRewrite (the form would break the message).
        """
        actor = Actor(by, system_user, account)
        held = await self._open(ref, version)
        if not reason.strip():
            raise NotAllowed("a release needs a reason")
        now = self._clock.now()
        message = await self._message(held)
        actor.refuse_own(held, message.originators)
        refuse_forbidden(held.release_as, form)
        rewritten = None if stop_for and can_leave else await self._rewritten(held, form, message)
        if held.approvals_needed > 1 and not self._approved_by_another(held, form, actor):
            return await self._approve(held, form, reason, actor, now)
        if stop_for is not None or rewritten is None:
            return await self._decide(held, form, reason, actor, now, now + (stop_for or timedelta()))
        told = self._notices.released(held, form, actor.by, len(rewritten.copies), now)
        change = _change(held, Act.RELEASE, actor, now, reason, form, (actor.identity,))
        return await self._let_go(held, message, form, rewritten, actor, change, told)

    async def send_for_sender(
        self, ref: str, *, form: Form, reason: str, by: str, version: int, stop_for: timedelta
    ) -> Held:
        """The sender sends it alone, where its rule lets them; never as one of two who have to agree.

        stop_for: how long they can still cancel it, and a reviewer stop it; nothing of it is in the outbox until then.
        Raises UnknownReference, AlreadyDecided, NotAllowed, FormForbidden and CannotRewrite, as `release` does.
        """
        held = await self._open(ref, version)
        if form not in forms_for_sender(held.sender_may, held.release_as, held.approvals_needed):
            raise NotAllowed("the rule that held this message does not let its sender send it so")
        if not reason.strip():
            raise NotAllowed("a release needs a reason")
        now = self._clock.now()
        # What cannot be rewritten is said now, not when it should leave.
        await self._rewritten(held, form, await self._message(held))
        return await self._decide(held, form, reason, Actor(by, SENDER), now, now + stop_for)

    async def send_delayed(
        self,
        ref: str,
        *,
        by: str,
        version: int,
        reason: str | None = None,
        stop_for: timedelta | None = None,
        keep: Keep | None = None,
    ) -> Held:
        """The sender does not want a delayed message to wait any longer: it leaves in the form in which it would have
        left by itself.

        stop_for: how long they can still cancel it; None: it leaves at once. keep: what has to be kept with that it
        leaves at once, and is not where it does not. Raises UnknownReference, AlreadyDecided, also where it does not
        wait, CannotRewrite, and what `keep` raises.
        """
        held = await self._open(ref, version, frozenset({State.WAITING}))
        now, actor, form = self._clock.now(), Actor(by, SENDER), _form_to_leave_in(held)
        message = await self._message(held)
        rewritten = await self._rewritten(held, form, message)
        if stop_for is not None:
            return await self._decide(held, form, reason, actor, now, now + stop_for)
        change = _change(held, Act.RELEASE, actor, now, reason, form, (actor.identity,))
        return await self._let_go(held, message, form, rewritten, actor, change, (), keep)

    async def leave_out(self, ref: str, addresses: Iterable[str], *, by: str, version: int) -> Held:
        """The sender takes people off a message that waits; it still leaves for the others.

        addresses: canonical. Raises UnknownReference, AlreadyDecided (it does not wait), and NotAllowed where it goes
        to none of them any more, or to nobody else: that is to cancel it.
        """
        held = await self._open(ref, version, frozenset({State.WAITING}))
        asked = set(addresses)
        off = tuple(each for each in held.envelope.recipients if each.address in asked)
        if not asked or asked != {each.address for each in off}:
            raise NotAllowed("the message does not go to everybody whom it should leave out")
        if len(off) == len(held.envelope.recipients):
            raise NotAllowed("nobody would be left whom the message goes to")
        now, actor = self._clock.now(), Actor(by, SENDER)
        change = _change(held, Act.LEAVE_OUT, actor, now, None)
        all_off = tuple(dict.fromkeys(each.address for each in (*held.left_out, *off)))
        left = len({each.address for each in held.envelope.recipients} - asked)
        entry = entries.acted("recipients_left_out", held, now, actor, left_out=len(asked), left=left)
        record = replace(
            entry,
            recipients=tuple(RecipientRecord(each) for each in sorted(asked)),
            evidence={**(entry.evidence or {}), "left_out": sorted(asked)},
        )
        done = await self._keep(replace(change, left_out=all_off), [record], ())
        log.info("recipients_left_out", ref=ref, left_out=len(asked))
        return done

    async def leave(self, held: Held) -> Held:
        """A message leaves by itself: its delay is over, in the form that its rule names, or the time to stop it is, in
        the form that was decided. What cannot be made in that form needs a decision.

        Raises AlreadyDecided where somebody decided, or stopped it, meanwhile.
        """
        now, guard = self._clock.now(), Actor(GUARD, GUARD)
        form = _form_to_leave_in(held)
        try:
            message = await self._message(held)
            rewritten = await self._rewritten(held, form, message)
        except CannotRewrite as cause:
            if held.state is not State.LEAVING and isinstance(cause, FormForbidden):
                raise
            log.warning("decided_message_not_rewritten", ref=held.ref, form=form)
            return await self._stop(held, guard, now)
        told: Answer = ()
        if held.state is State.LEAVING:
            told = self._notices.released(held, form, held.decided_by or "", len(rewritten.copies), now)
        change = _change(held, Act.RELEASE, guard, now, None, form)
        return await self._let_go(held, message, form, rewritten, guard, change, told)

    async def stop(
        self, ref: str, *, by: str, system_user: str | None = None, account: str | None = None, version: int
    ) -> Held:
        """Take back a release whose time to stop is not over: nothing has left, and the message needs a decision again.

        Raises UnknownReference, NotAllowed (their own message) and AlreadyDecided: it has begun to leave, or somebody
        else stopped it.
        """
        actor = Actor(by, system_user, account)
        held = await self._open(ref, version, frozenset({State.LEAVING}))
        actor.refuse_own(held)
        return await self._stop(held, actor, self._clock.now())

    async def _decide(
        self, held: Held, form: Form, reason: str | None, actor: Actor, now: datetime, until: datetime
    ) -> Held:
        change = _change(held, Act.SEND, actor, now, reason, form, (actor.identity,))
        records = [entries.acted("release_decided", held, now, actor, reason, form=form, leaves_at=until.isoformat())]
        done = await self._keep(replace(change, leaves_at=until), records, ())
        log.info("held_message_decided", ref=held.ref, form=form)
        return done

    async def _stop(self, held: Held, actor: Actor, now: datetime) -> Held:
        """Whoever approved did so of a decision that is no more: what needs two approvals needs both again."""
        change = _change(held, Act.STOP, actor, now, None)
        due_at = max(held.due_at, now + STOPPED_AT_LEAST)
        change = replace(change, approved_by=(), approvals=(), due_at=due_at)
        record = entries.acted("release_stopped", held, now, actor, form=held.released_as, due_at=due_at.isoformat())
        done = await self._keep(change, [record], ())
        log.info("held_message_stopped", ref=held.ref)
        return done

    async def _let_go(
        self,
        held: Held,
        message: Message,
        form: Form,
        rewritten: Rewritten,
        actor: Actor,
        change: HeldChange,
        answer: Answer,
        keep: Keep | None = None,
    ) -> Held:
        if form == "separate":
            await self._memory.remember(message, _rule(held))
        await self._sent_before.released(held.envelope, message, hidden=form in ("separate", "bcc"))
        rows = await asyncio.to_thread(self._rows, held, form, rewritten, change.at)
        changes = list(rewritten.changes)
        record = entries.acted(
            "message_released", held, change.at, actor, change.note, form=form, rows=len(rows), changes=changes
        )
        done = await self._change(change, [record], answer, rows, keep)
        log.info("held_message_released", ref=held.ref, form=form, rows=len(rows))
        return done

    async def reject(
        self,
        ref: str,
        *,
        note: str,
        by: str,
        system_user: str | None = None,
        account: str | None = None,
        version: int | None = None,
    ) -> Held:
        """Do not send it, and tell the sender why.

        Raises UnknownReference, AlreadyDecided and NotAllowed (no note, their own message).
        """
        actor = Actor(by, system_user, account)
        held = await self._open(ref, version)
        if not note.strip():
            raise NotAllowed("a message that is not sent needs a note for its sender")
        actor.refuse_own(held)
        now = self._clock.now()
        change = _change(held, Act.REJECT, actor, now, note)
        header = await self._header(held) if self._notices.bounces(held) else b""
        told = self._notices.rejected(held, note, actor.by, now, header)
        done = await self._change(change, [entries.acted("release_rejected", held, now, actor, note)], told)
        log.info("held_message_rejected", ref=ref)
        return done

    async def cancel(self, ref: str, *, by: str, system_user: str, version: int | None = None) -> Held:
        """The sender takes it back, also while it can still be stopped. Raises UnknownReference and AlreadyDecided."""
        actor = Actor(by, system_user)
        held = await self._open(ref, version, OPEN | {State.LEAVING})
        now = self._clock.now()
        change = _change(held, Act.CANCEL, actor, now, None)
        told = self._notices.cancelled(held, by, now)
        done = await self._change(change, [entries.acted("hold_cancelled", held, now, actor)], told)
        log.info("held_message_cancelled", ref=ref)
        return done

    def wake(self) -> None:
        """There may be something to deliver now."""
        self._wake()

    async def _open(self, ref: str, version: int | None, states: frozenset[State] = OPEN) -> Held:
        held = await self._quarantine.get(ref)
        if held.state not in states or (version is not None and version != held.version):
            raise AlreadyDecided(already(held))
        return held

    async def _message(self, held: Held) -> Message:
        return await asyncio.to_thread(parse, await self._original(held))

    async def _rewritten(self, held: Held, form: Form, message: Message) -> Rewritten:
        refuse_forbidden(held.release_as, form)
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
        await asyncio.to_thread(_refuse_another, held, raw)
        return raw

    def _approved_by_another(self, held: Held, form: Form, actor: Actor) -> bool:
        if held.state is not State.APPROVED_ONCE:
            return False
        if actor.has_approved(held):
            raise NotAllowed("the second approval must come from another person")
        return held.released_as == form

    async def _approve(self, held: Held, form: Form, reason: str, actor: Actor, now: datetime) -> Held:
        """A second person who chooses another form becomes the first for that form (CONSOLE.md "Two approvals")."""
        change = _change(held, Act.APPROVE, actor, now, reason, form, (actor.identity,))
        change = replace(change, approvals=(Approval(actor.by, actor.known_as, reason, now),))
        record = entries.acted("release_approved", held, now, actor, reason, form=form)
        done = await self._keep(change, [record], ())
        log.info("held_message_approved", ref=held.ref, form=form)
        return done

    def _rows(self, held: Held, form: Form, rewritten: Rewritten, now: datetime) -> tuple[NewDelivery, ...]:
        return tuple(self._row(held, form, copy, index, now) for index, copy in enumerate(rewritten.copies))

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
        keep: Keep | None = None,
    ) -> Held:
        told, extra = entries.told(change.ref, change.at, answer)
        done = await self._keep(change, [*records, *extra], [*rows, *told], keep)
        self._wake()
        return done

    async def _keep(
        self,
        change: HeldChange,
        records: Sequence[NewEntry],
        rows: Sequence[NewDelivery],
        keep: Keep | None = None,
    ) -> Held:
        done = await (keep or self._quarantine.change)(change, records, rows)
        self.watch(change.to_state, change.actor == GUARD)
        return done


def _refuse_another(held: Held, raw: Buffer) -> None:
    if hashlib.sha256(raw).hexdigest() != held.content_sha256:
        raise MailguardError("the stored message is not the one that was held")
    whole = held.envelope.to((*held.envelope.recipients, *held.left_out))
    if entries.recipients_sha256(whole) != held.recipients_sha256:
        raise MailguardError("the stored recipients are not those that were held")


def _rule(held: Held) -> str | None:
    """The rule that the release is owed to; a floor is none."""
    return next((rule for rule in held.rules if not rule.startswith("floor-")), None)


def already(held: Held) -> str:
    """A sentence for whoever came second."""
    who = f" by {held.decided_by}" if held.decided_by else ""
    when = f" at {held.decided_at:%Y-%m-%d %H:%M} UTC" if held.decided_at else ""
    return f'this message is already "{held.state.value}"{who}{when}'


def _form_to_leave_in(held: Held) -> Form:
    """What leaves by itself: as it was decided, else as its rule says."""
    asked = held.released_as if held.state is State.LEAVING else held.offers or ORIGINAL
    for form in FORMS:
        if form == asked:
            return form
    raise MailguardError("a message that leaves by itself has no form to leave in")


def _change(
    held: Held,
    act: Act,
    actor: Actor,
    now: datetime,
    note: str | None,
    form: str | None = None,
    approved: tuple[str, ...] | None = None,
) -> HeldChange:
    if approved is not None and act is not Act.APPROVE:
        approved = held.approved_by + approved
    return HeldChange(
        ref=held.ref,
        version=held.version,
        from_state=held.state,
        to_state=after(held.state, act),
        actor=actor.by,
        at=now,
        note=note,
        released_as=form,
        approved_by=approved,
    )
