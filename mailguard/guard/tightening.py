"""A stricter number for a rule: the breaches of the register, their messages, and what else left, read for it.

What left is read only where a number would have held the message of a breach: else there is nothing to count.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from ..core.errors import MailguardError
from ..core.policy.model import Policy, Rule
from ..core.quality.kept import Kept, kept_of
from ..core.quality.senders import senders_of
from ..core.quality.tightening import (
    LEFT,
    MOST_ASKED,
    MOST_BREACHES,
    MOST_LOOKED_AT,
    Named,
    Passed,
    Tightening,
    Tightenings,
    spares_somebody,
)
from ..core.register.record import BREACHES
from ..core.register.revision import Revision
from .ports import Evidence
from .records import Entry
from .register.ports import RegisterFilter
from .rules_then import RulesThen

DECIDED = "message_decided"
_DAY = timedelta(days=1)
_LEAST = timedelta(hours=1)
"""Of less time no month can be told."""
Place = tuple[str, int]


class PassedEntries(Protocol):
    """What the store knows of messages that nothing held."""

    def passed(self, since: datetime, most: int) -> AsyncIterator[Sequence[Entry]]:
        """The newest decisions that let a message leave, and after which it left or may have, the newest first."""
        ...

    async def named(self, refs: Collection[str]) -> Sequence[Entry]:
        """The decisions about these messages, and the entries by which they left without being held."""
        ...

    async def refs_at(self, places: Collection[Place]) -> Mapping[Place, str]:
        """Of which messages the entries at these places (ledger and sequence) are; without those of none."""
        ...


class Breaches(Protocol):
    """The register, as far as this asks."""

    async def newest(self, wanted: RegisterFilter, limit: int, offset: int = 0) -> Sequence[Revision]: ...


@dataclass(frozen=True, slots=True)
class Sources:
    passed: PassedEntries
    breaches: Breaches
    evidence: Evidence


@dataclass(slots=True)
class _Message:
    decided: Entry | None = None
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class _Breaches:
    """by_ref: the breaches that name a message. without: how many name none."""

    by_ref: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: int = 0


async def tightening(
    rule: Rule, policy: Policy, sources: Sources, then: RulesThen, since: datetime, now: datetime, days: float
) -> Tightening:
    """since, days: of what else left. Breaches are looked at however old they are."""
    breaches = await _breaches(sources)
    named = await _named(sources, breaches, then)
    if spares_somebody(rule):
        named = replace(named, left=tuple(await _with_senders(sources.evidence, named.left)))
    found = await asyncio.to_thread(Tightenings, rule, policy, named)
    if not found.asks_for_others:
        return found.result(days, False)
    number, asked, oldest = 0, 0, now
    async for entries in sources.passed.passed(since, MOST_LOOKED_AT + 1):
        some = entries[: MOST_LOOKED_AT - number]
        number += len(entries)
        oldest = some[-1].at if some else oldest
        others = [each for each in some if each.ref not in breaches.by_ref]
        rules = await then.of(_revisions(others))
        messages, asking = await asyncio.to_thread(_apart, found, others, rules, MOST_ASKED - asked)
        asked += len(asking)
        await asyncio.to_thread(found.take, [*messages, *await _with_senders(sources.evidence, asking)])
    is_limited = number > MOST_LOOKED_AT
    return found.result(max(now - oldest, _LEAST) / _DAY if is_limited else days, is_limited)


def _apart(
    found: Tightenings, others: Sequence[Entry], rules: Mapping[str, Mapping[str, Rule]], most: int
) -> tuple[list[Passed], list[Passed]]:
    """The messages, and apart from them at most so many of which more is told with who sent them."""
    messages: list[Passed] = []
    asking: list[Passed] = []
    for each in (_passed(entry, rules, ()) for entry in others):
        (asking if len(asking) < most and found.asks_who_sent(each) else messages).append(each)
    return messages, asking


async def _with_senders(evidence: Evidence, messages: Sequence[Passed]) -> list[Passed]:
    return [replace(each, kept=await _asked(evidence, each.kept)) for each in messages]


async def _asked(evidence: Evidence, kept: Kept) -> Kept:
    try:
        records = await evidence.read(kept.ref, DECIDED)
    except MailguardError:
        return kept
    return replace(kept, senders=senders_of(records[0], kept.doubted)) if records else kept


async def _breaches(sources: Sources) -> _Breaches:
    revisions = await sources.breaches.newest(RegisterFilter(kinds=BREACHES), MOST_BREACHES)
    places = {(each.ledger, each.sequence) for one in revisions for each in one.record.entries if each.kind == DECIDED}
    at = await sources.passed.refs_at(places)
    by_ref: dict[str, list[str]] = {}
    without = 0
    for one in revisions:
        entries = [(each.ledger, each.sequence) for each in one.record.entries]
        refs = {at[place] for place in entries if place in at}
        if one.record.message is not None and one.record.message.ref is not None:
            refs.add(one.record.message.ref)
        without += not refs
        for ref in refs:
            by_ref.setdefault(ref, []).append(one.incident)
    return _Breaches(by_ref, without)


async def _named(sources: Sources, breaches: _Breaches, then: RulesThen) -> Named:
    messages = {ref: _Message() for ref in breaches.by_ref}
    for entry in await sources.passed.named(breaches.by_ref):
        if entry.ref is None or entry.ref not in messages:
            continue
        if entry.kind == DECIDED:
            messages[entry.ref].decided = entry
        messages[entry.ref].has_left |= entry.kind in LEFT
    passed, held, unknown = list[tuple[str, Entry]](), set[str](), set[str]()
    for ref, message in messages.items():
        decided = message.decided
        disposition = decided.fields.get("disposition") if decided is not None else None
        if decided is not None and disposition == "relay" and message.has_left:
            passed.append((ref, decided))
        else:
            (held if disposition == "hold" else unknown).update(breaches.by_ref[ref])
    rules = await then.of(_revisions(entry for _, entry in passed))
    left = tuple(_passed(entry, rules, breaches.by_ref[ref]) for ref, entry in passed)
    told = {breach for each in left for breach in each.breaches}
    return Named(left, tuple(sorted(held - told)), tuple(sorted(unknown - told - held)), breaches.without)


def _passed(entry: Entry, rules: Mapping[str, Mapping[str, Rule]], breaches: Iterable[str]) -> Passed:
    kept = kept_of(entry.ref or "", entry.at, entry.fields)
    return Passed(kept, rules.get(kept.revision, {}), tuple(breaches))


def _revisions(entries: Iterable[Entry]) -> set[str]:
    return {str(each.fields.get("policy_revision")) for each in entries}
