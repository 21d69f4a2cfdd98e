"""What `incident pack` and `incident apologise` do. It loads the judge, so only these commands load it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from ..config import Settings
from ..console.pack_files import DRAFT, files_of
from ..core.errors import IncidentRefused, SettingsError
from ..core.packs.draft import MAX_TEXT, read_draft
from ..core.packs.facts import Known, Sent, completed, known_from_json
from ..core.packs.pack import Pack, pack_of
from ..guard.packs.packing import MOST_WHY
from . import output, settings
from .ask import ask_one, me, tell_if_waiting
from .pack_file import batches, contents_in, names_in, read_message
from .pack_folder import refuse_taken, write
from .policy_judging import counted, read


def pack(
    out: Path,
    ref: str | None,
    eml: Path | None,
    rcpt: list[str] | None,
    incident: str | None,
    reason: str,
    by: str | None,
    as_json: bool,
) -> None:
    """`incident pack`."""
    if len(reason) > MOST_WHY:
        raise typer.BadParameter(f"at most {MOST_WHY} characters", param_hint="--reason")
    refuse_taken(out)
    chosen = settings.load()
    made, answer = _made(chosen, ref, eml, rcpt, incident=incident, why=reason.strip() or None, by=by or me())
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
    text: Path,
    ref: str | None,
    eml: Path | None,
    rcpt: list[str] | None,
    everybody: bool,
    inside: bool,
    confirm: int | None,
    incident: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """`incident apologise`."""
    chosen = settings.load()
    try:
        said = read(text).decode()
    except UnicodeDecodeError:
        raise SettingsError(f'"{text}" is no text in UTF-8') from None
    if len(said) > MAX_TEXT:
        raise SettingsError(f'"{text}" has {len(said):,} characters, and an apology may have {MAX_TEXT:,}: shorten it')
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
        contents = contents_in(eml, rcpt)
        which = next(iter(contents))
        if ref is not None:
            # A copy as it arrived names whom it was delivered to, which nobody else was shown.
            which = ask_one("incident_pack_content", ref=ref, contents=list(contents))["content_sha256"]
        known = read_message(contents, which, rcpt, chosen)
        people = list(_packed(known, chosen, datetime.now().astimezone()).concerned(to_all=everybody, inside=inside))
        given["contents"] = list(contents)
    item = _shown_or_sent(given, people, confirm)
    if as_json:
        output.json_line(item)
        return
    _print_apology(item, said)


def _shown_or_sent(given: dict[str, Any], people: list[str], confirm: int | None) -> dict[str, Any]:
    """A long list of a file goes in several requests: what each of them would send is known before the first does.
    Where the evidence still names the people, the first one is about all of them.
    """
    requests = list(batches(people)) or [[]]
    shown = [ask_one("incident_apologise", **given, people=requests[0])]
    if shown[0]["whole"]:
        requests = [[]]
    shown += [ask_one("incident_apologise", **given, people=batch) for batch in requests[1:]]
    total = sum(each["people"] for each in shown)
    if confirm is None:
        return _together(shown)
    if total not in (0, confirm):
        raise IncidentRefused(f"nothing was sent: it would go to {total:,} people, and {confirm:,} were confirmed")
    # Those that send nothing too: the record may not count yet what went out before.
    return _together(
        [
            ask_one("incident_apologise", **given, people=batch, confirmed=before["people"])
            for batch, before in zip(requests, shown, strict=True)
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
    chosen: Settings, ref: str | None, eml: Path | None, rcpt: list[str] | None, **said: str | None
) -> tuple[Pack, dict[str, Any]]:
    """The pack, and what the service answered; it has recorded by then that the pack is taken along.

    said: incident, why, by.
    """
    contents = contents_in(eml, rcpt) if eml is not None else {}
    now = datetime.now().astimezone()
    if ref is not None:
        answer = ask_one("incident_pack", ref=ref, contents=list(contents), **said)
        known = known_from_json(answer["known"])
        if contents:
            # The service has refused a file that is no copy of it.
            file = read_message(contents, str(known.content_sha256), rcpt, chosen)
            known = completed(known, file, names_in(file))
        return _packed(known, chosen, now), answer
    file = read_message(contents, next(iter(contents)), rcpt, chosen)
    counts = _packed(file, chosen, now).counts()
    answer = ask_one("incident_pack_of_file", contents=list(contents), counts=counts, **said)
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
