"""What the pages of a decision share: the message, for who may decide about it, and how it is told in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...core import words as core_words
from ...core.errors import NotAllowed
from ...core.legible import legible, legible_lines
from ...core.lifecycle import State
from ...core.organisation import Organisation
from ...core.reference import is_reference
from ...guard.console.deciding import actor_of
from ...guard.console.queue import consequence_of
from ...guard.records import Held
from ...guard.wrong_holds import AlreadySaid, SaidBy
from .. import decision_words as says
from .. import words
from ..answers import Refused
from ..visit import Visit


def ref_of(visit: Visit) -> str:
    """The reference in the address. Refused: it is none."""
    ref = visit.where["ref"].upper()
    if not is_reference(ref):
        raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)
    return ref


async def message_of(visit: Visit) -> Held:
    """The message, for who may decide about it. Refused; UnknownReference where it is not there for them."""
    try:
        return await visit.site.deciding.open(ref_of(visit), visit.signed_in)
    except NotAllowed:
        raise await not_allowed(visit) from None


async def not_allowed(visit: Visit) -> Refused:
    """Why this one may not do it, in words."""
    held = await visit.site.deciding.seen(ref_of(visit), visit.signed_in)
    if not visit.signed_in.powers.reads.covers(held.team):
        return Refused(403, says.REFUSED_TITLE, says.REFUSED_ROLE.format(contact=visit.site.contact))
    actor = actor_of(visit.signed_in)
    if held.state is State.APPROVED_ONCE and actor.has_approved(held):
        return Refused(403, says.REFUSED_SECOND_TITLE, says.REFUSED_SECOND)
    if actor.has_sent(held):
        return Refused(403, says.REFUSED_OWN_TITLE, says.REFUSED_OWN)
    return Refused(403, says.REFUSED_TITLE, words.UNUSABLE)


def name_of(visit: Visit, by: str | None, *, first: bool = False) -> str:
    """Who it was: "you" for the visitor. first: at the beginning of a sentence."""
    if by and by == visit.signed_in.account.shown:
        return says.YOU_FIRST if first else says.YOU
    return legible(by, 120) if by else says.SOMEBODY


def first_approval_by(by: str) -> str:
    """The heading above the first of two approvals. by: as name_of gives it for the beginning of a sentence."""
    return says.SECOND_TITLE_YOU if by == says.YOU_FIRST else says.SECOND_TITLE.format(by=by)


def sender_of(held: Held) -> str:
    return legible(held.sender, 120) or says.SENDER


def outside_of(held: Held, organisation: Organisation) -> int:
    """To how many people outside it goes."""
    return sum(not organisation.is_inside(each) for each in {each.address for each in held.envelope.recipients})


def top_of(visit: Visit, held: Held) -> dict[str, Any]:
    """What every page of a decision begins with."""
    people = core_words.people(len({each.address for each in held.envelope.recipients}))
    sender = legible(held.sender, 120)
    return {
        "ref": held.ref,
        "version": held.version,
        "consequence": consequence_of(held),
        "subject": says.SUBJECT.format(subject=legible(held.subject, 300)) if held.subject else says.SUBJECT_EMPTY,
        "who": (says.FROM if sender else says.FROM_NOBODY).format(sender=sender, people=people),
        "deadline": deadline_of(visit, held),
        "sender": sender_of(held),
        "note_lines": (),
    }


def deadline_of(visit: Visit, held: Held) -> str | None:
    moment = visit.site.in_words(held.due_at)
    if held.state is State.WAITING:
        return says.LEAVES.format(moment=moment)
    if held.state in (State.HELD, State.APPROVED_ONCE):
        return (says.DEADLINE if held.notify_sender else says.DEADLINE_UNTOLD).format(moment=moment)
    return None


def moment_of(visit: Visit, at: datetime | None) -> str:
    return visit.site.in_words(at) if at else ""


def lines(text: str | None) -> tuple[str, ...]:
    return legible_lines(text or "", 2_000)


def form_in_words(form: str | None) -> str:
    return says.FORMS.get(form or "", form or "")


def copies_in_words(count: int) -> str:
    return words.counted(count, *says.COPIES)


async def call_wrong(visit: Visit, held: Held, reason: str) -> None:
    """Record that this visitor says that the hold was wrong; nothing more where they have said it before."""
    try:
        await visit.site.wrong_holds.say(held, actor_of(visit.signed_in), SaidBy.REVIEWER, reason)
    except AlreadySaid:
        return
