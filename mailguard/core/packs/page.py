"""An incident pack as a page: HTML that prints well and loads nothing, and the same as plain text. Pure.

Every value from outside is made legible and escaped: a file name or an answer of a server must not move what stands
around it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from ..legible import legible
from ..moment import moment_in_words
from ..register.table import Table
from .pack import LIMITS, Pack

_STYLE = (
    "body{font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;max-width:70em;margin:1em auto;"
    "padding:0 1em}table{border-collapse:collapse;width:100%;margin:0 0 2em}caption{font-weight:bold;text-align:left;"
    "font-size:18px;padding:.5em 0}th,td{border:1px solid #767676;padding:.3em .5em;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}@media print{body{font-size:10pt;margin:0;max-width:none}"
    "thead{display:table-header-group}tr{break-inside:avoid}}"
)
CONFIDENTIAL = "This pack names people. Give it to nobody who does not have to work on the incident."


def as_html(pack: Pack) -> str:
    title = html.escape(_title(pack))
    pieces = [
        f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n<p><strong>{CONFIDENTIAL}</strong></p>",
        "<h2>What happened</h2>",
        *(f"<p>{_escaped(line)}</p>" for line in _lines(pack)),
        "<h2>What is not known</h2>",
        "<ul>\n" + "\n".join(f"<li>{_escaped(line)}</li>" for line in not_known(pack)) + "\n</ul>",
        *(_html_table(table) for table in pack.tables()),
        "</body>\n</html>\n",
    ]
    return "\n".join(pieces)


def as_text(pack: Pack) -> str:
    """Lines ending in "\\n"; each row of a table as a block of what it says."""
    pieces = [_title(pack), "", CONFIDENTIAL, "", "WHAT HAPPENED", ""]
    pieces += [*_lines(pack), "", "WHAT IS NOT KNOWN", "", *(f"- {line}" for line in not_known(pack))]
    for table in pack.tables():
        pieces += ["", table.title.upper(), ""]
        pieces += _text_rows(table) or ["(nothing)"]
    return "\n".join(legible(line, 2_000) for line in pieces) + "\n"


def not_known(pack: Pack) -> list[str]:
    """First what this pack lacks, then what none can have."""
    zone = pack.made_at.tzinfo
    gaps = [
        f"{each.text} It was removed at {moment_in_words(each.since.astimezone(zone))}." if each.since else each.text
        for each in pack.known.gaps
    ]
    return [*gaps, *LIMITS]


def _title(pack: Pack) -> str:
    about = pack.known.ref or "a message from a file"
    return f"Incident pack: {about}, {legible(pack.organisation, 100)}"


def _lines(pack: Pack) -> Iterable[str]:
    yield from pack.lead()
    if pack.known.subject:
        yield f"Its subject: {legible(pack.known.subject)}"
    if pack.known.content_sha256:
        yield f"SHA-256 of its content: {pack.known.content_sha256}"
    yield f"This pack was made at {moment_in_words(pack.made_at)}."


def _html_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_escaped(each)}</th>' for each in table.headings)
    rows = "\n".join(_html_row(row) for row in table.rows)
    empty = f'<tr><td colspan="{len(table.headings)}">Nothing</td></tr>'
    return (
        f"<table>\n<caption>{_escaped(table.title)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows or empty}\n</tbody>\n</table>"
    )


def _html_row(row: Sequence[str]) -> str:
    first, *rest = row
    return (
        f'<tr><th scope="row">{_escaped(first)}</th>' + "".join(f"<td>{_escaped(each)}</td>" for each in rest) + "</tr>"
    )


def _text_rows(table: Table) -> list[str]:
    lines = []
    for row in table.rows:
        lines.append(row[0])
        lines += [
            f"    {heading}: {value}" for heading, value in zip(table.headings[1:], row[1:], strict=True) if value
        ]
    return lines


def _escaped(text: str) -> str:
    return html.escape(legible(text, 2_000))
