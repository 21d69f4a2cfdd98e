"""A reviewer says that a message should not have been held, or takes it back, and reads who else said so."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ...core.legible import legible
from ...guard.console.deciding import actor_of
from ...guard.records import Held
from ...guard.wrong_holds import MOST_REASON, NeverSaid, Said, SaidBy
from .. import words_quality as said
from ..answers import Answer, Page, Problem, Redirect
from ..visit import Visit
from .decide import clean
from .decision import call_wrong, lines, message_of, moment_of, top_of


async def show(visit: Visit) -> Answer:
    return await _page(visit, await message_of(visit))


async def act(visit: Visit) -> Answer:
    held = await message_of(visit)
    if visit.typed("withdraw"):
        # Who presses twice has taken it back.
        with suppress(NeverSaid):
            await visit.site.wrong_holds.withdraw(held, actor_of(visit.signed_in))
        return Redirect(f"/m/{held.ref}/wrong")
    reason = clean(visit.typed("reason"))
    if len(reason) > MOST_REASON:
        return await _page(visit, held, reason, Problem("reason", said.WRONG_LONG.format(count=f"{len(reason):,}")))
    await call_wrong(visit, held, reason)
    return Redirect(f"/m/{held.ref}/wrong")


async def _page(visit: Visit, held: Held, reason: str = "", *problems: Problem) -> Page:
    mine = await visit.site.wrong_holds.when(held.ref, actor_of(visit.signed_in))
    model = {
        **top_of(visit, held),
        "said": said,
        "reason": reason,
        "done": said.WRONG_DONE.format(moment=visit.site.in_words(mine)) if mine is not None else None,
        "found": [_told(visit, each) for each in await visit.site.wrong_holds.of(held.ref)],
    }
    return Page("wrong.html", said.WRONG_TITLE, model, 422 if problems else 200, problems)


def _told(visit: Visit, one: Said) -> dict[str, Any]:
    sentence = said.WRONG_BY.get(one.said_by, said.WRONG_BY["reviewer"])
    if one.said_by == SaidBy.SENDER and one.by:
        sentence = said.WRONG_BY_NAMED_SENDER
    by = legible(one.by, 120) or said.SOMEBODY
    told = sentence.format(by=by, moment=moment_of(visit, one.at))
    return {"by": said.WRONG_WITHDRAWN.format(said=told) if one.withdrawn else told, "lines": lines(one.reason)}
