"""The list of incidents: what needs somebody first, then what the filters find, with how the 72 hours stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from ...core.register.clock import ClockState, clock_of
from ...core.register.in_words import moment
from ...core.register.lists import Lists
from ...core.register.revision import Revision
from ...guard.console.register_desk import ClockView, RegisterAsked, RegisterPage
from ...guard.console.search import read_day
from .. import words_incident_fields as names
from .. import words_incidents as said
from ..answers import Answer, Page, Problem
from ..entry_words import number
from ..incident_shown import clock_in_words, people_in_words, title_of
from ..render import address
from ..visit import Visit, printable
from .incident_room import PATH, keeper, lists_of, path_of

FILTERS = ("kind", "status", "clock", "from", "to", "waiting")
MOST_CHARACTERS = 100
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "kind": names.KIND_NAMES,
    "status": names.STATUS_NAMES,
    "clock": said.CLOCKS,
    "waiting": {"yes": ""},
}


async def show(visit: Visit) -> Answer:
    desk = keeper(visit)
    lists = lists_of(desk)
    chosen = _chosen(visit.query)
    asked, problems = _asked(chosen)
    found = await desk.page(visit.signed_in, RegisterAsked() if problems else asked)
    filtered = any(chosen[name] for name in FILTERS)
    model = {
        "said": said,
        "chosen": chosen,
        "kinds": names.KIND_NAMES,
        "statuses": names.STATUS_NAMES,
        "important": _important(found),
        "heading": said.ONLY_WAITING if asked.waiting else said.TITLE,
        "found": number(said.FOUND, found.found),
        "filtered": filtered,
        "items": [] if problems else [_card(each, visit, lists) for each in found.items],
        "nothing": said.NOTHING_FOUND if filtered else said.NOTHING,
        "pages": _pages(chosen, found),
        "lists": f"{PATH}/lists",
    }
    title = said.TITLE_COUNT.format(count=found.found)
    return Page("incidents.html", title, model, 422 if problems else 200, problems)


def _chosen(query: Mapping[str, str]) -> dict[str, str]:
    """What stands in the address, as it was typed: the same page comes back from a bookmark."""
    chosen = {name: printable(query.get(name, ""))[:MOST_CHARACTERS].strip() for name in (*FILTERS, "page")}
    for name, choices in _CHOICES.items():
        if chosen[name] not in choices:
            chosen[name] = ""
    return chosen


def _asked(chosen: Mapping[str, str]) -> tuple[RegisterAsked, tuple[Problem, ...]]:
    problems, days = [], {}
    for name in ("from", "to"):
        days[name] = read_day(chosen[name]) if chosen[name] else None
        if chosen[name] and days[name] is None:
            problems.append(Problem(name, said.DAY_WRONG.format(typed=chosen[name])))
    page = chosen["page"]
    asked = RegisterAsked(
        kind=chosen["kind"] or None,
        status=chosen["status"] or None,
        clock=ClockView(chosen["clock"]) if chosen["clock"] else None,
        after=days["from"],
        before=days["to"],
        waiting=bool(chosen["waiting"]),
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
    )
    return asked, tuple(problems)


def _important(found: RegisterPage) -> list[dict[str, str]]:
    """What somebody has to do, with a link to it."""
    return [
        {
            "sentence": number(forms, count),
            "why": why,
            "href": address(PATH, **query),
            "link": said.SHOW_ONE if count == 1 else said.SHOW,
        }
        for forms, count, why, query in (
            (said.OVER, found.over, said.CLOCK_OVER_DO, {"clock": "over"}),
            (said.RUNNING, found.running, "", {"clock": "running"}),
            (said.WAITING, found.waiting, said.WAITING_WHY, {"waiting": "yes"}),
        )
        if count
    ]


def _card(revision: Revision, visit: Visit, lists: Lists) -> dict[str, Any]:
    record, now, zone = revision.record, visit.site.clock.now(), visit.site.zone
    clock = clock_of(record, now)
    at = record.happened_at or revision.at
    form = said.HAPPENED if record.occurred_from else said.HAPPENED_UNKNOWN
    return {
        "href": path_of(revision.incident),
        "title": title_of(record, lists),
        "status": names.STATUS_NAMES[record.status],
        "open": record.status == "open",
        "happened": form.format(moment=moment(at, zone)),
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "people": people_in_words(record),
        "clock": clock_in_words(record, clock, now, zone),
        "over": clock.state is ClockState.OVERDUE,
        "reference": said.REFERENCE.format(incident=revision.incident),
    }


def _pages(chosen: Mapping[str, str], found: RegisterPage) -> dict[str, Any]:
    """The first and the last page, and those around this one."""

    def link(page: int) -> str:
        return address(PATH, **{**{name: chosen[name] for name in FILTERS}, "page": page})

    near = {1, found.pages, *range(found.page - 1, found.page + 2)}
    numbers = sorted(each for each in near if 1 <= each <= found.pages)
    items: list[dict[str, Any] | None] = []
    for before, each in zip([0, *numbers], numbers, strict=False):
        if each > before + 1:
            items.append(None)
        items.append({"number": each, "href": link(each), "here": each == found.page})
    return {
        "items": items if found.pages > 1 else [],
        "previous": link(found.page - 1) if found.page > 1 else None,
        "next": link(found.page + 1) if found.page < found.pages else None,
    }
