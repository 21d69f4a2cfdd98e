"""mailguard incident pack and apologise: of a message that got out, who saw whom, and saying sorry to exactly those."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import By, Json

Reference = Annotated[
    str | None, typer.Argument(metavar="[REF]", help="The message in the ledger, for example MG-7Q4K-2F.")
]
Eml = Annotated[
    Path | None,
    typer.Option("--eml", metavar="FILE", help="The message as a file: alone, or for what the ledger has lost."),
]
Rcpt = Annotated[
    list[str] | None,
    typer.Option("--rcpt", metavar="ADDRESS", help="With --eml: who got it; whom it names otherwise. May be repeated."),
]
Record = Annotated[
    str | None, typer.Option("--incident", metavar="INCIDENT", help="The record of the incident, for example IR-....")
]


def pack(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER|FILE.zip", help="Where to write the pack.")],
    ref: Reference = None,
    eml: Eml = None,
    rcpt: Rcpt = None,
    incident: Record = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="For what you take it along, in at most 300 characters.")
    ] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Write the incident pack of a message that got out: who could see whom, which copy went where, what is not known.

    It names people: keep it as you keep the incident. That it was made is in the ledger, and its evidence has the
    reason. --incident links the message to a record and fills the counts that nobody wrote yet.

    Example: mailguard incident pack MG-7Q4K-2F --out pack.zip --incident IR-7Q4K-2FXB7M
    """
    _refuse_nothing(ref, eml, rcpt)
    from . import pack_making

    pack_making.pack(out, ref, eml, rcpt, incident, reason, by, as_json)


def apologise(
    text: Annotated[
        Path, typer.Option("--text", metavar="FILE", help="The finished draft (apology.txt of the pack), in UTF-8.")
    ],
    ref: Reference = None,
    eml: Eml = None,
    rcpt: Rcpt = None,
    everybody: Annotated[
        bool, typer.Option("--to-all", help="To everybody who got it, not only to those whose address others saw.")
    ] = False,
    inside: Annotated[bool, typer.Option("--inside", help="To people of your organisation too.")] = False,
    confirm: Annotated[
        int | None,
        typer.Option("--confirm", metavar="N", min=1, help="Send it: N is the number of people that was shown."),
    ] = None,
    incident: Record = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Send an apology to exactly those whose address others saw, each in a copy of its own; show it without --confirm.

    Nothing is sent without --confirm, and nobody gets it twice for one message, however often it is sent. A text that
    names an address outside, or still has something in square brackets, is refused.

    Example: mailguard incident apologise MG-7Q4K-2F --text pack/apology.txt --confirm 40
    """
    _refuse_nothing(ref, eml, rcpt)
    from . import pack_making

    pack_making.apologise(text, ref, eml, rcpt, everybody, inside, confirm, incident, by, as_json)


def _refuse_nothing(ref: str | None, eml: Path | None, rcpt: list[str] | None) -> None:
    if ref is None and eml is None:
        raise typer.BadParameter("name a message by its reference, or give it as a file with --eml", param_hint="REF")
    if rcpt and eml is None:
        raise typer.BadParameter("it says who got the message of a file: give --eml too", param_hint="--rcpt")
