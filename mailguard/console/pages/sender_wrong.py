"""The sender of a held message says that it should not have been stopped, or takes it back, by the link of a notice.

INVARIANT: opening it changes nothing; saying so is a POST, and wants the code that the page shows, or a sign-in
(THREATS.md T67). INVARIANT: it changes nothing about the message.
"""

from __future__ import annotations

from contextlib import suppress

from ...core.legible import legible
from ...guard.console.sender import MOST_REASON, Case
from ...guard.console.sender_code import Tried
from ...guard.wrong_holds import AlreadySaid, NeverSaid
from .. import words
from .. import words_quality as said
from ..answers import Answer, Page, Problem, Redirect
from ..visit import Visit
from .sender import MOST_TYPED, REFUSED, about, actor_name, gone, is_signed_in

WITHDRAW = "withdraw"


async def show(visit: Visit) -> Answer:
    case = await visit.site.sender.look(visit.where["token"])
    return gone(visit) if case is None else await _page(case, visit)


async def act(visit: Visit) -> Answer:
    case = await visit.site.sender.look(visit.where["token"])
    if case is None:
        return gone(visit)
    if case.shared and not actor_name(visit):
        return await _page(case, visit, 422, Problem("name", words.SENDER_NAME_MISSING))
    if not is_signed_in(visit):
        tried = await visit.site.sender.attempt(case, visit.token, visit.typed("code")[:MOST_TYPED])
        if tried is not Tried.RIGHT:
            status, sentence = REFUSED[tried]
            return await _page(case, visit, status, Problem("code", sentence))
    if visit.typed("do") == WITHDRAW:
        with suppress(NeverSaid):
            await visit.site.sender.withdraw_wrong(case, actor_name(visit))
        return Redirect(visit.path)
    with suppress(AlreadySaid):
        await visit.site.sender.call_wrong(case, legible(visit.typed("reason"), MOST_REASON), actor_name(visit))
    return Redirect(visit.path)


async def _page(case: Case, visit: Visit, status: int = 200, *problems: Problem) -> Page:
    mine = await visit.site.sender.called_wrong(case)
    back = visit.path.removesuffix("/wrong")
    model = {
        **about(case, visit),
        "said": said,
        "back": visit.path,
        "up": back,
        "done": said.SENDER_DONE.format(moment=visit.site.in_words(mine)) if mine is not None else None,
        "chosen": WITHDRAW if mine is not None else "wrong",
        "version": case.version,
        "code": None if is_signed_in(visit) else visit.site.sender.code(case, visit.token),
        "button": said.SENDER_BACK_BUTTON if mine is not None else said.SENDER_BUTTON,
        "asks_name": not is_signed_in(visit),
        "name_hint": words.SENDER_NAME_SHARED.format(sender=case.sender) if case.shared else words.SENDER_NAME_HINT,
        "name": actor_name(visit),
        "asks_reason": mine is None,
        "reason_label": said.SENDER_REASON,
        "reason_hint": said.SENDER_HINT,
        "given": legible(visit.typed("reason"), MOST_REASON),
        "asks_whom": False,
    }
    return Page("sender_wrong.html", said.SENDER_TITLE, model, status, problems)
