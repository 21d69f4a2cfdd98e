"""Telling those who keep the register that a message went wrong: for reviewers of its team, who keep none."""

from __future__ import annotations

from ...core.errors import IncidentRefused
from ...guard.console.looking import NotReadable, NotYours
from ...guard.console.team_reports import LEFT, MOST_TEXT, AlreadyEntered
from ...guard.records import Held
from .. import drafts, words
from .. import words_incidents as said
from ..answers import Answer, Page, Problem, Redirect, Refused
from ..render import address
from ..visit import Visit
from .decision import ref_of, top_of
from .incident_room import PATH, said_plainly
from .message import not_yours

PAGE = "report"


async def show(visit: Visit) -> Answer:
    held = await _readable(visit)
    if visit.site.register.may(visit.signed_in.powers):
        # Who keeps the register enters all of it.
        return Redirect(address(f"{PATH}/new", ref=held.ref))
    kept = drafts.of_session(visit, held.ref, PAGE)
    return await _page(visit, held, kept.get("text", ""), notice=said.TELL_KEPT if kept else None)


async def act(visit: Visit) -> Answer:
    held = await _readable(visit)
    text = visit.typed("text").replace("\r\n", "\n").strip()
    if held.state not in LEFT:
        return await _page(visit, held, text, refused=True)
    if not text:
        return await _page(visit, held, text, Problem("text", said.TELL_NOTHING))
    if len(text) > MOST_TEXT:
        return await _page(visit, held, text, Problem("text", said.WHY_TOO_LONG.format(most=MOST_TEXT)))
    try:
        await visit.site.team_reports.tell(held, visit.signed_in, text)
    except IncidentRefused as cause:
        faults = [said.TELL_WRONG.format(sentence=said_plainly(sentence)) for _, sentence in cause.faults]
        return await _page(visit, held, text, *(Problem("text", each) for each in faults), refused=True)
    except AlreadyEntered:
        return await _page(visit, held, text, refused=True)
    return Redirect(f"/m/{held.ref}/{PAGE}")


async def _readable(visit: Visit) -> Held:
    try:
        return await visit.site.looking.readable(visit.signed_in, ref_of(visit))
    except NotYours as cause:
        raise not_yours(visit, cause) from None
    except NotReadable:
        raise Refused(403, words.NO_TEXT_TITLE, words.NO_TEXT.format(contact=visit.site.contact)) from None


async def _page(
    visit: Visit, held: Held, text: str, *problems: Problem, notice: str | None = None, refused: bool = False
) -> Page:
    incident = await visit.site.team_reports.entered(held)
    entered = said.TELL_ENTERED.format(incident=incident, contact=visit.site.contact) if incident else None
    model = {
        **top_of(visit, held),
        "said": said,
        "notice": notice,
        "text": text,
        "instead": entered or (None if held.state in LEFT else said.TELL_STAYED),
        "hint": said.TELL_HINT.format(most=MOST_TEXT),
    }
    return Page("report.html", said.TELL_TITLE, model, 422 if problems or refused else 200, problems)
