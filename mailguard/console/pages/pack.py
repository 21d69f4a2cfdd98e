"""The incident pack of a message that got out: who saw whom, which copy went where, what is not known; the file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.errors import AlreadyDecided, IncidentRefused
from ...core.legible import legible
from ...core.packs.pack import LIMITS, Pack
from ...core.register.table import Table
from ...core.words import people
from ...guard.packs.packing import MOST_WHY
from .. import pack_files
from .. import words_packs as said
from ..answers import Answer, Download, Page, Problem, Refused
from ..entry_words import number
from ..visit import Visit
from .decide import clean
from .incident_room import said_plainly
from .pack_room import asked_incident, opened, path_of, record_of, refuse

FIRST_ROWS = 20
"""Of each table on the page that shows all of them."""
PAGE_ROWS = 100
MOST_CELL = 300
_DONE = ("sent", "nobody", "unrecorded")


async def show(visit: Visit) -> Answer:
    incident = asked_incident(visit)
    pack = await opened(visit)
    ref = str(pack.known.ref)
    record = await record_of(visit, ref)
    wanted = visit.query.get("table")
    # In threads: a list of thousands is a second of the processor.
    tables = await asyncio.to_thread(pack.tables)
    if wanted is not None:
        return _one_table(visit, ref, tables, wanted, incident)
    model = {
        "said": said,
        "ref": ref,
        "back": _back(ref, incident),
        "done": _done(visit, pack),
        "lead": await asyncio.to_thread(_lead, pack),
        "subject": said.SUBJECT.format(subject=legible(pack.known.subject, 300)) if pack.known.subject else None,
        "record": (f"/incidents/{record}", said.RECORD.format(incident=record)) if record else None,
        "acts": [
            (path_of(ref, "download", incident=incident), said.TAKE_LINK),
            *([(path_of(ref, "apology", incident=incident), said.APOLOGY_LINK)] if pack.known.form else []),
        ],
        "gaps": [legible(each.text, 500) for each in pack.known.gaps],
        "limits": LIMITS,
        "tables": [_shown(each, 0, FIRST_ROWS, path_of(ref, incident=incident, table=each.name)) for each in tables],
    }
    return Page("pack.html", said.TITLE.format(ref=ref), model)


async def show_download(visit: Visit) -> Answer:
    return await _taking(visit, await refuse(visit), "")


async def download(visit: Visit) -> Answer:
    ref = await refuse(visit)
    why = clean(visit.typed("why"))
    if not why:
        return await _taking(visit, ref, why, Problem("why", said.TAKE_NO_WHY))
    if len(why) > MOST_WHY:
        return await _taking(visit, ref, why, Problem("why", said.TAKE_LONG.format(count=f"{len(why):,}")))
    record = await record_of(visit, ref)
    try:
        pack = await visit.site.packs.take(visit.signed_in, ref, why, record)
    except (IncidentRefused, AlreadyDecided) as cause:
        return await _taking(visit, ref, why, _cannot_fill(str(record), cause))
    octets = await asyncio.to_thread(_zipped, pack, visit.site.packs.draft(pack))
    return Download(octets, said.TAKE_FILE.format(ref=ref), pack_files.ZIP_TYPE)


def _zipped(pack: Pack, draft: str) -> bytes:
    return pack_files.zipped(str(pack.known.ref), pack_files.files_of(pack, draft))


async def _taking(visit: Visit, ref: str, why: str, *problems: Problem) -> Page:
    incident, record = asked_incident(visit), await record_of(visit, ref)
    model = {
        "said": said,
        "action": path_of(ref, "download"),
        "back": path_of(ref, incident=incident),
        "incident": incident,
        "fills": said.TAKE_FILLS.format(incident=record) if record else None,
        "why": why,
    }
    return Page("pack_take.html", said.TAKE_TITLE.format(ref=ref), model, 422 if problems else 200, problems)


def _cannot_fill(incident: str, cause: IncidentRefused | AlreadyDecided) -> Problem:
    """Nothing was taken along then."""
    faults = cause.faults if isinstance(cause, IncidentRefused) else ()
    why = " ".join(f"{said_plainly(sentence)}." for _, sentence in faults)
    return Problem("why", legible(said.TAKE_REFUSED.format(incident=incident, why=why), 500))


def _back(ref: str, incident: str | None) -> tuple[str, str]:
    return (f"/incidents/{incident}", said.BACK_RECORD) if incident else (f"/m/{ref}", said.BACK_MESSAGE)


def _done(visit: Visit, pack: Pack) -> list[str]:
    """What became of an apology, as the ledger has it: the address of a page proves nothing."""
    done, runs = visit.query.get("done", ""), pack.known.apologies
    if done not in _DONE or not runs:
        return []
    if done == "nobody":
        return [said.DONE_NOBODY]
    sent = said.DONE_SENT.format(people=people(runs[-1].people))
    return [sent, said.DONE_UNRECORDED] if done == "unrecorded" else [sent]


def _lead(pack: Pack) -> list[str]:
    return [legible(each, 500) for each in pack.lead()]


def _one_table(visit: Visit, ref: str, tables: Sequence[Table], wanted: str, incident: str | None) -> Page:
    """One table, a page at a time; a page behind the last is the last one."""
    table = next((each for each in tables if each.name == wanted), None)
    if table is None:
        raise Refused(404, said.NO_TABLE_TITLE, said.NO_TABLE)
    pages = max(1, -(-len(table.rows) // PAGE_ROWS))
    typed = visit.query.get("page", "")
    page = min(max(1, int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 8 else 1), pages)
    near = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)}) if pages > 1 else []
    model = {
        "said": said,
        "back": (path_of(ref, incident=incident), said.WHOLE),
        "table": _shown(table, (page - 1) * PAGE_ROWS, PAGE_ROWS, None),
        "count": number(said.ROWS, len(table.rows)),
        "pages": [
            (each, path_of(ref, incident=incident, table=table.name, page=str(each)), each == page) for each in near
        ],
    }
    return Page("pack_table.html", f"{table.title}: {ref}", model)


def _shown(table: Table, start: int, most: int, whole: str | None) -> Mapping[str, Any]:
    """Some rows. whole: where the others are, if there are any."""
    rows = table.rows[start : start + most]
    more = len(table.rows) > len(rows) and whole is not None
    return {
        "name": table.name,
        "title": table.title,
        "headings": table.headings,
        "rows": [[legible(cell, MOST_CELL) for cell in row] for row in rows],
        "first": said.FIRST.format(shown=len(rows), count=len(table.rows)) if more else None,
        "all": (whole, said.SHOW_ALL.format(count=len(table.rows)), said.OF_TABLE.format(title=table.title))
        if more
        else None,
    }
