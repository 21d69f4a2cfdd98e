"""mailguard incident pack and apologise: of a message that got out, who saw whom, and saying sorry to exactly those."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ..config import Settings
from ..core.errors import IncidentRefused, SettingsError
from ..core.packs.draft import read_draft
from ..core.packs.facts import Known, Sent, completed, known_from_json
from ..core.packs.pack import Pack, pack_of
from . import output, settings
from .ask import ask_one, me, tell_if_waiting
from .options import By, Json
from .pack_file import batches, names_in, read_message
from .pack_folder import DRAFT, files_of, refuse_taken, write
from .policy_judging import counted, read

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
    by: By = None,
    as_json: Json = False,
) -> None:
    """Write the incident pack of a message that got out: who could see whom, which copy went where, what is not known.

    It names people: keep it as you keep the incident. That it was made is in the ledger. --incident links the message
    to a record and fills the counts that nobody wrote yet.

    Example: mailguard incident pack MG-7Q4K-2F --out pack.zip --incident IR-7Q4K-2FXB7M
    """
    _refuse_nothing(ref, eml, rcpt)
    refuse_taken(out)
    chosen = settings.load()
    made, answer = _made(chosen, ref, eml, rcpt, incident, by or me())
    files = files_of(made, answer["draft"])
    write(out, files)
    if as_json:
        gaps = [each.to_json() for each in made.known.gaps]
        output.json_line({"out": str(out), "files": sorted(files), "ref": ref, **made.counts(), "gaps": gaps})
        return
    for line in made.lead():
        output.result(output.plain(line))
    for gap in made.known.gaps:
        output.result(f"Not known: {output.plain(gap.text)}")
    output.message(f"Written to {output.plain(out)}. It names people: give it to nobody who does not need it.")
    output.message(f"Finish {DRAFT}, then see to whom it would go: mailguard incident apologise --help")


def apologise(
    text: Annotated[
        Path, typer.Option("--text", metavar="FILE", help=f"The finished draft ({DRAFT} of the pack), in UTF-8.")
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
    chosen = settings.load()
    try:
        said = read(text).decode()
    except UnicodeDecodeError:
        raise SettingsError(f'"{text}" is no text in UTF-8') from None
    given: dict[str, Any] = {
        "text": said,
        "to_all": everybody,
        "inside": inside,
        "incident": incident,
        "by": by or me(),
    }
    if ref is not None:
        given["ref"] = ref
    people: list[str] = []
    if eml is not None:
        known = read_message(eml, rcpt, chosen)
        people = list(_packed(known, chosen, datetime.now().astimezone()).concerned(to_all=everybody, inside=inside))
        given["content_sha256"] = known.content_sha256
    item = _shown_or_sent(given, people, confirm)
    if as_json:
        output.json_line(item)
        return
    _print_apology(item, said)


def _shown_or_sent(given: dict[str, Any], people: list[str], confirm: int | None) -> dict[str, Any]:
    """A long list of a file goes in several requests: what each of them would send is known before the first does."""
    requests = list(batches(people)) or [[]]
    shown = [ask_one("incident_apologise", **given, people=batch) for batch in requests]
    total = sum(each["people"] for each in shown)
    if confirm is None or total == 0:
        return _together(shown)
    if total != confirm:
        raise IncidentRefused(f"nothing was sent: it would go to {total:,} people, and {confirm:,} were confirmed")
    return _together(
        [
            ask_one("incident_apologise", **given, people=batch, confirmed=before["people"])
            for batch, before in zip(requests, shown, strict=True)
            if before["people"]
        ]
    )


def _together(items: list[dict[str, Any]]) -> dict[str, Any]:
    """What several requests came to. earlier: runs before the first of them."""
    return {
        "people": sum(each["people"] for each in items),
        "already": sum(each["already"] for each in items),
        "unwritable": sum(each["unwritable"] for each in items),
        "sent": [each["sent"] for each in items if each["sent"]],
        "earlier": items[0]["earlier"],
        "incident": next((each["incident"] for each in items if each["incident"]), None),
        "running": all(each["running"] for each in items),
    }


def _print_apology(item: dict[str, Any], said: str) -> None:
    people = counted(item["people"], "person").replace("persons", "people")
    if item["sent"]:
        output.result(f"On its way to {people}, a copy each: {', '.join(each['ref'] for each in item['sent'])}.")
        tell_if_waiting(item)
    else:
        draft = read_draft(said)
        assert draft is not None  # the service has refused any other
        output.result(output.colour(f"Subject: {output.plain(draft.subject)}", "bold"))
        output.result()
        for line in draft.body.splitlines():
            output.result(output.plain(line))
        output.result()
        output.result(f"It would go to {people}, each in a copy of its own. Nothing was sent.")
    if item["already"]:
        had = counted(item["already"], "person").replace("persons", "people")
        output.result(f"{had} had an apology for this message already, and get no other.")
    if item["unwritable"]:
        output.result(f"{item['unwritable']:,} addresses cannot be written to: tell these people in another way.")
    if item["people"] and not item["sent"]:
        output.message(f"To send it, add: --confirm {item['people']}")


def _made(
    chosen: Settings, ref: str | None, eml: Path | None, rcpt: list[str] | None, incident: str | None, by: str
) -> tuple[Pack, dict[str, Any]]:
    """The pack, and what the service answered; it has recorded by then that the pack is taken along."""
    file = read_message(eml, rcpt, chosen) if eml is not None else None
    now = datetime.now().astimezone()
    if ref is not None:
        answer = ask_one("incident_pack", ref=ref, incident=incident, by=by)
        known = known_from_json(answer["known"])
        if file is not None:
            known = completed(known, file, names_in(file))
        return _packed(known, chosen, now), answer
    assert file is not None
    counts = _packed(file, chosen, now).counts()
    answer = ask_one(
        "incident_pack_of_file", content_sha256=file.content_sha256, counts=counts, incident=incident, by=by
    )
    runs = tuple(Sent(each["ref"], datetime.fromisoformat(each["at"]), each["people"]) for each in answer["apologies"])
    return _packed(replace(file, apologies=runs), chosen, now), answer


def _packed(known: Known, chosen: Settings, now: datetime) -> Pack:
    organisation = chosen.organisation.organisation()
    return pack_of(
        known,
        organisation=organisation.name,
        is_inside=organisation.is_inside,
        made_at=now.astimezone(ZoneInfo(chosen.organisation.time_zone)),
    )


def _refuse_nothing(ref: str | None, eml: Path | None, rcpt: list[str] | None) -> None:
    if ref is None and eml is None:
        raise typer.BadParameter("name a message by its reference, or give it as a file with --eml", param_hint="REF")
    if rcpt and eml is None:
        raise typer.BadParameter("it says who got the message of a file: give --eml too", param_hint="--rcpt")
