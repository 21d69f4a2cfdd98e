"""How good the rules are, for a page: what `guard/quality.py` says, kept for some minutes.

Reading it goes through every hold of three months, so it is not done with each page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from ...core.errors import MailguardError
from ...core.policy.model import Policy
from ...core.quality.suggestion import Suggestion
from ...core.quality.tightening import Tightening
from ..ports import Clock
from ..quality import Quality, RuleQualities
from .rules import FRESH_FOR

Value = TypeVar("Value")


class QualityBoard:
    """in_force: the policy; MailguardError where there is none."""

    def __init__(self, *, rules: RuleQualities, in_force: Callable[[], Policy], clock: Clock) -> None:
        self._rules = rules
        self._in_force = in_force
        self._clock = clock
        self._kept: dict[tuple[str, str, type], tuple[datetime, object]] = {}
        self._reading = asyncio.Lock()

    def rules_in_force(self) -> frozenset[str]:
        return frozenset(each.id for each in policy.rules) if (policy := self._policy()) else frozenset()

    async def look(self) -> Quality:
        """Of the last three months."""
        return await self._fresh("", Quality, self._rules.look)

    async def suggest(self, rule: str) -> Suggestion:
        """UnknownReference: no such rule is in force."""
        return await self._fresh(rule, Suggestion, lambda: self._rules.suggest(rule))

    async def tighten(self, rule: str) -> Tightening:
        """UnknownReference: no such rule is in force."""
        return await self._fresh(rule, Tightening, lambda: self._rules.tighten(rule))

    async def _fresh(self, rule: str, kind: type[Value], read: Callable[[], Awaitable[Value]]) -> Value:
        """One at a time: two who ask at once read it once."""
        async with self._reading:
            policy, now = self._policy(), self._clock.now()
            self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < FRESH_FOR}
            key = (rule, policy.revision if policy else "", kind)
            if (known := self._kept.get(key)) is not None and isinstance(known[1], kind):
                return known[1]
            found = await read()
            self._kept[key] = now, found
            return found

    def _policy(self) -> Policy | None:
        try:
            return self._in_force()
        except MailguardError:
            return None
