"""Signing in with the organisation's own sign-in service, and an admin's test of it.

The browser leaves for the service from a page of ours and comes back with a GET, which signs in: it counts only with
the state that this browser began with, once. Nothing that came back is shown.
"""

from __future__ import annotations

from typing import Any

from ...core.legible import legible
from ...guard.console.federation import CameIn, Federation, KeptOut, Trial, Trouble
from ...guard.console.records import Returned
from .. import drafts, words
from .. import words_provider as said
from ..answers import Answer, Page, Problem, Redirect, Refused
from ..render import address
from ..visit import Visit
from . import sign_in
from .people import role_in_words

SETTINGS = "/settings/sign-in"
MOST_GROUPS = 50
STATUS = {Trouble.STALE: 403, Trouble.REFUSED: 403, Trouble.SILENT: 503}


async def begin(visit: Visit) -> Answer:
    """The button of the sign-in page. What was typed in a session that ended goes along, on this side."""
    federation = _federation(visit)
    to = visit.typed("to")
    draft = drafts.from_text(visit.typed("draft"))
    kept = drafts.to_text(draft) if draft else None
    begun = await federation.begin(visit.token, visit.peer, to if sign_in.is_own_path(to) else "", kept)
    return _kept_out(visit, begun) if isinstance(begun, KeptOut) else _onwards(begun)


async def onwards(visit: Visit) -> Answer:
    """A page of its own that leads on by itself: a form that is sent on to another host is stopped by browsers that
    hold `form-action` against redirects too, and which hosts a service leads through nobody knows beforehand.
    """
    there = await _federation(visit).onwards(visit.query.get("state", ""), visit.token)
    if isinstance(there, KeptOut):
        return _kept_out(visit, there)
    return Page("provider_onwards.html", said.GOING_TITLE, {"said": said, "there": there})


async def back(visit: Visit) -> Answer:
    federation = _federation(visit)
    returned = Returned(visit.query.get("code", ""), visit.query.get("error", ""), visit.query.get("iss"))
    outcome = await federation.finish(visit.query.get("state", ""), visit.token, returned, visit.browser)
    if isinstance(outcome, CameIn):
        if visit.visitor is not None:
            await visit.site.sessions.end(visit.visitor)
        return Redirect(outcome.to if sign_in.is_own_path(outcome.to) else "/", outcome.token)
    return Redirect(SETTINGS) if isinstance(outcome, Trial) else _kept_out(visit, outcome)


async def show(visit: Visit) -> Answer:
    """How people sign in, and what came of the last test."""
    _refuse(visit)
    return await _settings_page(visit)


async def attempt(visit: Visit) -> Answer:
    """An admin's test with the own account."""
    _refuse(visit)
    begun = await _federation(visit).begin(visit.token, visit.peer, SETTINGS, trying=True)
    if isinstance(begun, KeptOut):
        problem = Problem("test", said.TRIED_OUT[begun.trouble])
        return await _settings_page(visit, STATUS.get(begun.trouble, 403), problem)
    return _onwards(begun)


def _onwards(state: str) -> Redirect:
    return Redirect(address("/sign-in/provider", state=state))


def _federation(visit: Visit) -> Federation:
    if visit.site.federation is None:
        raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)
    return visit.site.federation


def _refuse(visit: Visit) -> None:
    if not visit.signed_in.powers.admin:
        raise Refused(403, words.REFUSED_TITLE, words.REFUSED_HERE.format(contact=visit.site.contact))


def _kept_out(visit: Visit, out: KeptOut) -> Answer:
    site = visit.site
    about = {"organisation": site.organisation, "contact": site.contact, "mailbox": legible(out.mailbox or "", 300)}
    if out.trouble is Trouble.NO_ACCESS:
        raise Refused(403, said.NO_ACCESS_TITLE, said.NO_ACCESS.format(**about))
    if out.trouble is Trouble.NO_MAILBOX:
        raise Refused(403, said.NO_MAILBOX_TITLE, said.NO_MAILBOX.format(**about))
    sentence = {
        Trouble.STALE: said.STALE,
        Trouble.REFUSED: said.REFUSED,
        Trouble.SILENT: said.SILENT_LOCAL if site.local_accounts else said.SILENT,
    }[out.trouble]
    problem = Problem("provider", sentence.format(**about))
    return sign_in.page(visit, "", out.to, STATUS[out.trouble], [problem], draft=drafts.from_text(out.draft))


async def _settings_page(visit: Visit, status: int = 200, *problems: Problem) -> Page:
    site, federation = visit.site, visit.site.federation
    label = federation.label if federation else ""
    model: dict[str, Any] = {
        "said": said,
        "local": site.local_accounts,
        "service": said.SERVICE.format(label=label, issuer=legible(federation.issuer)) if federation else None,
        "hint": said.LOCAL_ALONE_HINT.format(label=label) if federation and site.local_accounts else None,
        "groups": [(legible(each.group), [role_in_words(role) for role in each.roles]) for each in federation.mapping]
        if federation
        else [],
        "trial": None,
    }
    trial = await federation.trial(visit.signed_in) if federation else None
    if trial is not None:
        model["trial"] = _trial(visit, trial)
    return Page("provider.html", said.TITLE, model, status, problems)


def _trial(visit: Visit, trial: Trial) -> dict[str, Any]:
    found: dict[str, Any] = {
        "at": said.TRIED_AT.format(at=visit.site.in_words(trial.at)),
        "outcome": said.TRIED_IN if trial.trouble is None else said.TRIED_OUT[trial.trouble],
        "rows": [],
    }
    who = trial.identity
    if who is not None:
        mailbox = who.mailbox or (
            said.TRIED_UNCONFIRMED.format(mailbox=who.unconfirmed) if who.unconfirmed else said.NONE
        )
        groups = [legible(each, 300) for each in who.groups[:MOST_GROUPS]]
        if len(who.groups) > MOST_GROUPS:
            groups.append(said.MANY_GROUPS.format(count=len(who.groups) - MOST_GROUPS))
        found["rows"] = [
            (said.TRIED_SUBJECT, [legible(who.subject, 300)]),
            (said.TRIED_MAILBOX, [legible(mailbox, 400)]),
            (said.TRIED_GROUPS, groups or [said.NONE]),
            (said.TRIED_KNOWN, [legible(each, 300) for each in trial.known] or [said.NONE]),
            (said.TRIED_ROLES, [role_in_words(each) for each in trial.roles] or [said.NONE]),
        ]
    return found
