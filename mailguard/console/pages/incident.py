"""One record: how its 72 hours stand, what it says, the entries that prove it, its forms, and every revision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from ...core.legible import legible
from ...core.register.clock import ClockState, clock_of
from ...core.register.forms import FORMS
from ...core.register.lists import Lists
from ...core.register.near_miss import let_go_as_it_was
from ...core.register.revision import Revision
from ...guard.entries import KINDS
from .. import words_audit, words_incident_fields, words_packs
from .. import words_incidents as said
from ..answers import Answer, Page
from ..incident_shown import (
    ShownPart,
    changed,
    clock_in_words,
    is_breach,
    parts_of,
    people_in_words,
    title_of,
    what_to_do,
)
from ..render import address
from ..visit import Visit
from . import pack_room
from .incident_room import MOST_WHY, PATH, keeper, lists_of, path_of, who_in_words


async def show(visit: Visit) -> Answer:
    desk = keeper(visit)
    history = await desk.history(visit.signed_in, visit.where["incident"])
    lists = lists_of(desk)
    last, now, zone = history[-1], visit.site.clock.now(), visit.site.zone
    record, incident = last.record, last.incident
    clock = clock_of(record, now)
    breach, parts = is_breach(record), parts_of(record, lists, zone)
    model = {
        "said": said,
        "incident": incident,
        "back": PATH,
        "done": _done(visit, last),
        "status": words_incident_fields.STATUS_NAMES[record.status],
        "open": record.status == "open",
        "people": people_in_words(record),
        "clock": clock_in_words(record, clock, now, zone),
        "clock_do": what_to_do(record, clock),
        "over": clock.state is ClockState.OVERDUE,
        "look": _look(incident) if let_go_as_it_was(record) and record.status == "open" else None,
        "acts": _acts(last),
        "missing": FORMS["notification"](last, lists, zone, now).missing if breach else (),
        "parts": [(part, _change(incident, part)) for part in parts if part.rows],
        "empty": [(_change(incident, part), part.title) for part in parts if part.form and not part.rows],
        "evidence": _evidence(last, reads=bool(visit.signed_in.powers.reads)),
        "printed": [(path_of(incident, "forms", name), said.FORM_NAMES[name]) for name in FORMS],
        "timeline": _timeline(history, visit, lists),
    }
    return Page("incident.html", title_of(record, lists), model)


def _done(visit: Visit, last: Revision) -> str | None:
    form = said.SAVED.get(visit.query.get("done", ""))
    return form.format(revision=last.revision) if form else None


def _change(incident: str, part: ShownPart) -> str | None:
    """Where that part is filled in, and nothing else is open."""
    return address(path_of(incident, "revise"), part=part.key) if part.form else None


def _look(incident: str) -> list[tuple[str, str]]:
    """What a near miss can be called whose message left as it was."""
    revise = path_of(incident, "revise")
    return [
        (address(revise, kind="breach"), said.LOOK_BREACH),
        (address(revise, kind="false_positive"), said.LOOK_WRONG),
        (path_of(incident, "close"), said.LOOK_CLOSE),
    ]


def _acts(last: Revision) -> list[tuple[str, str]]:
    record, incident = last.record, last.incident
    found = [(path_of(incident, "revise"), said.ACT_REVISE)]
    if is_breach(record):
        label = said.ACT_DECIDE if record.decision_ico is None else said.ACT_DECIDE_AGAIN
        found.append((path_of(incident, "decide"), label))
    found.append((path_of(incident, "link"), said.ACT_LINK))
    closes = record.status == "open"
    found.append((path_of(incident, "close"), said.ACT_CLOSE if closes else said.ACT_REOPEN))
    return found


def _evidence(last: Revision, *, reads: bool) -> dict[str, Any]:
    """The message, and each entry of the ledger: the audit trail opened at it. reads: whether the visitor reads
    anybody's messages; whether this one's, its pack says.
    """
    ref = last.record.message.ref if last.record.message else None
    ref = legible(ref) if ref else None
    return {
        "message": (f"/m/{ref}", said.MESSAGE_LINK.format(ref=ref)) if ref else None,
        "pack": (pack_room.path_of(ref, incident=last.incident), words_packs.LINK) if ref and reads else None,
        "trail": (address("/audit", ref=ref), said.TRAIL_LINK.format(ref=ref)) if ref else None,
        "entries": [
            (
                address("/audit", before=f"{each.ledger}:{each.sequence + 1}"),
                said.ENTRY_LINK.format(kind=_kind(each.kind), sequence=each.sequence, ledger=legible(each.ledger)),
                each.hash,
            )
            for each in last.record.entries
        ],
    }


def _kind(kind: str) -> str:
    """What an entry of that kind says, as the audit trail calls it; the kind itself where nobody knows it."""
    sentence = KINDS.get(kind, "").partition(";")[0].partition(".")[0].partition(":")[0].replace("`", "")
    return legible(sentence or kind.replace("_", " ") or words_audit.A_MESSAGE)


def _timeline(history: Sequence[Revision], visit: Visit, lists: Lists) -> list[dict[str, Any]]:
    """The newest first."""
    found = []
    for before, after in zip([None, *history], history, strict=False):
        act = said.DERIVED_AGAIN if after.act == "derived" and before is not None else said.ACT_NAMES[after.act]
        found.append(
            {
                "heading": said.REVISION.format(revision=after.revision, act=act),
                "by": said.BY.format(who=who_in_words(after), moment=visit.site.in_words(after.at)),
                "at": after.at.astimezone(UTC).isoformat(timespec="seconds"),
                "why": said.WHY.format(why=legible(after.why, MOST_WHY)) if after.why else None,
                "changes": changed(before, after, lists, visit.site.zone),
            }
        )
    return found[::-1]
