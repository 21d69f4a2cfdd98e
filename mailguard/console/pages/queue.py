"""Held messages: the list, its search box and its filters, which all stand in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...core import words as core_words
from ...core.legible import legible
from ...core.lifecycle import OPEN, State
from ...core.moment import time_in_words
from ...core.powers import Powers
from ...guard.console.bulk import MOST, Act
from ...guard.console.presence import Present
from ...guard.console.queue_records import Item, Order, QueuePage, View
from ...guard.console.records import SavedView
from ...guard.records import Held
from .. import decision_words as says
from .. import words
from .. import words_queue as said
from ..answers import Answer, Page
from ..visit import Visit
from .queue_asked import KEPT, asked_of, chosen_of, is_filtered, link
from .queue_news import news_of


async def show(visit: Visit) -> Answer:
    powers = visit.signed_in.powers
    chosen = chosen_of(visit.query)
    asked, problems = asked_of(chosen, visit)
    found = await visit.site.queue.page(powers, asked) if not problems else QueuePage((), 0, 1, 1, 0)
    present = await visit.site.presence.others([each.ref for each in found.items], asked.account)
    saved = await visit.site.saved_views.of(visit.signed_in)
    model = {
        "heading": words.QUEUE_HEADING,
        "chosen": chosen,
        "views": _views(chosen),
        "orders": [(order.value, words.ORDERS[order]) for order in Order],
        "teams": [team for team in visit.site.teams if powers.sees.covers(team)],
        "said": said,
        "cards": [_card(each, visit, present.get(each.ref)) for each in found.items],
        "saved": [_saved(each, chosen) for each in saved],
        "save": link(chosen, "/queue/views"),
        "export": link(chosen, "/queue/export"),
        "acts": [(act.value, said.BULK_BUTTONS[act]) for act in Act] if powers.reads else [],
        "fields": {name: chosen[name] for name in KEPT if chosen[name]},
        "bulk_hint": said.BULK_HINT.format(most=MOST),
        "news": await news_of(visit, chosen, asked) if not problems else None,
        "pages": _pages(chosen, found),
        "nothing": () if found.items else await _nothing(visit, powers, chosen),
        "masked": powers.reads != powers.sees,
        "reads": bool(powers.reads),
        "messages": words.counted(found.found, "message", "messages"),
        "searched": is_filtered(chosen) and not problems,
    }
    title = words.QUEUE_HEADING if problems else words.QUEUE_TITLE.format(count=found.needed)
    return Page("queue.html", title, model, 422 if problems else 200, problems)


def _views(chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"href": link(chosen, view=view.value), "name": words.VIEWS[view], "here": view.value == chosen["view"]}
        for view in View
    ]


def _pages(chosen: Mapping[str, str], found: QueuePage) -> dict[str, Any]:
    """The first and the last page, and those around this one."""
    near = {1, found.pages, *range(found.page - 1, found.page + 2)}
    numbers = sorted(number for number in near if 1 <= number <= found.pages)
    items: list[dict[str, Any] | None] = []
    for before, number in zip([0, *numbers], numbers, strict=False):
        if number > before + 1:
            items.append(None)
        items.append({"number": number, "href": link(chosen, page=number), "here": number == found.page})
    return {
        "items": items if found.pages > 1 else [],
        "previous": link(chosen, page=found.page - 1) if found.page > 1 else None,
        "next": link(chosen, page=found.page + 1) if found.page < found.pages else None,
    }


async def _nothing(visit: Visit, powers: Powers, chosen: Mapping[str, str]) -> list[str]:
    """What an empty list says; where nothing waits, also that somebody watches."""
    if not powers.sees.everybody and not powers.sees.teams & set(visit.site.teams):
        return [words.QUEUE_NO_SCOPE.format(contact=visit.site.contact)]
    if is_filtered(chosen):
        return [words.QUEUE_NOTHING_FOUND]
    if chosen["view"] != View.NEEDED.value:
        return [words.QUEUE_NOTHING_VIEW]
    today = await visit.site.queue.today(powers)
    if today.last_at is None:
        return [words.QUEUE_NOTHING, said.TODAY_NOTHING]
    sentence = said.TODAY if powers.sees.everybody else said.TODAY_SCOPE
    told = sentence.format(
        checked=words.counted(today.checked, "message", "messages"),
        held=f"{today.held:,}",
        moment=time_in_words(today.last_at.astimezone(visit.site.zone)),
    )
    return [words.QUEUE_NOTHING, told]


def _saved(view: SavedView, chosen: Mapping[str, str]) -> dict[str, Any]:
    """A saved view as a link; it may have been kept by an older version, so it is read like an address."""
    kept = chosen_of(view.query)
    name = legible(view.name, 120)
    return {
        "href": link(kept),
        "name": said.VIEW_SHARED.format(name=name, team=legible(view.team, 120)) if view.team else name,
        "here": all(kept[each] == chosen[each] for each in KEPT),
    }


def _card(item: Item, visit: Visit, present: Present | None) -> dict[str, Any]:
    return {
        "ref": item.ref,
        "consequence": item.consequence,
        "more": _more(item.more_reasons),
        "subject": _subject(item),
        "who": f"{_sender(item)}, {_to(item, visit.site.organisation)}",
        "state": state_of(item.state, item.released_as, item.escalated_to, item.reached_nobody),
        "plain": item.state is State.HELD and not item.escalated_to,
        "urgent": _urgent(item),
        "version": item.version,
        "taken": _taken(item, visit),
        "deciding": said.DECIDING.format(who=legible(present.name, 120)) if present and item.state in OPEN else None,
        **deadline_of(item, visit),
    }


def state_of(state: State, released_as: str | None, escalated_to: str | None, reached_nobody: bool = False) -> str:
    """How it stands, in words. Whom somebody asked (escalated_to) stands there too, for what is not decided."""
    plain = words.state_in_words(state, released_as, reached_nobody)
    if escalated_to is None or state not in OPEN:
        return plain
    asked = says.ESCALATED_STATE.format(to=legible(escalated_to, 120))
    return asked if state is State.HELD else f"{plain}. {asked}"


def _taken(item: Item, visit: Visit) -> str | None:
    if item.assigned_to is None:
        return None
    if item.assigned_account == visit.signed_in.account.identifier:
        return said.ASSIGNED_YOU
    return said.ASSIGNED.format(who=legible(item.assigned_to, 120))


def _more(count: int) -> str | None:
    if not count:
        return None
    return words.CARD_MORE.get(count) or words.CARD_MORE_MANY.format(count=count)


def _subject(item: Item) -> str | None:
    """None where it may not be read: then there is no such line."""
    if item.subject is None:
        return None
    return words.CARD_SUBJECT.format(subject=item.subject) if item.subject else words.CARD_SUBJECT_EMPTY


def _sender(item: Item) -> str:
    if item.sender is None:
        return words.CARD_TEAM.format(team=item.team) if item.team else words.CARD_NO_TEAM
    if item.team:
        sentence = words.CARD_FROM_TEAM if item.sender else words.CARD_FROM_NOBODY_TEAM
    else:
        sentence = words.CARD_FROM if item.sender else words.CARD_FROM_NOBODY
    return sentence.format(sender=item.sender, team=item.team)


def _to(item: Item, organisation: str) -> str:
    inside = core_words.people(item.inside)
    if not item.people:
        return words.CARD_TO_INSIDE.format(people=inside, organisation=organisation)
    people = core_words.people(item.people)
    if item.domain is not None:
        outside = words.CARD_TO_DOMAIN.format(people=people, domain=item.domain)
    else:
        domains = words.counted(item.domains, "domain", "domains")
        outside = words.CARD_TO_OUTSIDE.format(people=people, domains=domains, organisation=organisation)
    return f"{outside} {words.CARD_AND_INSIDE.format(people=inside)}" if item.inside else outside


def _urgent(item: Item) -> str | None:
    if item.urgent is None:
        return None
    return words.CARD_URGENT_WHY.format(reason=item.urgent) if item.urgent else words.CARD_URGENT


def deadline_of(item: Item | Held, visit: Visit) -> dict[str, Any]:
    """due: the first words, None for what is decided; when: the exact time beside it; at: for machines."""
    if item.state not in OPEN:
        return {"due": None, "overdue": False, **_decided(item, visit)}
    left = item.due_at - visit.site.clock.now()
    overdue = left.total_seconds() < 0
    moment = visit.site.in_words(item.due_at)
    if item.state is State.WAITING:
        due, when = words.CARD_LEAVES, words.CARD_WHEN_LEAVES
    else:
        due, when = (words.CARD_OVERDUE if overdue else words.CARD_DUE), words.CARD_WHEN
    return {
        "due": due.format(duration=words.duration_in_words(abs(left))),
        "overdue": overdue,
        "when": when.format(moment=moment),
        "at": _machine(item.due_at),
    }


def _decided(item: Item | Held, visit: Visit) -> dict[str, Any]:
    at = item.decided_at or item.received_at
    moment = visit.site.in_words(at)
    if item.decided_at is None:
        sentence = words.CARD_HELD.format(moment=moment)
    elif item.decided_by:
        sentence = words.CARD_DECIDED_BY.format(by=legible(item.decided_by), moment=moment)
    else:
        sentence = words.CARD_DECIDED.format(moment=moment)
    return {"when": sentence, "at": _machine(at)}


def _machine(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes")
