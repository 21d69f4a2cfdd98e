"""The list of held messages, as somebody may see it.

INVARIANT: nothing outside the visitor's scope is listed, counted or found; and of what the visitor may see but not
read, no subject, sender or recipient leaves this file, and no search tells whether it is there (THREATS.md T66).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...core.legible import legible, without_addresses
from ...core.lifecycle import OPEN, State
from ...core.mail.canonical import canonical_address
from ...core.organisation import Organisation
from ...core.powers import Powers, Scope
from ...core.words import sentence
from ..ports import Clock
from ..records import Held
from ..sender_links import SENDER, name_of
from .index import HeldIndex
from .ports import Assignments, Checked, HeldMessages, UrgentCalls
from .queue_records import STATES, UNDECIDED, HeldFilter, Item, Order, QueuePage, Today, View
from .records import Assignment
from .search import Wanted

PAGE = 25
SOON = timedelta(hours=4)
WARMING_PAUSE_SECONDS = 0.02
RECENT = timedelta(days=7)
LATE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor asks for. page: from 1; beyond the last one, the last one comes. account: whose messages are
    "mine".
    """

    view: View = View.NEEDED
    wanted: Wanted = field(default_factory=Wanted)
    team: str | None = None
    order: Order = Order.DEADLINE
    page: int = 1
    account: str = ""


