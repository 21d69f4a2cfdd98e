"""The rules of revisions that decided once, each loaded one time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from ..core.errors import MailguardError
from ..core.policy.model import Policy, Rule
from .ports import Policies


class RulesThen:
    """load: a policy out of its documents."""

    def __init__(self, policies: Policies, load: Callable[[Mapping[str, bytes]], Policy]) -> None:
        self._policies = policies
        self._load = load
        self._found: dict[str, Mapping[str, Rule]] = {}

    async def of(self, revisions: Collection[str]) -> Mapping[str, Mapping[str, Rule]]:
        """By revision, the rules by id; none of one that is not kept, or that this version does not read."""
        for revision in set(revisions) - self._found.keys():
            self._found[revision] = await self._rules(revision)
        return self._found

    async def _rules(self, revision: str) -> Mapping[str, Rule]:
        try:
            policy = await asyncio.to_thread(self._load, await self._policies.get(revision))
        except MailguardError:
            return {}
        return {each.id: each for each in policy.rules}
