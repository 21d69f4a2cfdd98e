"""How good the rules are, out of the ledger: what became of what each held, and another number for one of them.

It reads, and changes nothing: a policy is files, and whoever changes them does so by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ..core.errors import UnknownReference
from ..core.policy.model import Policy, Rule
from ..core.quality.figures import RuleFigures, figures
from ..core.quality.kept import Kept, kept_of
from ..core.quality.suggestion import Hold, Suggestion, suggest
from ..core.quality.tightening import Tightening
from ..core.review_report.holds import Life, Lives, holding_rules
from .ports import Clock, Policies
from .records import Entry
from .rules_then import RulesThen
from .tightening import Sources, tightening
from .wrong_holds import Words

LOOKED_BACK = timedelta(days=90)
"""Unless somebody says otherwise."""
AT_ONCE = 200
"""Entries that are read before others have their turn."""
_DAY = timedelta(days=1)


class HoldEntries(Protocol):
    """What the store knows of holds."""

    def entries(self, since: datetime) -> AsyncIterator[Entry]:
        """In order of ledger and sequence: decisions that stopped or rewrote a message, holds, what became of them, and
        that somebody called one wrong.
        """
        ...

    async def begun(self) -> datetime | None:
        """When the first message was decided about; None where none was."""
        ...


@dataclass(frozen=True, slots=True)
class Quality:
    """rules: by id, of all that held something. since: from when on; days: how many that are."""

    rules: Mapping[str, RuleFigures]
    since: datetime
    days: float


@dataclass(slots=True)
class _Read:
    lives: list[Life] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    wrong: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class RuleQualities:
    """in_force: the policy; MailguardError where there is none. load: a policy out of its documents."""

    def __init__(
        self,
        *,
        holds: HoldEntries,
        sources: Sources,
        policies: Policies,
        in_force: Callable[[], Policy],
        load: Callable[[Mapping[str, bytes]], Policy],
        clock: Clock,
    ) -> None:
        self._holds = holds
        self._sources = sources
        self._policies = policies
        self._in_force = in_force
        self._load = load
        self._clock = clock

    async def look(self, since: datetime | None = None) -> Quality:
        """What became of what each rule held since then."""
        begins, days = await self._time(since)
        read = await self._read(begins, None)
        return Quality(figures(read.lives, read.wrong), begins, days)

    async def suggest(self, rule_id: str, since: datetime | None = None) -> Suggestion:
        """Other numbers for a rule of the policy in force. UnknownReference: there is no such rule."""
        policy, rule = await self._rule(rule_id)
        begins, days = await self._time(since)
        read = await self._read(begins, rule_id)
        then = await RulesThen(self._policies, self._load).of({each.revision for each in read.kept.values()})
        holds = [
            Hold(kept, then[kept.revision], life.end, life.ref in read.wrong)
            for life in read.lives
            if (kept := read.kept.get(life.ref)) is not None
        ]
        return await asyncio.to_thread(suggest, rule, policy, holds, days)

    async def tighten(self, rule_id: str, since: datetime | None = None) -> Tightening:
        """Stricter numbers for such a rule, by what left and a breach names. UnknownReference: none such."""
        policy, rule = await self._rule(rule_id)
        begins, days = await self._time(since)
        then = RulesThen(self._policies, self._load)
        return await tightening(rule, policy, self._sources, then, begins, self._clock.now(), days)

    async def _rule(self, rule_id: str) -> tuple[Policy, Rule]:
        policy = await asyncio.to_thread(self._in_force)
        rule = next((each for each in policy.rules if each.id == rule_id), None)
        if rule is None:
            raise UnknownReference(f'there is no rule "{rule_id}" in the policy in force')
        return policy, rule

    async def _time(self, since: datetime | None) -> tuple[datetime, float]:
        """From when on, and how many days that are: no more than there is a ledger for, and at least one."""
        now, begun = self._clock.now(), await self._holds.begun()
        begins = since or now - LOOKED_BACK
        return begins, max((now - max(begins, begun or now)) / _DAY, 1.0)

    async def _read(self, since: datetime, rule_id: str | None) -> _Read:
        """rule_id: the rule whose decisions are kept."""
        lives, words, read, number = Lives(), Words(), _Read(), 0
        async for entry in self._holds.entries(since):
            lives.take(entry.kind, entry.ref, entry.at, entry.fields)
            words.take(entry)
            if entry.ref is not None and rule_id is not None and _holds_by(rule_id, entry):
                read.kept[entry.ref] = kept_of(entry.ref, entry.at, entry.fields)
            number += 1
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        read.lives, read.wrong = lives.lives(), words.by_message()
        return read


def _holds_by(rule_id: str, entry: Entry) -> bool:
    decided = entry.kind == "message_decided" and entry.fields.get("disposition") == "hold"
    return decided and rule_id in holding_rules(entry.fields)
