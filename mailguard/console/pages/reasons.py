"""Why a message is held, reason by reason, each with links to what it speaks of on the page of the message.

Promises: a link leads to what the same page shows the same visitor, and to nothing else: of what is not shown there is
no link. The places come with the decision (core/place.py); no word of a reason is read for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.legible import legible, without_addresses
from ...core.place import FIELDS, RECIPIENTS, Place, Where
from ...core.safe_text import OtherPart
from ...core.words import sentence
from ...guard.console.queue import consequence_of, reason_of, rules_of_the_worst
from ...guard.records import Held
from .. import words
from .. import words_places as said
from ..attachment_words import first_name_of

Shown = Mapping[Place, tuple[str, str]]
"""Where a place is shown, as an address or a fragment of the page, and what the link to it says."""


def who_is_shown(listed: Sequence[Any]) -> Shown:
    """listed: the people whom the page lists."""
    return {RECIPIENTS: ("#people", said.PEOPLE)} if listed else {}


def files_shown(others: Sequence[OtherPart]) -> Shown:
    """others: what the page lists as attachments, in that order."""
    return {_part(each.path): (f"#part-{number}", _called(each, number)) for number, each in enumerate(others, 1)}


def text_shown(ref: str, text: str | None, markup: str | None, *, framed: bool) -> Shown:
    """text, markup: the paths of what is shown as text and as HTML, None where there is none. framed: whether the page
    shows the latter.
    """
    found = {FIELDS: (f"/m/{ref}#fields" if framed else "#fields", said.FIELDS)}
    if markup is not None:
        found[_part(markup)] = ("#text" if framed else f"/m/{ref}?view=html#text", said.MARKUP)
    if text is not None:
        found[_part(text)] = ("#text", said.TEXT)
    return found


def reasons_of(held: Held, shown: Shown) -> list[dict[str, Any]]:
    """The worst first, each with the rule, or rules, that it comes from."""
    worst = rules_of_the_worst(held)
    rest = held.reason.partition(". ")[2]
    found: list[dict[str, Any]] = [
        {
            "sentence": sentence(consequence_of(held)),
            "more": sentence(legible(without_addresses(rest), 1000)) if rest else "",
            "rule": _rules(worst),
            "links": _links(held, worst, shown),
        }
    ]
    for rule in held.decision.get("rules", ()):
        if rule["id"] in held.rules and rule["id"] not in worst and (told := reason_of(rule)):
            one = (rule["id"],)
            found.append({"sentence": told, "more": "", "rule": _rules(one), "links": _links(held, one, shown)})
    return found


def _rules(rules: Sequence[str]) -> str:
    """Which rule it was; "Rules a and b." where two say the same."""
    *before, last = [legible(each) for each in rules] or [""]
    if not before:
        return words.MESSAGE_RULE.format(rule=last) if last else ""
    return words.MESSAGE_RULES.format(rules=", ".join(before), last=last)


def _links(held: Held, rules: Sequence[str], shown: Shown) -> list[tuple[str, str]]:
    places = (place for rule in rules for place in held.places.get(rule, ()))
    return list(dict.fromkeys(shown[place] for place in places if place in shown))


def _part(path: str) -> Place:
    return Place(Where.PART, path)


def _called(part: OtherPart, number: int) -> str:
    name = first_name_of(part)
    if name:
        return said.FILE.format(file=name)
    return said.INVITATION if part.media_type == "text/calendar" else said.UNNAMED.format(number=number)
