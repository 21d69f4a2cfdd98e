"""Forms and lists of the register as files to save: text, data, and tables that a spreadsheet opens. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from ..core.legible import legible
from ..core.register.reports import Report
from ..core.register.table import Form, Table
from . import words_incidents as said
from .table_file import BOM, lines

TEXT_TYPE = "text/plain; charset=utf-8"
JSON_TYPE = "application/json"
WIDTH = 90
LONGEST_CELL = 100_000
"""A register leaves nothing out: no text of a record is longer, with what is put before it."""


def form_as_text(form: Form) -> bytes:
    """Section by section; what is not known yet says so."""
    found = [form.title, f"{form.incident}, {form.revision}", ""]
    for section in form.sections:
        found += [section.title, "-" * len(section.title)]
        for _, label, text in section.entries:
            found += [f"{label}:", *_wrapped(said.PRINT_NOT_YET if text is None else text)]
        found.append("")
    found += [line for note in form.notes for line in textwrap.wrap(note, WIDTH)]
    return "\r\n".join(found).encode("utf-8") + b"\r\n"


def form_as_data(form: Form) -> bytes:
    """As `mailguard incident form --json` prints it."""
    return json.dumps(form.to_json(), ensure_ascii=False, indent=2).encode("utf-8") + b"\n"


def tables_as_csv(tables: Sequence[Table], forms: Sequence[Form], notes: Sequence[str] = ()) -> str:
    """A report as a table file, at the console and by `mailguard report --csv`, without the BOM: the first table as it
    is, each further one behind an empty line and its title, then the answers of forms. notes: of the whole report, at
    the end; with them each table has its own behind its rows.
    """
    rows: list[list[str]] = []
    for number, table in enumerate(tables):
        rows += [[], [table.title]] if number else []
        rows += [list(table.headings), *(list(row) for row in table.rows)]
        rows += [[note] for note in table.notes] if notes else []
    if forms or not tables:
        rows.append(list(said.LISTS_CSV_HEADINGS))
    for form in forms:
        rows += [
            [form.incident, str(form.revision), section.title, label, text or ""]
            for section in form.sections
            for _, label, text in section.entries
        ]
    rows += [[], *([note] for note in notes)] if notes else []
    return lines(rows, LONGEST_CELL)


def report_as_table(report: Report) -> bytes:
    """The whole file."""
    return (BOM + tables_as_csv(report.tables, report.forms)).encode("utf-8")


def _wrapped(text: str) -> list[str]:
    found = [f"    {line}" for part in text.splitlines() for line in textwrap.wrap(legible(part, 100_000), WIDTH)]
    return found or ["    "]
