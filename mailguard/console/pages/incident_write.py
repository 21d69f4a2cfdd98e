"""Entering an incident and changing one: a form in parts, in which nothing that somebody typed is lost."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...core.errors import AlreadyDecided, IncidentRefused, ReferenceTaken, UnknownReference
from ...core.reference import is_reference
from ...core.register.lists import Lists
from ...core.register.reference import incident_of_message
from ...core.register.revision import Revision
from ...guard.console.tokens import is_token, new_token
from .. import drafts
from .. import words_incident_fields as names
from .. import words_incidents as said
from ..answers import Answer, Page, Problem, Redirect
from ..incident_fields import FORM, MOST_ROWS, Ask, Kind, Rows, options_of
from ..incident_form import Read, changes, merged, read, rows_in, top_of, written
from ..render import address
from ..visit import CSRF, Visit, printable
from .incident_room import (
    PATH,
    conflict,
    keeper,
    lists_of,
    path_of,
    problems_of,
    seen_of,
    who_in_words,
    why_of,
)

_OWN = frozenset({CSRF, drafts.ONCE, "seen", "why", "ref"})
_EMBARGO = "embargo_breach"


async def show_new(visit: Visit) -> Answer:
    desk = keeper(visit)
    if kept := drafts.of_incident(visit, drafts.NEW, drafts.NEW):
        return _new(visit, lists_of(desk), _of(kept), kept.get("ref", ""), kept=True)
    ref = printable(visit.query.get("ref", ""))[:40]
    return _new(visit, lists_of(desk), _asked_kind(visit), ref)


async def add(visit: Visit) -> Answer:
    desk = keeper(visit)
    lists, typed = lists_of(desk), _of(visit.form)
    ref = printable(visit.typed("ref")).strip().upper()[:40]
    found = read(typed, {}, visit.site.zone)
    problems = _wrong(found)
    if not typed.get("kind"):
        problems = (_no_kind(), *problems)
    if ref and not is_reference(ref):
        problems = (*problems, Problem("ref", said.NO_MESSAGE))
    if problems:
        return _new(visit, lists, typed, ref, *problems)
    fields = {name: value for name, value in found.fields.items() if value is not None and value not in ("", [], {})}
    if isinstance(risk := fields.get("risk"), dict):
        fields["risk"] = {**risk, "version": lists.grid.version}
    try:
        made = await desk.add(visit.signed_in, fields, ref or None, _once(visit, typed, ref))
    except IncidentRefused as cause:
        return _new(visit, lists, typed, ref, *_refused(cause, typed, found, "kind"))
    except UnknownReference:
        return _new(visit, lists, typed, ref, Problem("ref", said.NO_MESSAGE))
    except ReferenceTaken:
        taken = said.TAKEN.format(incident=incident_of_message(ref))
        return _new(visit, lists, typed, ref, Problem("ref", taken))
    return Redirect(address(path_of(made.incident), done="added"))


async def show_revise(visit: Visit) -> Answer:
    desk = keeper(visit)
    history = await desk.history(visit.signed_in, visit.where["incident"])
    if kept := drafts.of_incident(visit, history[-1].incident, "revise"):
        return _again(visit, lists_of(desk), history, kept)
    typed = written(history[-1].record.to_json(), visit.site.zone) | _asked_kind(visit)
    return _revise(visit, lists_of(desk), history, typed, part=visit.query.get("part", ""))


async def revise(visit: Visit) -> Answer:
    desk = keeper(visit)
    lists, typed, zone = lists_of(desk), _of(visit.form), visit.site.zone
    history = await desk.history(visit.signed_in, visit.where["incident"])
    seen = seen_of(visit, history)
    if seen != history[-1].revision:
        return _second(visit, lists, history, typed, seen, visit.typed("why"))
    changed, found = changes(typed, history[-1].record.to_json(), lists, zone)
    why, problems = why_of(visit, said.NO_WHY)
    problems = (*_wrong(found), *problems)
    if not typed.get("kind"):
        problems = (_no_kind(), *problems)
    if not problems and not changed:
        problems = (Problem("why", said.NO_CHANGE),)
    if problems:
        return _revise(visit, lists, history, typed, *problems)
    try:
        await desk.revise(visit.signed_in, history[-1].incident, changed, why, seen)
    except IncidentRefused as cause:
        return _revise(visit, lists, history, typed, *_refused(cause, typed, found, "why"))
    except AlreadyDecided:
        history = await desk.history(visit.signed_in, visit.where["incident"])
        return _second(visit, lists, history, typed, seen, why)
    return Redirect(address(path_of(history[-1].incident), done="revised"))


def _again(visit: Visit, lists: Lists, history: Sequence[Revision], kept: Mapping[str, str]) -> Page:
    """What was typed when a session had ended; others may have changed the record since."""
    seen, why = kept.get("seen", ""), kept.get("why", "")
    last = history[-1].revision
    if seen.isascii() and seen.isdigit() and len(seen) < 8 and 1 <= int(seen) < last:
        return _second(visit, lists, history, _of(kept), int(seen), why)
    return _revise(visit, lists, history, _of(kept), why=why, kept=True)


def _of(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of the record in a form."""
    return {name: value for name, value in form.items() if name not in _OWN}


