"""Signing in and out."""

from __future__ import annotations

from collections.abc import Sequence

from ...guard.console.sign_in import Refusal, SignedIn
from .. import decision_words as says
from .. import drafts, words
from .. import words_provider as said
from ..answers import Answer, Page, Problem, Redirect, Refused
from ..visit import Visit, printable

_SENTENCES = {
    Refusal.WRONG: (403, words.SIGN_IN_WRONG),
    Refusal.SLOWED: (429, words.SIGN_IN_SLOWED),
    Refusal.UNAVAILABLE: (503, words.SIGN_IN_UNAVAILABLE),
}
MOST_CHARACTERS = 1024


async def show(visit: Visit) -> Answer:
    if visit.visitor is not None:
        return Redirect("/")
    notice = {"out": words.SIGNED_OUT, "first": words.SIGN_IN_FIRST}.get(visit.query.get("why", ""))
    return page(visit, "", visit.query.get("to", ""), notice=notice)


async def act(visit: Visit) -> Answer:
    refuse_own_accounts(visit)
    name, password = printable(visit.typed("name")).strip(), visit.typed("password")
    to = visit.typed("to")
    problems = []
    if not name or len(name) > MOST_CHARACTERS:
        problems.append(Problem("name", words.SIGN_IN_NAME_MISSING))
    if not password or len(password) > MOST_CHARACTERS:
        problems.append(Problem("password", words.SIGN_IN_PASSWORD_MISSING))
    if problems:
        return page(visit, name[:MOST_CHARACTERS], to, 422, problems)
    code = visit.typed("code")[:MOST_CHARACTERS]
    draft = drafts.from_text(visit.typed("draft"))
    kept = drafts.to_text(draft) if draft else None
    answer = await visit.site.sign_in.sign_in(name, password, code, peer=visit.peer, browser=visit.browser, draft=kept)
    if not isinstance(answer, SignedIn):
        status, sentence = _SENTENCES[answer]
        return page(visit, name, to, status, [Problem("name", sentence)])
    return Redirect(to if answer.whole and is_own_path(to) else "/", answer.token)


def again(visit: Visit, draft: drafts.Draft) -> Page:
    """In place of a page that needs a session, where something was typed into it: it is kept through signing in."""
    return page(visit, "", draft.path, 403, notice=says.KEPT, draft=draft)


async def sign_out(visit: Visit) -> Answer:
    """Also for who is signed in no more: the browser loses its token either way."""
    if visit.visitor is not None:
        await visit.site.sessions.end(visit.visitor)
    return Redirect("/sign-in?why=out", "")


def is_own_path(to: str) -> bool:
    """Whether it leads to a page of the console: "//elsewhere.example" and "/\\elsewhere.example" leave it."""
    plain = to.isascii() and to.isprintable() and len(to) < MOST_CHARACTERS and "\\" not in to
    return plain and to.startswith("/") and not to.startswith("//")


def refuse_own_accounts(visit: Visit) -> None:
    """Refused where nobody signs in with an account of our own."""
    site = visit.site
    if not site.local_accounts:
        label = site.federation.label if site.federation else ""
        title, sentence = (
            each.format(label=label, contact=site.contact) for each in (said.NO_LOCAL_TITLE, said.NO_LOCAL)
        )
        raise Refused(403, title, sentence)


def page(
    visit: Visit,
    name: str,
    to: str,
    status: int = 200,
    problems: Sequence[Problem] = (),
    notice: str | None = None,
    draft: drafts.Draft | None = None,
) -> Page:
    """draft: what was typed in a session that ended; else what the form brought along."""
    draft = draft or drafts.from_text(visit.typed("draft"))
    federation = visit.site.federation
    model = {
        "name": name,
        "to": to if is_own_path(to) else "",
        "notice": notice,
        "draft": drafts.to_text(draft) if draft else None,
        "provider": said.BUTTON.format(label=federation.label) if federation else None,
        "provider_words": said,
        "local": visit.site.local_accounts,
        "unfolded": bool(problems),
    }
    return Page("sign_in.html", words.SIGN_IN_TITLE, model, status, tuple(problems))