class HeldQueue:
    """zone: in which days begin and end."""

    def __init__(
        self,
        *,
        messages: HeldMessages,
        urgent: UrgentCalls,
        assignments: Assignments,
        checked: Checked,
        organisation: Organisation,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._messages = messages
        self._urgent = urgent
        self._assignments = assignments
        self._checked = checked
        self._organisation = organisation
        self._clock = clock
        self._zone = zone
        self._index = HeldIndex(messages)

    async def page(self, powers: Powers, asked: Asked) -> QueuePage:
        """One page of what was asked for, as somebody with these powers may see it."""
        wanted = self._filter(powers, asked)
        needed = await self.needed(powers)
        if asked.wanted.asks_about_content:
            found = await self._searched(powers, asked, wanted)
            number, pages = _within(asked.page, len(found))
            refs: Sequence[str] = found[(number - 1) * PAGE : number * PAGE]
            count = len(found)
        else:
            count = await self._messages.count(wanted)
            number, pages = _within(asked.page, count)
            refs = await self._messages.refs(wanted, PAGE, (number - 1) * PAGE)
        return QueuePage(await self.items(powers, refs), count, number, pages, needed)

    async def needed(self, powers: Powers) -> int:
        """How many need a decision, of those that somebody with these powers may see."""
        return await self._messages.count(HeldFilter(powers.sees, UNDECIDED))

    async def refs(self, powers: Powers, asked: Asked) -> Sequence[str]:
        """The references of all pages, in order."""
        wanted = self._filter(powers, asked)
        if asked.wanted.asks_about_content:
            return await self._searched(powers, asked, wanted)
        return await self._messages.refs(wanted)

    async def count(self, powers: Powers, asked: Asked) -> int:
        """How many there are on all pages."""
        return await self._counted(powers, asked, self._filter(powers, asked))

    async def items(self, powers: Powers, refs: Sequence[str]) -> tuple[Item, ...]:
        """These messages, as somebody with these powers may see them; what cannot be read is left out. The references
        come from this queue, for the same powers.
        """
        opened = await self._messages.opened(refs)
        called = {each.ref: each.reason for each in await self._urgent.of(refs)}
        taken = {each.ref: each for each in await self._assignments.of(refs)}
        return await asyncio.to_thread(
            lambda: tuple(self._item(each, powers, called.get(each.ref), taken.get(each.ref)) for each in opened)
        )

    async def late(self, powers: Powers, asked: Asked, shown_at: datetime) -> int:
        """How many there are, decided or not, that were received shortly before a list was shown. A message is checked
        before it is held, so one of these may come into the list after it.
        """
        wanted = self._filter(powers, asked)
        since = max(filter(None, (wanted.received_from, shown_at - LATE)))
        whole = replace(wanted, states=frozenset(State), received_from=since, received_before=shown_at)
        return await self._counted(powers, asked, whole)

    async def arrived(self, powers: Powers, asked: Asked, shown_at: datetime, late: int) -> int:
        """How many have come into a list since it was shown. late: what `late` said then."""
        wanted = self._filter(powers, asked)
        since = max(filter(None, (wanted.received_from, shown_at)))
        came = await self._counted(powers, asked, replace(wanted, received_from=since))
        return came + max(0, await self.late(powers, asked, shown_at) - late)

    async def today(self, powers: Powers) -> Today:
        """What was checked since midnight, of everybody's mail, and what was held of what these powers may see."""
        midnight = self._midnight(self._clock.now().astimezone(self._zone).date())
        checked = await self._checked.since(midnight)
        held = await self._messages.count(HeldFilter(powers.sees, frozenset(State), received_from=midnight))
        return Today(checked.count, held, checked.last_at)

    async def next_one(self, powers: Powers, but: str) -> str | None:
        """The reference of the message that has to be decided next by somebody with these powers, other than this."""
        refs = await self._messages.refs(HeldFilter(powers.reads, UNDECIDED), 2)
        return next((ref for ref in refs if ref != but), None)

    async def warm(self) -> None:
        """Open what is undecided before somebody searches."""
        every = HeldFilter(Scope(everybody=True), UNDECIDED)
        await self._index.learn(await self._messages.refs(every), WARMING_PAUSE_SECONDS)

    async def _counted(self, powers: Powers, asked: Asked, wanted: HeldFilter) -> int:
        if asked.wanted.asks_about_content:
            return len(await self._searched(powers, asked, wanted))
        return await self._messages.count(wanted)

    async def _searched(self, powers: Powers, asked: Asked, wanted: HeldFilter) -> Sequence[str]:
        refs = await self._messages.refs(wanted)
        readable = refs
        if powers.reads != powers.sees:
            shared = _both(wanted.scope, powers.reads)
            readable = await self._messages.refs(_scoped(wanted, shared)) if shared else []
        return await self._index.matching(refs, asked.wanted, frozenset(readable))

    def _filter(self, powers: Powers, asked: Asked) -> HeldFilter:
        now, wanted = self._clock.now(), asked.wanted
        until = wanted.before + timedelta(days=1) if wanted.before else None
        return HeldFilter(
            scope=powers.sees,
            states=STATES[asked.view],
            team=asked.team,
            due_before=now + SOON if asked.view is View.SOON else None,
            received_from=self._midnight(wanted.after) if wanted.after else None,
            received_before=self._midnight(until) if until else None,
            decided_from=now - RECENT if asked.view is View.DECIDED else None,
            refs=wanted.refs or None,
            assigned_to=asked.account if asked.view is View.MINE else None,
            escalated=asked.view is View.ESCALATED,
            order=asked.order,
        )

    def _midnight(self, day: date) -> datetime:
        """The start of a day in the organisation's time."""
        return datetime.combine(day, time.min, self._zone)

    def _item(self, held: Held, powers: Powers, urgent: str | None, taken: Assignment | None) -> Item:
        may_read = powers.reads.covers(held.team)
        addresses = [canonical_address(each.address) for each in held.envelope.recipients]
        outside = [each for each in addresses if not self._organisation.is_inside(each)]
        domains = tuple(sorted({each.rpartition("@")[2] for each in outside}))
        return Item(
            ref=held.ref,
            state=held.state,
            team=held.team,
            consequence=consequence_of(held),
            more_reasons=len(held.rules) - len(rules_of_the_worst(held)),
            rules=held.rules,
            subject=legible(held.subject, 300) if may_read else None,
            sender=legible(held.sender, 320) if may_read else None,
            people=len(outside),
            domains=len(domains),
            domain=legible(domains[0], 260) if may_read and len(domains) == 1 else None,
            inside=len(addresses) - len(outside),
            received_at=held.received_at,
            due_at=held.due_at,
            decided_at=held.decided_at,
            decided_by=decider_of(held, may_read),
            released_as=held.released_as,
            reached_nobody=held.reached_nobody,
            escalated_to=held.escalated.to if held.escalated else None,
            version=held.version,
            assigned_to=taken.name if taken and held.state in OPEN else None,
            assigned_account=taken.account if taken and held.state in OPEN else None,
            urgent=None if urgent is None or held.state not in OPEN else legible(urgent, 300) if may_read else "",
        )


def decider_of(held: Held, may_read: bool) -> str | None:
    """Who decided, as the record calls them, None for nobody. A sender who did gave a name of their own, which is for
    those who may read who sent it.
    """
    by = held.decided_by
    return SENDER if by is not None and name_of(by) is not None and not may_read else by


def consequence_of(held: Held) -> str:
    """The worst reason, as its first sentence; what stands in the way of a release may follow it in the message."""
    first = held.reason.partition(". ")[0].rstrip(".")
    return sentence(legible(without_addresses(first), 300)).rstrip(".")


def reason_of(rule: Mapping[str, Any]) -> str:
    """What a rule of a decision said, as a sentence without addresses; empty where it held nothing."""
    if not (rule["matched"] and rule["mode"] == "enforce" and rule["reason"]):
        return ""
    return sentence(legible(without_addresses(rule["reason"]), 300))


def rules_of_the_worst(held: Held) -> tuple[str, ...]:
    """The rules that give the worst reason: the one that decided, first, and those that say the same in the same words.
    A reader counts reasons, not rules.
    """
    if not held.rules:
        return ()
    worst, told = held.deciding or held.rules[0], sentence(consequence_of(held))
    same = {rule["id"] for rule in held.decision.get("rules", ()) if reason_of(rule) == told}
    return (worst, *(each for each in held.rules if each in same and each != worst))


def _scoped(wanted: HeldFilter, scope: Scope) -> HeldFilter:
    return replace(wanted, scope=scope)


def _both(first: Scope, second: Scope) -> Scope:
    """What both cover."""
    if first.everybody or second.everybody:
        return second if first.everybody else first
    return Scope(teams=first.teams & second.teams)


def _within(page: int, found: int) -> tuple[int, int]:
    """The page to show, and how many there are."""
    pages = max(1, -(-found // PAGE))
    return min(max(1, page), pages), pages
