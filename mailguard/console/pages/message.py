"""One held message: why it is held, who would get it, what they would get, and what it says."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

from ...core.attached import said_of, said_of_the_rest
from ...core.legible import legible
from ...core.lifecycle import OPEN, State
from ...core.mail.canonical import canonical_address
from ...core.mail.message import Message, Part
from ...core.mail.reading import html_of, html_part, pictures_of
from ...core.safe_text import OtherPart, SafeText, safe_text
from ...core.words import people as people_in_words
from ...guard.console.deciding import actor_of
from ...guard.console.looking import Looked, NotReadable, NotYours
from ...guard.console.queue import decider_of
from ...guard.console.team_reports import LEFT
from ...guard.records import Held
from .. import decision_words as says
from .. import words, words_attachments, words_incidents, words_packs, words_quality
from ..answers import Answer, Document, Page, Refused
from ..attachment_words import first_name_of, name_of, sentences_of, size_of
from ..render import address
from ..safe_html import POLICY, safe_page
from ..visit import Visit
from .decision import ref_of
from .queue import deadline_of, state_of
from .reasons import Shown, files_shown, reasons_of, text_shown, who_is_shown
from .timeline import timeline_of

A_PAGE = 100
MOST_DOMAINS = 50
MOST_LINES = 2_000


async def show(visit: Visit) -> Answer:
    looked = await _looked(visit)
    view = "html" if visit.query.get("view") == "html" else "text"
    # In a thread, as the reasons are: there may be thousands of people, and a decision is as long as its message.
    people = await asyncio.to_thread(_people, looked, visit, _number(visit))
    model = {
        **_top(looked, visit),
        "people": people,
        "may_read": looked.may_read,
        "findings": (),
        "attached": words_attachments,
        "may_download": visit.site.attachments.may_take(visit.signed_in, looked.held),
        "view": view,
        "taller": visit.query.get("taller") == "1",
        **_way(looked, visit),
        "text": None,
        "gone": False,
    }
    shown: Shown = {}
    if looked.may_read:
        visit.site.deciding.foresee(looked.held, visit.signed_in)
        content, shown = await _content(visit, looked.held, view)
        model |= content
        shown = {**shown, **who_is_shown(people["listed"])}
    model["reasons"] = await asyncio.to_thread(reasons_of, looked.held, shown)
    model |= await timeline_of(visit, looked)
    return Page("message.html", model["heading"], model)


async def body(visit: Visit) -> Answer:
    """The message's HTML as a document of its own, for the frame in the page."""
    message = await _read(visit, "html")
    page = await asyncio.to_thread(_html, message) if message is not None else None
    if page is None:
        raise Refused(404, words.HTML_NONE_TITLE, words.HTML_NONE)
    return Document(page, POLICY)


async def _looked(visit: Visit) -> Looked:
    try:
        return await visit.site.looking.look(visit.signed_in, ref_of(visit))
    except NotYours as cause:
        raise not_yours(visit, cause) from None


async def _read(visit: Visit, what: Any) -> Message | None:
    try:
        return await visit.site.looking.read(visit.signed_in, ref_of(visit), what)
    except NotYours as cause:
        raise not_yours(visit, cause) from None
    except NotReadable:
        raise Refused(403, words.NO_TEXT_TITLE, words.NO_TEXT.format(contact=visit.site.contact)) from None


def not_yours(visit: Visit, cause: NotYours) -> Refused:
    """Whose it is, and whom to ask."""
    contact = visit.site.contact
    if cause.team is None:
        return Refused(403, words.REFUSED_TITLE, words.REFUSED_MESSAGE_NO_TEAM.format(contact=contact))
    return Refused(403, words.REFUSED_TITLE, words.REFUSED_MESSAGE.format(team=cause.team, contact=contact))


