"""What `mailguard incident` and `mailguard report` do, on the register. Rows come one by one: a year can have many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field

from ..console.month_view import document_of
from ..core.errors import UnknownReference
from ..core.reference import is_reference
from ..core.register.clock import clock_of
from ..core.register.forms import FORMS
from ..core.register.record import Kind
from ..core.register.reference import is_incident
from ..core.register.reports import REPORTS, Period
from ..core.register.revision import Revision
from ..core.review_report.month import read_month
from ..core.review_report.month_tables import headline, month_tables, notes
from ..guard.accounts import Actor
from ..guard.monthly.reports import MonthlyReports
from ..guard.ports import Clock
from ..guard.register.book import Decision, IncidentBook
from ..guard.register.near_misses import NearMisses
from ..guard.register.reporting import Reporting
from .arguments import Arguments, Item
from .control import BadArguments

MAX_TEXT = 4000
PIECE = 16_384
"""Characters of a page that are handed over at once."""
Reference = Annotated[str, Field(max_length=40), AfterValidator(lambda text: text.strip().upper())]


class Registered(Protocol):
    """serve.register.Register."""

    @property
    def book(self) -> IncidentBook: ...
    @property
    def reporting(self) -> Reporting: ...
    @property
    def near_misses(self) -> NearMisses: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def monthly(self) -> MonthlyReports: ...
    @property
    def organisation(self) -> str: ...
    def way(self, code: str) -> str: ...


class ByArguments(Arguments):
    by: str = Field(min_length=1, max_length=200)

    def actor(self, system_user: str) -> Actor:
        return Actor(self.by, system_user)


class AddArguments(ByArguments):
    fields: dict[str, Any]
    ref: Reference | None = None


class OfIncident(Arguments):
    incident: Reference


class ChangeArguments(ByArguments, OfIncident):
    seen: int | None = None


class ReviseArguments(ChangeArguments):
    fields: dict[str, Any]
    why: str = Field(min_length=1, max_length=MAX_TEXT)


class DecideArguments(ChangeArguments):
    report: bool
    reason: str | None = Field(default=None, max_length=MAX_TEXT)
    decided_by: str = Field(min_length=1, max_length=200)
    advice: str | None = Field(default=None, max_length=MAX_TEXT)
    at: str | None = None


class LinkArguments(ChangeArguments):
    ref: Reference


class EndArguments(ChangeArguments):
    why: str = Field(min_length=1, max_length=MAX_TEXT)


class ListArguments(Arguments):
    kinds: list[Kind] = Field(default_factory=list)
    status: Literal["open", "closed"] | None = None
    first: str | None = None
    last: str | None = None


class FormArguments(ByArguments, OfIncident):
    form: str
    revision: int | None = None


class ReportArguments(ByArguments):
    report: str
    first: str
    last: str


class MonthArguments(ByArguments):
    """document: whether a page to print is asked for, in place of tables."""

    month: str
    document: bool = False


async def add(register: Registered, given: AddArguments, system_user: str) -> AsyncIterator[Item]:
    if given.ref is not None:
        await register.near_misses.enter()
        _refuse_message(given.ref)
    yield _item(await register.book.add(given.fields, given.actor(system_user), given.ref), register)


async def listed(register: Registered, given: ListArguments, _: str) -> AsyncIterator[Item]:
    await register.near_misses.enter()
    begins = register.book.begins(_day(given.first)) if given.first else None
    ends = register.book.ends(_day(given.last)) if given.last else None
    async for revision in register.book.walk(given.kinds or None, begins, ends):
        if given.status in (None, revision.record.status):
            yield _item(revision, register)


async def show(register: Registered, given: OfIncident, _: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    await register.near_misses.enter()
    history = await register.book.history(given.incident)
    yield {**_item(history[-1], register), "revisions": [_item(each, register) for each in history]}


async def revise(register: Registered, given: ReviseArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    actor = given.actor(system_user)
    yield _item(await register.book.revise(given.incident, given.fields, given.why, actor, given.seen), register)


async def decide(register: Registered, given: DecideArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    at = register.book.moment(given.at) if given.at is not None else None
    decision = Decision(given.report, given.reason, given.decided_by, given.advice, at)
    actor = given.actor(system_user)
    yield _item(await register.book.decide(given.incident, decision, actor, given.seen), register)


async def link(register: Registered, given: LinkArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    _refuse_message(given.ref)
    yield _item(await register.book.link(given.incident, given.ref, given.actor(system_user), given.seen), register)


async def close(register: Registered, given: EndArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    yield _item(await register.book.close(given.incident, given.why, given.actor(system_user), given.seen), register)


async def reopen(register: Registered, given: EndArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    yield _item(await register.book.reopen(given.incident, given.why, given.actor(system_user), given.seen), register)


async def form(register: Registered, given: FormArguments, system_user: str) -> AsyncIterator[Item]:
    _refuse_incident(given.incident)
    if given.form not in FORMS:
        raise BadArguments(f'there is no form "{given.form}"; the forms are: {", ".join(FORMS)}')
    made = await register.reporting.form(given.form, given.incident, given.actor(system_user), given.revision)
    yield made.to_json()


async def report(register: Registered, given: ReportArguments, system_user: str) -> AsyncIterator[Item]:
    """Each table without its rows, then these one by one; then forms."""
    if given.report not in REPORTS:
        raise BadArguments(f'there is no report "{given.report}"; the reports are: {", ".join(REPORTS)}')
    period = Period(_day(given.first), _day(given.last))
    if period.last < period.first:
        raise BadArguments("the period ends before it begins")
    await register.near_misses.enter()
    found = await register.reporting.report(given.report, period, given.actor(system_user))
    for table in found.tables:
        yield {"table": {**table.to_json(), "rows": []}}
        for row in table.rows:
            yield {"row": list(row)}
    for each in found.forms:
        yield {"form": each.to_json()}


async def report_month(register: Registered, given: MonthArguments, system_user: str) -> AsyncIterator[Item]:
    """What the report says first, then as `report`; or the whole page, a piece at a time."""
    month = read_month(given.month)
    if month is None:
        raise BadArguments("a month is written as 2026-11")
    figures = await register.monthly.figures(month)
    tables = await asyncio.to_thread(month_tables, figures, register.way)
    actor = given.actor(system_user)
    await register.reporting.taken(f"month {month.name}", sum(len(each.rows) for each in tables), actor)
    if given.document:
        page = await asyncio.to_thread(document_of, figures, register.way, register.organisation)
        for start in range(0, len(page), PIECE):
            yield {"document": page[start : start + PIECE]}
        return
    yield {"month": month.name, "over": figures.over, "headline": headline(figures), "notes": list(notes(figures))}
    for table in tables:
        yield {"table": {**table.to_json(), "rows": []}}
        for row in table.rows:
            yield {"row": list(row)}


def _item(revision: Revision, register: Registered) -> Item:
    """`incident list --json`. clock: how the 72 hours stand now."""
    return {
        "incident": revision.incident,
        "revision": revision.revision,
        "supersedes": revision.supersedes,
        "at": revision.at.astimezone(UTC).isoformat(timespec="seconds"),
        "act": revision.act,
        "by": revision.by,
        "why": revision.why,
        "clock": clock_of(revision.record, register.clock.now()).to_json(),
        "record": revision.record.to_json(),
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadArguments("a day is written as 2026-03-05") from None


def _refuse_incident(text: str) -> None:
    if not is_incident(text):
        raise UnknownReference(f'"{text}" is no incident; one looks like IR-7Q4K-2FXB7M')


def _refuse_message(text: str) -> None:
    if not is_reference(text):
        raise UnknownReference(f'"{text}" is not a reference; one looks like MG-7Q4K-2F')


OnRegister = Callable[[Registered, Any, str], AsyncIterator[Item]]

INCIDENT_OPERATIONS: dict[str, tuple[type[Arguments], OnRegister]] = {
    "incident_add": (AddArguments, add),
    "incident_list": (ListArguments, listed),
    "incident_show": (OfIncident, show),
    "incident_revise": (ReviseArguments, revise),
    "incident_decide": (DecideArguments, decide),
    "incident_link": (LinkArguments, link),
    "incident_close": (EndArguments, close),
    "incident_reopen": (EndArguments, reopen),
    "incident_form": (FormArguments, form),
    "report": (ReportArguments, report),
    "report_month": (MonthArguments, report_month),
}