def _once(visit: Visit, typed: Mapping[str, str], ref: str) -> bytes:
    """The form that was sent, with all that was typed: who goes back and enters something else means another."""
    return json.dumps([_token(visit), ref, sorted(typed.items())]).encode()


def _token(visit: Visit) -> str:
    token = visit.typed(drafts.ONCE)
    return token if is_token(token) else new_token(visit.site.randomness)


def _asked_kind(visit: Visit) -> dict[str, str]:
    kind = visit.query.get("kind", "")
    return {"kind": kind} if kind in names.KINDS else {}


def _no_kind() -> Problem:
    return Problem("kind", names.PROBLEM.format(label=names.LABELS["kind"], sentence=names.NO_CHOICE))


def _wrong(found: Read) -> tuple[Problem, ...]:
    return tuple(
        Problem(each.name, names.PROBLEM.format(label=each.label, sentence=each.sentence)) for each in found.wrong
    )


def _refused(cause: IncidentRefused, typed: Mapping[str, str], found: Read, why: str) -> tuple[Problem, ...]:
    there = _field_names(typed)
    return problems_of(cause.faults, there.__contains__, why, found.places)


def _field_names(typed: Mapping[str, str]) -> frozenset[str]:
    """Every field that a form with these values has, and every list and group of codes."""
    found: set[str] = set()
    for part in FORM:
        for ask in part.asks:
            found.add(ask.path)
            if isinstance(ask, Rows):
                rows = range(rows_in(ask, typed))
                found |= {ask.name(column, row) for row in rows for column in ask.columns}
    return frozenset(found)


def _new(
    visit: Visit, lists: Lists, typed: Mapping[str, str], ref: str, *problems: Problem, kept: bool = False
) -> Page:
    model = {
        "action": f"{PATH}/new",
        "back": (PATH, said.BACK),
        "lead": said.NEW_LEAD,
        "button": said.NEW_BUTTON,
        "ref": ref,
        "once": _token(visit),
        "seen": None,
        "why": "",
        "conflict": None,
        "notice": said.KEPT if kept else None,
    }
    return _page(said.NEW_TITLE, model, lists, typed, problems, _always(typed))


def _revise(
    visit: Visit,
    lists: Lists,
    history: Sequence[Revision],
    typed: Mapping[str, str],
    *problems: Problem,
    part: str = "",
    why: str | None = None,
    kept: bool = False,
) -> Page:
    incident = history[-1].incident
    opened = {part} if part in {each.key for each in FORM} else _always(typed)
    model = _revising(history[-1], visit.typed("why") if why is None else why)
    model["notice"] = said.KEPT if kept else None
    return _page(said.REVISE_TITLE.format(incident=incident), model, lists, typed, problems, opened)


