"""A one-time link: opening it shows a form and changes nothing (THREATS.md T67); sending the form uses it up."""

from __future__ import annotations

from ...core.errors import AccountExists, AccountRefused
from ...guard.console.links import LinkUsed
from ...guard.console.records import ConsoleLink
from .. import words
from ..answers import Answer, Page, Problem, Redirect, Refused
from ..visit import Visit, printable
from .sign_in import refuse_own_accounts


async def show(visit: Visit) -> Answer:
    refuse_own_accounts(visit)
    return _page(await _link(visit), "")


async def act(visit: Visit) -> Answer:
    refuse_own_accounts(visit)
    link = await _link(visit)
    name, password = printable(visit.typed("name")).strip(), visit.typed("password")
    if password != visit.typed("again"):
        return _page(link, name, Problem("again", words.START_NOT_SAME))
    try:
        token = await visit.site.links.use(visit.where["token"], name, password, visit.browser)
    except AccountExists as cause:
        return _page(link, name, Problem("name", _sentence(cause)))
    except AccountRefused as cause:
        about_name = link.name is None and "password" not in str(cause)
        return _page(link, name, Problem("name" if about_name else "password", _sentence(cause)))
    except LinkUsed:
        raise _gone(visit) from None
    return Redirect("/account/second-factor", token)


async def _link(visit: Visit) -> ConsoleLink:
    try:
        return await visit.site.links.look(visit.where["token"])
    except LinkUsed:
        raise _gone(visit) from None


def _gone(visit: Visit) -> Refused:
    return Refused(404, words.START_GONE_TITLE, words.START_GONE.format(contact=visit.site.contact))


def _page(link: ConsoleLink, name: str, *problems: Problem) -> Page:
    model = {"account": link.name, "name": name}
    return Page("start.html", words.START_TITLE, model, 422 if problems else 200, problems)


def _sentence(cause: Exception) -> str:
    text = str(cause)
    return text[:1].upper() + text[1:]
