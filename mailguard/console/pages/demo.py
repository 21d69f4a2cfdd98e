"""The pages of the demo: coming in by its link, changing who one is, and what would have been delivered.

They are no part of the table of pages. `mailguard demo` adds them to the console that it builds (annexe.py); a real
service neither serves them nor loads this file. INVARIANT: who has not come by the demo's link is shown none of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core.legible import legible
from ...core.safe_text import SafeText
from ...core.words import people as people_in_words
from ...guard.console.demo_door import DemoDoor, DemoRole
from ...guard.console.demo_outbox import DemoOutbox, Group, Item, Kind
from ...guard.console.links import LinkUsed
from .. import words
from .. import words_demo as said
from ..annexe import Annexe
from ..answers import Answer, Download, Page, Redirect, Refused
from ..routes import HOME, SIGN_IN, Needs, Route
from ..security import is_secret_place
from ..visit import Visit
from . import start

GUIDE, OUTBOX, ROLE = "/demo", "/demo/outbox", "/demo/role"
MOST_ROWS = 500
MOST_READABLE = 20
MOST_LINES, MOST_CHARACTERS = 2_000, 20_000
_OWN_PAGE = "/(?:s/[0-9a-f]{64}|m/MG-[0-9A-Z]{4}-[0-9A-Z]{2})"


class DemoPages:
    """domain, address: where people may send mail of their own from, and to."""

    def __init__(self, door: DemoDoor, outbox: DemoOutbox, *, domain: str, address: Callable[[], str]) -> None:
        self._door = door
        self._outbox = outbox
        self._domain = domain
        self._address = address

    def annexe(self) -> Annexe:
        """They come before the table's: a link that is not the demo's is an account's, as in every console."""
        return Annexe(
            (
                Route("GET", "/start/{token}", Needs.ANYBODY, self._show_start),
                Route("POST", "/start/{token}", Needs.ANYBODY, self._start),
                Route("POST", "/sign-out", Needs.ANYBODY, self._sign_out),
                Route("GET", GUIDE, Needs.ANYBODY, self._guide),
                Route("POST", ROLE, Needs.ANYBODY, self._become),
                Route("GET", OUTBOX, Needs.ANYBODY, self._show_outbox),
                Route("GET", OUTBOX + "/{number}", Needs.ANYBODY, self._show_one),
                Route("GET", OUTBOX + "/{number}/message.eml", Needs.ANYBODY, self._save_one),
            ),
            self._shown,
        )

    def _shown(self, visit: Visit | None) -> Mapping[str, Any]:
        """The bar on every page. On a page that tells nobody its address, a form of ours would not be heard
        (security.py): there a link leads to one that has the form.
        """
        inside = visit is not None and self._is_inside(visit)
        role = self._role(visit) if visit is not None else None
        return {
            "template": "demo_bar.html",
            "said": said,
            "inside": inside,
            "outside": visit is not None and not inside and not visit.path.startswith("/start/"),
            "switches": inside and visit is not None and not is_secret_place(visit.path),
            "roles": [(each.value, said.ROLES[each], each is role) for each in DemoRole],
        }

    def _is_inside(self, visit: Visit) -> bool:
        return visit.visitor is not None or self._door.role_of(visit.token) is not None

    def _role(self, visit: Visit) -> DemoRole | None:
        """As whom somebody looks now; nobody where a session has ended."""
        role = self._door.role_of(visit.token)
        return role if role is DemoRole.SENDER or visit.visitor is not None else None

    async def _show_start(self, visit: Visit) -> Answer:
        if not self._door.fits(visit.where["token"]):
            return await start.show(visit)
        return Page("demo_start.html", said.START_TITLE, {"said": said})

    async def _start(self, visit: Visit) -> Answer:
        try:
            return Redirect(GUIDE, await self._door.enter(visit.where["token"], visit.browser))
        except LinkUsed:
            return await start.act(visit)

    async def _sign_out(self, visit: Visit) -> Answer:
        """As in every console, but the browser may go on as somebody else: there is no other way in."""
        if not self._is_inside(visit):
            return Redirect(f"{SIGN_IN}?why=out", "")
        return Redirect(f"{SIGN_IN}?why=out", await self._becomes(visit, DemoRole.SENDER))

    async def _become(self, visit: Visit) -> Answer:
        if not self._is_inside(visit):
            return _not_inside()
        try:
            role = DemoRole(visit.typed("role"))
        except ValueError:
            raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE) from None
        to = f"{OUTBOX}#notices" if role is DemoRole.SENDER else HOME
        return Redirect(to, await self._becomes(visit, role))

    async def _becomes(self, visit: Visit, role: DemoRole) -> str:
        return await self._door.become(role, visit.token, visit.visitor, visit.browser)

    async def _guide(self, visit: Visit) -> Answer:
        if not self._is_inside(visit):
            return _not_inside()
        seconds = int(visit.site.deciding.stop_for.total_seconds())
        model = {
            "said": said,
            "steps": [(each[0], each[1].format(seconds=seconds), each[2:]) for each in said.GUIDE_STEPS],
            "own_mail": said.GUIDE_MAIL.format(domain=self._domain, address=self._address()),
        }
        return Page("demo_guide.html", said.GUIDE_TITLE, model)

    async def _show_outbox(self, visit: Visit) -> Answer:
        if not self._is_inside(visit):
            return _not_inside()
        groups = await asyncio.to_thread(self._outbox.groups)
        model = {
            "said": said,
            "notices": [_notice(group.first, visit) for group in groups if group.first.kind is not Kind.MESSAGE],
            "messages": [_group(group, visit) for group in groups if group.first.kind is Kind.MESSAGE],
        }
        return Page("demo_outbox.html", said.OUTBOX_TITLE, model)

    async def _show_one(self, visit: Visit) -> Answer:
        if not self._is_inside(visit):
            return _not_inside()
        item, text, _ = await self._one(visit)
        model = {
            "said": said,
            "heading": _subject(item),
            "number": item.number,
            "recipients": [legible(each, 320) for each in item.recipients[:MOST_ROWS]],
            "more": max(0, len(item.recipients) - MOST_ROWS),
            "fields": [(name, legible(value, 2_000)) for name, value in item.fields],
            "lines": _lines(item, text, visit),
            "files": [legible(" = ".join(each.names), 300) for each in text.others if each.names],
        }
        return Page("demo_one.html", _subject(item), model)

    async def _save_one(self, visit: Visit) -> Answer:
        if not self._is_inside(visit):
            return _not_inside()
        item, _, raw = await self._one(visit)
        return Download(raw, f"mailguard-demo-{item.number}.eml", "message/rfc822")

    async def _one(self, visit: Visit) -> tuple[Item, SafeText, bytes]:
        typed = visit.where["number"]
        number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0
        found = await asyncio.to_thread(self._outbox.one, number)
        if found is None:
            raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)
        return found


