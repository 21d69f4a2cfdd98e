"""mailguard incident: the register of incidents. Near misses are in it by themselves; breaches a person enters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ..core.register.forms import FORMS
from ..core.register.record import TIMES
from . import incident_pack, output, settings
from .ask import ask, ask_one, me
from .exits import Status
from .incident_fields import fields_of, merged
from .options import By, Json, not_empty
from .report_text import print_form

app = typer.Typer(help="The register of incidents: enter, revise, decide, print.", no_args_is_help=True)
app.command("pack")(incident_pack.pack)
app.command("apologise")(incident_pack.apologise)

Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="The incident, for example IR-7Q4K-2FXB7M.")]
File = Annotated[Path | None, typer.Option("--file", "-f", metavar="FILE", help="Fields of the record, in YAML.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="One field; lists and numbers as in YAML. May be repeated."),
]
Seen = Annotated[
    int | None, typer.Option("--if-revision", metavar="N", help="Only if the record is still at this revision.")
]
Why = Annotated[
    str, typer.Option("--why", metavar="TEXT", callback=not_empty, help="Why; it is kept with the revision.")
]
Day = Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day of the period.")]


@app.command("add")
def add(
    file: File = None,
    given: Set = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="breach|embargo_breach|near_miss|false_positive", help="What it is.")
    ] = None,
    narrative: Annotated[str | None, typer.Option("--narrative", metavar="TEXT", help="What happened.")] = None,
    occurred: Annotated[str | None, typer.Option("--occurred", metavar="TIME", help="When it began.")] = None,
    aware: Annotated[
        str | None, typer.Option("--aware", metavar="TIME", help="When it was known: the 72 hours count from it.")
    ] = None,
    known: Annotated[
        int | None, typer.Option("--known", metavar="N", help="People who certainly are affected.")
    ] = None,
    most: Annotated[int | None, typer.Option("--most", metavar="N", help="People who may be affected.")] = None,
    mechanism: Annotated[
        list[str] | None, typer.Option("--mechanism", metavar="CODE", help="How it happened; may be repeated.")
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option("--message", metavar="REF", help="The message that it is about; its entries are linked."),
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Enter an incident of any kind, by mail or not. Texts that hold personal data are refused.

    Example: mailguard incident add --file incident.yaml --aware 2026-11-20T10:00
    """
    flags = {
        "kind": kind,
        "narrative": narrative,
        "occurred_from": occurred,
        "aware_at": aware,
        "subjects_known": known,
        "subjects_max": most,
        "mechanism": mechanism,
    }
    fields = {"kind": "breach", **fields_of(file, given or (), flags)}
    _say(ask_one("incident_add", fields=fields, ref=ref, by=by or me()), as_json, "is in the register")


@app.command("list")
def list_incidents(
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Only this; may be repeated.")
    ] = None,
    undecided: Annotated[bool, typer.Option("--open", help="Only what is not closed.")] = False,
    first: Day = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day.")] = None,
    as_json: Json = False,
) -> None:
    """List the register, the oldest incident first, each as its last revision has it. Times are the organisation's.

    Example: mailguard incident list --kind breach --open
    """
    status = "open" if undecided else None
    items = ask("incident_list", kinds=kind or [], status=status, first=first, last=last)
    if as_json:
        for item in items:
            output.json_line(item)
        return
    zone = _zone()
    rows = [_row(item, zone) for item in items]
    output.table(("INCIDENT", "KIND", "STATUS", "WHEN", "PEOPLE", "72 HOURS"), rows)
    if not rows:
        output.message("No incidents.")


@app.command("show")
def show(incident: Incident, as_json: Json = False) -> None:
    """Show one record with all its revisions, and how the 72 hours stand. Times are the organisation's.

    Example: mailguard incident show IR-7Q4K-2FXB7M
    """
    item = ask_one("incident_show", incident=incident)
    if as_json:
        output.json_line(item)
        return
    zone = _zone()
    output.pairs([("incident", item["incident"]), ("72 hours", _clock(item["clock"], zone))])
    output.pairs((name, _shown(name, value, zone)) for name, value in item["record"].items())
    output.result()
    rows = [
        (each["revision"], output.when(each["at"], zone), each["act"], each["by"] or "mailguard", each["why"] or "")
        for each in item["revisions"]
    ]
    output.table(("REVISION", "AT", "WHAT", "BY", "WHY"), rows)