def _number(visit: Visit) -> int:
    typed = visit.query.get("people", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 8 else 1


def _top(looked: Looked, visit: Visit) -> dict[str, Any]:
    held = looked.held
    subject = legible(held.subject, 300) if looked.may_read else ""
    about = held if looked.may_read else replace(held, decided_by=decider_of(held, False))
    return {
        "heading": subject or words.MESSAGE_HEADING.format(reference=held.ref),
        "ref": held.ref,
        "state": state_of(
            held.state, held.released_as, held.escalated.to if held.escalated else None, held.reached_nobody
        ),
        "undecided": held.state in OPEN,
        "received": visit.site.in_words(held.received_at),
        "then": _if_nobody(held) if held.state in OPEN and held.state is not State.WAITING else None,
        "not_sent": held.state in OPEN,
        **deadline_of(about, visit),
    }


def _if_nobody(held: Held) -> str:
    return words.MESSAGE_IF_NOBODY if held.notify_sender else words.MESSAGE_IF_NOBODY_UNTOLD


def _way(looked: Looked, visit: Visit) -> dict[str, Any]:
    """Where one decides, or reads what was decided; for who sent it, that it is not theirs."""
    ours = looked.may_read and not actor_of(visit.signed_in).has_sent(looked.held)
    is_open = looked.held.state in OPEN
    return {
        "to_decision": ours and is_open,
        "to_outcome": ours and not is_open,
        "wrong": words_quality.WRONG_LINK if ours else None,
        "pack": words_packs.LINK if _left(looked, visit) else None,
        "tell": words_incidents.TELL_LINK if looked.may_read and looked.held.state in LEFT else None,
        "own": says.MESSAGE_OWN if looked.may_read and is_open and not ours else None,
    }


def _left(looked: Looked, visit: Visit) -> bool:
    """Whether it got out, for who may see whom it reached."""
    return looked.held.state in LEFT and visit.site.packs.may(visit.signed_in.powers, looked.held.team)


def _people(looked: Looked, visit: Visit, number: int) -> dict[str, Any]:
    """Counts for everybody; addresses, domains and who stands in no field for who may read."""
    held = looked.held
    organisation = visit.site.house
    addresses = [canonical_address(each.address) for each in held.envelope.recipients]
    outside = [each for each in addresses if not organisation.is_inside(each)]
    found: dict[str, Any] = {
        "all": people_in_words(len(addresses)),
        "outside": words.MESSAGE_OUTSIDE.format(count=f"{len(outside):,}", all=f"{len(addresses):,}"),
        "left_out": _left_out(held),
        "sender": None,
        "domains": (),
        "more_domains": 0,
        "listed": (),
        "hidden": (),
        "pages": (),
    }
    if not looked.may_read:
        return found
    domains = Counter(each.rpartition("@")[2] for each in outside).most_common()
    visible = set(held.decision.get("visible", ()))
    pages = max(1, -(-len(addresses) // A_PAGE))
    page = min(max(1, number), pages)
    shown = addresses[(page - 1) * A_PAGE : page * A_PAGE]
    found |= {
        "sender": legible(held.sender, 320) or words.MESSAGE_NOBODY,
        "domains": [(legible(name, 260), f"{count:,}") for name, count in domains[:MOST_DOMAINS]],
        "more_domains": max(0, len(domains) - MOST_DOMAINS),
        "listed": [(legible(each, 320), each not in visible) for each in shown],
        "hidden": sum(each not in visible for each in addresses),
        "pages": [
            (each, address(f"/m/{held.ref}", people=each), each == page) for each in range(1, pages + 1) if pages > 1
        ],
    }
    return found


def _left_out(held: Held) -> str | None:
    if not held.left_out:
        return None
    return words.MESSAGE_LEFT_OUT.format(people=people_in_words(len({each.address for each in held.left_out})))


async def _content(visit: Visit, held: Held, view: str) -> tuple[dict[str, Any], Shown]:
    """What it says, and where the page shows what of it."""
    message = await _read(visit, view)
    if message is None:
        return {"gone": True}, {}
    read, markup = await asyncio.to_thread(lambda: (safe_text(message), html_part(message)))
    content = {
        "text": _lines(read) if view == "text" else None,
        "from_html": read.text_from == "text/html",
        "has_html": markup is not None,
        "shortened": read.shortened,
        "fields": [(name, legible(value, 300)) for name, value in read.fields],
        "files": [_file(held, number, each) for number, each in enumerate(read.others, 1)],
        "findings": [
            legible(each, 300) for each in said_of_the_rest(held.decision, {each.path for each in read.others})
        ],
        "nothing": read.text_from is None,
    }
    return content, _shown(held, read, markup, view)


def _shown(held: Held, read: SafeText, markup: Part | None, view: str) -> Shown:
    framed = view == "html" and markup is not None
    as_html = None if markup is None else markup.path
    return {**files_shown(read.others), **text_shown(held.ref, read.text_path, as_html, framed=framed)}


def _lines(read: SafeText) -> list[str]:
    return [legible(line, 20_000) for line in read.text.split("\n")[:MOST_LINES]]


def _file(held: Held, number: int, part: OtherPart) -> dict[str, Any]:
    """The attachment of that number; what was found in it are kinds, counts and places, never a value."""
    name = name_of(part)
    about = words.MESSAGE_FILE.format(name=name, type=legible(part.media_type), size=size_of(part.octets))
    return {
        "about": about,
        "number": number,
        "said": sentences_of(said_of(held.decision, part.path, first_name_of(part))),
        "href": f"/m/{held.ref}/parts/{number}",
        "look": words_attachments.LOOK.format(file=name),
    }


def _html(message: Message) -> str | None:
    markup = html_of(message)
    return safe_page(markup, pictures_of(message)) if markup is not None else None
