"""The monthly reports: the list, one month with its charts and tables, and the same as a file."""

from __future__ import annotations

import asyncio

from ...core.errors import NotAllowed, UnknownReference
from ...core.review_report.figures import Figures
from ...core.review_report.month import Month, read_month
from ...core.review_report.month_tables import month_tables
from ...guard.console.months import Making
from .. import table_file, words
from .. import words_reports as said
from ..answers import Answer, Download, Page, Refused
from ..entry_words import number
from ..month_view import count_of, file_of, model_of
from ..visit import Visit


async def show(visit: Visit) -> Answer:
    try:
        months = await visit.site.months.months(visit.signed_in.powers)
    except NotAllowed:
        raise _refused(visit) from None
    items = [
        {"href": f"/reports/{each.name}", "title": each.in_words, "running": said.RUNNING if not index else None}
        for index, each in enumerate(months)
    ]
    return Page("reports.html", said.TITLE, {"said": said, "items": items})


async def show_month(visit: Visit) -> Answer:
    found = await _look(visit)
    if isinstance(found, Making):
        return _making(found)
    model = await asyncio.to_thread(model_of, found, visit.site.ways)
    return Page("report_month.html", said.MONTH_TITLE.format(month=found.month.in_words), model)


async def download(visit: Visit) -> Answer:
    found = await _look(visit)
    if isinstance(found, Making):
        return _making(found)
    tables = await asyncio.to_thread(month_tables, found, visit.site.ways)
    await visit.site.months.export(visit.signed_in, found.month, count_of(tables))
    octets = await asyncio.to_thread(file_of, found, tables)
    return Download(octets, said.FILE.format(month=found.month.name), table_file.MEDIA_TYPE)


async def _look(visit: Visit) -> Figures | Making:
    month = read_month(visit.where["month"])
    try:
        if month is None:
            raise UnknownReference("no month")
        return await visit.site.months.look(visit.signed_in.powers, month)
    except NotAllowed:
        raise _refused(visit) from None
    except UnknownReference:
        raise Refused(404, said.UNKNOWN_TITLE, said.UNKNOWN) from None


def _making(making: Making) -> Page:
    month: Month = making.month
    model = {
        "said": said,
        "lead": said.MAKING.format(read=number(said.MAKING_READ, making.read)),
        "href": f"/reports/{month.name}",
    }
    return Page("report_making.html", said.MAKING_TITLE.format(month=month.in_words), model)


def _refused(visit: Visit) -> Refused:
    return Refused(403, words.REFUSED_TITLE, said.REFUSED.format(contact=visit.site.contact))
