"""Saved views: the list as it is now gets a name, and those that there are can be removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.errors import NotAllowed
from ...core.legible import legible
from ...guard.console.queue_records import Order, View
from ...guard.console.records import SavedView
from ...guard.console.saved_views import MOST_NAME_CHARACTERS, TooManyViews, UnknownView
from .. import words
from .. import words_queue as said
from ..answers import Answer, Page, Problem, Redirect, Refused
from ..visit import Visit, printable
from .queue_asked import FILTERS, KEPT, asked_of, chosen_of, link

PATH = "/queue/views"
_DONE = {"saved": said.VIEWS_SAVED, "removed": said.VIEWS_REMOVED}


async def show(visit: Visit) -> Answer:
    return await _page(visit, chosen_of(visit.query))


async def save(visit: Visit) -> Answer:
    chosen = chosen_of(visit.form)
    name = printable(visit.typed("name")).strip()
    team = visit.typed("for") or None
    saved = await visit.site.saved_views.of(visit.signed_in)
    problems = _problems(visit, name, team, saved)
    if asked_of(chosen, visit)[1]:
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    if not problems:
        try:
            kept = {each: chosen[each] for each in KEPT if chosen[each]}
            await visit.site.saved_views.save(visit.signed_in, name, kept, team)
        except TooManyViews:
            problems = [Problem("name", said.VIEWS_TOO_MANY)]
        except NotAllowed:
            raise Refused(403, words.REFUSED_TITLE, words.REFUSED_HERE.format(contact=visit.site.contact)) from None
    if problems:
        return await _page(visit, chosen, problems)
    return Redirect(link(chosen, PATH, done="saved"))


async def remove(visit: Visit) -> Answer:
    try:
        await visit.site.saved_views.remove(visit.signed_in, visit.typed("identifier"))
    except UnknownView:
        raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND) from None
    return Redirect(link(chosen_of(visit.form), PATH, done="removed"))


def _problems(visit: Visit, name: str, team: str | None, saved: Sequence[SavedView]) -> list[Problem]:
    account = visit.signed_in.account.identifier
    if team is not None and not (visit.signed_in.powers.admin and team in visit.site.teams):
        return [Problem("for", said.VIEWS_TEAM_WRONG)]
    if not name:
        return [Problem("name", said.VIEWS_NAME_MISSING)]
    if len(name) > MOST_NAME_CHARACTERS:
        return [Problem("name", said.VIEWS_NAME_LONG)]
    whose = [each for each in saved if (each.team == team if team else each.account == account)]
    if name.casefold() in {each.name.casefold() for each in whose}:
        return [Problem("name", said.VIEWS_NAME_TAKEN)]
    return []


async def _page(visit: Visit, chosen: Mapping[str, str], problems: Sequence[Problem] = ()) -> Page:
    saved = await visit.site.saved_views.of(visit.signed_in)
    model: dict[str, Any] = {
        "said": said,
        "done": None if problems else _DONE.get(visit.query.get("done", "")),
        "now": _in_words(chosen),
        "fields": {name: chosen[name] for name in KEPT if chosen[name]},
        "typed": printable(visit.typed("name")),
        "for_team": visit.typed("for"),
        "teams": visit.site.teams if visit.signed_in.powers.admin else (),
        "items": [_item(visit, each) for each in saved],
        "back": link(chosen),
    }
    return Page("queue_views.html", said.VIEWS_TITLE, model, 422 if problems else 200, tuple(problems))


def _item(visit: Visit, view: SavedView) -> dict[str, Any]:
    kept = chosen_of(view.query)
    shared = said.VIEWS_OF_TEAM.format(team=legible(view.team or "", 120), by=legible(view.by, 120))
    return {
        "identifier": view.identifier,
        "name": legible(view.name, 120),
        "href": link(kept),
        "whose": shared if view.team is not None else said.VIEWS_YOURS,
        "filters": _in_words(kept),
        "removable": visit.site.saved_views.may_remove(visit.signed_in, view),
    }


def _in_words(chosen: Mapping[str, str]) -> str:
    """The filters as a sentence."""
    view = words.VIEWS[View(chosen["view"])]
    found = [said.VIEWS_FILTER_NAMES[name].format(value=legible(chosen[name], 300)) for name in FILTERS if chosen[name]]
    if chosen["sort"] != Order.DEADLINE.value:
        found.append(said.VIEWS_FILTER_NAMES["sort"].format(value=words.ORDERS[Order(chosen["sort"])].lower()))
    if not found:
        return said.VIEWS_ALL.format(view=view)
    return said.VIEWS_FILTERS.format(view=view, filters=", ".join(found))
