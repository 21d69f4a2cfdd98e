"""Taking the list of held messages along: first what that means, then the table, a piece at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ...core.reference import is_reference
from ...guard.console.bulk import MOST
from ...guard.console.list_export import Row
from ...guard.console.queue import Asked
from ...guard.console.queue_records import Item, View
from ...guard.console.search import Wanted
from .. import table_file, words
from .. import words_queue as said
from ..answers import Answer, Page, Redirect, Refused, Stream
from ..entry_words import number
from ..visit import Visit
from .queue import state_of
from .queue_asked import KEPT, asked_of, chosen_of, link

PATH = "/queue/export"


async def show(visit: Visit) -> Answer:
    chosen = chosen_of(visit.query)
    asked, problems = asked_of(chosen, visit)
    return Redirect(link(chosen)) if problems else await confirm(visit, chosen, asked)


async def confirm(visit: Visit, chosen: Mapping[str, str], asked: Asked, only: Sequence[str] = ()) -> Page:
    """What would be taken along. only: these messages, instead of all that the filters find."""
    powers = visit.signed_in.powers
    asked = _only(asked, only)
    fields = {name: chosen[name] for name in KEPT if chosen[name]}
    model = {
        "said": said,
        "fields": {**fields, **({"only": " ".join(only)} if only else {})},
        "lead": said.EXPORT_LEAD.format(rows=number(said.EXPORT_ROWS, await visit.site.queue.count(powers, asked))),
        "masked": powers.reads != powers.sees,
        "back": link(chosen),
    }
    return Page("queue_export.html", said.EXPORT_TITLE, model)


async def act(visit: Visit) -> Answer:
    asked, problems = asked_of(chosen_of(visit.form), visit)
    only = visit.typed("only").split()
    if problems or len(only) > MOST or not all(map(is_reference, only)):
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    rows = await visit.site.exports.begin(visit.signed_in, _only(asked, only))
    day = visit.site.clock.now().astimezone(visit.site.zone).date().isoformat()
    return Stream(_written(rows), said.EXPORT_FILE.format(day=day), table_file.MEDIA_TYPE)


def _only(asked: Asked, refs: Sequence[str]) -> Asked:
    """Ticked messages are meant whatever the filters say now."""
    return replace(asked, view=View.ALL, team=None, wanted=Wanted(refs=tuple(refs))) if refs else asked


async def _written(found: AsyncIterator[Sequence[Row]]) -> AsyncIterator[bytes]:
    yield table_file.table(said.EXPORT_HEADINGS, ())
    async for rows in found:
        yield await asyncio.to_thread(_lines, rows)


def _lines(rows: Sequence[Row]) -> bytes:
    return table_file.lines([_cells(each) for each in rows]).encode("utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    if not isinstance(row, Item):
        return (row, said.EXPORT_UNREADABLE, *("" for _ in said.EXPORT_HEADINGS[2:]))
    return (
        row.ref,
        state_of(row.state, row.released_as, row.escalated_to, row.reached_nobody),
        _iso(row.received_at),
        _iso(row.due_at),
        row.consequence,
        str(row.more_reasons),
        ", ".join(row.rules),
        row.team or "",
        said.EXPORT_MASK if row.subject is None else row.subject,
        said.EXPORT_MASK if row.sender is None else row.sender,
        str(row.people),
        str(row.domains),
        str(row.inside),
        "" if row.urgent is None else said.EXPORT_URGENT,
        row.assigned_to or "",
        row.decided_by or "",
        _iso(row.decided_at) if row.decided_at else "",
    )


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
