"""What is made of records: a form of one, and lists over a period, each as a page to print and as a file to save."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from ...core.moment import date_in_words
from ...core.register.forms import FORMS
from ...core.register.reports import Period, Report
from ...core.register.table import Form
from ...guard.console.search import read_day
from .. import table_file, words
from .. import words_incidents as said
from ..answers import Answer, Download, Page, Problem, Refused
from ..incident_files import JSON_TYPE, TEXT_TYPE, form_as_data, form_as_text, report_as_table
from ..render import address
from ..visit import Visit, printable
from .incident_room import PATH, keeper, lists_of, path_of

LISTS = f"{PATH}/lists"
WIDE = 5
"""A table with more columns is shown row by row: no printer has room for it."""


async def show_form(visit: Visit) -> Answer:
    made = await _form(visit)
    model = {
        "said": said,
        "form": made,
        "of": said.PRINT_OF.format(
            incident=made.incident, revision=made.revision, moment=visit.site.in_words(visit.site.clock.now())
        ),
        "action": path_of(made.incident, "forms", made.name),
        "back": path_of(made.incident),
    }
    return Page("incident_print.html", made.title, model)


async def save_form(visit: Visit) -> Answer:
    keeper(visit)
    kind = visit.typed("as")
    if kind not in ("text", "json"):
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    made = await _form(visit)
    octets = form_as_text(made) if kind == "text" else form_as_data(made)
    ending, media_type = ("txt", TEXT_TYPE) if kind == "text" else ("json", JSON_TYPE)
    filename = said.FORM_FILE.format(incident=made.incident, form=made.name, ending=ending)
    return Download(octets, filename, media_type)


async def show_lists(visit: Visit) -> Answer:
    keeper(visit)
    chosen = _chosen(visit.query)
    if not visit.query:
        return _choosing(visit, {**chosen, **_this_year(visit)})
    if visit.query.get("again"):
        return _choosing(visit, chosen)
    period, problems = _period(chosen)
    if problems or period is None:
        return _choosing(visit, chosen, *problems)
    report = await _report(visit, chosen["list"], period)
    local = visit.site.clock.now()
    model = {
        "said": said,
        "chosen": chosen,
        "title": said.LISTS_NAMES[chosen["list"]][0],
        "of": said.LISTS_PERIOD.format(
            first=_day(period.first), last=_day(period.last), moment=visit.site.in_words(local)
        ),
        "tables": [{"table": each, "wide": len(each.keys) > WIDE} for each in report.tables],
        "forms_made": report.forms,
        "nothing": not report.forms and not any(each.rows for each in report.tables),
        "action": LISTS,
        "again": address(LISTS, **{**chosen, "again": "yes"}),
        "back": PATH,
    }
    return Page("incident_list_print.html", said.LISTS_NAMES[chosen["list"]][0], model)


async def save_list(visit: Visit) -> Answer:
    keeper(visit)
    chosen = _chosen(visit.form)
    period, problems = _period(chosen)
    if problems or period is None:
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    report = await _report(visit, chosen["list"], period)
    octets = await asyncio.to_thread(report_as_table, report)
    filename = said.LISTS_FILE.format(name=chosen["list"], first=period.first.isoformat(), last=period.last.isoformat())
    return Download(octets, filename, table_file.MEDIA_TYPE)


async def _form(visit: Visit) -> Form:
    desk, name = keeper(visit), visit.where["form"]
    if name not in FORMS:
        raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)
    lists_of(desk)
    return await desk.form(visit.signed_in, name, visit.where["incident"])


async def _report(visit: Visit, name: str, period: Period) -> Report:
    desk = keeper(visit)
    lists_of(desk)
    return await desk.report(visit.signed_in, name, period)


def _chosen(query: Mapping[str, str]) -> dict[str, str]:
    return {name: printable(query.get(name, ""))[:100].strip() for name in ("list", "from", "to")}


def _this_year(visit: Visit) -> dict[str, str]:
    today = visit.site.clock.now().astimezone(visit.site.zone).date()
    return {"from": f"1/1/{today.year}", "to": f"{today.day}/{today.month}/{today.year}"}


def _period(chosen: Mapping[str, str]) -> tuple[Period | None, tuple[Problem, ...]]:
    problems = []
    if chosen["list"] not in said.LISTS_NAMES:
        problems.append(Problem("list", said.LISTS_CHOICE))
    days: list[date] = []
    for name, label in (("from", said.FROM), ("to", said.TO)):
        day = read_day(chosen[name]) if chosen[name] else None
        if not chosen[name]:
            problems.append(Problem(name, said.LISTS_DAY_MISSING.format(label=label)))
        elif day is None:
            problems.append(Problem(name, said.DAY_WRONG.format(typed=chosen[name])))
        else:
            days.append(day)
    if len(days) == 2 and days[1] < days[0]:
        problems.append(Problem("to", said.LISTS_PERIOD_WRONG))
    return (None, tuple(problems)) if problems else (Period(*days), ())


def _choosing(visit: Visit, chosen: Mapping[str, str], *problems: Problem) -> Page:
    model: dict[str, Any] = {
        "said": said,
        "chosen": chosen,
        "choices": [(name, *both) for name, both in said.LISTS_NAMES.items()],
        "action": LISTS,
        "back": PATH,
    }
    return Page("incident_lists.html", said.LISTS_TITLE, model, 422 if problems else 200, problems)


def _day(day: date) -> str:
    return date_in_words(datetime.combine(day, time()))
