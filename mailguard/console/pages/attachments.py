"""The attachments of a held message: their first rows, masked; unmasked with a reason; taken along as files.

What the story (guard/console/attachments.py) refuses is said in words here; what it masks, nothing here can unmask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from ...core.attached import said_of
from ...core.errors import NotAllowed
from ...core.excerpt import Excerpt, ShownTable
from ...core.legible import legible
from ...core.safe_text import OtherPart
from ...guard.console.attachments import WHOLE, Busy, NoAttachment, Opened
from ...guard.console.looking import NotReadable, NotYours
from .. import words
from .. import words_attachments as said
from ..answers import Answer, Download, Page, Problem, Redirect, Refused
from ..attachment_words import first_name_of, name_of, sentences_of, size_of, unread_of
from ..visit import Visit
from .decide import MOST, clean
from .decision import ref_of
from .message import not_yours

FILE_TYPE = "application/octet-stream"

Thing = TypeVar("Thing")


async def show(visit: Visit) -> Answer:
    return await _page(visit, "")


async def reveal(visit: Visit) -> Answer:
    ref, number, reason = ref_of(visit), _number(visit), clean(visit.typed("reason"))
    try:
        if visit.signed_in.powers.reveals and not reason:
            return await _page(visit, reason, Problem("reason", said.REVEAL_NO_REASON))
        if len(reason) > MOST:
            return await _page(visit, reason, Problem("reason", said.REVEAL_LONG.format(count=f"{len(reason):,}")))
        await _asked(visit, visit.site.attachments.unmask(visit.signed_in, ref, number, reason))
    except NotAllowed:
        raise Refused(403, said.REVEAL_REFUSED_TITLE, said.REVEAL_REFUSED.format(contact=visit.site.contact)) from None
    return Redirect(f"/m/{ref}/parts/{number}")


async def offer(visit: Visit) -> Answer:
    """What taking it along means. It changes nothing, and has nothing of the file but its name."""
    ref, number = ref_of(visit), _number(visit)
    try:
        offered = await _asked(visit, visit.site.attachments.offered(visit.signed_in, ref, number))
    except NotAllowed:
        raise _not_taken(visit) from None
    size = size_of(offered.octets)
    back = f"/m/{ref}" if offered.part is None else f"/m/{ref}/parts/{number}"
    if offered.part is None:
        title, what = said.TAKE_MESSAGE_TITLE.format(reference=ref), said.TAKE_MESSAGE_WHAT.format(size=size)
    else:
        file = name_of(offered.part)
        title, what = said.TAKE_TITLE.format(file=file), said.TAKE_WHAT.format(file=file, size=size)
    return Page("download.html", title, {"said": said, "what": what, "back": back, "action": f"{back}/download"})


async def download(visit: Visit) -> Answer:
    try:
        take = visit.site.attachments.take(visit.signed_in, ref_of(visit), _number(visit))
        taken = await _asked(visit, take)
    except NotAllowed:
        raise _not_taken(visit) from None
    return Download(await asyncio.to_thread(bytes, taken.octets), taken.name, FILE_TYPE)


async def _page(visit: Visit, reason: str, *problems: Problem) -> Page:
    ref, number = ref_of(visit), _number(visit)
    try:
        opened = await _asked(visit, visit.site.attachments.open(visit.signed_in, ref, number))
    except Busy:
        raise Refused(503, said.BUSY_TITLE, said.BUSY) from None
    file = name_of(opened.part)
    model = {
        "said": said,
        "ref": ref,
        "number": number,
        "which": said.WHICH.format(number=opened.number, count=opened.count, reference=ref, about=_about(opened.part)),
        "findings": sentences_of(said_of(opened.held.decision, opened.part.path, first_name_of(opened.part))),
        "state": _state(visit, opened),
        "may_unmask": opened.may_unmask and opened.unmasked_until is None,
        "may_download": opened.may_download,
        "reason": reason,
        **_excerpt(opened.excerpt),
    }
    return Page("attachment.html", said.TITLE.format(file=file), model, 422 if problems else 200, problems)


async def _asked(visit: Visit, asked: Awaitable[Thing]) -> Thing:
    """What the story answers, or why there is nothing to be seen, in words."""
    try:
        return await asked
    except NotYours as cause:
        raise not_yours(visit, cause) from None
    except NotReadable:
        raise Refused(403, words.NO_TEXT_TITLE, words.NO_TEXT.format(contact=visit.site.contact)) from None
    except NoAttachment:
        raise Refused(404, said.NO_ATTACHMENT_TITLE, said.NO_ATTACHMENT) from None


def _number(visit: Visit) -> int:
    """WHOLE in an address that names no attachment."""
    typed = visit.where.get("number")
    if typed is None:
        return WHOLE
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 6 and int(typed) != WHOLE):
        raise Refused(404, said.NO_ATTACHMENT_TITLE, said.NO_ATTACHMENT)
    return int(typed)


def _not_taken(visit: Visit) -> Refused:
    return Refused(403, said.TAKE_REFUSED_TITLE, said.TAKE_REFUSED.format(contact=visit.site.contact))


def _about(part: OtherPart) -> str:
    return said.ABOUT.format(type=legible(part.media_type), size=size_of(part.octets))


def _state(visit: Visit, opened: Opened) -> str:
    if opened.unmasked_until is None:
        return said.MASKED
    return said.UNMASKED.format(moment=visit.site.in_words(opened.unmasked_until))


def _excerpt(excerpt: Excerpt) -> dict[str, Any]:
    nothing = not excerpt.tables and not excerpt.texts
    return {
        "unread": unread_of(excerpt.unread, some=not nothing) if excerpt.unread else None,
        "tables": [_table(each) for each in excerpt.tables],
        "texts": [
            {
                "where": legible(each.where),
                "text": legible(each.text, 1_000),
                "mark": said.MARK.format(why=each.hidden) if each.hidden else "",
            }
            for each in excerpt.texts
        ],
        "more_tables": words.counted(excerpt.more_tables, "table", "tables") if excerpt.more_tables else None,
        "more_texts": words.counted(excerpt.more_texts, "piece", "pieces") if excerpt.more_texts else None,
        "nothing": nothing and not excerpt.unread,
    }


def _table(table: ShownTable) -> dict[str, Any]:
    """What hides a whole row or column is said at its head, what hides a cell alone beside the cell."""
    columns = table.columns
    by_row = {row.number: _why([cell.hidden for cell in row.cells], table.hidden, 1) for row in table.rows}
    by_column = {
        column: _why(
            [c.hidden for row in table.rows if not by_row[row.number] for c in row.cells if c.column == column],
            table.hidden,
            2,
        )
        for column in columns
    }
    rows = []
    for row in table.rows:
        values = {cell.column: cell for cell in row.cells}
        marked = by_row[row.number]
        rows.append(
            {
                "number": f"{row.number:,}",
                "mark": _mark(marked),
                "cells": [
                    (
                        legible(values[column].value, 1_000) if column in values else "",
                        _mark(values[column].hidden)
                        if column in values and not (marked or by_column[column] or table.hidden)
                        else "",
                    )
                    for column in columns
                ],
            }
        )
    where = legible(table.where)
    return {
        "caption": said.TABLE_HIDDEN.format(where=where, why=table.hidden) if table.hidden else where,
        "count": said.ROWS.format(shown=f"{len(table.rows):,}", count=words.counted(table.count, "row", "rows")),
        "columns": [(_heading(table, column), _mark(by_column[column])) for column in columns],
        "rows": rows,
    }


def _why(found: list[str], of_table: str, fewest: int) -> str:
    """What hides all of these, "" where one is seen, there are too few to tell, or the whole table is hidden."""
    return found[0] if len(found) >= fewest and all(found) and not of_table else ""


def _mark(why: str) -> str:
    return said.MARK.format(why=why) if why else ""


def _heading(table: ShownTable, column: int) -> str:
    """The letters of a column, as spreadsheets name them (A, Z, AA), and its own name where the format has one."""
    letters, rest = "", column
    while rest > 0:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    own = legible(table.headings[column - 1]) if 0 < column <= len(table.headings) else ""
    return f"{letters} {own}".strip()
