"""An answer of a worker as plain values, and back. What comes back may come from a worker that mail has taken over.

INVARIANT: `examined` gives only values of the right kinds, within bounds, or BrokenFrame: then nothing of it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ..core.carried.model import Attached, Carried
from ..core.inventory import Inventory
from ..core.mail.quoted import Quoted
from ..core.verdict import Finding
from . import excerpts
from .examine import Examined
from .framing import BrokenFrame
from .stream import Visibility

MOST_ITEMS = 100_000
MOST_CHARACTERS = 1_000
_MARK = re.compile(r"(?:[0-9a-f]{32})?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}")
"""Of a detector, a kind, an error: they stand in the ledger and in the log, so nothing else than names may."""
_MEMBER = re.compile(r"[A-Za-z][A-Za-z ]{0,40}")
_WHYS = frozenset(each.value for each in Visibility)
MOST_REASON = 200
_LISTS = ("text", "contacts", "listed", "senders", "classes")

Value = TypeVar("Value")


def plain(answer: Examined) -> dict[str, Any]:
    """What framing.py can send."""
    value = {
        "unread": answer.unread,
        "findings": [
            [each.detector, each.kind, each.where, each.count, each.summary, each.hidden, each.people.hex()]
            for each in answer.findings
        ],
        "people": None if answer.people is None else _plain_people(answer.people),
        "inventory": [
            [each.file, each.rows, each.rows_seen, each.unseen, each.texts, each.members, each.unread]
            for each in answer.inventory
        ],
        "error": answer.error,
    }
    if answer.excerpt is not None:
        value["excerpt"] = excerpts.plain(answer.excerpt)
    return value


def _plain_people(people: Carried) -> dict[str, Any]:
    return {
        **{name: getattr(people, name) for name in _LISTS},
        "quoted": [[each.authors, each.recipients, each.blind] for each in people.quoted],
        "attached": [[each.authors, each.recipients] for each in people.attached],
        "encrypted": people.encrypted,
    }


def examined(value: dict[str, Any], *, excerpt: bool = False) -> Examined:
    """The answer in a frame. excerpt: whether one was asked for; one that was not is not used. Raises BrokenFrame."""
    if not {"unread", "findings", "people", "inventory", "error"} <= value.keys():
        raise BrokenFrame("an answer is incomplete")
    unread, people, error = value["unread"], value["people"], value["error"]
    return Examined(
        findings=_each(value["findings"], _finding),
        unread=None if unread is None else _reason(unread),
        people=None if people is None else _people(people),
        inventory=_each(value["inventory"], _inventory),
        error=None if error is None else _name(error),
        excerpt=excerpts.excerpt_of(value["excerpt"], unread) if excerpt and "excerpt" in value else None,
    )


def _people(value: Any) -> Carried:
    if not isinstance(value, dict) or not isinstance(value.get("encrypted"), bool):
        raise BrokenFrame("people are no object")
    text, contacts, listed, senders, classes = (_each(value.get(name), _text) for name in _LISTS)
    return Carried(
        text=text,
        contacts=contacts,
        listed=listed,
        senders=senders,
        classes=classes,
        quoted=_each(value.get("quoted"), lambda each: Quoted(*_groups(each, 3))),
        attached=_each(value.get("attached"), _attached),
        encrypted=value["encrypted"],
    )


def _attached(value: Any) -> Attached:
    authors, recipients = _groups(value, 2)
    return Attached(authors, recipients)


def _groups(value: Any, number: int) -> list[tuple[str, ...]]:
    if not isinstance(value, list) or len(value) != number:
        raise BrokenFrame("a message in an answer is broken")
    return [_each(group, _text) for group in value]


def _finding(value: Any) -> Finding:
    if not isinstance(value, list) or len(value) != 7:
        raise BrokenFrame("a finding is broken")
    detector, kind, where, count, summary, hidden, people = value
    if not isinstance(hidden, bool) or not _MARK.fullmatch(_text(people)):
        raise BrokenFrame("a finding is broken")
    named = (_name(detector), _name(kind), _text(where))
    return Finding(*named, _count(count), _text(summary), hidden, bytes.fromhex(people))


def _inventory(value: Any) -> Inventory:
    if not isinstance(value, list) or len(value) != 7:
        raise BrokenFrame("an inventory is broken")
    file, rows, rows_seen, *counts, unread = value
    unseen, texts, members = (_each(each, _named_count) for each in counts)
    if not all(why in _WHYS for why, _ in (*unseen, *texts)) or not all(_MEMBER.fullmatch(kind) for kind, _ in members):
        raise BrokenFrame("an inventory counts something else")
    return Inventory(_text(file), _count(rows), _count(rows_seen), unseen, texts, members, _reason(unread))


def _named_count(value: Any) -> tuple[str, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise BrokenFrame("a count in an answer is broken")
    return _text(value[0]), _count(value[1])


def _name(value: Any) -> str:
    if not _NAME.fullmatch(_text(value)):
        raise BrokenFrame("a name in an answer is none")
    return str(value)


def _reason(value: Any) -> str:
    if len(_text(value)) > MOST_REASON or "@" in value:
        raise BrokenFrame("a reason in an answer is none")
    return str(value)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise BrokenFrame("a count in an answer is broken")
    return value


def _each(value: Any, one: Callable[[Any], Value]) -> tuple[Value, ...]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise BrokenFrame("a list in an answer is broken")
    return tuple(one(each) for each in value)


def _text(value: Any) -> str:
    """A surrogate could not be written to the ledger."""
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or not value.isprintable():
        raise BrokenFrame("a text in an answer is broken")
    return value
