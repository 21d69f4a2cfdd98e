"""An apology to exactly those whom a message exposed: written, looked at with the number of people, then sent once."""

from __future__ import annotations

import asyncio
from typing import Any

from ...core.errors import IncidentRefused
from ...core.legible import legible
from ...core.packs.draft import MAX_TEXT, read_draft
from ...core.packs.pack import Pack
from ...core.words import people
from ...guard.console.pack_desk import Apology, Told
from ...guard.packs.apologies import TEXT
from .. import drafts
from .. import words_packs as said
from ..answers import Answer, Page, Problem, Redirect
from ..entry_words import number
from ..visit import Visit
from .pack_room import asked_incident, opened, path_of, record_of, refuse

PAGE = "pack/apology"
LISTED = 100
"""People whom the page of the check names; the table of the pack names all."""


async def show(visit: Visit) -> Answer:
    pack = await opened(visit)
    kept = drafts.of_session(visit, str(pack.known.ref), PAGE)
    if kept:
        apology = Apology(kept.get(TEXT, ""), bool(kept.get("to_all")), bool(kept.get("inside")))
        return _writing(visit, pack, apology, kept.get("incident") or None, notice=said.KEPT)
    return _writing(visit, pack, Apology(visit.site.packs.draft(pack)), asked_incident(visit))


async def check(visit: Visit) -> Answer:
    ref, apology = await refuse(visit), _typed(visit)
    if visit.typed("back"):
        return _writing(visit, await opened(visit), apology, asked_incident(visit))
    return await _checked(visit, ref, apology)


async def send(visit: Visit) -> Answer:
    ref, apology = await refuse(visit), _typed(visit)
    typed = visit.typed("confirmed")
    if not (typed.isascii() and typed.isdecimal() and 0 < len(typed) < 8):
        return await _checked(visit, ref, apology)
    confirmed = Apology(apology.text, apology.to_all, apology.inside, int(typed))
    record = await record_of(visit, ref)
    try:
        told = await visit.site.packs.apologise(visit.signed_in, ref, confirmed, record)
    except IncidentRefused as cause:
        if cause.faults:
            return await _wrong(visit, apology, cause)
        # More people or fewer by now, or others send at this moment: what would be sent is looked at again.
        return await _checked(visit, ref, apology, confirmed.confirmed)
    done = "nobody" if told.planned.sent is None else "sent" if told.entered else "unrecorded"
    return Redirect(path_of(ref, incident=asked_incident(visit), done=done))


async def _checked(visit: Visit, ref: str, apology: Apology, confirmed: int | None = None) -> Page:
    """What would be sent, to how many people. confirmed: a number that was none any more."""
    if len(apology.text) > MAX_TEXT:
        long = said.APOLOGY_LONG.format(count=len(apology.text), most=MAX_TEXT)
        return _writing(visit, await opened(visit), apology, asked_incident(visit), Problem(TEXT, long))
    record = await record_of(visit, ref)
    try:
        told = await visit.site.packs.apologise(visit.signed_in, ref, apology, record)
    except IncidentRefused as cause:
        return await _wrong(visit, apology, cause)
    problems = () if confirmed is None else (_changed(told, confirmed),)
    model = await asyncio.to_thread(_check, visit, ref, apology, told, record)
    return Page("pack_apology_check.html", said.CHECK_TITLE, model, 409 if problems else 200, problems)


def _changed(told: Told, confirmed: int) -> Problem:
    count = len(told.planned.people)
    if count == confirmed:
        return Problem("send", said.APOLOGY_BUSY)
    return Problem("send", said.CHECK_CHANGED.format(people=people(count), confirmed=confirmed))


async def _wrong(visit: Visit, apology: Apology, cause: IncidentRefused) -> Page:
    problems = tuple(Problem(TEXT, said.APOLOGY_WRONG.format(sentence=each)) for _, each in cause.faults)
    return _writing(visit, await opened(visit), apology, asked_incident(visit), *problems, refused=True)


def _typed(visit: Visit) -> Apology:
    text = visit.typed(TEXT).replace("\r\n", "\n")
    return Apology(text, bool(visit.typed("to_all")), bool(visit.typed("inside")))


def _writing(
    visit: Visit,
    pack: Pack,
    apology: Apology,
    incident: str | None,
    *problems: Problem,
    notice: str | None = None,
    refused: bool = False,
) -> Page:
    ref = str(pack.known.ref)
    model = {
        "said": said,
        "notice": notice,
        "why_not": _why_not(pack),
        "action": path_of(ref, "apology", "check"),
        "back": path_of(ref, incident=incident),
        "hint": said.APOLOGY_TEXT_HINT.format(most=MAX_TEXT),
        **_fields(apology, incident),
    }
    status = 422 if problems or refused else 200
    return Page("pack_apology.html", said.APOLOGY_TITLE.format(ref=ref), model, status, problems)


def _why_not(pack: Pack) -> str | None:
    """Why no apology can be sent from here."""
    if pack.known.form is None:
        return said.APOLOGY_STAYED
    return said.APOLOGY_NAMES_GONE if pack.known.recipients is None else None


def _fields(apology: Apology, incident: str | None) -> dict[str, Any]:
    return {"text": apology.text, "to_all": apology.to_all, "inside": apology.inside, "incident": incident}


def _check(visit: Visit, ref: str, apology: Apology, told: Told, record: str | None) -> dict[str, Any]:
    draft, planned = read_draft(apology.text), told.planned
    assert draft is not None  # any other was refused
    count = len(planned.people)
    more = count - LISTED
    return {
        "said": said,
        "ref": ref,
        "count": count,
        "who": [
            said.CHECK_PEOPLE.format(people=people(count)) if count else said.CHECK_NOBODY,
            *([said.CHECK_HAD.format(people=people(planned.already))] if planned.already else []),
            *([number(said.CHECK_UNWRITABLE, planned.unwritable)] if planned.unwritable else []),
        ],
        "show": said.CHECK_SHOW.format(people=people(count)),
        "listed": [legible(each, 320) for each in planned.people[:LISTED]],
        "more": said.CHECK_MORE.format(count=more) if more > 0 else None,
        "replies": said.CHECK_REPLIES.format(contact=visit.site.contact),
        "record": said.CHECK_RECORD.format(incident=record) if record and count else None,
        "subject": draft.subject,
        "body": draft.body,
        "button": number(said.CHECK_BUTTON, count),
        "action": path_of(ref, "apology"),
        "again": path_of(ref, "apology", "check"),
        **_fields(apology, asked_incident(visit)),
    }