def _second(
    visit: Visit, lists: Lists, history: Sequence[Revision], typed: Mapping[str, str], seen: int, why: str
) -> Page:
    """Somebody else was first: their changes and what was typed in one form, for the revision that there is now."""
    base, last = history[seen - 1].record.to_json(), history[-1].record.to_json()
    whole, both = merged(typed, base, last, visit.site.zone)
    told = conflict(visit, seen, history, lists)
    model = _revising(history[-1], why)
    model["conflict"] = {**told, "merged": said.CONFLICT_MERGED, "both": bool(both)}
    opened = {part.key for part in FORM if any(ask.top in both for ask in part.asks)} | _always(whole)
    title = said.CONFLICT_TITLE.format(who=who_in_words(history[-1]))
    return _page(title, model, lists, whole, (), opened, status=409)


def _revising(last: Revision, why: str) -> dict[str, Any]:
    return {
        "action": path_of(last.incident, "revise"),
        "back": (path_of(last.incident), said.BACK_RECORD),
        "lead": None,
        "button": said.REVISE_BUTTON,
        "ref": None,
        "once": None,
        "seen": last.revision,
        "why": why,
        "conflict": None,
        "notice": None,
    }


def _always(typed: Mapping[str, str]) -> set[str]:
    return {part.key for part in FORM if part.always or (part.key == "statistics" and typed.get("kind") == _EMBARGO)}


def _page(
    title: str,
    model: Mapping[str, Any],
    lists: Lists,
    typed: Mapping[str, str],
    problems: Sequence[Problem],
    opened: Collection[str],
    status: int = 422,
) -> Page:
    wrong = {top_of(each.field) for each in problems}
    parts = [
        {
            "key": part.key,
            "title": part.title,
            "open": part.key in opened or any(ask.top in wrong for ask in part.asks),
            "asks": [_ask(ask, typed, lists) for ask in part.asks],
        }
        for part in FORM
    ]
    whole = {"said": said, "names": names, "parts": parts, **model}
    return Page("incident_form.html", title, whole, status if problems or status == 409 else 200, tuple(problems))


def _ask(ask: Ask | Rows, typed: Mapping[str, str], lists: Lists) -> dict[str, Any]:
    shown = {"name": ask.path, "label": ask.label, "hint": names.HINTS.get(ask.path)}
    if isinstance(ask, Rows):
        rows = [
            {
                "title": names.ROW.format(title=ask.label, number=row + 1),
                "asks": [_one(column, ask.name(column, row), typed, lists) for column in ask.columns],
            }
            for row in range(rows_in(ask, typed))
        ]
        if len(rows) == MOST_ROWS:
            room = names.MOST_ROWS.format(count=MOST_ROWS)
            shown["hint"] = f"{shown['hint']} {room}" if shown["hint"] else room
        return {**shown, "kind": "rows", "rows": rows}
    return {**shown, **_one(ask, ask.path, typed, lists)}


def _one(ask: Ask, name: str, typed: Mapping[str, str], lists: Lists) -> dict[str, Any]:
    value = typed.get(name, "")
    hint = names.HINTS.get(ask.path) or (names.DATE_HINT if ask.kind is Kind.DAY else None)
    found = {"kind": ask.kind.value, "name": name, "label": ask.label, "hint": hint, "value": value}
    if ask.kind is Kind.YES_NO:
        return {**found, "options": [*names.YES_NO.items(), ("", names.NOT_KNOWN)]}
    if ask.kind is Kind.CODES:
        chosen = {each.removeprefix(f"{name}.") for each in typed if each.startswith(f"{name}.")}
        options = options_of(ask.options, lists)
        # Also codes that are in no list any more: they would be lost unseen otherwise.
        every = {**options, **{code: code for code in sorted(chosen) if code not in options}}
        return {**found, "options": [(code, text, code in chosen) for code, text in every.items()]}
    if ask.kind is Kind.CHOICE:
        options = options_of(ask.options, lists)
        every = {**options, **({value: value} if value and value not in options else {})}
        return {**found, "options": list(every.items())}
    return found
