"""What is done with a record besides changing it: deciding whether to report, linking a message, closing, reopening."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ...core.errors import AlreadyDecided, IncidentRefused, UnknownReference
from ...core.reference import is_reference
from ...core.register.revision import Revision
from ...guard.console.register_desk import RegisterDesk
from ...guard.register.book import Decision
from .. import drafts
from .. import words_incident_fields as names
from .. import words_incidents as said
from ..answers import Answer, Page, Problem, Redirect
from ..incident_form import read_moment, write_moment
from ..render import address
from ..visit import Visit, printable
from .incident_room import conflict, keeper, lists_of, path_of, problems_of, seen_of, who_in_words, why_of

_DECIDE = ("decision_ico", "decision_by", "decision_at", "decision_reason", "advice_taken")
MOST_TEXT = 4000
MOST_NAME = 200


async def show_decide(visit: Visit) -> Answer:
    history = await _history(visit)
    if kept := drafts.of_incident(visit, history[-1].incident, "decide"):
        return _deciding(visit, history[-1], kept, notice=said.KEPT)
    record, zone = history[-1].record, visit.site.zone
    typed = {name: value for name in _DECIDE if isinstance(value := record.to_json().get(name), str)}
    if record.decision_at is not None:
        typed["decision_at"] = write_moment(typed["decision_at"], zone)
    return _deciding(visit, history[-1], typed)


async def decide(visit: Visit) -> Answer:
    desk, history = keeper(visit), await _history(visit)
    typed = {name: visit.typed(name).replace("\r\n", "\n").strip() for name in _DECIDE}
    typed["decision_by"] = printable(typed["decision_by"])
    last, seen = history[-1], seen_of(visit, history)
    if seen != last.revision:
        return _deciding(visit, last, typed, told=_told(visit, seen, history))
    problems = []
    if typed["decision_ico"] not in names.DECISIONS:
        problems.append(Problem("decision_ico", said.DECIDE_NONE))
    if not typed["decision_by"]:
        problems.append(Problem("decision_by", said.DECIDE_BY_MISSING))
    at = read_moment(typed["decision_at"]) if typed["decision_at"] else None
    if typed["decision_at"] and at is None:
        problems.append(_at("decision_at", names.NO_MOMENT))
    problems += [
        _at(name, names.TOO_LONG)
        for name, most in (("decision_by", MOST_NAME), ("decision_reason", MOST_TEXT), ("advice_taken", MOST_TEXT))
        if len(typed[name]) > most
    ]
    if problems:
        return _deciding(visit, last, typed, *problems)
    decision = Decision(
        report=typed["decision_ico"] == "report",
        reason=typed["decision_reason"] or None,
        by=typed["decision_by"],
        advice=typed["advice_taken"] or None,
        at=desk.moment(at) if at else None,
    )
    try:
        await desk.decide(visit.signed_in, last.incident, decision, seen)
    except IncidentRefused as cause:
        problems = list(problems_of(cause.faults, _DECIDE.__contains__, "decision_ico"))
        return _deciding(visit, last, typed, *(problems or [Problem("decision_ico", said.NO_CHANGE)]))
    except AlreadyDecided:
        history = await _history(visit)
        return _deciding(visit, history[-1], typed, told=_told(visit, seen, history))
    return Redirect(address(path_of(last.incident), done="decided"))


async def show_link(visit: Visit) -> Answer:
    return _linking(visit, (await _history(visit))[-1], "")


async def link(visit: Visit) -> Answer:
    history = await _history(visit)
    ref = printable(visit.typed("ref")).strip().upper()[:40]
    last, seen = history[-1], seen_of(visit, history)
    if not is_reference(ref):
        return _linking(visit, last, ref, Problem("ref", said.NO_MESSAGE))

    async def act(desk: RegisterDesk) -> Revision:
        return await desk.link(visit.signed_in, last.incident, ref, seen)

    def again(revision: Revision, *problems: Problem, told: Mapping[str, Any] | None = None) -> Page:
        return _linking(visit, revision, ref, *problems, told=told)

    return await _done(visit, history, seen, act, again, "linked", "ref")


async def show_close(visit: Visit) -> Answer:
    last = (await _history(visit))[-1]
    if kept := drafts.of_incident(visit, last.incident, "close"):
        return _closing(visit, last, kept.get("why", ""), notice=said.KEPT)
    return _closing(visit, last, "")


async def close(visit: Visit) -> Answer:
    """Closes what is open and opens what is closed, as the page said that was sent."""
    history = await _history(visit)
    last, seen = history[-1], seen_of(visit, history)
    why, problems = why_of(visit, said.WHY_MISSING)
    reopen = history[seen - 1].record.status == "closed"
    if problems:
        return _closing(visit, last, why, *problems)

    async def act(desk: RegisterDesk) -> Revision:
        return await desk.close(visit.signed_in, last.incident, why, seen, reopen=reopen)

    def again(revision: Revision, *problems: Problem, told: Mapping[str, Any] | None = None) -> Page:
        return _closing(visit, revision, why, *problems, told=told)

    return await _done(visit, history, seen, act, again, "reopened" if reopen else "closed", "why")


async def _done(
    visit: Visit,
    history: Sequence[Revision],
    seen: int,
    act: Callable[[RegisterDesk], Awaitable[Revision]],
    again: Callable[..., Page],
    done: str,
    field: str,
) -> Answer:
    desk, last = keeper(visit), history[-1]
    try:
        if seen != last.revision:
            raise AlreadyDecided("another revision is there by now")
        await act(desk)
    except IncidentRefused as cause:
        problems = problems_of(cause.faults, lambda _: False, field)
        return again(last, *(problems or (Problem(field, said.NO_CHANGE),)))
    except UnknownReference:
        return again(last, Problem(field, said.NO_MESSAGE))
    except AlreadyDecided:
        now = await _history(visit)
        return again(now[-1], told=_told(visit, seen, now))
    return Redirect(address(path_of(last.incident), done=done))


async def _history(visit: Visit) -> Sequence[Revision]:
    return await keeper(visit).history(visit.signed_in, visit.where["incident"])


def _told(visit: Visit, seen: int, history: Sequence[Revision]) -> Mapping[str, Any]:
    told = conflict(visit, seen, history, lists_of(keeper(visit)))
    return {**told, "title": said.CONFLICT_TITLE.format(who=who_in_words(history[-1]))}


def _at(name: str, sentence: str) -> Problem:
    return Problem(name, names.PROBLEM.format(label=names.LABELS[name], sentence=sentence))


def _deciding(
    visit: Visit,
    last: Revision,
    typed: Mapping[str, str],
    *problems: Problem,
    told: Mapping[str, Any] | None = None,
    notice: str | None = None,
) -> Page:
    model = {"typed": {name: typed.get(name, "") for name in _DECIDE}, "names": names, "notice": notice}
    return _page("incident_decide.html", said.DECIDE_TITLE, "decide", last, model, problems, told)


def _linking(visit: Visit, last: Revision, ref: str, *problems: Problem, told: Mapping[str, Any] | None = None) -> Page:
    model = {
        "lead": said.LINK_LEAD,
        "ref": ref,
        "why": None,
        "label": said.LINK_REF,
        "hint": said.LINK_HINT,
        "button": said.LINK_BUTTON,
    }
    return _page("incident_act.html", said.LINK_TITLE, "link", last, model, problems, told)


def _closing(
    visit: Visit,
    last: Revision,
    why: str,
    *problems: Problem,
    told: Mapping[str, Any] | None = None,
    notice: str | None = None,
) -> Page:
    closed = last.record.status == "closed"
    model = {
        "lead": said.REOPEN_LEAD if closed else said.CLOSE_LEAD,
        "ref": None,
        "why": why,
        "notice": notice,
        "label": said.REOPEN_WHY if closed else said.CLOSE_WHY,
        "hint": said.REVISE_WHY_HINT,
        "button": said.REOPEN_BUTTON if closed else said.CLOSE_BUTTON,
    }
    title = said.REOPEN_TITLE if closed else said.CLOSE_TITLE
    return _page("incident_act.html", title, "close", last, model, problems, told)


def _page(
    template: str,
    title: str,
    act: str,
    last: Revision,
    model: Mapping[str, Any],
    problems: Sequence[Problem],
    told: Mapping[str, Any] | None,
) -> Page:
    whole = {
        "said": said,
        "incident": last.incident,
        "seen": last.revision,
        "action": path_of(last.incident, act),
        "back": path_of(last.incident),
        "conflict": told,
        "notice": None,
        **model,
    }
    heading = told["title"] if told else title.format(incident=last.incident)
    return Page(template, heading, whole, 409 if told else 422 if problems else 200, tuple(problems))
