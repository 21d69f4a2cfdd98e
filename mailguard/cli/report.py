"""mailguard report: lists over a period, out of the register and the ledger, as text, CSV or JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ..console.table_file import BOM, lines
from ..core.errors import SettingsError
from ..core.register.reports import REPORTS
from . import output
from .ask import ask, me
from .options import By
from .report_text import print_form, print_table

LONGEST_CELL = 100_000
"""A register leaves nothing out: no text of a record is longer, with what is put before it."""
FORM_HEADINGS = ("Incident", "Revision", "Section", "Question", "Answer")


def report(
    name: Annotated[str, typer.Argument(metavar="|".join(REPORTS), help="Which report.")],
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day, as 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day, counted in.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="A table that a spreadsheet opens.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    by: By = None,
) -> None:
    """Print a report of a period. Incidents count by when they happened; the ledger records who took which report.

    Example: mailguard report foi --from 2025-01-01 --to 2025-12-31 --csv
    """
    if as_csv and as_json:
        raise SettingsError("choose --csv or --json")
    tables, forms = _collected(ask("report", report=name, first=first, last=last, by=by or me()))
    if as_json:
        output.json_line({"report": name, "from": first, "to": last, "tables": tables, "forms": forms})
    elif as_csv:
        _print_csv(tables, forms)
    else:
        for table in tables:
            print_table(table)
        for form in forms:
            print_form(form)
        if not tables and not forms:
            output.message("Nothing of that kind happened in this period.")


def _collected(items: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows come one by one behind the table that they belong to."""
    tables: list[dict[str, Any]] = []
    forms: list[dict[str, Any]] = []
    for item in items:
        if "table" in item:
            tables.append(item["table"])
        elif "row" in item:
            tables[-1]["rows"].append(dict(zip(tables[-1]["headings"], item["row"], strict=True)))
        else:
            forms.append(item["form"])
    return tables, forms


def _print_csv(tables: list[dict[str, Any]], forms: list[dict[str, Any]]) -> None:
    """The first table as it is; each further one behind an empty line and its title."""
    rows: list[list[str]] = []
    for number, table in enumerate(tables):
        rows += [[], [table["title"]]] if number else []
        rows += [list(table["headings"].values()), *(list(row.values()) for row in table["rows"])]
    if forms or not tables:
        rows += [list(FORM_HEADINGS)]
    for form in forms:
        rows += [
            [form["incident"], str(form["revision"]), section["title"], entry["label"], entry["text"] or ""]
            for section in form["sections"]
            for entry in section["entries"]
        ]
    if sys.stdout.isatty():
        output.result(lines(rows, LONGEST_CELL))
    else:
        _write(BOM + lines(rows, LONGEST_CELL))


def _write(text: str) -> None:
    """In octets, so that the line ends stay as CSV has them. ReaderGone."""
    try:
        sys.stdout.flush()
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is not None:
            buffer.write(text.encode())
        else:
            sys.stdout.write(text)
    except BrokenPipeError:
        raise output.ReaderGone from None
