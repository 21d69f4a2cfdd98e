"""mailguard report: lists over a period, out of the register and the ledger, as text, CSV or JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, Any

import typer

from ..console.incident_files import tables_as_csv
from ..console.table_file import BOM
from ..core.errors import SettingsError
from ..core.register.reports import REPORTS
from ..core.register.table import form_from_json, table_from_json
from . import output
from .ask import ask, me
from .options import By
from .report_text import print_form, print_table

MONTH = "month"


def report(
    name: Annotated[str, typer.Argument(metavar="|".join((*REPORTS, MONTH)), help="Which report.")],
    month: Annotated[str | None, typer.Argument(metavar="[YYYY-MM]", help="Of `month`: which one.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day, as 2026-01-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day, counted in.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table that a spreadsheet opens.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Of `month`: a page to print, with charts.")] = False,
    by: By = None,
) -> None:
    """Print a report of a period. Incidents count by when they happened; the ledger records who took which report.

    `month` is the report for whoever looks after data protection: `mailguard report month 2026-11 --html`.

    Example: mailguard report foi --from 2025-01-01 --to 2025-12-31 --csv
    """
    if as_csv + as_json + as_html > 1:
        raise SettingsError("choose one of --csv, --json and --html")
    if name == MONTH:
        if month is None or first is not None or last is not None:
            raise SettingsError("which month? For example: mailguard report month 2026-11")
        print_month(month, by or me(), as_csv=as_csv, as_json=as_json, as_html=as_html)
        return
    if month is not None or as_html:
        raise SettingsError(f'"{name}" is of a period: give --from and --to, and no month or --html')
    if first is None or last is None:
        raise SettingsError(f'"{name}" is of a period: give --from and --to')
    tables, forms = collected(ask("report", report=name, first=first, last=last, by=by or me()))
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


def collected(items: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
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


def print_month(month: str, by: str, *, as_csv: bool, as_json: bool, as_html: bool) -> None:
    items = ask("report_month", month=month, document=as_html, by=by)
    if as_html:
        for item in items:
            _write(item["document"])
        return
    (said,), rest = list(islice(items, 1)), items
    tables, _ = collected(rest)
    if as_json:
        output.json_line({"report": MONTH, **said, "tables": tables})
    elif as_csv:
        _print_csv(tables, [], said["notes"])
    else:
        output.result(output.plain(said["headline"]))
        output.result()
        for note in said["notes"]:
            output.result(output.plain(note))
        output.result()
        for table in tables:
            print_table(table)


def _print_csv(tables: list[dict[str, Any]], forms: list[dict[str, Any]], told: Sequence[str] = ()) -> None:
    """As at the console. told: notes, at the end."""
    text = tables_as_csv([table_from_json(each) for each in tables], [form_from_json(each) for each in forms], told)
    if sys.stdout.isatty():
        output.result(text)
    else:
        _write(BOM + text)


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
