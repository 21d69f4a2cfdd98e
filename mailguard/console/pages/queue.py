"""Held messages: the list, its search box and its filters, which all stand in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...core import words as core_words
from ...core.legible import legible
from ...core.lifecycle import OPEN, State
from ...core.powers import Powers
from ...guard.console.queue import Asked
from ...guard.console.queue_records import Item, Order, QueuePage, View
from ...guard.console.search import BadDay, UnknownWord, Wanted, read_day, read_search
from ...guard.records import Held
from .. import decision_words as says
from .. import words
from ..answers import Answer, Page, Problem
from ..render import address
from ..visit import Visit, printable

MOST_CHARACTERS = 200
PATH = "/queue"
NAMES = ("view", "q", "team", "from", "to", "sort", "page")


async def show(visit: Visit) -> Answer:
    powers = visit.signed_in.powers
    chosen = _chosen(visit)
    asked, problems = _asked(chosen)
    found = await visit.site.queue.page(powers, asked) if not problems else QueuePage((), 0, 1, 1, 0)
    model = {
        "heading": words.QUEUE_HEADING,
        "chosen": chosen,
        "views": _views(chosen),
        "orders": [(order.value, words.ORDERS[order]) for order in Order],
        "teams": [team for team in visit.site.teams if powers.sees.covers(team)],
        "cards": [_card(each, visit) for each in found.items],
        "found": found,
        "pages": _pages(chosen, found),
        "filtered": _is_filtered(chosen),
        "nothing": _nothing(visit, powers, chosen),
        "masked": powers.reads != powers.sees,
        "messages": words.counted(found.found, "message", "messages"),
        "searched": _is_filtered(chosen) and not problems,
    }
    title = words.QUEUE_HEADING if problems else words.QUEUE_TITLE.format(count=found.needed)
    return Page("queue.html", title, model, 422 if problems else 200, problems)


def _chosen(visit: Visit) -> dict[str, str]:
    """What stands in the address, as it was typed: the same page comes back from a bookmark."""
    query = visit.query
    chosen = {name: printable(query.get(name, ""))[:MOST_CHARACTERS] for name in NAMES}
    if chosen["view"] not in set(View):
        chosen["view"] = View.NEEDED.value
    if chosen["sort"] not in set(Order):
        chosen["sort"] = Order.DEADLINE.value
    return chosen


def _asked(chosen: Mapping[str, str]) -> tuple[Asked, tuple[Problem, ...]]:
    problems = []
    wanted = read_search(chosen["q"])
    if not isinstance(wanted, Wanted):
        problems.append(Problem("q", _what_is_wrong(wanted)))
        wanted = Wanted()
    days = {}
    for name, field in (("after", "from"), ("before", "to")):
        typed = chosen[field]
        days[name] = read_day(typed) if typed else getattr(wanted, name)
        if typed and days[name] is None:
            problems.append(Problem(field, words.QUEUE_SEARCH_DAY.format(typed=typed)))
    asked = Asked(
        view=View(chosen["view"]),
        wanted=wanted.between(days["after"], days["before"]),
        team=chosen["team"] or None,
        order=Order(chosen["sort"]),
        page=int(chosen["page"]) if chosen["page"].isdecimal() and len(chosen["page"]) < 8 else 1,
    )
    return asked, tuple(problems)


def _what_is_wrong(found: UnknownWord | BadDay) -> str:
    if isinstance(found, BadDay):
        return words.QUEUE_SEARCH_DAY.format(typed=found.typed)
    if found.near is None:
        return words.QUEUE_SEARCH_UNKNOWN.format(typed=found.typed)
    return words.QUEUE_SEARCH_UNKNOWN_NEAR.format(typed=found.typed, near=found.near)


def _is_filtered(chosen: Mapping[str, str]) -> bool:
    return any(chosen[name] for name in ("q", "team", "from", "to"))


def _link(chosen: Mapping[str, str], **changes: object) -> str:
    """The address of the list with something changed; what is usual is left out of it."""
    query = {**chosen, "page": "", **changes}
    for name, usual in (("view", View.NEEDED.value), ("sort", Order.DEADLINE.value), ("page", 1)):
        if query[name] == usual:
            query[name] = ""
    return address(PATH, **query)


def _views(chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"href": _link(chosen, view=view.value), "name": words.VIEWS[view], "here": view.value == chosen["view"]}
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
        items.append({"number": number, "href": _link(chosen, page=number), "here": number == found.page})
    return {
        "items": items if found.pages > 1 else [],
        "previous": _link(chosen, page=found.page - 1) if found.page > 1 else None,
        "next": _link(chosen, page=found.page + 1) if found.page < found.pages else None,
    }


def _nothing(visit: Visit, powers: Powers, chosen: Mapping[str, str]) -> str:
    """What an empty list says."""
    if not powers.sees.everybody and not powers.sees.teams & set(visit.site.teams):
        return words.QUEUE_NO_SCOPE.format(contact=visit.site.contact)
    if _is_filtered(chosen):
        return words.QUEUE_NOTHING_FOUND
    return words.QUEUE_NOTHING if chosen["view"] == View.NEEDED.value else words.QUEUE_NOTHING_VIEW


def _card(item: Item, visit: Visit) -> dict[str, Any]:
    return {
        "ref": item.ref,
        "consequence": item.consequence,
        "more": _more(item.more_reasons),
        "subject": _subject(item),
        "who": f"{_sender(item)}, {_to(item, visit.site.organisation)}",
        "state": _state(item),
        "plain": item.state is State.HELD and not item.escalated_to,
        **deadline_of(item, visit),
    }


def _state(item: Item) -> str:
    """Whom somebody asked stands there too, for what is not decided."""
    state = words.state_in_words(item.state, item.released_as)
    if item.escalated_to is None or item.state not in OPEN:
        return state
    asked = says.ESCALATED_STATE.format(to=legible(item.escalated_to, 120))
    return asked if item.state is State.HELD else f"{state}. {asked}"


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
