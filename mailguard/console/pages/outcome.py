"""What became of a decision, with the button that stops it while nothing has left."""

from __future__ import annotations

from typing import Any

from ...core import words as core_words
from ...core.errors import AlreadyDecided
from ...core.lifecycle import OPEN, State
from ...core.moment import second_in_words
from ...core.outcome import Outcome
from ...guard.records import Held
from .. import decision_words as says
from .. import words
from ..answers import Answer, Page, Redirect
from ..visit import Visit
from .conflict import conflict
from .decision import copies_in_words, form_in_words, message_of, moment_of, name_of, outside_of, top_of


async def show(visit: Visit) -> Answer:
    held = await message_of(visit)
    title, told = _told(visit, held)
    model = {
        **top_of(visit, held),
        "heading": title,
        "told": told,
        "good": held.state is State.LEAVING,
        "stops": held.state is State.LEAVING,
        "open": held.state in OPEN,
        "next": await visit.site.queue.next_one(visit.signed_in.powers, held.ref),
    }
    return Page("outcome.html", title, model)


async def stop(visit: Visit) -> Answer:
    held = await message_of(visit)
    if held.state is not State.LEAVING or str(held.version) != visit.typed("version"):
        return await conflict(visit, held, "", stopping=True)
    try:
        await visit.site.deciding.stop(held.ref, visit.signed_in, held.version)
    except AlreadyDecided:
        return await conflict(visit, await message_of(visit), "", stopping=True)
    return Redirect(f"/m/{held.ref}/outcome?done=stopped")


def _told(visit: Visit, held: Held) -> tuple[str, list[str]]:
    """The heading, and what follows it."""
    due = moment_of(visit, held.due_at)
    by, moment = name_of(visit, held.decided_by), moment_of(visit, held.decided_at)
    if held.state is State.LEAVING:
        return _leaving(visit, held)
    if held.state is State.APPROVED_ONCE and (held.escalated is None or _is_newer(held)):
        first = name_of(visit, held.approvals[-1].by if held.approvals else None, first=True)
        chose = says.OUTCOME_FIRST_CHOSE.format(by=first, form=form_in_words(held.released_as))
        return says.OUTCOME_FIRST, [chose, says.OUTCOME_STILL_DUE.format(moment=due)]
    if held.state in OPEN and visit.query.get("done") == "stopped":
        return says.OUTCOME_STOPPED, [says.OUTCOME_STOPPED_NEXT.format(moment=due)]
    if held.state in OPEN:
        return _escalated(visit, held), [says.OUTCOME_STILL_DUE.format(moment=due)]
    if held.state is State.REJECTED:
        told = says.OUTCOME_REJECTED if held.notify_sender else says.OUTCOME_REJECTED_UNTOLD
        state = words.state_in_words(held.state, None)
        return told, [says.OUTCOME_BY.format(state=state, by=by, moment=moment)]
    state = words.state_in_words(held.state, held.released_as)
    if held.reached_nobody:
        decided = [says.OUTCOME_REACHED_NOBODY_BY.format(by=by, moment=moment)] if held.decided_by else []
        return words.REACHED_NOBODY, [says.OUTCOME_REACHED_NOBODY, *decided, *_delivered(held)]
    if held.state is State.EXPIRED or not held.decided_by:
        return state, [says.OUTCOME_STATE.format(state=state, moment=moment)]
    return state, [says.OUTCOME_BY.format(state=state, by=by, moment=moment), *_delivered(held)]


def _is_newer(held: Held) -> bool:
    """Whether the approval came after somebody was asked."""
    return bool(held.approvals and held.escalated and held.approvals[-1].at >= held.escalated.at)


def _leaving(visit: Visit, held: Held) -> tuple[str, list[str]]:
    seconds = int(visit.site.deciding.stop_for.total_seconds())
    people = core_words.people(len({each.address for each in held.envelope.recipients}))
    copies = copies_in_words(outside_of(held, visit.site.deciding.organisation))
    sentence = says.OUTCOME_LEAVING[held.released_as or "original"]
    title = sentence.format(copies=copies, people=people, seconds=seconds)
    if held.leaves_at is None or held.leaves_at <= visit.site.clock.now():
        return title, [says.OUTCOME_LATE]
    return title, [says.OUTCOME_UNTIL.format(moment=_to_the_second(visit, held))]


def _to_the_second(visit: Visit, held: Held) -> str:
    local = (held.leaves_at or held.due_at).astimezone(visit.site.zone)
    return second_in_words(local)


def _escalated(visit: Visit, held: Held) -> str:
    if held.escalated is None:
        return says.OUTCOME_OPEN
    by, to = name_of(visit, held.escalated.by, first=True), name_of(visit, held.escalated.to)
    if by == says.YOU_FIRST:
        return says.OUTCOME_ESCALATED.format(to=to)
    return says.OUTCOME_ESCALATED_OTHER.format(by=by, to=to)


def _delivered(held: Held) -> list[str]:
    counts: dict[str, Any] = dict(held.delivery)
    delivered = counts.get(Outcome.ACCEPTED, 0)
    failed = counts.get(Outcome.REFUSED, 0)
    told = [says.DELIVERED.format(count=f"{delivered:,}")] if delivered else []
    told += [says.FAILED.format(count=f"{failed:,}")] if failed else []
    left = len({each.address for each in held.envelope.recipients}) - delivered - failed
    sending = held.state is State.RELEASING and left > 0
    return [*told, says.STILL_SENDING.format(count=f"{left:,}")] if sending else told
