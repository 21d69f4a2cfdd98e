"""Your account: what you may do, and where you are signed in."""

from __future__ import annotations

from ...core.legible import legible
from ...guard.console.sessions import Visitor
from .. import words, words_queue
from ..answers import Answer, Page, Redirect, Refused
from ..visit import Visit

_DONE = {"there": words.ACCOUNT_ENDED, "others": words.ACCOUNT_ENDED_OTHERS}


async def show(visit: Visit) -> Answer:
    visitor = visit.signed_in
    site = visit.site
    sessions = [
        {
            "here": each.key == visitor.session.key,
            "key": each.key,
            "browser": legible(each.browser),
            "began": site.in_words(each.began_at),
            "seen": site.in_words(each.seen_at),
        }
        for each in await site.sessions.of(visitor)
    ]
    sessions.sort(key=lambda each: not each["here"])
    model = {
        "name": legible(visitor.account.shown, 300),
        "roles": roles_in_words(visitor),
        "said": words_queue,
        "sessions": sessions,
        "done": _DONE.get(visit.query.get("done", "")),
    }
    return Page("account.html", words.ACCOUNT_TITLE, model)


async def end_one(visit: Visit) -> Answer:
    if not await visit.site.sessions.end_one(visit.signed_in, visit.typed("session")):
        raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)
    return Redirect("/account?done=there")


async def end_others(visit: Visit) -> Answer:
    await visit.site.sessions.end_others(visit.signed_in)
    return Redirect("/account?done=others")


def roles_in_words(visitor: Visitor) -> list[str]:
    """One sentence for each role that means something in the console."""
    found = []
    for each in visitor.account.roles:
        role, _, team = each.partition(":")
        if what := words.ROLES.get(role):
            found.append(words.ROLE_FOR_TEAM.format(team=legible(team), what=what) if team else what)
    return [*found, words.ROLE_REGISTERS] if visitor.powers.registers else found
