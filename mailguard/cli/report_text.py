"""Reports and forms of the register as text for a terminal, or for a file that a person reads."""

from __future__ import annotations

import textwrap
from typing import Any

from . import output

NOT_YET = "[not known yet]"
WIDTH = 100


def print_table(table: dict[str, Any]) -> None:
    """A narrow table in columns; of a wide one each row as a list of what it says."""
    output.result(output.colour(table["title"], "bold"))
    output.result()
    headings = list(table["headings"].values())
    rows = [list(row.values()) for row in table["rows"]]
    if len(headings) <= 4:
        output.table(headings, rows)
    else:
        for row in rows:
            output.pairs(zip(headings, row, strict=True))
            output.result()
    for note in table["notes"]:
        output.result(output.plain(note))
    output.result()


def print_form(form: dict[str, Any]) -> None:
    """Section by section; what is not known yet says so."""
    output.result(output.colour(form["title"], "bold"))
    output.result(f"{form['incident']}, revision {form['revision']}")
    for section in form["sections"]:
        output.result()
        output.result(output.colour(output.plain(section["title"]), "bold"))
        for entry in section["entries"]:
            said = NOT_YET if entry["text"] is None else output.plain(entry["text"])
            output.result(f"  {output.plain(entry['label'])}:")
            for line in textwrap.wrap(said, WIDTH) or [""]:
                output.result(f"    {line}")
    output.result()
    for note in form["notes"]:
        output.result(output.plain(note))
