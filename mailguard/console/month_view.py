"""The monthly report as a model for templates: on a page of the console, and as a document of its own. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ..core.register.table import Table
from ..core.review_report.figures import Figures
from ..core.review_report.month_charts import month_charts
from ..core.review_report.month_tables import headline, month_tables, notes
from . import table_file
from . import words_reports as said
from .incident_files import tables_as_csv
from .render import render_alone

Ways = Callable[[str], str]
_NUMBERS = frozenset("0123456789%.,")


def model_of(figures: Figures, ways: Ways) -> dict[str, Any]:
    """What report_body.html needs."""
    charts = {each.table: each for each in month_charts(figures)}
    return {
        "said": said,
        "month": figures.month.name,
        "headline": headline(figures),
        "notes": notes(figures),
        "running": None if figures.over else said.RUNNING,
        "sections": [_section(table, charts) for table in month_tables(figures, ways)],
    }


def document_of(figures: Figures, ways: Ways, organisation: str) -> str:
    """A whole HTML document that needs nothing else, to print or to file."""
    title = said.MONTH_TITLE.format(month=figures.month.in_words)
    model = {**model_of(figures, ways), "title": title, "organisation": organisation}
    return render_alone("report_document.html", model)


def file_of(figures: Figures, tables: Sequence[Table]) -> bytes:
    """All tables as one CSV file, and at the end what the figures mean."""
    return (table_file.BOM + tables_as_csv(tables, (), notes(figures))).encode()


def count_of(tables: Sequence[Table]) -> int:
    """Rows, as the ledger says of what is taken along."""
    return sum(len(each.rows) for each in tables)


def _section(table: Table, charts: Mapping[str, Any]) -> dict[str, Any]:
    drawn = charts.get(table.name)
    # The names of numbers are for scripts.
    first = 1 if table.keys[0] == "name" else 0
    return {
        "name": table.name,
        "title": table.title,
        "headings": table.headings[first:],
        "rows": [[(cell, _is_number(cell)) for cell in row[first:]] for row in table.rows],
        "notes": table.notes,
        # Drawn by core.review_report.drawing, which escapes every text in it.
        "chart": Markup(drawn.svg) if drawn is not None and drawn.svg else None,  # noqa: S704
        "chart_title": drawn.title if drawn is not None else None,
        "chart_about": drawn.about if drawn is not None else None,
        "nothing": said.NOTHING.get(table.name, said.NOTHING_ELSE),
    }


def _is_number(cell: str) -> bool:
    return bool(cell) and set(cell) <= _NUMBERS
