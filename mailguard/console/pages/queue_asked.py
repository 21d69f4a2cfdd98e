"""What is asked of the list of held messages: read from an address or a form, and written into one again."""

from __future__ import annotations

from collections.abc import Mapping

from ...guard.console.queue import Asked
from ...guard.console.queue_records import Order, View
from ...guard.console.search import BadDay, UnknownWord, Wanted, read_day, read_search
from .. import words
from ..answers import Problem
from ..render import address
from ..visit import Visit, printable

MOST_CHARACTERS = 200
PATH = "/queue"
FILTERS = ("q", "team", "from", "to")
KEPT = ("view", *FILTERS, "sort")
"""What makes a list what it is; the page does not."""
NAMES = (*KEPT, "page")


def chosen_of(query: Mapping[str, str]) -> dict[str, str]:
    """What stands in the address, as it was typed: the same page comes back from a bookmark."""
    chosen = {name: printable(query.get(name, ""))[:MOST_CHARACTERS] for name in NAMES}
    if chosen["view"] not in set(View):
        chosen["view"] = View.NEEDED.value
    if chosen["sort"] not in set(Order):
        chosen["sort"] = Order.DEADLINE.value
    return chosen


def asked_of(chosen: Mapping[str, str], visit: Visit) -> tuple[Asked, tuple[Problem, ...]]:
    """The same as a value, and what is wrong with it."""
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
        account=visit.signed_in.account.identifier,
    )
    return asked, tuple(problems)


def _what_is_wrong(found: UnknownWord | BadDay) -> str:
    if isinstance(found, BadDay):
        return words.QUEUE_SEARCH_DAY.format(typed=found.typed)
    if found.near is None:
        return words.QUEUE_SEARCH_UNKNOWN.format(typed=found.typed)
    return words.QUEUE_SEARCH_UNKNOWN_NEAR.format(typed=found.typed, near=found.near)


def is_filtered(chosen: Mapping[str, str]) -> bool:
    return any(chosen[name] for name in FILTERS)


def link(chosen: Mapping[str, str], path: str = PATH, **changes: object) -> str:
    """The address of the list, or of a page about it, with something changed; what is usual is left out of it."""
    query = {**{name: chosen[name] for name in KEPT}, "page": "", **changes}
    for name, usual in (("view", View.NEEDED.value), ("sort", Order.DEADLINE.value), ("page", 1)):
        if query[name] == usual:
            query[name] = ""
    return address(path, **query)
