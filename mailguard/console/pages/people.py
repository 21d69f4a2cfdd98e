"""People: who may sign in and do what; added, changed, locked and let in again by an admin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from ...core.account import ADMIN, DOWNLOAD, ESCALATION, REVEAL, REVIEWER, SENDER, VIEWER
from ...core.errors import AccountExists, AccountRefused, AlreadyDecided, NotAllowed, UnknownAccount
from ...core.legible import legible
from ...core.powers import powers_of
from ...guard.console.links import LASTS, NewLink
from ...guard.console.people import LastAdmin
from ...guard.records import Account
from .. import words
from .. import words_people as said
from ..answers import Answer, Page, Problem, Redirect, Refused
from ..entry_words import number
from ..render import address
from ..visit import Visit, printable

_ROLES = {
    VIEWER: said.ROLE_VIEWER,
    REVIEWER: said.ROLE_REVIEWER,
    ESCALATION: said.ROLE_ESCALATION,
    REVEAL: said.ROLE_REVEAL,
    DOWNLOAD: said.ROLE_DOWNLOAD,
}
_PREFIX = "role."


async def show(visit: Visit) -> Answer:
    return await _list(visit, "", ())


async def add(visit: Visit) -> Answer:
    visitor = _admin(visit)
    name, roles = printable(visit.typed("name")).strip()[:300], _chosen(visit)
    if not roles:
        return await _list(visit, name, roles, Problem("roles", said.ROLES_NONE))
    try:
        link = await visit.site.people.add(visitor, name, roles)
    except (AccountExists, AccountRefused) as cause:
        return await _list(visit, name, roles, Problem("name", _sentence(cause)))
    return _link_page(visit, name, link)


async def show_person(visit: Visit) -> Answer:
    return await _person(visit, visit.query.get("name", ""))


async def set_roles(visit: Visit) -> Answer:
    roles = _chosen(visit)
    if not roles:
        return await _person(visit, visit.typed("name"), Problem("roles", said.ROLES_NONE))
    visitor = _admin(visit)
    return await _changed(visit, "roles", lambda name: visit.site.people.set_roles(visitor, name, roles))


async def lock(visit: Visit) -> Answer:
    visitor = _admin(visit)
    return await _changed(visit, "locked", lambda name: visit.site.people.lock(visitor, name))


async def unlock(visit: Visit) -> Answer:
    visitor = _admin(visit)
    return await _changed(visit, "unlocked", lambda name: visit.site.people.unlock(visitor, name))


async def end_sessions(visit: Visit) -> Answer:
    visitor = _admin(visit)
    return await _changed(visit, "signed-out", lambda name: visit.site.people.end_sessions(visitor, name))


async def make_link(visit: Visit) -> Answer:
    visitor = _admin(visit)
    return await _linked(visit, lambda name: visit.site.people.make_link(visitor, name))


async def start_again(visit: Visit) -> Answer:
    visitor = _admin(visit)
    return await _linked(visit, lambda name: visit.site.people.start_again(visitor, name))


def _admin(visit: Visit) -> Any:
    if not visit.signed_in.powers.admin:
        raise Refused(403, words.REFUSED_TITLE, words.REFUSED_HERE.format(contact=visit.site.contact))
    return visit.signed_in


async def _changed(visit: Visit, done: str, change: Callable[[str], Awaitable[object]]) -> Answer:
    name = visit.typed("name")
    try:
        await change(name)
    except LastAdmin:
        return await _person(visit, name, Problem("roles", said.LAST_ADMIN))
    except AccountRefused as cause:
        return await _person(visit, name, Problem("roles", _sentence(cause)))
    except AlreadyDecided:
        return await _person(visit, name, Problem("roles", said.CONFLICT), status=409)
    except UnknownAccount:
        raise Refused(404, said.UNKNOWN, words.NOT_FOUND) from None
    return Redirect(address("/people/one", name=name, done=done))


async def _linked(visit: Visit, make: Callable[[str], Awaitable[NewLink]]) -> Answer:
    """The link is shown in the answer itself: it is kept nowhere that another page could show it from."""
    name = visit.typed("name")
    try:
        link = await make(name)
    except LastAdmin:
        return await _person(visit, name, Problem("roles", said.LAST_ADMIN))
    except (NotAllowed, AccountRefused) as cause:
        return await _person(visit, name, Problem("roles", _sentence(cause)))
    except UnknownAccount:
        raise Refused(404, said.UNKNOWN, words.NOT_FOUND) from None
    return _link_page(visit, name, link)


def _link_page(visit: Visit, name: str, link: NewLink | None) -> Page:
    model = {
        "said": said,
        "url": f"{visit.site.base_url}/start/{link.token}" if link else None,
        "minutes": LASTS // timedelta(minutes=1),
    }
    return Page("people_link.html", said.LINK_TITLE.format(name=legible(name, 300)), model)


async def _list(visit: Visit, name: str, roles: tuple[str, ...], *problems: Problem) -> Page:
    visitor = _admin(visit)
    accounts = await visit.site.people.list(visitor)
    model = {
        "said": said,
        "people": [
            {
                "name": legible(each.shown, 300),
                "you": each.identifier == visitor.account.identifier,
                "roles": [role_in_words(role) for role in each.roles],
                "state": _state(visit, each),
                "href": address("/people/one", name=each.name),
            }
            for each in sorted(accounts, key=lambda each: each.shown.casefold())
        ],
        "name": name,
        "nobody_decides": visit.site.federation is None and not any(_decides(each) for each in accounts),
        "choices": _choices(visit, roles),
    }
    return Page("people.html", said.TITLE, model, 422 if problems else 200, problems)


def _decides(account: Account) -> bool:
    """Whether somebody is there for held messages, of a team at least."""
    return not account.disabled and bool(powers_of(account.roles).reads)


async def _person(visit: Visit, name: str, *problems: Problem, status: int = 422) -> Page:
    visitor = _admin(visit)
    try:
        person = await visit.site.people.find(visitor, name)
    except UnknownAccount:
        raise Refused(404, said.UNKNOWN, words.NOT_FOUND) from None
    account = person.account
    model = {
        "said": said,
        "name": account.name,
        "state": _state(visit, account),
        "locked": account.disabled,
        "elsewhere": [role_in_words(role) for role in account.roles] if account.federated else None,
        "uses": powers_of(account.roles).uses_console and account.federated is None,
        "sessions": number(said.SESSIONS, person.sessions) if person.sessions else None,
        "choices": _choices(visit, account.roles),
        "done": said.DONE.get(visit.query.get("done", "")),
    }
    title = said.PERSON_TITLE.format(name=legible(account.shown, 300))
    return Page("people_one.html", title, model, status if problems else 200, problems)


def _state(visit: Visit, account: Account) -> str:
    if account.disabled:
        return said.LOCKED
    if account.federated is not None:
        federation = visit.site.federation
        if federation is None or federation.issuer != account.federated.issuer:
            return said.ELSEWHERE_NO_MORE
        return (said.ELSEWHERE if account.roles else said.ELSEWHERE_NOTHING).format(label=federation.label)
    if not powers_of(account.roles).uses_console:
        return said.SENDS_ONLY
    return said.WITH_FACTOR if account.second_factor else said.WITHOUT_FACTOR


def _every_role(visit: Visit) -> list[str]:
    teams = visit.site.teams
    return [SENDER, ADMIN, *(each for role in _ROLES for each in (role, *(f"{role}:{team}" for team in teams)))]


def _choices(visit: Visit, chosen: tuple[str, ...]) -> list[dict[str, Any]]:
    """Also those that an account has although their team is gone: they would be lost unseen otherwise."""
    return [
        {"field": f"{_PREFIX}{role}", "label": role_in_words(role), "chosen": role in chosen}
        for role in dict.fromkeys([*_every_role(visit), *chosen])
    ]


def _chosen(visit: Visit) -> tuple[str, ...]:
    return tuple(name.removeprefix(_PREFIX) for name in visit.form if name.startswith(_PREFIX))


def role_in_words(written: str) -> str:
    if written in (SENDER, ADMIN):
        return said.ROLE_SENDER if written == SENDER else said.ROLE_ADMIN
    role, _, team = written.partition(":")
    words_of = _ROLES.get(role, role)
    keeps = powers_of([written]).registers
    form = said.ROLE_FOR_TEAM if team else said.ROLE_REGISTERS if keeps else said.ROLE_FOR_ALL
    return form.format(role=legible(words_of), team=legible(team))


def _sentence(cause: Exception) -> str:
    text = legible(str(cause), 500)
    return text[:1].upper() + text[1:]