@app.command("revise")
def revise(
    incident: Incident,
    why: Why,
    file: File = None,
    given: Set = None,
    seen: Seen = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Change fields of a record: a new revision supersedes the last, and all are kept. NAME=null takes one back.

    Example: mailguard incident revise IR-7Q4K-2FXB7M --set subjects_max=6000 --why "a second list was found"
    """
    changes = fields_of(file, given or (), {})
    if any(isinstance(value, dict) for value in changes.values()):
        there = ask_one("incident_show", incident=incident)
        changes, seen = merged(changes, there["record"]), seen or there["revision"]
    item = ask_one("incident_revise", incident=incident, fields=changes, why=why, seen=seen, by=by or me())
    _say(item, as_json, f"is at revision {item['revision']}")


@app.command("decide")
def decide(
    incident: Incident,
    report: Annotated[bool, typer.Option("--report/--do-not-report", help="Whether the Commissioner is told.")],
    decided_by: Annotated[
        str, typer.Option("--decided-by", metavar="WHO", callback=not_empty, help="Who decided, a name or a role.")
    ],
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; needed where it is not reported.")
    ] = None,
    advice: Annotated[str | None, typer.Option("--advice", metavar="TEXT", help="The advice that was taken.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When; now, where it is left out.")] = None,
    seen: Seen = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Record the decision whether to report a breach. Deciding not to needs a reason, and stops the 72 hours.

    Example: mailguard incident decide IR-7Q4K-2FXB7M --do-not-report --decided-by DPO --reason "sent to one colleague"
    """
    item = ask_one(
        "incident_decide",
        incident=incident,
        report=report,
        reason=reason,
        decided_by=decided_by,
        advice=advice,
        at=at,
        seen=seen,
        by=by or me(),
    )
    _say(item, as_json, "is to be reported" if report else "is not to be reported")


@app.command("link")
def link(
    incident: Incident,
    ref: Annotated[str, typer.Argument(metavar="REF", help="A message, for example MG-7Q4K-2F.")],
    seen: Seen = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Link the ledger's entries of a message to a record, as its evidence.

    Example: mailguard incident link IR-7Q4K-2FXB7M MG-7Q4K-2F
    """
    item = ask_one("incident_link", incident=incident, ref=ref, seen=seen, by=by or me())
    _say(item, as_json, f"names {len(item['record'].get('entries', ()))} entries of the ledger")


@app.command("close")
def close(
    incident: Incident,
    why: Why,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open it again.")] = False,
    seen: Seen = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Close a record. A breach has to be decided about first, and told where that was decided.

    Example: mailguard incident close IR-7Q4K-2FXB7M --why "the regulator took no further action"
    """
    operation = "incident_reopen" if reopen else "incident_close"
    item = ask_one(operation, incident=incident, why=why, seen=seen, by=by or me())
    _say(item, as_json, "is open again" if reopen else "is closed")


@app.command("form")
def form(
    incident: Incident,
    name: Annotated[str, typer.Option("--as", metavar="|".join(FORMS), help="Which form.")],
    revision: Annotated[int | None, typer.Option("--revision", metavar="N", help="Of this revision.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Print a record in the form that somebody asks for. Ends with 1 where the form asks what the record does not say.

    Example: mailguard incident form IR-7Q4K-2FXB7M --as notification
    """
    item = ask_one("incident_form", incident=incident, form=name, revision=revision, by=by or me())
    if as_json:
        output.json_line(item)
    else:
        print_form(item)
    if item["missing"]:
        output.message(f"Not known yet: {'; '.join(item['missing'])}.")
        raise typer.Exit(Status.FINDINGS)


def _say(item: dict[str, Any], as_json: bool, what: str) -> None:
    if as_json:
        output.json_line(item)
        return
    output.result(f"{item['incident']} {what}.")
    clock = _clock(item["clock"], _zone())
    if clock:
        output.message(f"72 hours: {clock}.")


def _zone() -> ZoneInfo:
    """Of the organisation: a time that is typed without one is in it."""
    return ZoneInfo(settings.load().organisation.time_zone)


def _row(item: dict[str, Any], zone: ZoneInfo) -> tuple[object, ...]:
    record = item["record"]
    when = record.get("occurred_from") or record.get("detected_at") or record.get("aware_at")
    most = record.get("subjects_max", record.get("subjects_known"))
    if most is None:
        counts = [each.get("max", each.get("known")) for each in record.get("subjects", ())]
        most = sum(each for each in counts if each is not None) if any(each is not None for each in counts) else ""
    return (
        item["incident"],
        record["kind"],
        record["status"],
        output.when(when, zone),
        most,
        _clock(item["clock"], zone),
    )


def _clock(clock: dict[str, Any], zone: ZoneInfo) -> str:
    state = clock["state"]
    if state in ("running", "overdue"):
        left = clock["hours_left"]
        until = output.when(clock["deadline"], zone)
        return f"{left:g} hours left, until {until}" if left >= 0 else f"OVER by {-left:g} hours, since {until}"
    return {
        "none": "",
        "not_aware": "not known since when",
        "not_reported": "decided not to report",
        "in_time": "told in time",
        "late": "told late",
    }[str(state)]


def _shown(name: str, value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(name, each, zone)}" for name, each in value.items())
    if isinstance(value, list):
        return [str(_shown("", each, zone)) for each in value]
    return output.when(value, zone) if isinstance(value, str) and name in TIMES else value
