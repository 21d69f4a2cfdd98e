"""Somebody else was first: who, what and when, and what was typed, so that it is not lost (CONSOLE.md 2.3)."""

from __future__ import annotations

from ...core.lifecycle import OPEN, State
from ...guard.records import Held
from .. import decision_words as says
from .. import words
from ..answers import Page
from ..visit import Visit
from .decision import first_approval_by, form_in_words, lines, moment_of, name_of, top_of


async def conflict(visit: Visit, held: Held, note: str, *, stopping: bool = False) -> Page:
    """held: as it is now. note: what was typed. stopping: it was a stop that came too late."""
    title, sentences = _late(visit, held) if stopping else _told(visit, held)
    model = {
        **top_of(visit, held),
        "sentences": sentences,
        "note_lines": lines(note),
        "open": held.state in OPEN,
        "wrong": None if held.state in OPEN else says.CONFLICT_WRONG.format(by=name_of(visit, held.decided_by)),
        "next": await visit.site.queue.next_one(visit.signed_in.powers, held.ref),
    }
    return Page("decide_conflict.html", title, {**model, "heading": title}, 409)


def _told(visit: Visit, held: Held) -> tuple[str, list[str]]:
    by, moment = name_of(visit, held.decided_by, first=True), moment_of(visit, held.decided_at)
    if held.state is State.CANCELLED:
        return says.CONFLICT_CANCELLED_TITLE, [says.CONFLICT_CANCELLED.format(moment=moment)]
    if held.state is State.EXPIRED:
        due = moment_of(visit, held.due_at)
        return says.CONFLICT_EXPIRED_TITLE, [says.CONFLICT_EXPIRED.format(moment=due)]
    if held.state not in OPEN:
        title = says.CONFLICT_YOU_TITLE if by == says.YOU_FIRST else says.CONFLICT_TITLE.format(by=by)
        return title, [says.CONFLICT_CHOSE.format(by=by, choice=_chosen(held), moment=moment)]
    if held.state is State.APPROVED_ONCE and held.approvals:
        first = held.approvals[-1]
        by = name_of(visit, first.by, first=True)
        told = says.CONFLICT_APPROVED.format(
            by=by, choice=form_in_words(held.released_as), moment=moment_of(visit, first.at)
        )
        return first_approval_by(by), [told]
    sentences = [says.CONFLICT_CHANGED]
    if held.escalated is not None:
        by, to = name_of(visit, held.escalated.by, first=True), name_of(visit, held.escalated.to)
        at = moment_of(visit, held.escalated.at)
        sentences.insert(0, says.CONFLICT_ESCALATED.format(by=by, to=to, moment=at))
    return says.CONFLICT_CHANGED_TITLE, sentences


def _late(visit: Visit, held: Held) -> tuple[str, list[str]]:
    state = words.state_in_words(held.state, held.released_as)
    by, moment = name_of(visit, held.decided_by), moment_of(visit, held.decided_at)
    told = [says.CONFLICT_LATE]
    if held.decided_at is not None:
        told.append(says.OUTCOME_BY.format(state=state, by=by, moment=moment))
    return says.CONFLICT_LATE_TITLE, told


def _chosen(held: Held) -> str:
    if held.state is State.REJECTED:
        return says.CHOSEN["reject"]
    return says.CHOSEN.get(held.released_as or "", words.state_in_words(held.state, held.released_as))
