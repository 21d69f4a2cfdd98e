"""The audit trail: what happened in words, its filters in the address, the check that it is complete, the export."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from ...core.errors import NotAllowed
from ...core.reference import is_reference
from ...guard.console.search import read_day
from ...guard.console.trail import MOST_EXPORTED, TrailAsked
from ...guard.console.trail_records import Group, Place, TrailCheck
from .. import table_file, words
from .. import words_audit as said
from ..answers import Answer, Download, Page, Problem, Redirect, Refused
from ..entry_words import in_words, number, who_in_words
from ..render import address
from ..visit import Visit, printable

PATH = "/audit"
CHECK = "/audit/check"
EXPORT = "/audit/export"
NAMES = ("ref", "person", "kind", "from", "to", "before")
MOST_CHARACTERS = 300
SHOWN_TROUBLES = 20


async def show(visit: Visit) -> Answer:
    chosen = _chosen(visit.query)
    asked, problems = _asked(chosen)
    powers = visit.signed_in.powers
    page = None if problems else await visit.site.trail.page(powers, asked)
    filtered = any(chosen[name] for name in NAMES if name != "before")
    model = {
        "said": said,
        "chosen": chosen,
        "kinds": [(group.value, said.GROUPS[group]) for group in Group],
        "items": [_item(each, visit) for each in page.entries] if page else [],
        "found": number(said.FOUND, page.found) if page else "",
        "older": address(PATH, **{**chosen, "before": written_place(page.older)}) if page and page.older else None,
        "newest": address(PATH, **{**chosen, "before": ""}) if chosen["before"] else None,
        "filtered": filtered,
        "nothing": said.NOTHING_FOUND if filtered else said.NOTHING,
        "in_scope": not powers.admin,
        "export": address(EXPORT, **{**chosen, "before": ""}),
        "may_check": visit.site.trail.may_check(powers),
    }
    return Page("audit.html", said.TITLE, model, 422 if problems else 200, problems)


async def show_check(visit: Visit) -> Answer:
    if not visit.site.trail.may_check(visit.signed_in.powers):
        raise Refused(403, words.REFUSED_TITLE, said.CHECK_NOT_YOURS)
    trail = visit.site.trail
    model = {"said": said, "check": _check(trail.last_check, visit), "found": _found(trail.last_result)}
    return Page("audit_check.html", said.CHECK_TITLE, model)


async def check(visit: Visit) -> Answer:
    try:
        visit.site.trail.check(visit.signed_in)
    except NotAllowed:
        raise Refused(403, words.REFUSED_TITLE, said.CHECK_NOT_YOURS) from None
    return Redirect(CHECK)


async def show_export(visit: Visit) -> Answer:
    chosen = _chosen(visit.query)
    asked, problems = _asked(chosen)
    if problems:
        return Redirect(address(PATH, **chosen))
    count = await visit.site.trail.count(visit.signed_in.powers, asked)
    model = {
        "said": said,
        "chosen": {name: chosen[name] for name in NAMES if name != "before"},
        "count": number(said.FOUND, min(count, MOST_EXPORTED)),
        "too_many": said.EXPORT_MOST.format(most=MOST_EXPORTED) if count > MOST_EXPORTED else None,
        "back": address(PATH, **{**chosen, "before": ""}),
    }
    return Page("audit_export.html", said.EXPORT_TITLE, model)


async def export(visit: Visit) -> Answer:
    asked, problems = _asked(_chosen({**visit.form, "before": ""}))
    if problems:
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    pieces = [await asyncio.to_thread(table_file.table, said.EXPORT_HEADINGS, ())]
    async for entries in visit.site.trail.exported(visit.signed_in, asked):
        rows = [_row(each) for each in entries]
        pieces.append((await asyncio.to_thread(table_file.lines, rows)).encode("utf-8"))
    day = visit.site.clock.now().astimezone(visit.site.zone).date().isoformat()
    return Download(b"".join(pieces), said.EXPORT_FILE.format(day=day), table_file.MEDIA_TYPE)


def _chosen(query: Mapping[str, str]) -> dict[str, str]:
    """What stands in the address, as it was typed: the same page comes back from a bookmark."""
    chosen = {name: printable(query.get(name, ""))[:MOST_CHARACTERS].strip() for name in NAMES}
    if chosen["kind"] not in set(Group):
        chosen["kind"] = ""
    if read_place(chosen["before"]) is None:
        chosen["before"] = ""
    return chosen


def _asked(chosen: Mapping[str, str]) -> tuple[TrailAsked, tuple[Problem, ...]]:
    problems = []
    ref = chosen["ref"].upper()
    if ref and not is_reference(ref):
        problems.append(Problem("ref", said.REFERENCE_WRONG.format(typed=chosen["ref"])))
    days = {}
    for field in ("from", "to"):
        days[field] = read_day(chosen[field]) if chosen[field] else None
        if chosen[field] and days[field] is None:
            problems.append(Problem(field, said.DAY_WRONG.format(typed=chosen[field])))
    asked = TrailAsked(
        group=Group(chosen["kind"]) if chosen["kind"] else None,
        ref=ref or None,
        person=chosen["person"] or None,
        after=days["from"],
        before=days["to"],
        place=read_place(chosen["before"]),
    )
    return asked, tuple(problems)


def written_place(place: Place) -> str:
    """As it stands in an address: "main:1204", several with commas between them."""
    return ",".join(f"{ledger}:{sequence}" for ledger, sequence in sorted(place.items()))


def read_place(text: str) -> Place | None:
    """None for what is no place."""
    found = {}
    for each in text.split(",") if text else ():
        ledger, colon, sequence = each.rpartition(":")
        if not (colon and ledger and sequence.isascii() and sequence.isdigit() and len(sequence) < 16):
            return None
        found[ledger] = int(sequence)
    return found or None


def _item(recorded: Any, visit: Visit) -> dict[str, Any]:
    entry = recorded.entry
    return {
        "sentence": in_words(recorded),
        "moment": visit.site.in_words(entry.at),
        "at": entry.at.astimezone(UTC).isoformat(timespec="seconds"),
        "ref": entry.ref,
        "href": address(PATH, ref=entry.ref) if entry.ref else None,
        "place": said.PLACE.format(sequence=entry.sequence, ledger=entry.ledger),
    }


def _row(recorded: Any) -> tuple[str, ...]:
    entry = recorded.entry
    at = entry.at.astimezone(UTC).isoformat(timespec="seconds")
    who, what = who_in_words(recorded), in_words(recorded)
    return (at, who, what, entry.ref or "", entry.kind, entry.ledger, str(entry.sequence))


def _check(check: TrailCheck | None, visit: Visit) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "running": said.CHECK_RUNNING.format(by=check.by, moment=visit.site.in_words(check.began_at)),
        "is_running": check.running,
        "failed": check.failed,
        "whole": None
        if check.running or check.failed or check.broken
        else said.CHECK_WHOLE.format(entries=check.entries, moment=visit.site.in_words(check.began_at)),
        "by": said.CHECK_BY.format(by=check.by),
    }


def _found(result: TrailCheck | None) -> dict[str, Any] | None:
    """What does not match, until a check finds that all does; None for nothing."""
    if result is None or not result.broken:
        return None
    places = [
        (said.CHECK_PLACE if sequence is not None else said.CHECK_PLACE_NONE).format(
            ledger=ledger, sequence=sequence, kind=kind.replace("-", " ")
        )
        for ledger, sequence, kind in result.troubles[:SHOWN_TROUBLES]
    ]
    more = result.trouble_count - len(places)
    return {
        "broken": said.CHECK_BROKEN.format(count=number(said.CHECK_BROKEN_COUNT, result.trouble_count)),
        "places": places,
        "more": said.CHECK_MORE.format(count=more) if more else None,
    }
