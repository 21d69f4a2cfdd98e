"""Fifteen texts that list people, as programs and people put lists into mail. The people are invented as tests run."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.inspection.find import invented

HEADINGS = ("Patient", "DOB", "NHS number", "Postcode")
_RNG = random.Random(2026)
PEOPLE = tuple(
    (invented.full_name(_RNG), invented.birth(_RNG), invented.nhs_number(_RNG), invented.postcode(_RNG))
    for _ in range(23)
)
STAFF = tuple(
    (invented.full_name(_RNG), f"07700 9{100 + 7 * n:05}"[:12], f"person{n}@staff.example", "Band 6") for n in range(23)
)


@dataclass(frozen=True)
class Listing:
    """text of a message; html: whether it is HTML. hidden: whether nobody sees the list."""

    text: str
    html: bool = False
    hidden: bool = False


def _rows(separator: str, prefix: str = "", headed: bool = True) -> str:
    rows = (HEADINGS, *PEOPLE) if headed else PEOPLE
    return "\n".join(prefix + separator.join(row) for row in rows)


def _letter(listed: str) -> str:
    return f"Dear all,\n\nplease find this week's list below.\n\n{listed}\n\nKind regards\nJo Marsh\nTel 01632 960001\n"


def _aligned() -> str:
    widths = [max(len(row[column]) for row in (HEADINGS, *PEOPLE)) for column in range(len(HEADINGS))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (HEADINGS, *PEOPLE)
    )


def _html(cell: str, row: str = "<tr>", before: str = "<table>", after: str = "</table>", style: str = "") -> str:
    body = "".join(row + "".join(cell.format(each) for each in line) + "</tr>" for line in (HEADINGS, *PEOPLE))
    return f"<html><head>{style}</head><body><p>Dear all,</p>{before}{body}{after}<p>Regards<br>Jo</p></body></html>"


_MSO = (
    "<td width=121 style='width:90.6pt;border:solid windowtext 1.0pt;mso-border-alt:solid windowtext .5pt;"
    "padding:0cm 5.4pt 0cm 5.4pt'><p class=MsoNormal><span style='font-size:11.0pt;mso-fareast-language:EN-GB'>{}"
    "<o:p></o:p></span></p></td>"
)

LISTINGS: dict[str, Listing] = {
    "pasted from Excel as tabs": Listing(_letter(_rows("\t"))),
    "pasted from Excel without its headings": Listing(_letter(_rows("\t", headed=False))),
    "Outlook's HTML table": Listing(
        _html(
            _MSO,
            before="<table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse'>",
            style="<style><!-- p.MsoNormal {margin:0cm;font-size:11.0pt;} table.MsoNormalTable {} --></style>",
        ),
        html=True,
    ),
    "Excel's HTML": Listing(
        _html(
            "<td height=20 class=xl65 style='height:15.0pt'>{}</td>",
            row="<tr height=20 style='height:15.0pt'>",
            before="<table border=0 cellpadding=0 cellspacing=0 width=320><col width=80 span=4 style='width:60pt'>",
            style="<style><!-- .xl65 {mso-style-parent:style0; mso-number-format:'\\@';} --></style>",
        ),
        html=True,
    ),
    "Word's HTML": Listing(
        _html(
            "<td valign=top><p class=MsoNormal style='line-height:normal'><b><span lang=EN-GB>{}</span></b></p></td>"
        ),
        html=True,
    ),
    "Gmail's HTML": Listing(
        _html(
            '<td style="overflow:hidden;padding:2px 3px;vertical-align:bottom">{}</td>',
            before='<div dir="ltr"><table cellspacing="0" cellpadding="0" dir="ltr" border="1"><colgroup>'
            '<col width="100"></colgroup><tbody>',
            after="</tbody></table></div>",
        ),
        html=True,
    ),
    "a table within a table that lays the page out": Listing(
        "<table><tr><td>Logo</td></tr><tr><td>" + _html("<td>{}</td>") + "</td></tr></table>", html=True
    ),
    "aligned columns": Listing(_letter(_aligned())),
    "a reply that quotes the table": Listing("Thanks, I will look.\n\n" + _letter(_rows("\t", prefix="> "))),
    "a reply to a reply with aligned columns": Listing(
        "Thanks.\n\n" + "\n".join(f"> > {line}" for line in _letter(_aligned()).split("\n"))
    ),
    "name, date of birth and number line by line": Listing(_letter(_rows(", ", headed=False))),
    "semicolons": Listing(_letter(_rows(";"))),
    "bars": Listing(_letter(_rows(" | "))),
    "numbered lines": Listing(
        _letter(
            "\n".join(
                f"{n}. {name} (born {birth}) NHS no {number}" for n, (name, birth, number, _) in enumerate(PEOPLE, 1)
            )
        )
    ),
    "bullets of HTML": Listing(
        "<p>Dear all</p><ul>" + "".join(f"<li>{n}, {b}, {x}, {p}</li>" for n, b, x, p in PEOPLE) + "</ul>", html=True
    ),
    "a list of staff with mobiles": Listing(
        _letter("\n".join("\t".join(row) for row in (("Name", "Mobile", "Email", "Grade"), *STAFF)))
    ),
    "rows that a class hides": Listing(
        _html("<td>{}</td>", row='<tr class="more">', style="<style>tr.more { display: none }</style>"),
        html=True,
        hidden=True,
    ),
}
