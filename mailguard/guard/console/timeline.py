"""What happened to one held message, as the ledger has it: held, seen by, asked, decided, stopped, sent.

Promises: for whoever may see that the message is held, since it takes what Looking gave them; it says who did what and
when, never what the message says. It costs what the entries of this one message cost, however long the ledger is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..sender_links import SENDER
from .looking import Looked
from .ports import Trail
from .trail_records import GROUPS, Group, Recorded

KINDS = (
    GROUPS[Group.DECISIONS]
    | GROUPS[Group.VIEWS]
    | {"decision_reminded", "decision_pressed", "sender_not_told", "outbox_retried", "outbox_dropped"}
)
DELIVERIES = frozenset({"copy_delivered", "copy_deferred", "copy_bounced"})
"""One for each row of the outbox, 5,000 for some messages: they are counted."""
OF_ITSELF = frozenset({"copy", "release"})
"""Rows with the message itself; the others are notices about it."""
LOOKED = "content_viewed"
MOST = 200
TOLD = "notice_queued"
MOST_TOLD = 20
"""Apart from MOST: a message that is refused for 288 people has as many notices, which must push no decision out."""


@dataclass(frozen=True, slots=True)
class Happened:
    """events: oldest first; of somebody who looks again and again the first look. earlier: whether there are older
    ones. deliveries: of each kind of DELIVERIES that there is, how many, and when the last was.
    """

    events: tuple[Recorded, ...]
    earlier: bool
    deliveries: Mapping[str, tuple[int, datetime]]


class Timeline:
    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    async def of(self, looked: Looked) -> Happened:
        """Of the message that somebody was let look at."""
        ref = looked.held.ref
        found = await self._trail.of_message(ref, KINDS, MOST + 1)
        deliveries = await self._trail.tally(ref, DELIVERIES, OF_ITSELF)
        told = [each for each in await self._trail.of_message(ref, {TOLD}, MOST_TOLD) if _to_sender(each)]
        events = _without_repeats(sorted([*found[-MOST:], *told], key=lambda each: each.entry.at))
        if not looked.may_read:
            events = [without_sender(each) for each in events]
        return Happened(tuple(events), len(found) > MOST, deliveries)


def without_sender(recorded: Recorded) -> Recorded:
    """The entry for who may not read the message: who sent it is not for them, and what senders call themselves says so
    too.
    """
    fields = recorded.entry.fields
    if SENDER not in (fields.get("system_user"), fields.get("actor")):
        return recorded
    return replace(recorded, entry=replace(recorded.entry, fields={**fields, "actor": SENDER}), who=None)


def _to_sender(recorded: Recorded) -> bool:
    return recorded.entry.fields.get("to") == "sender"


def _without_repeats(found: Sequence[Recorded]) -> list[Recorded]:
    """A page is two looks, and a reload two more: of those of one person that nothing stands between, the first. So of
    notices.
    """
    kept: list[Recorded] = []
    looking: set[object] = set()
    for each in found:
        if each.entry.kind == TOLD and kept and kept[-1].entry.kind == TOLD:
            continue
        if each.entry.kind == LOOKED:
            who = each.entry.fields.get("account") or each.entry.fields.get("actor")
            if who in looking:
                continue
            looking.add(who)
        else:
            looking.clear()
        kept.append(each)
    return kept