def _not_inside() -> Redirect:
    return Redirect(f"{SIGN_IN}?why=first")


def _subject(item: Item) -> str:
    return legible(item.subject, 300) or said.OUTBOX_NO_SUBJECT


def _notice(item: Item, visit: Visit) -> dict[str, Any]:
    whom = said.OUTBOX_TO_REVIEWERS if item.kind is Kind.TO_REVIEWERS else said.OUTBOX_TO_SENDER
    recipient = legible(", ".join(item.recipients), 320)
    return {
        "number": item.number,
        "subject": _subject(item),
        "whom": whom.format(recipient=recipient, moment=visit.site.in_words(item.at)),
    }


def _group(group: Group, visit: Visit) -> dict[str, Any]:
    item, count = group.first, len(group.items)
    if count > 1:
        lead = said.OUTBOX_COPIES.format(count=f"{count:,}")
        sentence = said.OUTBOX_APART if group.kept_apart else said.OUTBOX_NOT_APART
    else:
        lead = said.OUTBOX_ONE.format(people=people_in_words(len(item.recipients)))
        one, several = said.OUTBOX_ADDRESSES
        readable = (one if len(item.visible) == 1 else several).format(count=f"{len(item.visible):,}")
        sentence = said.OUTBOX_READABLE.format(addresses=readable) if item.visible else said.OUTBOX_NONE_READABLE
    rows = [(each.number, who, _readable(each)) for each in group.items for who in each.recipients]
    return {
        "number": item.number,
        "subject": _subject(item),
        "lead": lead,
        "sentence": sentence,
        "at": said.OUTBOX_AT.format(moment=visit.site.in_words(group.items[-1].at)),
        "rows": [(number, legible(who, 320), readable) for number, who, readable in rows[:MOST_ROWS]],
        "more": f"{len(rows) - MOST_ROWS:,}" if len(rows) > MOST_ROWS else None,
        "copies": count > 1,
    }


def _readable(item: Item) -> str:
    shown = sorted(item.visible)
    if not shown:
        return said.OUTBOX_NOBODY
    rest = len(shown) - MOST_READABLE
    more = f" {said.OUTBOX_MORE.format(count=f'{rest:,}')}" if rest > 0 else ""
    return legible(", ".join(shown[:MOST_READABLE]), 2_000) + more


def _lines(item: Item, text: SafeText, visit: Visit) -> Sequence[Sequence[tuple[str, str | None]]]:
    """Each line as pieces of text, some of which lead somewhere: to pages of this console, and only out of notices that
    the guard wrote. What anybody else writes stays text.
    """
    lines = [legible(line, MOST_CHARACTERS) for line in text.text.split("\n")[:MOST_LINES]]
    if item.kind is Kind.MESSAGE:
        return [[(line, None)] for line in lines]
    own = re.compile(rf"({re.escape(visit.site.base_url)}({_OWN_PAGE}))(?![0-9A-Za-z])")
    found = []
    for line in lines:
        pieces: list[tuple[str, str | None]] = []
        at = 0
        for match in own.finditer(line):
            pieces += [(line[at : match.start()], None), (match[1], match[2])]
            at = match.end()
        found.append([each for each in [*pieces, (line[at:], None)] if each[0]])
    return found
