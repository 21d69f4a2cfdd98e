"""Notes that reviewers write for each other about a held message."""

from __future__ import annotations

from ...guard.records import Held
from .. import decision_words as says
from .. import drafts
from ..answers import Answer, Page, Problem, Redirect
from ..visit import Visit
from .decide import MOST, clean
from .decision import lines, message_of, moment_of, name_of, top_of


async def show(visit: Visit) -> Answer:
    held = await message_of(visit)
    return await _page(visit, held, drafts.of_session(visit, held.ref, "notes").get("note", ""))


async def add(visit: Visit) -> Answer:
    held = await message_of(visit)
    note = clean(visit.typed("note"))
    if not note:
        return await _page(visit, held, note, (Problem("note", says.NOTES_EMPTY),))
    if len(note) > MOST:
        return await _page(visit, held, note, (Problem("note", says.NOTE_TOO_LONG.format(count=f"{len(note):,}")),))
    await visit.site.deciding.add_note(held.ref, visit.signed_in, note)
    return Redirect(f"/m/{held.ref}/notes")


async def _page(visit: Visit, held: Held, note: str, problems: tuple[Problem, ...] = ()) -> Page:
    found = [
        {
            "by": says.NOTES_BY.format(by=name_of(visit, each.by, first=True), moment=moment_of(visit, each.at)),
            "lines": lines(each.text),
        }
        for each in await visit.site.deciding.notes(held)
    ]
    model = {**top_of(visit, held), "note": note, "found": found}
    return Page("notes.html", says.NOTES_TITLE, model, 422 if problems else 200, problems)
